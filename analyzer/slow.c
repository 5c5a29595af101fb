/* analyzer/slow.c - lagged moves of series and what they are worth.  Pure, any thread.
 */
#include "analyzer/slow.h"
#include "analyzer/gather.h"
#include "analyzer/odds.h"
#include "analyzer/scale.h"
#include "analyzer/shift.h"
#include "rules/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRESENT_LEAST 0.6  /* share of a stretch's rows that must be there */
#define JUMP_MOST     0.75 /* of the move that may come in one quarter after the first */
#define HOLD_LEAST    0.8  /* of its highest level that must be left at the look */
#define RISE_LEAST    0.1  /* of the move, in the last quarter: it rises still */
#define SHARED_LEAST  0.5  /* of the group's move that most of its hosts must show */
#define GROUP_LEAST   0.5  /* a group's spread is at least this share of a host's */

enum { STRETCHES = 12, STRETCH_ROWS = 8, REACH_LAGS = 12, REACH_DAYS = 7 };

struct slow_clock slow_clock_of(span lag, span native)
{
    int64_t step = lag.ms / STRETCHES / STRETCH_ROWS;
    if (native.ms > 0)
        step = (step + native.ms - 1) / native.ms * native.ms;
    if (step < 1000)
        step = 1000;
    size_t rows = (size_t)(lag.ms / STRETCHES / step);
    return (struct slow_clock){
        .step = {step}, .stretch = rows > 2 ? rows : 2, .lag = (size_t)(lag.ms / step)};
}

span slow_reach(span lag)
{
    int64_t most = REACH_DAYS * INT64_C(86400000), few = REACH_LAGS * lag.ms;
    return (span){few < most ? few : most};
}

/* --- rows of one series --- */

/* One host's rows on the scale, less its own level. */
struct rows {
    const struct member *member;
    size_t pivot;
    float *v;
    double before, after; /* in the metric's unit */
};

/* What a series is judged with; all arrays are as long as the panel. */
struct bench {
    const struct lineup *lineup;
    const struct slow_clock *clock;
    size_t n; /* rows */
    instant from;
    struct scale scale;
    struct rows *host, *control;
    size_t n_hosts, n_controls;
    float *reference, *net, *group;
    bool referred;
    struct gather gather;
    double *sum, *scratch, *move;
    uint32_t *count;
    float *cells; /* of all hosts and controls */
};

static double mean_of(const float *v, size_t from, size_t to)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(v[i])) {
            sum += v[i];
            n++;
        }
    return n > 0 && (double)n >= PRESENT_LEAST * (double)(to - from) ? sum / (double)n
                                                                     : NAN;
}

static void read_rows(const struct bench *b, struct rows *r)
{
    const struct unit *u = r->member->unit;
    size_t w = b->clock->stretch, end = r->pivot + b->clock->lag;
    for (size_t i = 0; i < b->n; i++)
        r->v[i] =
            i < u->hot.rows ? u->hot.cells[i * u->n_metrics + r->member->metric] : NAN;
    r->before = mean_of(r->v, r->pivot - w, r->pivot);
    r->after = mean_of(r->v, end - w, end);
}

/* The scale follows from the changed hosts before their change. */
static void find_scale(struct bench *b, const char *unit)
{
    size_t n = 0, day = b->clock->lag;
    double least = 0;
    bool falls = false;
    for (size_t h = 0; h < b->n_hosts; h++) {
        const struct rows *r = &b->host[h];
        size_t m = 0;
        double last = NAN;
        for (size_t i = r->pivot > day ? r->pivot - day : 0; i < r->pivot; i++) {
            double v = r->v[i];
            if (isnan(v))
                continue;
            double step = fabs(v - last);
            if (step > 0 && (least == 0 || step < least))
                least = step;
            falls |= v < 0;
            last = v;
            b->scratch[m++] = fabs(v);
        }
        if (m > 0)
            b->move[n++] = shift_median(b->scratch, m);
    }
    b->scale = scale_make(n > 0 ? shift_median(b->move, n) : 0, least, falls, unit);
}

