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

#include <stdbool.h>
#include <stdint.h>

struct checkup;
/* `history` may be NULL.  All are borrowed. */
struct checkup *checkup_new(struct ledger *l, struct windows *w, struct history *h);
void checkup_free(struct checkup **c);

/* Judges every look that is due at `now`, with these rules, and stores new revisions.
 * *ret_next is when it wants to be called again (INSTANT_FAR: nothing is open; a new
 * event is a reason to call at once).  *ret_stored counts new or newly final revisions.
 * An error of one change is kept in *err and does not stop the others. */
int checkup_round(struct checkup *c, const struct ruleset *rules, instant now,
                  instant *ret_next, size_t *ret_stored, struct err *err);

struct checkup_stats {
    uint64_t looks, revisions, failures;
    uint64_t open; /* changes not final */
    int64_t slowest_ms;
    uint64_t graded[GRADE_N]; /* final verdicts by grade */
};
struct checkup_stats checkup_stats(const struct checkup *c);

#endif
