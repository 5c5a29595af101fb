/* eval/effects.h - what is done to a case: nothing, what no change is to blame for, and
 * what a change breaks.
 *
 * Effects are put on the recorded values of the changed hosts from the pivot on, except
 * a shock, which all hosts share.  Values are multiplied unless said otherwise. */
#ifndef EVAL_EFFECTS_H
#define EVAL_EFFECTS_H

#include "eval/draw.h"

#include <stdbool.h>
#include <stdint.h>

/* id, name in tables, whether the change is to blame, hosts and metrics of a whole
 * change that have it (0: all).  On a single series all of them are put on that one. */
#define EFFECTS(X)                                                                     \
    X(QUIET, "quiet", false, 0, 0)                                                     \
    X(SHOCK, "traffic shock", false, 0, 0)                                             \
    X(DIP, "restart dip", false, 0, 0)                                                 \
    X(BURST, "restart burst", false, 0, 0)                                             \
    X(UP_5, "+5 %", true, 0, 2)                                                        \
    X(UP_10, "+10 %", true, 0, 2)                                                      \
    X(UP_20, "+20 %", true, 0, 2)                                                      \
    X(UP_50, "+50 %", true, 0, 2)                                                      \
    X(UP_100, "+100 %", true, 0, 2)                                                    \
    X(SIGMA_4, "4 sigma", true, 0, 2)                                                  \
    X(SIGMA_8, "8 sigma", true, 0, 2)                                                  \
    X(RAMP, "ramp to +100 %", true, 0, 2)                                              \
    X(LEAK, "leak +30 % in 30 min", true, 0, 1)                                        \
    X(NOISE_3, "noise x3", true, 0, 2)                                                 \
    X(FIVE_50, "5 hosts x1.5", true, 5, 3)                                             \
    X(FIVE_100, "5 hosts x2", true, 5, 3)                                              \
    X(ONE_100, "1 host x2", true, 1, 3)                                                \
    X(ONE_300, "1 host x4", true, 1, 3)
#define X(id, name, blame, hosts, metrics) EFFECT_##id,
enum effect { EFFECTS(X) EFFECT_N };
#undef X

const char *effect_name(enum effect e);
/* True when a good judge says something. */
bool effect_is_fault(enum effect e);

/* Where it was put. */
struct truth {
    bool fault; /* the change is to blame */
    bool metric[DRAW_METRICS_MAX], host[DRAW_CHANGED_MAX];
    bool put; /* some value was changed: times nothing is nothing */
};

/* Changes the case's rows around the pivot, which must be as recorded.  `shocked`: all
 * hosts have a traffic shock besides. */
void effect_put(enum effect e, bool shocked, struct draw *d, uint64_t seed,
                uint64_t number, struct truth *ret_truth);

#endif
