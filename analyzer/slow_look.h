/* analyzer/slow_look.h - the slow look as a whole: what to gather, and the final
 * verdict told anew with what was found.  Pure but for what unit_past does. */
#ifndef ANALYZER_SLOW_LOOK_H
#define ANALYZER_SLOW_LOOK_H

#include "analyzer/life.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/panel.h"
#include "storage/verdict.h"

#include <stddef.h>

struct slow_case {
    const struct ruleset *rules;
    const struct change *change;
    const struct change *const *nearby; /* others, as slow_look_reach says */
    size_t n_nearby;
    const struct panel *panel;
    const struct mutes *mutes;     /* that count at the look; NULL: none */
    struct checkpoint at;          /* life_slow's; its look is the lag */
    const struct verdict *verdict; /* the current one */
};

/* As judge_ask, but all of the past is left far.  With `recent` the last hour is read
 * from the windows: history comes after them. */
int slow_look_ask(const struct change *c, const struct checkpoint *at, bool recent,
                  struct panel_ask *ret_ask, struct err *err);

/* From when on other changes matter. */
instant slow_look_reach(const struct change *c, const struct checkpoint *at);

/* A copy of the verdict with the findings of this look instead of those of an earlier
 * try at it, its grade, and a note in its coverage.  Where nothing was found it says
 * the same as before (verdict_same).  Revision and dues are the caller's. */
int slow_look(const struct slow_case *sc, struct verdict **ret, struct err *err);

#endif
