/* collector/known.h - what is known of series that come with all their labels each
 * time.
 *
 * Prometheus and collectd send a series' whole identity with every sample.  What it
 * stands for here (entity, metric, the counter's last value) is looked up by a 128-bit
 * hash of the identity's bytes, seeded by chance in each process, so that fifty bytes a
 * series are enough and nobody can make two of them meet.  Bounded: when it is full,
 * series that were not seen for KNOWN_IDLE_MS make room.  Any number of threads. */
#ifndef COLLECTOR_KNOWN_H
#define COLLECTOR_KNOWN_H

#include "base/instant.h"
#include "collector/counter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KNOWN_MAX = 4 << 20, KNOWN_IDLE_MS = 30 * 60 * 1000 };

struct known_key {
    uint64_t a, b;
};

/* What the key stands for. */
struct known_series {
    uint32_t entity, metric;
    uint8_t refused;    /* the enum drop that it is refused for; DROP_N: it is taken */
    uint8_t is_counter; /* its samples become rates */
};

struct known;
/* `most` series at a time; KNOWN_MAX in the service.  NULL: out of memory. */
struct known *known_new(size_t most);
void known_free(struct known **k);

struct known_key known_key(const struct known *k, const void *bytes, size_t n);

enum known_said {
    KNOWN_NOT,     /* met for the first time, or forgotten: known_add, then ask again */
    KNOWN_REFUSED, /* for ret_series->refused */
    KNOWN_WAITS,   /* a counter whose rate nobody can say yet */
    KNOWN_VALUE,   /* *ret_value is what to keep: the value, or the counter's rate */
};
/* Takes a sample of a series in. */
enum known_said known_sample(struct known *k, struct known_key key, instant at,
                             double value, struct known_series *ret_series,
                             double *ret_value);

/* Has memory fetch the key's place, for a call that comes a little later. */
void known_ahead(struct known *k, struct known_key key);

/* Remembers it; false when there is no room.  One that is there already stays. */
bool known_add(struct known *k, struct known_key key, const struct known_series *s,
               instant at);

/* The series ended: a counter begins anew with its next sample. */
void known_end(struct known *k, struct known_key key);

size_t known_count(struct known *k);

#endif
