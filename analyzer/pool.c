/* analyzer/pool.c - pooled placebo scores.  Pure. */
#include "analyzer/pool.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t bin_of(double z)
{
    double b = fabs(z) * POOL_BINS_A_UNIT;
    return b < POOL_BINS ? (size_t)b : POOL_BINS - 1; /* NaN never gets here */
}

void pool_only_bins(struct pool *p)
{
    free(p->each);
    p->each = NULL;
    p->cap = 0;
    p->binned = true;
}

/* Room for `n` more, unless only counts are kept. */
static void make_room(struct pool *p, size_t n)
{
    size_t cap = p->cap > 0 ? p->cap : 1024;
    if (p->binned || p->n + n <= p->cap)
        return;
    while (cap < p->n + n)
        cap *= 2;
    double *each =
        p->n + n <= POOL_EXACT_MAX ? realloc(p->each, cap * sizeof *each) : NULL;
    if (each == NULL) {
        pool_only_bins(p);
        return;
    }
    p->each = each;
    p->cap = cap;
}

/* A few at a time: what they come to is worked out for all of them, then counted. */
static void add_some(struct pool *p, const double *z, size_t n)
{
    enum { SOME = 256 };
    double size[SOME];
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        size[m] = fabs(z[i]);
        m += !isnan(z[i]);
    }
    make_room(p, m);
    if (!p->binned)
        memcpy(p->each + p->n, size, m * sizeof *size);
    for (size_t i = 0; i < m; i++)
        p->bin[bin_of(size[i])]++;
    p->n += m;
}

void pool_add(struct pool *p, const double *z, size_t n)
{
    enum { SOME = 256 };
    for (size_t i = 0; i < n; i += SOME)
        add_some(p, z + i, n - i < SOME ? n - i : SOME);
}

void pool_join(struct pool *p, const struct pool *other)
{
    if (other->binned) {
        pool_only_bins(p);
        p->n += other->n;
        for (size_t b = 0; b < POOL_BINS; b++)
            p->bin[b] += other->bin[b];
    } else {
        pool_add(p, other->each, other->n);
    }
}

/* --- from part to part --- */

struct given {
    uint64_t n;
    uint64_t binned;
};

void pool_give(const struct pool *p, struct buf *to)
{
    struct given head = {p->n, p->binned};
    buf_add_n(to, &head, sizeof head);
    if (p->binned)
        buf_add_n(to, p->bin, sizeof p->bin);
    else if (p->n > 0)
        buf_add_n(to, p->each, p->n * sizeof *p->each);
}

static void take_bins(struct pool *p, const char *bytes, uint64_t n)
{
    uint32_t bin[POOL_BINS];
    memcpy(bin, bytes, sizeof bin);
    pool_only_bins(p);
    p->n += n;
    for (size_t b = 0; b < POOL_BINS; b++)
        p->bin[b] += bin[b];
}

size_t pool_take(struct pool *p, const char *bytes, size_t n)
{
    struct given head;
    if (n < sizeof head)
        return 0;
    memcpy(&head, bytes, sizeof head);
    bytes += sizeof head;
    n -= sizeof head;
    if (head.binned > 1 || (head.binned == 0 && head.n > POOL_EXACT_MAX))
        return 0;
    size_t size = head.binned ? sizeof p->bin : head.n * sizeof(double);
    if (n < size)
        return 0;
    if (head.binned)
        take_bins(p, bytes, head.n);
    for (uint64_t i = 0; head.binned == 0 && i < head.n; i++) {
        double z;
        memcpy(&z, bytes + i * sizeof z, sizeof z);
        pool_add(p, &z, 1);
    }
    return sizeof head + size;
}

void pool_clear(struct pool *p)
{
    free(p->each);
    *p = (struct pool){0};
}

static uint64_t tail_size(uint64_t n)
{
    uint64_t k = (uint64_t)(0.005 * (double)n);
    return k < 20 ? (n < 20 ? n : 20) : k;
}

/* Of the largest scores, which are sorted. */
static void fit_exact(const struct pool *p, struct pool_tail *t)
{
    t->k = tail_size(p->n);
    t->u = fmax(t->sorted[t->n_sorted - t->k], 1e-9);
    double sum = 0;
    for (size_t i = t->n_sorted - t->k; i < t->n_sorted; i++)
        sum += log(fmax(t->sorted[i], t->u) / t->u);
    t->xi = fmin(fmax(sum / (double)t->k, 0.10), 0.5);
}

/* Hill's estimate over the bins from `first` on, each score taken at its bin's middle.
 */