/* Puts a host on the scale and takes its level of the time before the change off. */
static void level_off(const struct bench *b, struct rows *r)
{
    size_t n = 0, day = b->clock->lag;
    for (size_t i = 0; i < b->n; i++)
        if (!isnan(r->v[i]))
            r->v[i] = (float)scale_of(&b->scale, r->v[i]);
    for (size_t i = r->pivot > day ? r->pivot - day : 0; i < r->pivot; i++)
        if (!isnan(r->v[i]))
            b->scratch[n++] = r->v[i];
    float level = n > 0 ? (float)shift_median(b->scratch, n) : 0;
    for (size_t i = 0; i < b->n; i++)
        r->v[i] -= level;
}

static bool is_whole(const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(v[i]))
            return false;
    return true;
}

static void make_reference(struct bench *b)
{
    b->referred = b->n_controls >= CONTROLS_LEAST;
    if (!b->referred)
        return;
    gather_clear(&b->gather);
    for (size_t i = 0; i < b->n_controls; i++)
        gather_add(&b->gather, gather_bucket(b->control[i].member->unit->who.host),
                   b->control[i].v, is_whole(b->control[i].v, b->n));
    gather_mean(&b->gather, CONTROLS_LEAST, b->reference);
}

/* A host's rows less the reference. */
static const float *net_of(struct bench *b, const float *v)
{
    if (!b->referred)
        return v;
    for (size_t i = 0; i < b->n; i++)
        b->net[i] = v[i] - b->reference[i];
    return b->net;
}

/* --- lagged moves --- */

/* The level of the stretch that ends at row `end`, from sums. */
static double level_at(const struct bench *b, size_t end)
{
    size_t w = b->clock->stretch, from = end - w;
    double n = (double)(b->count[end] - b->count[from]);
    return n >= PRESENT_LEAST * (double)w ? (b->sum[end] - b->sum[from]) / n : NAN;
}

static double move_at(const struct bench *b, size_t pivot, size_t lag)
{
    return level_at(b, pivot + lag) - level_at(b, pivot);
}

/* Pretended changes whose whole lag is over before the pivot, every half stretch; gives
 * their number and how many lags lie side by side in the rows that are known. */
static size_t placebos(const struct bench *b, size_t pivot, double *to, int *ret_lags)
{
    size_t n = 0, w = b->clock->stretch, lag = b->clock->lag, first = SIZE_MAX;
    size_t every = w > 1 ? w / 2 : 1;
    for (size_t t = pivot; t >= w + lag; t -= every) {
        double move = move_at(b, t - lag, lag);
        if (!isnan(move)) {
            to[n++] = move;
            first = t - lag;
        }
        if (t < every)
            break;
    }
    *ret_lags = first == SIZE_MAX ? 0 : (int)((pivot - first) / lag);
    return n;
}

/* Spread about zero: a drift that comes back every day is spread, too. */
static double spread_of(const double *move, size_t n, double *scratch)
{
    for (size_t i = 0; i < n; i++) {
        scratch[2 * i] = move[i];
        scratch[2 * i + 1] = -move[i];
    }
    return shift_spread(scratch, 2 * n);
}

/* How the move came about: see JUMP_MOST and its like. */
static void look_at_shape(const struct bench *b, size_t pivot, struct slow_score *s)
{
    double last = 0, highest = 0;
    s->creeps = true;
    for (int i = 0; i < SLOW_PARTS; i++) {
        size_t lag = b->clock->lag * (size_t)(i + 1) / SLOW_PARTS;
        s->part[i] = move_at(b, pivot, lag);
        double here = s->part[i] / s->move; /* 1 at the look */
        if (isnan(here)) {
            s->creeps = false;
            continue;
        }
        s->creeps &= i == 0 || here - last <= JUMP_MOST;
        s->rises = here - last >= RISE_LEAST;
        highest = fmax(highest, here);
        last = here;
    }
    s->creeps &= 1 >= HOLD_LEAST * highest;
}

