/* eval/effects.c - putting effects on a case.  No state; any thread. */
#include "eval/effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No sigma is smaller than this share of a series' range, which is 1 in the recordings:
 * a few sigma of a flat hour would be nothing to see. */
#define SIGMA_LEAST 0.001

enum { SIGMA_ROWS = 60, RAMP_ROWS = 30, STAGGER_ROWS = 3 };

static const struct {
    const char *name;
    bool fault;
    size_t hosts, metrics;
} effects[EFFECT_N] = {
#define X(id, text, blame, n_hosts, n_metrics)                                         \
    [EFFECT_##id] = {text, blame, n_hosts, n_metrics},
    EFFECTS(X)
#undef X
};

const char *effect_name(enum effect e)
{
    return effects[e].name;
}

bool effect_is_fault(enum effect e)
{
    return effects[e].fault;
}

/* One series that is being changed; row 0 is the pivot. */
struct target {
    const struct draw *d;
    size_t host, metric;
    double mean, sigma; /* of the hour before */
    struct dice *dice;
};

static void measure(struct target *t)
{
    double sum = 0, squares = 0;
    for (size_t i = 1; i <= SIGMA_ROWS; i++)
        sum += *draw_at(t->d, t->host, DRAW_BACK - i, t->metric);
    t->mean = sum / SIGMA_ROWS;
    for (size_t i = 1; i <= SIGMA_ROWS; i++) {
        double off = *draw_at(t->d, t->host, DRAW_BACK - i, t->metric) - t->mean;
        squares += off * off;
    }
    t->sigma = fmax(sqrt(squares / SIGMA_ROWS), SIGMA_LEAST);
}

static void times(const struct target *t, size_t from, size_t to, double factor)
{
    for (size_t row = from; row < to && row < DRAW_AFTER; row++)
        *draw_at(t->d, t->host, DRAW_BACK + row, t->metric) *= (float)factor;
}

static void add(const struct target *t, double what)
{
    for (size_t row = 0; row < DRAW_AFTER; row++)
        *draw_at(t->d, t->host, DRAW_BACK + row, t->metric) += (float)what;
}

/* Grows by `a_row` each row up to `most`. */
static void grow(const struct target *t, double a_row, double most)
{
    for (size_t row = 0; row < DRAW_AFTER; row++)
        *draw_at(t->d, t->host, DRAW_BACK + row, t->metric) *=
            (float)(1 + fmin(a_row * (double)(row + 1), most));
}

static void widen(const struct target *t, double factor)
{
    for (size_t row = 0; row < DRAW_AFTER; row++) {
        float *v = draw_at(t->d, t->host, DRAW_BACK + row, t->metric);
        *v = (float)fmax(t->mean + factor * (*v - t->mean), 0);
    }
}

/* A restart takes 3 to 5 minutes and begins a little after it was told. */
static void brief(const struct target *t, double factor)
{
    size_t from = dice_below(t->dice, STAGGER_ROWS);
    times(t, from, from + 3 + dice_below(t->dice, 3), factor);
}

static void put_one(enum effect e, const struct target *t)
{
    switch (e) {
    case EFFECT_DIP:
        brief(t, dice_between(t->dice, 0.1, 0.5));
        break;
    case EFFECT_BURST:
        brief(t, dice_between(t->dice, 2, 5));
        break;
    case EFFECT_UP_5:
        times(t, 0, DRAW_AFTER, 1.05);
        break;
    case EFFECT_UP_10:
        times(t, 0, DRAW_AFTER, 1.1);
        break;
    case EFFECT_UP_20:
        times(t, 0, DRAW_AFTER, 1.2);
        break;
    case EFFECT_UP_50:
    case EFFECT_FIVE_50:
        times(t, 0, DRAW_AFTER, 1.5);
        break;
    case EFFECT_UP_100:
    case EFFECT_FIVE_100:
    case EFFECT_ONE_100:
        times(t, 0, DRAW_AFTER, 2);
        break;
    case EFFECT_ONE_300:
        times(t, 0, DRAW_AFTER, 4);
        break;
    case EFFECT_SIGMA_4:
        add(t, 4 * t->sigma);
        break;
    case EFFECT_SIGMA_8:
        add(t, 8 * t->sigma);
        break;
    case EFFECT_RAMP:
        grow(t, 1.0 / RAMP_ROWS, 1);
        break;
    case EFFECT_LEAK:
        grow(t, 0.3 / RAMP_ROWS, INFINITY);
        break;
    case EFFECT_NOISE_3:
        widen(t, 3);
        break;
    case EFFECT_QUIET:
    case EFFECT_SHOCK:
    case EFFECT_N:
        break;
    }
}

/* All hosts of the service get more or less to do, at one moment near the change; each
 * metric follows by a share of its own, each host a little differently. */
static void shock(const struct draw *d, struct dice *dice)
{
    double size = dice_between(dice, log(1.3), log(3));
    size_t from = DRAW_BACK - 10 + dice_below(dice, 21);
    if (dice_below(dice, 2) == 0)
        size = -size;
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        double share = dice_between(dice, 0.3, 1);
        for (size_t h = 0; h < d->n_hosts; h++) {
            float factor = (float)exp(size * share * dice_between(dice, 0.9, 1.1));
            for (size_t row = from; row < DRAW_ROWS; row++)
                *draw_at(d, h, row, m) *= factor;
        }
    }
}

