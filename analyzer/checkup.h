/* analyzer/checkup.h - the analyzer's round: which looks are due, gather, judge, store.
 *
 * The service calls it from its analyzer thread with the present; replay calls it with
 * the data's own time.  Everything it reads and writes goes through storage/. */
#ifndef ANALYZER_CHECKUP_H
#define ANALYZER_CHECKUP_H

#include "base/err.h"
#include "base/instant.h"
#include "rules/ruleset.h"
#include "storage/history.h"
#include "storage/ledger.h"
#include "storage/windows.h"

#include <stddef.h>
#include <stdint.h>

struct checkup;
/* `history` may be NULL.  All are borrowed.  NULL: out of memory. */
struct checkup *checkup_new(struct ledger *l, struct windows *w, struct history *h);
void checkup_free(struct checkup **c);

/* Judges every look that is due at `now`, with these rules, and stores new revisions.
 * Of several looks that fell due since the last round only the latest is judged: it
 * covers the others.  Then come the slow looks that are due at changes whose verdict is
 * final long since (slow_round.h).  *ret_next is when it wants to be called again
 * (INSTANT_FAR: nothing is open; a new event is a reason to call at once).  *ret_stored
 * counts verdicts stored, new ones and those brought up to date.  One change's failure
 * is counted, its reason kept in *err (then -1), and does not stop the others; it is
 * tried again CHECKUP_AGAIN later. */
enum { CHECKUP_AGAIN_MS = 30000 };
int checkup_round(struct checkup *c, const struct ruleset *rules, instant now,
                  instant *ret_next, size_t *ret_stored, struct err *err);

/* While nothing is due: learns ahead what the pasts have to teach for the next look of
 * one open change, so that the look itself reads recent samples only.  First once its
 * hosts were changed and late samples had their time, then again whenever its events or
 * the rules changed, and once more when the window has closed; in between it costs
 * nothing.  The changes are those of the last round; of several, the one whose look
 * comes first goes first.
 *
 * 1: there may be more to do now; 0: nothing before *ret_next.  A verdict has the same
 * bytes whether its look was prepared or not: what no longer fits is learned anew.
 * What is held for all changes is bounded by CHECKUP_AHEAD_BYTES; the oldest goes
 * first.  -1 when it failed for this change; it is not tried again before its next
 * step. */
#define CHECKUP_AHEAD_BYTES ((size_t)512 << 20)
int checkup_prepare(struct checkup *c, const struct ruleset *rules, instant now,
                    instant *ret_next, struct err *err);

/* Any thread may ask. */
struct checkup_stats {
    uint64_t looks, revisions, failures;
    uint64_t prepared;        /* learned ahead, renewals too */
    uint64_t ahead, unfit;    /* looks that were prepared; of them, learned anew */
    uint64_t ahead_dropped;   /* for want of room */
    uint64_t ahead_bytes;     /* held now */
    uint64_t open;            /* changes without a final verdict at the last round */
    uint64_t graded[GRADE_N]; /* final verdicts by grade */
};
struct checkup_stats checkup_stats(struct checkup *c);

#endif
