/* notifier/candidate.h - "what changed?": which changes may be behind what was seen at
 * some time, on some host or in some service, the likeliest first, each with reasons.
 *
 * A rank, not a verdict.  The points a change gets are the product of
 *   how it touches what is asked about: it changed this host 4, this service 3, a
 *     service that it calls 1.5, one that calls it 1, anything when nothing was named
 *     1; else it is no candidate;
 *   how near it is: halved for every 2 hours between it and the time; a change that was
 *     still running then is as near as its last touch before it;
 *   what was said of it: must-handle 3, attention 2, not judged or not yet 1, ok 0.5;
 *   what was found of it: doubled when one of its findings was first seen within 10
 *     minutes of the time.
 * A change that began after the time is none, but for 2 minutes that clocks may differ.
 * Pure. */
#ifndef NOTIFIER_CANDIDATE_H
#define NOTIFIER_CANDIDATE_H

#include "base/buf.h"
#include "base/instant.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum { CANDIDATE_SKEW_MS = 120000, CANDIDATE_NEAR_MS = 600000 };

enum touch {
    TOUCH_NONE,
    TOUCH_CALLER,
    TOUCH_CALLEE,
    TOUCH_ANY,
    TOUCH_SERVICE,
    TOUCH_HOST
};

struct candidate_ask {
    instant at;
    const char *service, *host; /* NULL: not asked about */
    const char *const *callees; /* services that `service` calls, sorted */
    size_t n_callees;
    const char *const *callers; /* and those that call it, sorted */
    size_t n_callers;
};

struct candidate {
    const struct change_row *row;
    enum touch touch;
    instant moment; /* when it touched what is asked about, the last time before `at` */
    const struct finding *near; /* first seen about then; NULL: none */
    double points;
};

/* True, with *ret filled, when the change is one.  `verdict` may be NULL. */
bool candidate_of(const struct candidate_ask *ask, const struct change_row *row,
                  const struct verdict *verdict, struct candidate *ret);

/* The likeliest first; equal ones by time, the latest first, then by id. */
void candidates_sort(struct candidate *c, size_t n);

/* Why it is one, in one or two sentences without markup: "It changed this host 4
 * minutes before.  First seen 21 Nov 2026 10:04:00 UTC: CPU use on h1." */
void candidate_reasons(const struct candidate_ask *ask, const struct candidate *c,
                       struct buf *to);

#endif
