/* analyzer/teller.h - what telling any kind of evidence begins and ends with.
 *
 * The judging modules say what is bad; tell_*.h make it findings of the verdict, each
 * with its numbers, hosts, curve and sentence.  The same figure on many hosts is one
 * finding with its hosts, worst first.  A finding whose rule is in shadow, or whose
 * trouble is over, is told with grade ok. */
#ifndef ANALYZER_TELLER_H
#define ANALYZER_TELLER_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/series.h"
#include "base/buf.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

struct teller {
    const struct lineup *lineup;
    const struct controls *controls;
    struct verdict *verdict;
    bool failed; /* out of memory: asked once at the end */
};

/* A copy for the verdict; NULL of NULL, or when memory is short. */
char *teller_copy(struct teller *t, const char *text);
/* What the buffer holds, for the verdict. */
char *teller_give(struct teller *t, struct buf *b);
/* The service that series call their own by this label, else the change's. */
const char *teller_service(const struct teller *t, const char *label);

/* Adds a finding with all that it has from its rule; NULL when memory is short. */
struct finding *teller_begin(struct teller *t, const struct rule *r,
                             enum finding_kind kind, enum grade grade, bool recovered);
/* Ends its sentence: that it is over; the full stop; that its rule is in shadow. */
void teller_end(struct teller *t, struct finding *f, struct buf *words,
                const struct rule *r, enum grade grade);

/* A host that a finding speaks of, and how bad it is there. */
struct teller_host {
    const struct member *member; /* NULL: not about series */
    const char *host;
    double before, after, size;
};
/* Sorts them by size, the largest first, and makes them the finding's. */
void teller_list_hosts(struct teller *t, struct finding *f, struct teller_host *bad,
                       size_t n);

/* Begins a sentence: "On h1, cpu.busy", "On 12 of 14 changed hosts, cpu.busy", "The
 * service's cpu.busy". */
void teller_say_subject(struct buf *b, const struct finding *f, size_t of,
                        const char *figure);
/* " on h1", " on 12 of 14 changed hosts", "". */
void teller_say_hosts(struct buf *b, const struct finding *f, size_t of);
/* "the new host n1", "3 of 4 new hosts". */
void teller_say_new_hosts(struct buf *b, const struct finding *f, size_t of);

#endif
