/* collector/counter.h - counters become rates, once, at the door.
 *
 * A counter only ever grows, until what counts is started anew: then it begins at zero.
 * Its rate is the growth since the sample before over the time between the two; after a
 * fall, what it grew from zero.  Nobody can say the rate of a first sample, nor of one
 * that is no later than the one before, nor across more than COUNTER_GAP_MAX. */
#ifndef COLLECTOR_COUNTER_H
#define COLLECTOR_COUNTER_H

#include "base/instant.h"

#include <stdbool.h>

enum { COUNTER_GAP_MAX_MS = 15 * 60 * 1000 };

/* The sample before; begins as {0}. */
struct counter {
    double value;
    instant at; /* 0: there was none */
};

/* Takes the next sample in; true when *ret_rate (per second) could be told.  One that
 * is older than the one before changes nothing. */
bool counter_next(struct counter *c, instant at, double value, double *ret_rate);

#endif
