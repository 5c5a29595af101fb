/* analyzer/odds.c - odds from small samples.  Pure, any thread. */
#include "analyzer/odds.h"
#include "analyzer/count.h"
#include "analyzer/pool.h"

#include <math.h>
#include <stdlib.h>

double odds_student(double t, double df)
{
    if (isinf(t))
        return 0;
    return count_beta(df / (df + t * t), df / 2, 0.5);
}

double odds_small(double z, double df)
{
    return fmin(fmax(odds_student(z, df), pool_p_cold(z)), 1);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double odds_trimmed(double *v, size_t n)
{
    if (n == 0)
        return NAN;
    qsort(v, n, sizeof *v, by_size);
    size_t cut = n / 10;
    double sum = 0;
    for (size_t i = cut; i < n - cut; i++)
        sum += v[i];
    return sum / (double)(n - 2 * cut);
}

double odds_deviation(const double *part, size_t n)
{
    double sum = 0, square = 0;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(part[i]))
            sum += part[i], k++;
    if (k < 3)
        return NAN;
    double mean = sum / (double)k;
    for (size_t i = 0; i < n; i++)
        if (!isnan(part[i]))
            square += (part[i] - mean) * (part[i] - mean);
    return sqrt(square / (double)(k - 1));
}
