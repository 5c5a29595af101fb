/* analyzer/pool.h - how rare is a score?  Placebo scores of many series pooled into
 * fixed bins, p-values with a fitted tail, and the false-discovery rate over all of
 * them.
 *
 * Bins are counts, so pools of parts add up to the pool of the whole, bit for bit. */
#ifndef ANALYZER_POOL_H
#define ANALYZER_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_BINS_A_UNIT = 64, POOL_BINS = 64 * POOL_BINS_A_UNIT, POOL_LEAST = 5000 };

/* |z| in bins of 1/64 up to 64; the last bin holds all above. */
struct pool {
    uint64_t n;
    uint32_t bin[POOL_BINS];
};

void pool_add(struct pool *p, const double *z, size_t n);
void pool_join(struct pool *p, const struct pool *other);

/* The pool made ready for questions. */
struct pool_tail {
    uint64_t n, k; /* all, and those at or above u */
    double u, xi;  /* Pareto beyond u: p = k/n (z/u)^(-1/xi), xi by Hill, in [.1, .5] */
    uint64_t *above; /* above[b]: scores in bins b and higher; POOL_BINS + 1 */
};
/* False when memory is short. */
bool pool_fit(const struct pool *p, struct pool_tail *ret_tail);
void pool_tail_free(struct pool_tail *t);

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
