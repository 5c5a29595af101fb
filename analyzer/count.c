/* analyzer/count.c - counts against their own past.  Pure. */
#include "analyzer/count.h"

#include "analyzer/shift.h"

#include <math.h>
#include <stdlib.h>

/* The continued fraction of I_x(a, b) by Lentz's method; quick for x < (a+1)/(a+b+2).
 */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int i = 1; i <= 20000; i++) {
        double m = i, am = a + 2 * m;
        double even = m * (b - m) * x / ((am - 1) * am);
        double odd = -(a + m) * (a + b + m) * x / (am * (am + 1));
        const double step[2] = {even, odd};
        double change = 1;
        for (int j = 0; j < 2; j++) {
            d = 1 + step[j] * d;
            c = 1 + step[j] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = d * c;
            h *= change;
        }
        if (fabs(change - 1) < 1e-15)
            break;
    }
    return h;
}

double count_beta(double x, double a, double b)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front =
        exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}

static double nb_size(double mu, double var)
{
    return mu * mu / fmax(var - mu, 1e-9 * mu + 1e-12);
}

double count_nb_at_most(double x, double mu, double var)
{
    if (x < 0)
        return 0;
    double r = nb_size(mu, var);
    return count_beta(r / (r + mu), r, floor(x) + 1);
}

double count_nb_at_least(double x, double mu, double var)
{
    if (x <= 0)
        return 1;
    double r = nb_size(mu, var);
    /* the complement by symmetry, so that tiny tails do not drown in 1 - (1 - p) */
    return count_beta(mu / (r + mu), ceil(x), r);
}

bool count_score_make(const struct count_case *c, struct count_score *ret_score)
{
    if (!(c->of_before > 0 && c->of_after > 0))
        return false;
    double share = c->of_after / c->of_before;
    double mu = (c->events_before + 0.5) * share;
    double var = mu * (1 + share) + c->kappa * mu * mu;
    *ret_score = (struct count_score){
        .expected = mu,
        .p_more = count_nb_at_least(c->events_after, mu, var),
        .p_fewer = count_nb_at_most(c->events_after, mu, var),
        .ratio = (c->events_after + 0.5) / mu,
    };
    return true;
}

static double sum_rows(const float *v, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(v[i]))
            sum += v[i];
    return sum;
}

bool count_dispersion(const struct count_rows *rows, size_t before, size_t after,
                      double *ret_kappa)
{
    size_t most = rows->n / COUNT_PLACEBO_STEP + 1, n = 0;
    double *error = malloc(3 * most * sizeof *error);
    if (error == NULL)
        return false;
    double *chance = error + most, *sorted = chance + most, weight = 0;
    for (size_t t = before; t + after <= rows->n; t += COUNT_PLACEBO_STEP) {
        double of_b = sum_rows(rows->of, t - before, t);
        double of_a = sum_rows(rows->of, t, t + after);
        if (!(of_b > 0 && of_a > 0))
            continue;
        double m = (sum_rows(rows->events, t - before, t) + 0.5) * of_a / of_b;
        double a = sum_rows(rows->events, t, t + after);
        error[n] = sorted[n] = (a - m) * (a - m);
        chance[n++] = m * (1 + of_a / of_b);
        weight += m * m;
    }
    if (n >= COUNT_PLACEBOS_LEAST) {
        double cut = shift_quantile(sorted, n, 0.98), over = 0;
        for (size_t i = 0; i < n; i++)
            over += fmin(error[i], cut) - chance[i];
        *ret_kappa = fmax(0, over / fmax(weight, 1));
    }
    free(error);
    return n >= COUNT_PLACEBOS_LEAST;
}
