/* analyzer/pool.c - pooled placebo scores.  Pure. */
#include "analyzer/pool.h"

#include <math.h>
#include <stdlib.h>

static size_t bin_of(double z)
{
    double b = fabs(z) * POOL_BINS_A_UNIT;
    return b < POOL_BINS ? (size_t)b : POOL_BINS - 1; /* NaN never gets here */
}

void pool_add(struct pool *p, const double *z, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(z[i]))
            continue;
        p->bin[bin_of(z[i])]++;
        p->n++;
    }
}

void pool_join(struct pool *p, const struct pool *other)
{
    p->n += other->n;
    for (size_t b = 0; b < POOL_BINS; b++)
        p->bin[b] += other->bin[b];
}

/* Hill's estimate over the bins from `first` on, each score taken at its bin's middle.
 */
static double hill(const struct pool *p, size_t first, double u, uint64_t k)
{
    double sum = 0;
    for (size_t b = first; b < POOL_BINS; b++)
        if (p->bin[b] > 0)
            sum += p->bin[b] * log(fmax((b + 0.5) / POOL_BINS_A_UNIT, u) / u);
    return fmin(fmax(sum / (double)k, 0.10), 0.5);
}

bool pool_fit(const struct pool *p, struct pool_tail *ret_tail)
{
    uint64_t *above = malloc((POOL_BINS + 1) * sizeof *above);
    if (above == NULL)
        return false;
    above[POOL_BINS] = 0;
    for (size_t b = POOL_BINS; b-- > 0;)
        above[b] = above[b + 1] + p->bin[b];
    uint64_t want = (uint64_t)(0.005 * (double)p->n);
    if (want < 20)
        want = 20;
    size_t first = POOL_BINS - 1;
    while (first > 0 && above[first] < want)
        first--;
    double u = fmax((double)first / POOL_BINS_A_UNIT, 1e-9);
    uint64_t k = above[first] > 0 ? above[first] : 1;
    *ret_tail = (struct pool_tail){
        .n = p->n, .k = k, .u = u, .xi = hill(p, first, u, k), .above = above};
    return true;
}

void pool_tail_free(struct pool_tail *t)
{
    free(t->above);
    t->above = NULL;
}

double pool_p_cold(double z)
{
    z = fabs(z);
    return z < 2.5 ? erfc(z / sqrt(2)) : 0.0124 * pow(z / 2.5, -5);
}

static double pool_p_warm(const struct pool_tail *t, double z)
{
    z = fabs(z);
    if (z > t->u)
        return (double)t->k / (double)t->n * pow(z / t->u, -1 / t->xi);
    double p = (double)t->above[bin_of(z)] / (double)t->n;
    return fmax(p, 0.5 * (double)t->k / (double)t->n);
}

double pool_p(const struct pool_tail *t, double z)
{
    if (t->n >= POOL_LEAST)
        return pool_p_warm(t, z);
    double cold = pool_p_cold(z);
    /* so many of the few placebos were as extreme: no smaller p than that */
    double seen = t->n > 0 ? (double)t->above[bin_of(z)] / (double)(t->n + 1) : 0;
    return fmax(cold, seen);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double fdr_threshold(double *p, size_t n, size_t m, double q)
{
    qsort(p, n, sizeof *p, by_value);
    for (size_t i = n; i-- > 0;)
        if (p[i] <= q * (double)(i + 1) / (double)m)
            return p[i];
    return 0;
}
