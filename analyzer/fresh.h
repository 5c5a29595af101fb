/* analyzer/fresh.h - hosts without a past, against the old hosts of the service.
 *
 * New hosts of a scale-out, replaced hosts and new pods have no window before.  Their
 * level in the window after is compared with that of the hosts that the change left
 * alone, in the same minutes, so clock and load are shared.  How much hosts differ by
 * themselves comes from the old ones: each against all others, in windows of the same
 * length after the change and before it.  At least FRESH_OLD_LEAST of them are needed.
 *
 * The result is a struct level like any other, graded and told with them: `before` is
 * what the old hosts have at the same time, `delta` and `effect` are the difference,
 * `z` counts in what old hosts differ by.  Some figures start low on any new host and
 * fill up, and of others nobody knows what more or less of them means, so:
 *   - a rule may leave a figure alone for a while (fresh_after);
 *   - what is lower and still rising is not judged when both ways count as worse;
 *   - what is lower, where both ways count as worse, and what no rule names is
 *     attention at most.
 * Pure. */
#ifndef ANALYZER_FRESH_H
#define ANALYZER_FRESH_H

#include "analyzer/level.h"

enum { FRESH_OLD_LEAST = 3 };

/* The case's members are hosts without a past, its controls the old hosts. */
int fresh_measure(const struct level_case *lc, struct level *ret_level,
                  struct err *err);

/* Takes back what only says that new hosts have less to do, for when that is told as
 * such: findings of less, by rules that count both ways.  Gives how many. */
size_t fresh_excuse_less(struct level *levels, size_t n);

/* Who was compared with whom, or why not, as a plain text that the caller frees; *ret
 * NULL when the change has no hosts without a past.  -1: out of memory. */
int fresh_note(const struct lineup *l, size_t n_old, char **ret_note);

#endif
