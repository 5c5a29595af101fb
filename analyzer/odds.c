/* analyzer/odds.c - odds from small samples.  Pure, any thread. */
#include "analyzer/odds.h"
#include "analyzer/count.h"
#include "analyzer/pool.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int odds_layer_make(struct odds_layer *l, size_t most)
{
    *l = (struct odds_layer){.most = most};
    l->p = calloc(most + 1, sizeof *l->p);
    l->sorted = calloc(most + 1, sizeof *l->sorted);
    return l->p != NULL && l->sorted != NULL ? 0 : -1;
}

void odds_layer_free(struct odds_layer *l)
{
    free(l->p);
    free(l->sorted);
    *l = (struct odds_layer){0};
}

void odds_layer_add(struct odds_layer *l, double p)
{
    assert(l->n < l->most && l->n_known == 0);
    l->p[l->n++] = p;
}

/* The rules of a pack share a few rates, so these are remembered. */
double odds_layer_threshold(struct odds_layer *l, double q)
{
    if (l->n == 0)
        return 0;
    for (size_t i = 0; i < l->n_known; i++)
        if (l->known[i].q == q)
            return l->known[i].threshold;
    memcpy(l->sorted, l->p, l->n * sizeof *l->p);
    double t = fdr_threshold(l->sorted, l->n, l->n, q);
    if (l->n_known < sizeof l->known / sizeof *l->known) {
        l->known[l->n_known].q = q;
        l->known[l->n_known++].threshold = t;
    }
    return t;
}