static bool has_level(const struct draw *d, size_t host, size_t metric)
{
    struct target t = {.d = d, .host = host, .metric = metric};
    measure(&t);
    return t.mean > 0;
}

/* Picks `n` of those that `can` be picked. */
static void pick(size_t n, const bool *can, size_t of, bool *picked, struct dice *dice)
{
    size_t left[DRAW_HOSTS_MAX], k = 0;
    for (size_t i = 0; i < of; i++)
        if (can[i])
            left[k++] = i;
    for (size_t i = 0; i < n && k > 0; i++) {
        size_t j = dice_below(dice, k);
        picked[left[j]] = true;
        left[j] = left[--k];
    }
}

/* Hosts first, then metrics that show something on most of them. */
static void choose(enum effect e, const struct draw *d, struct dice *dice,
                   struct truth *t)
{
    bool can[DRAW_HOSTS_MAX];
    size_t hosts = effects[e].hosts > 0 ? effects[e].hosts : d->is.n_changed;
    size_t metrics = effects[e].metrics > 0 ? effects[e].metrics : d->is.n_metrics;
    for (size_t h = 0; h < d->is.n_changed; h++)
        can[h] = true;
    pick(hosts, can, d->is.n_changed, t->host, dice);
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        size_t n = 0, there = 0;
        for (size_t h = 0; h < d->is.n_changed; h++) {
            n += t->host[h];
            there += t->host[h] && has_level(d, h, m);
        }
        can[m] = there * 2 > n || d->is.n_metrics == 1;
    }
    pick(metrics, can, d->is.n_metrics, t->metric, dice);
}

static bool differs(const struct draw *d)
{
    size_t k = d->is.n_metrics, kept = (DRAW_TOUCHED + DRAW_AFTER) * k;
    for (size_t h = 0; h < d->is.n_changed; h++)
        if (memcmp(draw_rows(d, h) + (DRAW_BACK - DRAW_TOUCHED) * k,
                   d->pristine + h * kept, kept * sizeof(float)) != 0)
            return true;
    return false;
}

void effect_put(enum effect e, bool shocked, struct draw *d, uint64_t seed,
                uint64_t number, struct truth *ret_truth)
{
    struct dice place = dice_of(seed, 100 + effects[e].hosts, number);
    struct dice size = dice_of(seed, 200 + (uint64_t)e, number);
    struct dice common = dice_of(seed, 300, number);
    *ret_truth = (struct truth){.fault = effects[e].fault};
    choose(e, d, &place, ret_truth);
    for (size_t h = 0; h < d->is.n_changed; h++)
        for (size_t m = 0; m < d->is.n_metrics; m++) {
            struct target t = {.d = d, .host = h, .metric = m, .dice = &size};
            if (!ret_truth->host[h] || !ret_truth->metric[m])
                continue;
            measure(&t);
            put_one(e, &t);
        }
    ret_truth->put = differs(d) || e == EFFECT_QUIET || e == EFFECT_SHOCK;
    if (shocked || e == EFFECT_SHOCK)
        shock(d, &common);
}
