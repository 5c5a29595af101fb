/* notifier/calm.h - what of a change is worth a mail, and when: the policy, pure.
 *
 * must-handle is told at once and the rest when it is final, as the recipient's
 * audiences wish.  Who was told a grade that a later look takes back is told that too:
 * at once when it became must-handle, else when it is final and not before `correction`
 * has passed since the mail that it corrects; what has come back to what was told needs
 * no mail at all.  What the slow look finds, long after, is told to those who want its
 * grade, once for each look that found more.
 *
 * More mails for one address than it may get in an hour are held until the storm is
 * over and become one. */
#ifndef NOTIFIER_CALM_H
#define NOTIFIER_CALM_H

#include "base/instant.h"
#include "rules/routing.h"
#include "storage/ledger.h"

#include <stdbool.h>
#include <stddef.h>

enum calm_act {
    CALM_NOTHING,   /* what waits for the recipient goes on waiting */
    CALM_TAKE_BACK, /* what waits is not to be told any more */
    CALM_MAIL,      /* in a mail of its own, due at `due` */
    CALM_DIGEST,    /* in the mail of the day */
};
struct calm_say {
    enum calm_act act;
    instant due;
};

/* A revision that was made, or made final. */
struct calm_step {
    enum grade grade;
    bool final;
    size_t later; /* findings that the slow look has added, to be looked at */
};
/* What the recipient knows of the change. */
struct calm_past {
    const struct last_told *told; /* NULL: nothing yet */
    const struct note *note;      /* waits to be told; NULL: nothing */
};
struct calm_times {
    instant now, next_digest;
    span gather, correction;
};

struct calm_say calm_decide(const enum routing_when wish[GRADE_N],
                            const struct calm_past *past, const struct calm_step *step,
                            const struct calm_times *t);

/* An address's mails that are due, and what it may still get. */
struct calm_queue {
    size_t n; /* due, or soon */
    instant first, last;
    size_t mails, mails_all; /* in the last hour: to it, to all */
    instant last_storm;      /* its last storm digest; INSTANT_NONE: none */
};
/* INSTANT_NONE: each may go by itself.  Else when they are to go as one, which may be
 * in the past. */
instant calm_storm(const struct routing_limits *limits, const struct calm_queue *q);

#endif
