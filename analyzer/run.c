/* analyzer/run.c - the loops that vectors are made of.
 *
 * What must hold: the same bits on every path.  So no loop here carries a sum from one
 * value to the next, and the build forbids contraction (-ffp-contract=off). */
#include "analyzer/run.h"

#include <math.h>
#include <string.h>

/* Sanitizers instrument the function that chooses a path before they are ready. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MANY_WIDTHS
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MANY_WIDTHS                                                                    \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MANY_WIDTHS
#endif

/* log x by x = 2^k m with m in [sqrt 1/2, sqrt 2) and log m = 2 atanh((m - 1) / (m +
 * 1)).  The first term left out of the series is below 4e-14 of the first one: a float
 * keeps 6e-8. */
static inline double log_of(double x)
{
    static const double ln2 = 0.693147180559945309417;
    const uint64_t root_half = 0x3fe6a09e667f3bcd; /* the bits of sqrt 1/2 */
    const uint64_t one_exponent = 1ull << 52, bias = 1023;
    const uint64_t two_52 = 0x4330000000000000; /* 2^52 + i has i in its low bits */
    uint64_t bits, over, mantissa, k_bits;
    double m, k;
    memcpy(&bits, &x, sizeof bits);
    over = bits - root_half + bias * one_exponent; /* never below zero */
    k_bits = two_52 | over >> 52;
    mantissa = bits - ((over >> 52) - bias) * one_exponent;
    memcpy(&m, &mantissa, sizeof m);
    memcpy(&k, &k_bits, sizeof k);
    k -= 4503599627370496.0 + (double)bias;
    double s = (m - 1) / (m + 1), z = s * s;
    double p = 1.0 / 15;
    p = p * z + 1.0 / 13;
    p = p * z + 1.0 / 11;
    p = p * z + 1.0 / 9;
    p = p * z + 1.0 / 7;
    p = p * z + 1.0 / 5;
    p = p * z + 1.0 / 3;
    return k * ln2 + 2 * (s + s * (z * p));
}

double run_log(double x)
{
    return log_of(x);
}

MANY_WIDTHS void run_logs(float *v, size_t n, double offset, double level)
{
    for (size_t i = 0; i < n; i++) {
        double x = v[i];
        double log = log_of((x + fabs(x)) * 0.5 + offset) - level;
        v[i] = (float)(log + (x - x)); /* x - x is 0, or NaN again */
    }
}

MANY_WIDTHS void run_scaled(float *v, size_t n, double size, double level)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(v[i] / size - level);
}

MANY_WIDTHS void run_less(float *to, const float *v, const float *less, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = v[i] - less[i];
}

MANY_WIDTHS bool run_any_missing(const float *v, size_t n)
{
    int missing = 0;
    for (size_t i = 0; i < n; i++)
        missing |= v[i] != v[i];
    return missing != 0;
}

MANY_WIDTHS bool run_any_below(const float *v, size_t n)
{
    int below = 0;
    for (size_t i = 0; i < n; i++)
        below |= v[i] < 0;
    return below != 0;
}

MANY_WIDTHS void run_sizes(float *to, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)fabs(v[i]);
}

MANY_WIDTHS size_t run_count_below(const float *v, size_t n, float bound)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += v[i] < bound;
    return count;
}

MANY_WIDTHS size_t run_count_under(const double *v, size_t n, double bound)
{
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += v[i] < bound;
    return count;
}

MANY_WIDTHS void run_add(double *sum, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += v[i];
}

MANY_WIDTHS void run_add_known(double *sum, uint16_t *count, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits, there = v[i] == v[i];
        float known;
        memcpy(&bits, &v[i], sizeof bits);
        bits &= -there; /* 0 for what is not there: a choice without a branch */
        memcpy(&known, &bits, sizeof known);
        sum[i] += known;
        count[i] = (uint16_t)(count[i] + there);
    }
}

/* A few rows at a time, so that what is kept of them stays near.  Each row takes its
 * values in the order of the runs and keeps the largest and smallest in order, by
 * comparisons alone. */
MANY_WIDTHS void run_trimmed(float *to, const double *const *from,
                             const double *divisor, size_t n, size_t cut, size_t rows)
{
    enum { TILE = 32 };
    for (size_t row = 0; row < rows; row += TILE) {
        double sum[TILE], high[RUN_CUT_MAX][TILE], low[RUN_CUT_MAX][TILE];
        size_t here = rows - row < TILE ? rows - row : TILE;
        for (size_t k = 0; k < TILE; k++)
            sum[k] = 0;
        for (size_t c = 0; c < cut; c++)
            for (size_t k = 0; k < TILE; k++)
                high[c][k] = low[c][k] = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            double v[TILE] = {0}, w[TILE];
            for (size_t k = 0; k < here; k++)
                v[k] = from[i][row + k] / divisor[i];
            for (size_t k = 0; k < TILE; k++) {
                sum[k] += v[k];
                w[k] = -v[k];
            }
            for (size_t c = 0; c < cut; c++)
                for (size_t k = 0; k < TILE; k++) {
                    double h = high[c][k], l = low[c][k];
                    high[c][k] = v[k] > h ? v[k] : h;
                    v[k] = v[k] > h ? h : v[k];
                    low[c][k] = w[k] > l ? w[k] : l;
                    w[k] = w[k] > l ? l : w[k];
                }
        }
        for (size_t c = 0; c < cut; c++)
            for (size_t k = 0; k < TILE; k++)
                sum[k] += low[c][k] - high[c][k];
        for (size_t k = 0; k < here; k++)
            to[row + k] = (float)(sum[k] / (double)(n - 2 * cut));
    }
}