static double hill(const struct pool *p, size_t first, double u, uint64_t k)
{
    double sum = 0;
    for (size_t b = first; b < POOL_BINS; b++)
        if (p->bin[b] > 0)
            sum += p->bin[b] * log(fmax(((double)b + 0.5) / POOL_BINS_A_UNIT, u) / u);
    return fmin(fmax(sum / (double)k, 0.10), 0.5);
}

static void fit_bins(const struct pool *p, struct pool_tail *t)
{
    uint64_t want = tail_size(p->n);
    size_t first = POOL_BINS - 1;
    while (first > 0 && t->above[first] < want)
        first--;
    t->u = fmax((double)first / POOL_BINS_A_UNIT, 1e-9);
    t->k = t->above[first] > 0 ? t->above[first] : 1;
    t->xi = hill(p, first, t->u, t->k);
}

/* Scores in each bin and above it. */
static bool add_above(const struct pool *p, struct pool_tail *t)
{
    t->above = malloc((POOL_BINS + 1) * sizeof *t->above);
    if (t->above == NULL)
        return false;
    t->above[POOL_BINS] = 0;
    for (size_t b = POOL_BINS; b-- > 0;)
        t->above[b] = t->above[b + 1] + p->bin[b];
    return true;
}

/* Puts the scores of bins from `first` on into t->sorted. */
static bool sort_from(const struct pool *p, size_t first, struct pool_tail *t)
{
    size_t n = 0;
    for (size_t b = first; b < POOL_BINS; b++)
        n += p->bin[b];
    t->sorted = malloc((n + 1) * sizeof *t->sorted);
    if (t->sorted == NULL)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (bin_of(p->each[i]) >= first)
            t->sorted[t->n_sorted++] = p->each[i];
    qsort(t->sorted, t->n_sorted, sizeof *t->sorted, order_doubles);
    return true;
}

/* With the scores from bin `first` on one by one; 0: all of them, and no bins. */
static bool fit(const struct pool *p, size_t first, struct pool_tail *t)
{
    *t = (struct pool_tail){.n = p->n, .k = 1, .u = 1e-9, .xi = 0.5};
    if (p->n == 0)
        return true;
    if ((p->binned || first > 0) && !add_above(p, t))
        return false;
    if (p->binned) {
        fit_bins(p, t);
        return true;
    }
    if (!sort_from(p, first, t)) {
        pool_tail_free(t);
        return false;
    }
    fit_exact(p, t);
    return true;
}

bool pool_fit(const struct pool *p, struct pool_tail *ret_tail)
{
    return fit(p, 0, ret_tail);
}

bool pool_fit_small(const struct pool *p, struct pool_tail *ret_tail)
{
    size_t first = POOL_BINS - 1;
    uint64_t n = p->bin[first];
    if (p->binned || p->n <= POOL_KEPT_LEAST)
        return fit(p, 0, ret_tail);
    while (first > 0 && n < p->n / POOL_KEPT_SHARE)
        n += p->bin[--first];
    return fit(p, first, ret_tail);
}

void pool_tail_free(struct pool_tail *t)
{
    free(t->above);
    free(t->sorted);
    t->above = NULL;
    t->sorted = NULL;
}

size_t pool_tail_bytes(const struct pool_tail *t)
{
    return t->n_sorted * sizeof *t->sorted +
           (t->above != NULL ? (POOL_BINS + 1) * sizeof *t->above : 0);
}

/* How many placebo scores are at least this large. */
static uint64_t at_least(const struct pool_tail *t, double z)
{
    uint64_t low = 0, high = t->n_sorted;
    if (t->above != NULL && (high == 0 || z < t->sorted[0]))
        return t->above[bin_of(z)];
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (t->sorted[middle] < z)
            low = middle + 1;
        else
            high = middle;
    }
    return t->n_sorted - low;
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
    double p = (double)at_least(t, z) / (double)t->n;
    return fmax(p, 0.5 * (double)t->k / (double)t->n);
}

double pool_p(const struct pool_tail *t, double z)
{
    if (t->n >= POOL_LEAST)
        return pool_p_warm(t, z);
    double cold = pool_p_cold(z);
    /* so many of the few placebos were as extreme: no smaller p than that */
    double seen = t->n > 0 ? (double)at_least(t, fabs(z)) / (double)(t->n + 1) : 0;
    return fmax(cold, seen);
}

double fdr_threshold(double *p, size_t n, size_t m, double q)
{
    qsort(p, n, sizeof *p, order_doubles);
    for (size_t i = n; i-- > 0;)
        if (p[i] <= q * (double)(i + 1) / (double)m)
            return p[i];
    return 0;
}
