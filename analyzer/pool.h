/* analyzer/pool.h - how rare is a score?  Placebo scores of many series pooled,
 * p-values with a fitted tail, and the false-discovery rate over all of them.
 *
 * Up to POOL_EXACT_MAX scores are kept as they are, beyond that only their counts in
 * fixed bins; p-values from bins are the exact ones to a few per cent.  Which of the
 * two it is follows from the number of scores alone, so pools of parts join to the pool
 * of the whole, bit for bit. */
#ifndef ANALYZER_POOL_H
#define ANALYZER_POOL_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POOL_BINS_A_UNIT = 64,
    POOL_BINS = 64 * POOL_BINS_A_UNIT, /* |z| up to 64; the last bin holds all above */
    POOL_LEAST = 2000,                 /* fewer do not make a null of their own */
    POOL_EXACT_MAX = 1 << 18,
};

/* Start it as `struct pool p = {0}` (it is large: rather on the heap). */
struct pool {
    uint64_t n;
    uint32_t bin[POOL_BINS];
    double
        *each; /* |z|, n of them; NULL once there are too many (or memory was short) */
    size_t cap;
    bool binned;
};

void pool_add(struct pool *p, const double *z, size_t n);
/* Keeps only counts from now on, as a pool of very many scores does. */
void pool_only_bins(struct pool *p);
void pool_join(struct pool *p, const struct pool *other);
void pool_clear(struct pool *p);

/* Appends a pool as plain numbers, to be joined to one in another process. */
void pool_give(const struct pool *p, struct buf *to);
/* Joins one that was given, from the front of `n` bytes; gives the bytes used, 0: they
 * are no pool. */
size_t pool_take(struct pool *p, const char *bytes, size_t n);

/* The pool made ready for questions. */
struct pool_tail {
    uint64_t n, k; /* all, and those at or above u */
    double u, xi;  /* Pareto beyond u: p = k/n (z/u)^(-1/xi), xi by Hill, in [.1, .5] */
    size_t n_sorted; /* the largest, one by one; 0: only bins are known */
    double *sorted;
    uint32_t *above; /* above[b]: scores in bins b and higher; NULL: all are sorted */
};
/* False when memory is short. */
bool pool_fit(const struct pool *p, struct pool_tail *ret_tail);
void pool_tail_free(struct pool_tail *t);

/* The same in less room, for one that is to be kept: of more than POOL_KEPT_LEAST
 * scores only about the largest sixteenth stays exact, the others are told by bins.
 * False when memory is short. */
enum { POOL_KEPT_LEAST = 1 << 14, POOL_KEPT_SHARE = 16 };
bool pool_fit_small(const struct pool *p, struct pool_tail *ret_tail);
size_t pool_tail_bytes(const struct pool_tail *t);

/* Two-sided p-value of a score.  With fewer than POOL_LEAST placebos the formula for a
 * cold start speaks: 2 Phi(-|z|) below 2.5, then 0.0124 (|z| / 2.5)^-5 - but never a
 * smaller p than the few placebos themselves allow. */
double pool_p(const struct pool_tail *t, double z);
double pool_p_cold(double z);

/* Benjamini-Hochberg: the largest p-value that passes at rate q over `m` tests, of
 * which the n given are the smallest (any others are known to be above them); 0 when
 * none passes.  `p` is reordered (sorted). */
double fdr_threshold(double *p, size_t n, size_t m, double q);

#endif
