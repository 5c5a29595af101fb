/* collector/hostinfo/rates.h - counters into rates, with resets and wraps.
 *
 * Remembers the last value of each counter by a 64-bit key.  Counters that are not seen
 * in two rounds are forgotten, so devices that come and go take no memory. */
#ifndef COLLECTOR_HOSTINFO_RATES_H
#define COLLECTOR_HOSTINFO_RATES_H

#include <stdint.h>

enum { RATES_MAX = 1 << 14 };

struct rates;
struct rates *rates_new(void);
void rates_free(struct rates **r);

/* A new reading begins, `seconds` after the last one; 0 for the first. */
void rates_begin(struct rates *r, double seconds);

/* Growth a second since the last reading.  NaN when there was none, when the counter
 * went back (it was reset), or when RATES_MAX counters are known already.  A counter
 * that goes from the upper half of 32 bits to the lower is taken to have wrapped. */
double rates_take(struct rates *r, uint64_t key, uint64_t counter);

#endif