/* Scores rows against their own past; the spread is left in *ret_spread. */
static bool score_past(struct bench *b, const float *v, size_t n, size_t pivot,
                       struct slow_score *s, double *ret_spread)
{
    *s = (struct slow_score){.move = NAN, .p = NAN, .z = NAN};
    shift_sum_up(v, n, b->sum, b->count);
    s->moments = (int)placebos(b, pivot, b->move, &s->lags);
    s->move = move_at(b, pivot, b->clock->lag);
    if (isnan(s->move) || s->move == 0 || s->lags < SLOW_LAGS_LEAST)
        return false;
    for (int i = 0; i < s->moments; i++)
        s->moments_like += fabs(b->move[i]) >= fabs(s->move);
    *ret_spread = fmax(spread_of(b->move, (size_t)s->moments, b->scratch),
                       fmax(b->scale.floor, SHIFT_SPREAD_LEAST));
    look_at_shape(b, pivot, s);
    s->known = true;
    return true;
}

/* --- one series --- */

/* Before and after of hosts in the metric's unit, and what the move comes to. */
static void put_in_units(const struct bench *b, const struct rows *host, size_t n,
                         struct slow_score *s)
{
    const struct {
        const struct rows *at;
        size_t n;
        double *before, *after;
    } side[] = {{host, n, &s->before, &s->after},
                {b->control, b->referred ? b->n_controls : 0, &s->control_before,
                 &s->control_after}};
    for (int k = 0; k < 2; k++) {
        size_t known = 0;
        *side[k].before = *side[k].after = 0;
        for (size_t i = 0; i < side[k].n; i++) {
            const struct rows *r = &side[k].at[i];
            if (isnan(r->before) || isnan(r->after))
                continue;
            *side[k].before += r->before;
            *side[k].after += r->after;
            known++;
        }
        *side[k].before = known > 0 ? *side[k].before / (double)known : NAN;
        *side[k].after = known > 0 ? *side[k].after / (double)known : NAN;
    }
    double expected = scale_moved(&b->scale, s->after, -s->move);
    s->effect = scale_effect(&b->scale, expected, s->after, s->move);
    s->delta = s->after - expected;
    double plain = s->after - s->before;
    if (!isnan(s->control_before))
        plain -= s->control_after - s->control_before;
    if (fabs(plain) < fabs(s->delta))
        s->delta = plain;
}

/* How much the unchanged hosts moved one by one in the same hours; NaN: too few. */
static double spread_across(struct bench *b, size_t pivot)
{
    size_t n = 0;
    for (size_t i = 0; b->referred && i < b->n_controls; i++) {
        const float *v = net_of(b, b->control[i].v);
        size_t w = b->clock->stretch, end = pivot + b->clock->lag;
        double move = mean_of(v, end - w, end) - mean_of(v, pivot - w, pivot);
        if (!isnan(move))
            b->move[n++] = move;
    }
    if (n < CONTROLS_LEAST)
        return NAN;
    /* each is a part of its own reference */
    return spread_of(b->move, n, b->scratch) * (double)n / (double)(n - 1);
}

/* z and p from the harder of the two comparisons. */
static void weigh(struct slow_score *s, double spread, double across, double n_hosts,
                  double n_controls)
{
    s->z = s->move / spread;
    s->p = odds_small(s->z, s->lags);
    s->compared = !isnan(across);
    if (!s->compared)
        return;
    double se = across * fmax(sqrt(1 / n_hosts + 1 / n_controls), GROUP_LEAST);
    double z = s->move / fmax(se, SHIFT_SPREAD_LEAST),
           p = odds_small(z, n_controls - 1);
    if (p > s->p) {
        s->p = p;
        s->z = z;
    }
}

/* The changed hosts as one, each from its own pivot; row `*ret_pivot` is that of all.
 */
static size_t make_group(struct bench *b, size_t *ret_pivot)
{
    size_t reach = SIZE_MAX;
    for (size_t i = 0; i < b->n_hosts; i++)
        reach = b->host[i].pivot < reach ? b->host[i].pivot : reach;
    size_t n = reach + b->clock->lag;
    gather_clear(&b->gather);
    for (size_t i = 0; i < b->n_hosts; i++) {
        const float *v = net_of(b, b->host[i].v);
        size_t from = b->host[i].pivot - reach;
        if (v != b->net)
            memcpy(b->net, v, b->n * sizeof *v);
        memmove(b->net, b->net + from, (b->n - from) * sizeof *b->net);
        for (size_t k = b->n - from; k < b->n; k++)
            b->net[k] = NAN;
        gather_add(&b->gather, gather_bucket(b->host[i].member->unit->who.host), b->net,
                   is_whole(b->net, b->n));
    }
    gather_mean(&b->gather, b->n_hosts / 2 + 1, b->group);
    *ret_pivot = reach;
    return n;
}

