/* eval/codes.c - simulated return codes.  What must hold: a series follows from seed
 * and number alone.  One thread. */
#include "eval/codes.h"

#include "analyzer/count.h"
#include "eval/draw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { PAST = 1440, BEFORE = 60, AFTER = 15, PIVOT = PAST + BEFORE, PRIOR = 12 };
enum { ROWS = PIVOT + AFTER };

#define PI              3.14159265358979323846
#define FEW             30.0 /* events: below this many they are counted one by one */
#define NOISE_OF_CALLS  0.05
#define MEMORY_OF_CALLS 0.9

const double codes_bar[CODES_BARS] = {0.01, 0.001, 0.00001};

static const struct {
    const char *name;
    double rate, calls;
} cases[CODES_CASES] = {
#define X(id, text, of_rate, of_calls) [CODES_##id] = {text, of_rate, of_calls},
    CODES(X)
#undef X
};

const char *codes_name(enum codes_case c)
{
    return cases[c].name;
}

/* --- dice with other shapes --- */

static double normal(struct dice *d)
{
    double far = sqrt(-2 * log(1 - dice_unit(d)));
    return far * cos(2 * PI * dice_unit(d));
}

/* Poisson's distribution: by the times between events when there are few, else by
 * Hoermann's transformed rejection (PTRS, 1993). */
static double poisson(struct dice *d, double mean)
{
    if (mean < FEW) {
        double left = exp(-mean), k = -1;
        for (double product = 1; product > left; k++)
            product *= 1 - dice_unit(d);
        return fmax(k, 0);
    }
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    double shape = 1.1239 + 1.1328 / (b - 3.4), sure = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = dice_unit(d) - 0.5, v = 1 - dice_unit(d), us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= sure)
            return k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(shape) - log(a / (us * us) + b) <=
            k * log(mean) - mean - lgamma(k + 1))
            return k;
    }
}

/* --- one series --- */

struct code {
    double calls[ROWS]; /* expected */
    double share[ROWS];
    float of[ROWS], events[ROWS];
};

/* Noise with a memory: each value keeps `phi` of the one before. */
static double remember(struct dice *d, double last, double phi)
{
    return phi * last + sqrt(1 - phi * phi) * normal(d);
}

static void make_code(struct code *c, struct dice *d)
{
    static const double wide[] = {0, 0.1, 0.3, 0.6}, memory[] = {0, 0.8, 0.95};
    double calls = pow(10, dice_between(d, 2, 5));
    double share = pow(10, dice_between(d, -5, -1.3));
    double phase = dice_between(d, 0, 2 * PI), swing = dice_between(d, 0, 0.6);
    double sigma = wide[dice_below(d, 4)], phi = memory[dice_below(d, 3)];
    double traffic = normal(d), odd = normal(d);
    for (int t = 0; t < ROWS; t++) {
        double day = 1 + swing * sin(2 * PI * t / DRAW_DAY + phase);
        c->calls[t] = calls * day * exp(NOISE_OF_CALLS * traffic);
        c->share[t] = share * exp(sigma * odd - sigma * sigma / 2);
        traffic = remember(d, traffic, MEMORY_OF_CALLS);
        odd = remember(d, odd, phi);
    }
}

static void make_rows(struct code *c, int from, double rate, double calls,
                      struct dice *d)
{
    for (int t = from; t < ROWS; t++) {
        c->of[t] = (float)poisson(d, c->calls[t] * calls);
        c->events[t] = (float)poisson(d, c->share[t] * rate * c->of[t]);
    }
}

static double sum(const float *v, int from, int to)
{
    double all = 0;
    for (int t = from; t < to; t++)
        all += v[t];
    return all;
}

/* The two-sided p-value; 1 where nothing can be said. */
static double ask(const struct code *c, double kappa)
{
    struct count_case cc = {
        .events_before =
            sum(c->events, PAST, PIVOT) + sum(c->events, BEFORE, PIVOT) / PRIOR,
        .of_before = sum(c->of, PAST, PIVOT) + sum(c->of, BEFORE, PIVOT) / PRIOR,
        .events_after = sum(c->events, PIVOT, ROWS),
        .of_after = sum(c->of, PIVOT, ROWS),
        .kappa = kappa};
    struct count_score s;
    if (!count_score_make(&cc, &s))
        return 1;
    return fmin(1, 2 * fmin(s.p_more, s.p_fewer));
}

static bool run_one(struct code *c, uint64_t seed, size_t number,
                    struct codes_found *ret)
{
    struct dice dice = dice_of(seed, 400, number);
    double kappa;
    make_code(c, &dice);
    make_rows(c, 0, 1, 1, &dice);
    if (!count_dispersion(&(struct count_rows){c->events, c->of, PAST}, BEFORE, AFTER,
                          &kappa))
        return false;
    for (int k = 0; k < CODES_CASES; k++) {
        make_rows(c, PIVOT, cases[k].rate, cases[k].calls, &dice);
        double p = ask(c, kappa);
        for (int i = 0; i < CODES_BARS; i++)
            rate_add(&ret->below[k][i], p < codes_bar[i]);
    }
    return true;
}

int codes_run(uint64_t seed, size_t n, struct codes_found *ret, struct err *err)
{
    struct code *c = malloc(sizeof *c);
    bool well = c != NULL;
    *ret = (struct codes_found){0};
    for (size_t i = 0; well && i < n; i++)
        well = run_one(c, seed, i, ret);
    free(c);
    return well ? 0 : err_set(err, ENOMEM, "out of memory");
}
