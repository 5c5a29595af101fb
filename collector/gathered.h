/* collector/gathered.h - what one series of StatsD has gathered since the last flush.
 *
 * Bounded: a timer keeps at most GATHERED_VALUES_MAX of its values, chosen so that each
 * has the same chance (J. S. Vitter, "Random sampling with a reservoir", 1985,
 * algorithm R), a set at most GATHERED_SET_MAX different ones, and all that share a
 * pool at most GATHERED_POOL_MAX.  Chance is seeded alike in every process, so the same
 * values give the same figures.  One thread at a time. */
#ifndef COLLECTOR_GATHERED_H
#define COLLECTOR_GATHERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gathered_kind {
    GATHERED_COUNTER,
    GATHERED_GAUGE,
    GATHERED_TIMER,
    GATHERED_SET,
    GATHERED_N
};

enum {
    GATHERED_FIGURES = 4,
    GATHERED_VALUES_MAX = 256,
    GATHERED_SET_MAX = 4096,
    GATHERED_POOL_MAX = 4 << 20,
};

/* Begins as {0}. */
struct gathered_pool {
    size_t used;
    uint64_t chance;
};

/* Begins as {.kind = ...}. */
struct gathered {
    enum gathered_kind kind;
    bool touched;           /* since the last flush */
    double sum, count, max; /* of a gauge, `sum` is its value */
    uint64_t seen;          /* values of a timer since the last flush */
    float *value;           /* those of them that are kept */
    uint64_t *member;       /* of a set: fingerprints, 0: empty */
    uint32_t n, cap;
};

/* A value of a counter, gauge or timer that stands for `weight` ones.  `is_step`: a
 * gauge is moved by it, not set. */
void gathered_value(struct gathered *g, struct gathered_pool *pool, double v,
                    double weight, bool is_step);

/* A value of a set, by its fingerprint; false when there is no room for one more. */
bool gathered_member(struct gathered *g, struct gathered_pool *pool, uint64_t key);

/* What it says for the time that was gathered: of a counter its rate; of a gauge its
 * value, of a set how many; of a timer rate, mean, maximum and 95th percentile (the
 * last only when a value could be kept).  Gives how many; 0 when nothing came but to a
 * counter.  Sorts what a timer keeps. */
size_t gathered_figures(struct gathered *g, double seconds,
                        float out[GATHERED_FIGURES]);

/* After a flush: begins anew, but for a gauge's value. */
void gathered_begin(struct gathered *g, struct gathered_pool *pool);
/* Frees what it holds. */
void gathered_clear(struct gathered *g, struct gathered_pool *pool);

#endif