static int score_series(struct bench *b, struct slow_series *s)
{
    double spread, across, *own = calloc(b->n_hosts + 1, sizeof *own);
    size_t n_own = 0;
    if (own == NULL)
        return -1;
    across = spread_across(b, b->host[0].pivot);
    for (size_t i = 0; i < b->n_hosts; i++)
        if (score_past(b, net_of(b, b->host[i].v), b->n, b->host[i].pivot,
                       &s->host[i].score, &spread)) {
            s->host[i].score.z = spread; /* until all are known */
            own[n_own++] = spread;
        }
    double usual = n_own > 0 ? shift_median(own, n_own) : 0, m = (double)b->n_controls;
    for (size_t i = 0; i < b->n_hosts; i++) {
        struct slow_score *h = &s->host[i].score;
        if (!h->known)
            continue;
        weigh(h, fmax(h->z, usual), across, 1, m);
        put_in_units(b, &b->host[i], 1, h);
    }
    size_t pivot, n = make_group(b, &pivot);
    if (score_past(b, b->group, n, pivot, &s->group, &spread)) {
        weigh(&s->group, fmax(spread, GROUP_LEAST * usual), across, (double)b->n_hosts,
              m);
        put_in_units(b, b->host, b->n_hosts, &s->group);
    }
    free(own);
    return 0;
}

/* --- which hosts --- */

static size_t row_of(const struct bench *b, instant at)
{
    return (size_t)((at.ms - b->from.ms) / b->clock->step.ms);
}

/* Its before and after lie in the panel. */
static bool fits(const struct bench *b, size_t pivot)
{
    return pivot >= b->clock->stretch && pivot + b->clock->lag <= b->n;
}

/* False for a host that another change worked on since shortly before this one. */
static bool is_untouched(const struct lineup *l, const struct slot *s,
                         const struct slow_clock *clock)
{
    instant from = {s->pivot.ms - clock->step.ms * (int64_t)clock->stretch};
    instant to = {s->pivot.ms + clock->step.ms * (int64_t)clock->lag};
    return !lineup_touched(l, s->host, from, to);
}

static int take_hosts(struct bench *b, const struct series *of, struct slow_series *s)
{
    s->host = calloc(of->n_members + 1, sizeof *s->host);
    if (s->host == NULL)
        return -1;
    b->n_hosts = 0;
    for (size_t i = 0; i < of->n_members; i++) {
        const struct member *m = &of->member[i];
        size_t pivot = row_of(b, m->slot->pivot);
        if (!fits(b, pivot) || !is_untouched(b->lineup, m->slot, b->clock))
            continue;
        struct rows *r = &b->host[b->n_hosts];
        *r = (struct rows){.member = m, .pivot = pivot, .v = r->v};
        s->host[b->n_hosts++].member = m;
        read_rows(b, r);
    }
    s->n = b->n_hosts;
    return 0;
}

static int take_controls(struct bench *b, const struct controls *k,
                         const struct series *of, struct slow_series *s)
{
    s->control = calloc(k->n + 1, sizeof *s->control);
    if (s->control == NULL)
        return -1;
    b->n_controls = 0;
    for (size_t i = 0; i < k->n; i++) {
        const struct unit *u = series_unit(b->lineup, k->host[i], of->service);
        int metric = u != NULL ? series_on(b->lineup, of, u) : -1;
        if (metric < 0)
            continue;
        struct member *m = &s->control[b->n_controls];
        struct rows *r = &b->control[b->n_controls];
        *m = (struct member){NULL, u, (uint32_t)metric};
        *r = (struct rows){.member = m, .pivot = b->host[0].pivot, .v = r->v};
        read_rows(b, r);
        b->n_controls += !isnan(r->before) && !isnan(r->after);
    }
    s->n_controls = b->n_controls;
    return 0;
}

static bool is_asked(const struct series *s)
{
    return s->rule != NULL && s->rule->attention.set &&
           s->rule->attention.when.condition == NULL && !s->rule->shadow && !s->whole;
}