MANY_WIDTHS void run_moves(double *to, const double *sum,
                           const struct run_places place[4], double wide,
                           double n_before, double n_after, size_t n)
{
    double share = 1.0 / wide;
    const uint32_t *a0 = place[0].at, *a1 = place[1].at, *a2 = place[2].at,
                   *a3 = place[3].at;
    const uint16_t *p0 = place[0].part, *p1 = place[1].part, *p2 = place[2].part,
                   *p3 = place[3].part;
    for (size_t k = 0; k < n; k++) {
        double v0 = sum[a0[k]] + (sum[a0[k] + 1] - sum[a0[k]]) * (p0[k] * share);
        double v1 = sum[a1[k]] + (sum[a1[k] + 1] - sum[a1[k]]) * (p1[k] * share);
        double v2 = sum[a2[k]] + (sum[a2[k] + 1] - sum[a2[k]]) * (p2[k] * share);
        double v3 = sum[a3[k]] + (sum[a3[k] + 1] - sum[a3[k]]) * (p3[k] * share);
        to[k] = (v3 - v2) / n_after - (v1 - v0) / n_before;
    }
}

MANY_WIDTHS void run_middle(double *to, const double *a, const double *b,
                            const double *c, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double low = a[k] < b[k] ? a[k] : b[k], high = a[k] < b[k] ? b[k] : a[k];
        double over = c[k] > high ? high : c[k];
        to[k] = c[k] < low ? low : over;
    }
}

/* Puts the smaller of each row into a. */
static inline void exchange(double *restrict a, double *restrict b, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double x = a[k], y = b[k];
        a[k] = y < x ? y : x;
        b[k] = y < x ? x : y;
    }
}

static inline double smaller(double a, double b)
{
    return b < a ? b : a;
}

static inline double larger(double a, double b)
{
    return b < a ? a : b;
}

/* Of six in order, the median of the five others is the fourth for the three smaller
 * ones, the third for the larger ones.
 * Of two threes in order, the smaller of the first of one and the last of the other,
 * and so on, are the lower half of all; the larger ones are the upper half. */
MANY_WIDTHS void run_less_others(double *restrict to, const double *restrict from,
                                 size_t n, double lambda)
{
    double third[RUN_OTHERS_ROWS], fourth[RUN_OTHERS_ROWS];
    const double *a = from, *b = a + RUN_OTHERS_ROWS, *c = b + RUN_OTHERS_ROWS,
                 *d = c + RUN_OTHERS_ROWS, *e = d + RUN_OTHERS_ROWS,
                 *f = e + RUN_OTHERS_ROWS;
    for (size_t k = 0; k < n; k++) {
        double ab = smaller(a[k], b[k]), ba = larger(a[k], b[k]);
        double de = smaller(d[k], e[k]), ed = larger(d[k], e[k]);
        double l0 = smaller(ab, c[k]), l1 = smaller(ba, larger(ab, c[k])),
               l2 = larger(ba, c[k]);
        double r0 = smaller(de, f[k]), r1 = smaller(ed, larger(de, f[k])),
               r2 = larger(ed, f[k]);
        /* two ordered threes: the third and the fourth of all */
        double x = smaller(l2, r0), y = smaller(l1, r1), z = smaller(l0, r2);
        double u = larger(l2, r0), v = larger(l1, r1), w = larger(l0, r2);
        third[k] = larger(larger(x, y), z);
        fourth[k] = smaller(smaller(u, v), w);
    }
    for (size_t run = 0; run < RUN_OTHERS; run++)
        for (size_t k = 0; k < n; k++) {
            double own = from[run * RUN_OTHERS_ROWS + k];
            double others = own <= third[k] ? fourth[k] : third[k];
            to[run * n + k] = own - lambda * others;
        }
}

/* Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm
 * M), all columns at a step. */
MANY_WIDTHS void run_sort(double *v, size_t rows)
{
    size_t top = 1;
    while (top * 2 < rows)
        top *= 2;
    for (size_t p = rows > 1 ? top : 0; p > 0; p /= 2) {
        size_t q = top, r = 0, d = p;
        for (;;) {
            for (size_t first = r; first + d < rows; first += 2 * p) {
                size_t n = rows - d - first < p ? rows - d - first : p;
                exchange(v + first * RUN_LANES, v + (first + d) * RUN_LANES,
                         n * RUN_LANES);
            }
            if (q == p)
                break;
            d = q - p;
            q /= 2;
            r = p;
        }
    }
}
