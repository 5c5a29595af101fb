/* bench/fleet.h - a made fleet: who its hosts are, what they send, which are changed.
 *
 * The same samples go to our own judge and to the peers beside it.  Every value follows
 * from the numbers of its host, its metric and its minute alone, so nothing is kept and
 * runs repeat to the bit. */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLEET_METRICS = 50,
    FLEET_BEFORE_MIN = 60, /* minutes of samples before the change */
    FLEET_AFTER_MIN = 60,
    FLEET_WORSE = 2, /* the first so many metrics rise on changed hosts */
};
#define FLEET_SERVICE "pay"

/* Room for any name below. */
enum { FLEET_NAME = 40 };
void fleet_host(unsigned host, char name[FLEET_NAME]);
const char *fleet_metric(unsigned metric);

/* Every second host is changed, so that its neighbours are there to compare with. */
bool fleet_changed(unsigned host);

/* The mean over one minute, counted from 1970, with the change made at `pivot_min`. */
float fleet_minute(unsigned host, unsigned metric, int64_t minute, int64_t pivot_min);

/* The mean over five minutes of a day without a change. */
float fleet_five_minutes(unsigned host, unsigned metric, int64_t minute);

#endif