static int measure_one(struct bench *b, const struct controls *k,
                       const struct series *of, struct slow *all)
{
    struct slow_series *s = &all->at[all->n++];
    *s = (struct slow_series){.of = of};
    if (take_hosts(b, of, s) < 0)
        return -1;
    if (s->n == 0)
        return 0;
    if (take_controls(b, k, of, s) < 0)
        return -1;
    find_scale(b, of->rule->unit);
    for (size_t i = 0; i < b->n_hosts; i++)
        level_off(b, &b->host[i]);
    for (size_t i = 0; i < b->n_controls; i++)
        level_off(b, &b->control[i]);
    make_reference(b);
    if (score_series(b, s) < 0)
        return -1;
    all->judged += s->group.known;
    all->short_past += !s->group.known && s->group.lags < SLOW_LAGS_LEAST;
    all->thin += !s->group.known && s->group.lags >= SLOW_LAGS_LEAST;
    return 0;
}

/* --- all series --- */

static int bench_open(struct bench *b, const struct series_list *list,
                      const struct controls *k)
{
    size_t most = 1, n = b->n + 1;
    for (size_t i = 0; i < list->n; i++)
        most = list->at[i].n_members > most ? list->at[i].n_members : most;
    b->host = calloc(most, sizeof *b->host);
    b->control = calloc(k->n + 1, sizeof *b->control);
    b->reference = malloc(n * sizeof *b->reference);
    b->net = malloc(n * sizeof *b->net);
    b->group = malloc(n * sizeof *b->group);
    b->sum = malloc(n * sizeof *b->sum);
    b->count = malloc(n * sizeof *b->count);
    b->move = malloc((n + most + k->n) * sizeof *b->move);
    b->scratch = malloc(2 * (n + most + k->n) * sizeof *b->scratch);
    b->cells = malloc((most + k->n + 1) * n * sizeof *b->cells);
    if (b->host == NULL || b->control == NULL || b->reference == NULL ||
        b->net == NULL || b->group == NULL || b->sum == NULL || b->count == NULL ||
        b->move == NULL || b->scratch == NULL || b->cells == NULL ||
        gather_open(&b->gather, b->n) < 0)
        return -1;
    for (size_t i = 0; i < most; i++)
        b->host[i].v = b->cells + i * n;
    for (size_t i = 0; i <= k->n; i++)
        b->control[i].v = b->cells + (most + i) * n;
    return 0;
}

static void bench_close(struct bench *b)
{
    free(b->host);
    free(b->control);
    free(b->reference);
    free(b->net);
    free(b->group);
    free(b->sum);
    free(b->count);
    free(b->move);
    free(b->scratch);
    free(b->cells);
    gather_close(&b->gather);
}

int slow_measure(const struct lineup *l, const struct controls *k,
                 const struct series_list *list, const struct slow_clock *clock,
                 struct slow *ret, struct err *err)
{
    struct bench b = {.lineup = l, .clock = clock};
    if (l->n_units > 0) {
        b.n = l->unit[0]->hot.rows;
        b.from = l->unit[0]->hot.from;
    }
    *ret = (struct slow){.at = calloc(list->n + 1, sizeof *ret->at)};
    for (size_t i = 0; i < l->n_slots; i++)
        ret->touched +=
            l->slot[i].state == SLOT_OVERLAP ||
            (l->slot[i].state == SLOT_READY && !is_untouched(l, &l->slot[i], clock));
    int rc = ret->at != NULL && bench_open(&b, list, k) == 0 ? 0 : -1;
    for (size_t i = 0; rc == 0 && i < list->n; i++)
        if (is_asked(&list->at[i]))
            rc = measure_one(&b, k, &list->at[i], ret);
    bench_close(&b);
    if (rc == 0)
        return 0;
    slow_free(ret);
    return err_set(err, ENOMEM, "out of memory");
}

void slow_free(struct slow *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i].host);
        free(s->at[i].control);
    }
    free(s->at);
    *s = (struct slow){0};
}

/* --- grades --- */

