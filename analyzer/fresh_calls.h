/* analyzer/fresh_calls.h - how calls of hosts without a past end, against those of the
 * old hosts in the same minutes.
 *
 * The shares that fail, time out or end with one failing code, edge by edge; mean times
 * are levels like others (calls.h).  What to expect of a new host is what the old ones
 * have; how much hosts differ anyway comes from each old host against all others, after
 * the change and before it.  A share is found when it is as rare as four standard
 * deviations and the rule's bars are met.  Of the hosts that are found alone, and of
 * those that share in what all new hosts show together, one finding is made.  Pure. */
#ifndef ANALYZER_FRESH_CALLS_H
#define ANALYZER_FRESH_CALLS_H

#include "analyzer/calls.h"

/* Two-sided tail of the normal distribution at 4. */
#define FRESH_CALLS_P 6.334e-5

/* One new host's share; its old hosts' in the same minutes. */
struct fresh_share {
    const char *host;
    const struct slot *slot;
    double events, of, old_events, old_of;
    double tail_events, tail_of; /* of the last fifth of the window */
    double expected;             /* events, were it like the old ones */
    double delta;                /* of the shares */
    double p;
    bool listed; /* the finding speaks of it */
};

struct fresh_call {
    struct call_test test; /* of all listed hosts together, else of all; `before` and
                              all of its kind is of the old hosts in the same minutes */
    size_t n;
    struct fresh_share *share; /* sorted by host */
    size_t n_listed;
    size_t n_old;
};

struct fresh_calls {
    size_t n;
    struct fresh_call *at;
};

int fresh_calls_measure(const struct lineup *l, const struct ruleset *rs,
                        const struct edges *edges, struct fresh_calls *ret_calls,
                        struct err *err);
void fresh_calls_free(struct fresh_calls *c);

#endif
