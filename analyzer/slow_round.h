/* analyzer/slow_round.h - takes the slow looks that are due and stores what they found.
 *
 * The ledger says which changes wait for one and until when; here nothing is
 * remembered, so a restart costs nothing and thousands that wait cost no round
 * anything. */
#ifndef ANALYZER_SLOW_ROUND_H
#define ANALYZER_SLOW_ROUND_H

#include "base/err.h"
#include "base/instant.h"
#include "rules/ruleset.h"
#include "storage/history.h"
#include "storage/ledger.h"
#include "storage/windows.h"

#include <stddef.h>

enum {
    /* Days of history of many hosts take seconds: ordinary looks come in between, since
     * the next round comes at once. */
    SLOW_A_ROUND = 1,
    SLOW_AGAIN_MS = 10 * 60000, /* after a failure */
};

struct slow_stores {
    struct ledger *ledger;
    struct windows *windows;
    struct history *history; /* may be NULL */
};
struct slow_tally {
    size_t looks, stored, revisions, failed; /* counted on */
    instant next;                            /* when to call again; INSTANT_FAR */
};

/* When a change's first slow look is due, for the verdict that is made final;
 * INSTANT_NONE: it has none. */
instant slow_first_due(const struct change *c, const struct windows_rule *w);

/* One change's failure is counted, its reason kept in *err, and its look put off; -1
 * when any failed. */
int slow_round(const struct slow_stores *s, const struct ruleset *rules, instant now,
               struct slow_tally *tally, struct err *err);

#endif
