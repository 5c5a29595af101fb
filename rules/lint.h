/* rules/lint.h - what is legal in rules but hardly meant.
 *
 * The reader finds what is wrong (errors); this finds what will disappoint: conditions
 * that can never hold, figures nobody sends, thresholds that are only relative or only
 * absolute, rules without an owner, what has ended, what is looked for longer than it
 * is kept, costly expressions, rules that others always speak before.  All are warnings
 * with a code of rules/codes.h (W4xx).  Pure: time and names are arguments; any
 * thread. */
#ifndef RULES_LINT_H
#define RULES_LINT_H

#include "rules/ruleset.h"

struct lint_ask {
    instant today; /* INSTANT_NONE: nothing is said of what has ended */
    /* The names of the metrics that are known, in order of their bytes; NULL: nothing
     * is said of figures that were never seen. */
    const char *const *seen;
    size_t n_seen;
    span kept; /* how far back samples reach; 0: nothing is said of long windows */
};

/* Adds warnings about a set that has no errors. */
void lint(const struct ruleset *rs, const struct lint_ask *ask, struct complaints *c);

#endif
