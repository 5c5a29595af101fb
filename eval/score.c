/* eval/score.c - rates, intervals, thresholds.  Pure. */
#include "eval/score.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>

#define NORMAL_95 1.959963984540054

double rate_share(struct rate r)
{
    return r.n > 0 ? (double)r.hits / (double)r.n : NAN;
}

struct interval rate_interval(struct rate r)
{
    if (r.n == 0)
        return (struct interval){0, 1};
    double n = (double)r.n, p = (double)r.hits / n, zz = NORMAL_95 * NORMAL_95;
    double middle = (p + zz / (2 * n)) / (1 + zz / n);
    double half = NORMAL_95 * sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);
    return (struct interval){fmax(middle - half, 0), fmin(middle + half, 1)};
}

double score_threshold(double *score, size_t n, double share)
{
    size_t above = (size_t)(share * (double)n);
    qsort(score, n, sizeof *score, order_doubles);
    return above < n ? score[n - 1 - above] : -INFINITY;
}

double score_median(double *v, size_t n)
{
    if (n == 0)
        return NAN;
    qsort(v, n, sizeof *v, order_doubles);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}