static bool bar_met(const struct rule *r, const struct slow_score *s, double most_p)
{
    const struct bar *bar = &r->attention;
    double effect = s->effect < 0 && s->effect > -1 ? 1 / (1 + s->effect) - 1
                    : s->effect <= -1               ? INFINITY
                                                    : s->effect;
    bool worse = r->worse == WORSE_BOTH ? s->move != 0
                 : r->worse == WORSE_UP ? s->move > 0
                                        : s->move < 0;
    return s->known && s->creeps && worse && s->p <= most_p && effect >= bar->effect &&
           fabs(s->delta) >= bar->delta;
}

/* A condition that is true of the level at the look and was not of that before. */
static bool meets_now(const struct condition *c, const struct slow_score *s)
{
    double value[FIGURE_SERIES_N];
    value[FIGURE_AFTER] = value[FIGURE_BEFORE] = s->before;
    value[FIGURE_DELTA] = 0;
    value[FIGURE_RATIO] = 1;
    value[FIGURE_CONTROL] = value[FIGURE_CONTROL_BEFORE] = s->control_before;
    bool before = condition_ask(c, value, NULL) == CONDITION_TRUE;
    value[FIGURE_AFTER] = s->after;
    value[FIGURE_DELTA] = s->after - s->before;
    value[FIGURE_RATIO] = s->after / s->before;
    value[FIGURE_CONTROL] = s->control_after;
    return !before && condition_ask(c, value, NULL) == CONDITION_TRUE;
}

/* A hard limit or condition of the figure that was not broken before and is now. */
static enum grade grade_of_limit(const struct ruleset *rules, const struct lineup *l,
                                 const struct series *of, const char *host,
                                 const struct slow_score *s)
{
    const struct rule *r = ruleset_for_limit(rules, l->change, of->metric, host);
    if (r == NULL || r->shadow)
        return GRADE_ATTENTION;
    if (r->must_handle.when.condition != NULL &&
        meets_now(r->must_handle.when.condition, s))
        return GRADE_MUST_HANDLE;
    if (!r->limit.set)
        return GRADE_ATTENTION;
    bool before =
        r->limit.above ? s->before > r->limit.value : s->before < r->limit.value;
    bool after = r->limit.above ? s->after > r->limit.value : s->after < r->limit.value;
    return after && !before ? r->limit.grade : GRADE_ATTENTION;
}

/* A group's move is that of most of its hosts, not that of one which moves by much. */
static bool is_shared(const struct slow_series *s)
{
    size_t known = 0, with = 0;
    for (size_t i = 0; i < s->n; i++) {
        known += s->host[i].score.known;
        with += s->host[i].score.known &&
                s->host[i].score.move / s->group.move >= SHARED_LEAST;
    }
    return 2 * with >= known;
}

int slow_grade(struct slow *s, const struct lineup *l, const struct ruleset *rules,
               struct err *err)
{
    struct odds_layer groups = {0}, hosts = {0};
    size_t most = 0;
    for (size_t i = 0; i < s->n; i++)
        most += s->at[i].n;
    if (odds_layer_make(&groups, s->n) < 0 || odds_layer_make(&hosts, most) < 0) {
        odds_layer_free(&groups);
        odds_layer_free(&hosts);
        return err_set(err, ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].group.known)
            odds_layer_add(&groups, s->at[i].group.p);
        for (size_t k = 0; k < s->at[i].n; k++)
            if (s->at[i].host[k].score.known)
                odds_layer_add(&hosts, s->at[i].host[k].score.p);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct slow_series *one = &s->at[i];
        const struct rule *r = one->of->rule;
        double q = r->attention.q;
        double group_p = q > 0 ? odds_layer_threshold(&groups, q) : 1;
        double host_p =
            q > 0 ? fmin(odds_layer_threshold(&hosts, q), SLOW_HOST_P) : SLOW_HOST_P;
        if (bar_met(r, &one->group, group_p) && is_shared(one)) {
            one->group.grade = grade_of_limit(rules, l, one->of, NULL, &one->group);
            continue;
        }
        for (size_t k = 0; k < one->n; k++) {
            struct slow_score *h = &one->host[k].score;
            if (h->compared && bar_met(r, h, host_p))
                h->grade = grade_of_limit(rules, l, one->of,
                                          one->host[k].member->slot->host, h);
        }
    }
    odds_layer_free(&groups);
    odds_layer_free(&hosts);
    return 0;
}
