/* analyzer/layers.c - the empirical null over all series of a change.  Pure; memory for
 * one series' hosts at a time. */
#include "analyzer/layers.h"

#include "analyzer/pool.h"
#include "analyzer/shift.h"
#include "base/order.h"
#include "base/table_hash.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIM         0.1  /* of the buckets, on either side */
#define OFFSET_SHARE 0.02 /* of the median, added before taking logs */
#define OFFSET_SCALE 1e-3 /* of the largest value of the day, likewise */

enum { GAPS_MAX = 64 };

/* The rows that one series is looked at in: all hosts share the clock. */
struct rows {
    instant from;
    span step;
    size_t n, day;
};

/* One host's values in those rows: logs, without its own level. */
struct host_rows {
    const char *host;
    float *v;
    int every; /* rows between two samples */
};

/* Rows of many hosts: sums by bucket, then the trimmed mean of the bucket means.  A
 * bucket's rows lie together, so that adding a host is one straight run. */
struct gather {
    double *sum;     /* sum[bucket * rows + row] */
    uint32_t *n;     /* of the same shape */
    uint32_t *hosts; /* hosts with a value, one a row */
    size_t rows;
    bool used[LAYER_BUCKETS];
};

/* What one series needs, made once and used for all. */
struct bench {
    const struct lineup *lineup;
    const struct controls *controls;
    struct rows rows;
    struct host_rows *member, *control;
    size_t n_members, n_controls;
    float *reference; /* one array of rows for each cohort */
    bool *referred;   /* a cohort has a reference */
    float *peers;     /* what the changed hosts did, where nobody else is there */
    bool by_peers;
    float *left; /* a member without its reference */
    float *group;
    struct gather gather;
    double *sum, *scratch;
    uint32_t *count;
};

/* --- reading a unit's rows --- */

/* Puts a track's column into rows; a coarser track fills all rows of its step. */
static void take_track(const struct unit *u, const struct track *t, size_t metric,
                       const struct rows *r, float *v)
{
    if (t->rows == 0 || t->step.ms < r->step.ms)
        return;
    int64_t wide = t->step.ms / r->step.ms;
    int64_t first = (t->from.ms - r->from.ms) / r->step.ms;
    for (uint32_t i = 0; i < t->rows; i++) {
        float x = t->cells[(size_t)i * u->n_metrics + metric];
        if (isnan(x))
            continue;
        for (int64_t j = 0; j < wide; j++) {
            int64_t at = first + (int64_t)i * wide + j;
            if (at >= 0 && at < (int64_t)r->n)
                v[at] = x;
        }
    }
}

/* Median distance of neighbouring samples in [from, to), in rows. */
static int sample_distance(const float *v, size_t from, size_t to)
{
    double gap[GAPS_MAX];
    size_t n = 0, last = to;
    for (size_t i = to; i-- > from && n < GAPS_MAX;) {
        if (isnan(v[i]))
            continue;
        if (last < to)
            gap[n++] = (double)(last - i);
        last = i;
    }
    return n > 0 ? (int)shift_median(gap, n) : 1;
}

static size_t known_values(const float *v, size_t from, size_t to, double *to_here)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (!isnan(v[i]))
            to_here[n++] = v[i];
    return n;
}

/* Logs with an offset, so that samples near zero do not explode; values that may fall
 * below zero are only scaled.  Then the median of the day before `pivot` is taken off.
 */
static void take_logs(float *v, const struct rows *r, size_t pivot, double *scratch)
{
    size_t day_from = pivot > r->day ? pivot - r->day : 0;
    size_t n = known_values(v, day_from, pivot, scratch);
    double most = 0, least = 0;
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, scratch[i]);
        scratch[i] = fabs(scratch[i]);
        most = fmax(most, scratch[i]);
    }
    double middle = n > 0 ? shift_median(scratch, n) : 0;
    double offset = OFFSET_SHARE * middle + OFFSET_SCALE * most;
    offset = offset > 0 ? offset : 1e-9;
    double scale = most > 0 ? most : 1;
    for (size_t i = 0; i < r->n; i++)
        if (!isnan(v[i]))
            v[i] =
                least < 0 ? (float)(v[i] / scale) : (float)log(fmax(v[i], 0) + offset);
    n = known_values(v, day_from, pivot, scratch);
    float level = n > 0 ? (float)shift_median(scratch, n) : 0;
    for (size_t i = 0; i < r->n; i++)
        v[i] -= level; /* NaN stays NaN */
}

static size_t row_of(const struct rows *r, instant at)
{
    return at.ms > r->from.ms ? (size_t)((at.ms - r->from.ms) / r->step.ms) : 0;
}

static void read_host(const struct unit *u, size_t metric, const struct rows *r,
                      size_t pivot, struct host_rows *h, double *scratch)
{
    for (size_t i = 0; i < r->n; i++)
        h->v[i] = NAN;
    take_track(u, &u->past, metric, r, h->v);
    take_track(u, &u->hot, metric, r, h->v);
    h->host = u->who.host;
    h->every = sample_distance(h->v, pivot > r->day ? pivot - r->day : 0, pivot);
    take_logs(h->v, r, pivot, scratch);
}

/* --- many hosts as one --- */

static size_t bucket_of(const char *host)
{
    return table_hash(host, strlen(host), 0) % LAYER_BUCKETS;
}

/* Keeps the `cut` largest of what it is shown, in falling order. */
static void keep_largest(double *kept, size_t cut, double v)
{
    if (!(v > kept[cut - 1]))
        return;
    size_t i = cut - 1;
    for (; i > 0 && kept[i - 1] < v; i--)
        kept[i] = kept[i - 1];
    kept[i] = v;
}

/* Mean without the outer tenth on either side: few values are cut off, so they are
 * picked out rather than all of them sorted. */
static float trimmed_mean(const double *v, size_t n)
{
    enum { CUT_MAX = LAYER_BUCKETS / 8 };
    double high[CUT_MAX], low[CUT_MAX], sum = 0;
    size_t cut = (size_t)(TRIM * (double)n);
    if (n == 0)
        return NAN;
    for (size_t i = 0; i < cut; i++)
        high[i] = low[i] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
        if (cut > 0) {
            keep_largest(high, cut, v[i]);
            keep_largest(low, cut, -v[i]);
        }
    }
    for (size_t i = 0; i < cut; i++)
        sum += low[i] - high[i];
    return (float)(sum / (double)(n - 2 * cut));
}

static int gather_open(struct gather *g, size_t rows)
{
    *g = (struct gather){.rows = rows};
    g->sum = malloc(LAYER_BUCKETS * rows * sizeof *g->sum);
    g->n = malloc(LAYER_BUCKETS * rows * sizeof *g->n);
    g->hosts = malloc(rows * sizeof *g->hosts);
    return g->sum != NULL && g->n != NULL && g->hosts != NULL ? 0 : -1;
}

static void gather_close(struct gather *g)
{
    free(g->sum);
    free(g->n);
    free(g->hosts);
    *g = (struct gather){0};
}

static void gather_start(struct gather *g)
{
    memset(g->used, 0, sizeof g->used);
    memset(g->hosts, 0, g->rows * sizeof *g->hosts);
}

/* Adds `n` rows of a host, the first of them being row 0. */
static void gather_add(struct gather *g, const char *host, const float *v, size_t n)
{
    size_t bucket = bucket_of(host);
    double *sum = g->sum + bucket * g->rows;
    uint32_t *count = g->n + bucket * g->rows;
    if (!g->used[bucket]) {
        memset(sum, 0, g->rows * sizeof *sum);
        memset(count, 0, g->rows * sizeof *count);
        g->used[bucket] = true;
    }
    for (size_t row = 0; row < n; row++) {
        bool there = !isnan(v[row]);
        sum[row] += there ? v[row] : 0;
        count[row] += there;
        g->hosts[row] += there;
    }
}

/* The mean of each row that at least so many hosts have; NaN in the others. */
static void gather_mean(const struct gather *g, unsigned least, size_t rows, float *to)
{
    for (size_t row = 0; row < rows; row++) {
        double mean[LAYER_BUCKETS];
        size_t n = 0;
        for (size_t b = 0; b < LAYER_BUCKETS && g->hosts[row] >= least; b++) {
            size_t at = b * g->rows + row;
            if (g->used[b] && g->n[at] > 0)
                mean[n++] = g->sum[at] / g->n[at];
        }
        to[row] = trimmed_mean(mean, n);
    }
}

/* What these hosts did, row by row; gives whether there are enough of them. */
static bool gather_hosts(struct bench *b, const struct host_rows *h, size_t n,
                         const bool *use, float *to)
{
    size_t used = 0;
    gather_start(&b->gather);
    for (size_t i = 0; i < n; i++) {
        if (use != NULL && !use[i])
            continue;
        used++;
        gather_add(&b->gather, h[i].host, h[i].v, b->rows.n);
    }
    if (used < CONTROLS_LEAST)
        return false;
    gather_mean(&b->gather, CONTROLS_LEAST, b->rows.n, to);
    return true;
}

/* Each cohort's reference is made of the hosts that are free in its own frame, so a
 * batch still to come serves until its time comes. */
static void make_references(struct bench *b)
{
    bool use[LAYER_CONTROLS_MAX];
    bool any = false;
    for (size_t c = 0; c < b->lineup->n_cohorts; c++) {
        for (size_t i = 0; i < b->n_controls; i++)
            use[i] =
                control_is_free(b->lineup, b->control[i].host, &b->lineup->cohort[c]);
        b->referred[c] = gather_hosts(b, b->control, b->n_controls, use,
                                      b->reference + c * b->rows.n);
        any = any || b->referred[c];
    }
    b->by_peers = !any && gather_hosts(b, b->member, b->n_members, NULL, b->peers);
}

/* --- scores --- */

/* Rows of a slot's windows. */
static bool look_of(const struct slot *s, const struct rows *r, int every,
                    struct shift_look *ret)
{
    int64_t step = r->step.ms;
    *ret = (struct shift_look){
        .before = (int)((s->frame.before_to.ms - s->frame.before_from.ms) / step),
        .settle = (int)((s->frame.after_from.ms - s->pivot.ms + step - 1) / step),
        .after = (int)((s->frame.after_to.ms - s->pivot.ms) / step),
        .day = (int)r->day,
        .every = every,
    };
    return ret->before > 0 && ret->after > ret->settle && ret->settle >= 0;
}

static int moments_like(const struct shift_null *null, double z)
{
    int n = 0;
    for (int i = 0; i < null->n; i++)
        n += fabs(null->placebo[i]) >= fabs(z);
    return n;
}

/* Scores values whose pivot is row `pivot`; their placebos go into the pool. */
static void score_rows(struct bench *b, const float *v, size_t n, size_t pivot,
                       const struct shift_look *look, struct pool *pool,
                       struct layer_score *ret)
{
    struct shift_null null;
    struct shift_score score;
    shift_sum_up(v, n, b->sum, b->count);
    struct shift_sums sums = {.sum = b->sum, .count = b->count, .n = n};
    *ret = (struct layer_score){.usual = NAN, .p = NAN};
    if (!shift_null_make(&sums, pivot, look, &null))
        return;
    pool_add(pool, null.placebo, (size_t)null.n);
    if (!shift_score_make(&sums, v, pivot, look, &null, &score))
        return;
    *ret = (struct layer_score){
        .known = true,
        .recovered = score.recovered,
        .returned = score.returned,
        .z = score.z,
        .effect = score.effect,
        .move = score.move,
        .usual = null.days > 0 ? expm1(null.lambda * null.usual) : NAN,
        .moments = null.n,
        .moments_like = moments_like(&null, score.z),
    };
}

static const float *without(struct bench *b, const struct host_rows *h,
                            const float *reference)
{
    if (reference == NULL)
        return h->v;
    for (size_t i = 0; i < b->rows.n; i++)
        b->left[i] = h->v[i] - reference[i];
    return b->left;
}

static const float *reference_of(const struct bench *b, const struct slot *slot)
{
    return slot->cohort < b->lineup->n_cohorts && b->referred[slot->cohort]
               ? b->reference + slot->cohort * b->rows.n
               : NULL;
}

static void score_hosts(struct bench *b, const struct series *s, struct pool *pool,
                        struct layer_score *host)
{
    for (size_t i = 0; i < s->n_members; i++) {
        const struct slot *slot = s->member[i].slot;
        const float *reference = reference_of(b, slot);
        struct shift_look look;
        if (reference == NULL && b->by_peers)
            reference = b->peers;
        host[i] = (struct layer_score){.usual = NAN, .p = NAN};
        if (look_of(slot, &b->rows, b->member[i].every, &look))
            score_rows(b, without(b, &b->member[i], reference), b->rows.n,
                       row_of(&b->rows, slot->pivot), &look, pool, &host[i]);
    }
}

/* Hosts of batches of different ages are at different looks: the group is those of the
 * look that most have, the longer one of equals.  Gives its first member. */
static size_t group_head(const struct bench *b, const struct series *s, size_t *ret_n)
{
    size_t best = 0;
    int best_after = -1;
    *ret_n = 0;
    for (size_t i = 0; i < s->n_members; i++) {
        struct shift_look mine, other;
        size_t n = 0;
        if (!look_of(s->member[i].slot, &b->rows, 1, &mine) || mine.after == best_after)
            continue;
        for (size_t j = 0; j < s->n_members; j++)
            n += look_of(s->member[j].slot, &b->rows, 1, &other) &&
                 other.after == mine.after;
        if (n > *ret_n || (n == *ret_n && mine.after > best_after)) {
            *ret_n = n;
            best = i;
            best_after = mine.after;
        }
    }
    return best;
}

/* The changed hosts as one: rows are counted from each host's own pivot. */
static void score_group(struct bench *b, const struct series *s, struct pool *pool,
                        struct layer_score *ret)
{
    size_t n, head = group_head(b, s, &n), reach = SIZE_MAX;
    struct shift_look look, own;
    *ret = (struct layer_score){.usual = NAN, .p = NAN};
    if (n == 0 ||
        !look_of(s->member[head].slot, &b->rows, b->member[head].every, &look))
        return;
    for (size_t i = 0; i < s->n_members; i++) {
        size_t pivot = row_of(&b->rows, s->member[i].slot->pivot);
        reach = pivot < reach ? pivot : reach;
    }
    size_t rows = reach + (size_t)look.after;
    gather_start(&b->gather);
    for (size_t i = 0; i < s->n_members; i++) {
        const struct slot *slot = s->member[i].slot;
        if (!look_of(slot, &b->rows, 1, &own) || own.after != look.after)
            continue;
        const float *v = without(b, &b->member[i], reference_of(b, slot));
        size_t from = row_of(&b->rows, slot->pivot) - reach;
        size_t left = b->rows.n - from;
        gather_add(&b->gather, b->member[i].host, v + from, rows < left ? rows : left);
    }
    gather_mean(&b->gather, (unsigned)(n / 2 + 1), rows, b->group);
    score_rows(b, b->group, rows, reach, &look, pool, ret);
}

/* --- all series --- */

/* From as far back as any unit reaches, but no further than the days that are looked
 * at, to the end of the last look. */
static struct rows rows_of(const struct lineup *l)
{
    instant pivot = l->whole.pivot, end = l->whole.frame.after_to, begin = INSTANT_FAR;
    for (size_t i = 0; i < l->n_slots; i++) {
        if (l->slot[i].state != SLOT_READY)
            continue;
        if (l->slot[i].pivot.ms < pivot.ms)
            pivot = l->slot[i].pivot;
        if (l->slot[i].frame.after_to.ms > end.ms)
            end = l->slot[i].frame.after_to;
    }
    for (size_t i = 0; i < l->n_units; i++) {
        const struct unit *u = l->unit[i];
        if (u->hot.rows > 0 && u->hot.from.ms < begin.ms)
            begin = u->hot.from;
        if (u->past.rows > 0 && u->past.from.ms < begin.ms)
            begin = u->past.from;
    }
    int64_t step = l->step.ms, day = 86400000;
    if (step <= 0) /* nobody sent anything */
        return (struct rows){0};
    int64_t least = pivot.ms - LAYER_DAYS_MAX * day - l->windows->before.ms;
    int64_t from = begin.ms > least ? begin.ms : least;
    /* row bounds on the pivot, so that windows are whole rows */
    int64_t back = (pivot.ms - from) / step;
    struct rows r = {
        .from = {pivot.ms - back * step}, .step = l->step, .day = (size_t)(day / step)};
    r.n = end.ms > r.from.ms && begin.ms < pivot.ms
              ? (size_t)((end.ms - r.from.ms) / step) + 1
              : 0;
    return r;
}

static int bench_open(struct bench *b, const struct lineup *l, const struct controls *k,
                      const struct series_list *s, struct err *err)
{
    size_t most = 1, n, cohorts = l->n_cohorts > 0 ? l->n_cohorts : 1;
    for (size_t i = 0; i < s->n; i++)
        most = s->at[i].n_members > most ? s->at[i].n_members : most;
    *b = (struct bench){.lineup = l, .controls = k, .rows = rows_of(l)};
    n = b->rows.n + 1;
    b->member = calloc(most, sizeof *b->member);
    b->control = calloc(LAYER_CONTROLS_MAX, sizeof *b->control);
    b->reference = malloc(cohorts * n * sizeof *b->reference);
    b->referred = calloc(cohorts, sizeof *b->referred);
    b->peers = malloc(n * sizeof *b->peers);
    b->left = malloc(n * sizeof *b->left);
    b->group = malloc(n * sizeof *b->group);
    bool gathers = gather_open(&b->gather, n) == 0;
    b->sum = malloc(n * sizeof *b->sum);
    b->scratch = malloc(n * sizeof *b->scratch);
    b->count = malloc(n * sizeof *b->count);
    /* one block holds the rows of all hosts of a series */
    float *v = malloc((most + LAYER_CONTROLS_MAX) * n * sizeof *v);
    if (b->member == NULL || b->control == NULL || b->reference == NULL ||
        b->referred == NULL || b->peers == NULL || b->left == NULL ||
        b->group == NULL || !gathers || b->sum == NULL || b->scratch == NULL ||
        b->count == NULL || v == NULL) {
        free(v);
        return err_set(err, ENOMEM, "out of memory for %zu rows of %zu hosts", n, most);
    }
    for (size_t i = 0; i < most; i++)
        b->member[i].v = v + i * n;
    for (size_t i = 0; i < LAYER_CONTROLS_MAX; i++)
        b->control[i].v = v + (most + i) * n;
    return 0;
}

static void bench_close(struct bench *b)
{
    if (b->member != NULL)
        free(b->member[0].v);
    free(b->member);
    free(b->control);
    free(b->reference);
    free(b->referred);
    free(b->peers);
    free(b->left);
    free(b->group);
    gather_close(&b->gather);
    free(b->sum);
    free(b->scratch);
    free(b->count);
}

/* Reads the series of the control hosts that have it under the same service label. */
static void read_controls(struct bench *b, const struct series *s)
{
    size_t pivot = row_of(&b->rows, b->lineup->whole.pivot);
    b->n_controls = 0;
    for (size_t i = 0; i < b->controls->n && b->n_controls < LAYER_CONTROLS_MAX; i++) {
        const struct unit *u = series_unit(b->lineup, b->controls->host[i], s->service);
        int metric = u != NULL ? series_on(b->lineup, s, u) : -1;
        if (metric >= 0)
            read_host(u, (size_t)metric, &b->rows, pivot, &b->control[b->n_controls++],
                      b->scratch);
    }
}

static void score_series(struct bench *b, const struct series *s, struct pool *hosts,
                         struct pool *groups, struct layer_score *group,
                         struct layer_score *host)
{
    b->n_members = s->n_members;
    for (size_t i = 0; i < s->n_members; i++)
        read_host(s->member[i].unit, s->member[i].metric, &b->rows,
                  row_of(&b->rows, s->member[i].slot->pivot), &b->member[i],
                  b->scratch);
    if (s->whole) { /* one series, which nobody else has */
        memset(b->referred, 0, b->lineup->n_cohorts * sizeof *b->referred);
        b->by_peers = false;
        b->n_controls = 0;
        score_hosts(b, s, groups, host);
        *group = host[0];
        host[0] = (struct layer_score){.usual = NAN, .p = NAN};
        return;
    }
    read_controls(b, s);
    make_references(b);
    score_hosts(b, s, hosts, host);
    score_group(b, s, groups, group);
}

/* p-values from a pool for the scores that are known. */
static int give_p(struct pool *pool, struct layer_score *score, size_t n,
                  struct err *err)
{
    struct pool_tail tail;
    if (!pool_fit(pool, &tail))
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (score[i].known)
            score[i].p = score[i].returned ? 1 : pool_p(&tail, score[i].z);
    pool_tail_free(&tail);
    return 0;
}

static size_t sorted_p(const struct layer_score *score, size_t n, double *to)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (score[i].known)
            to[m++] = score[i].p;
    qsort(to, m, sizeof *to, order_doubles);
    return m;
}

static int score_all(struct bench *b, const struct series_list *s, struct layers *y,
                     struct pool *hosts, struct pool *groups, struct err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct series *one = &s->at[i];
        struct layer_score *host = y->host + (one->member - s->member);
        if (one->rule == NULL || one->n_members == 0)
            continue;
        pool_clear(hosts);
        score_series(b, one, hosts, groups, &y->group[i], host);
        y->controls[i] = b->n_controls;
        if (give_p(hosts, host, one->n_members, err) < 0)
            return -1;
    }
    return give_p(groups, y->group, s->n, err);
}

static int layers_alloc(struct layers *y, const struct series_list *s, struct err *err)
{
    *y = (struct layers){.n = s->n, .n_members = s->n_members};
    y->group = calloc(s->n + 1, sizeof *y->group);
    y->host = calloc(s->n_members + 1, sizeof *y->host);
    y->controls = calloc(s->n + 1, sizeof *y->controls);
    y->group_p = malloc((s->n + 1) * sizeof *y->group_p);
    y->host_p = malloc((s->n_members + 1) * sizeof *y->host_p);
    if (y->group == NULL || y->host == NULL || y->controls == NULL ||
        y->group_p == NULL || y->host_p == NULL)
        return err_set(err, ENOMEM, "out of memory");
    return 0;
}

int layers_score(const struct lineup *l, const struct controls *k,
                 const struct series_list *s, struct layers *ret_layers,
                 struct err *err)
{
    struct bench b = {0};
    struct pool *hosts = calloc(1, sizeof *hosts), *groups = calloc(1, sizeof *groups);
    int rc = layers_alloc(ret_layers, s, err);
    if (rc == 0 && (hosts == NULL || groups == NULL))
        rc = err_set(err, ENOMEM, "out of memory");
    if (rc == 0)
        rc = bench_open(&b, l, k, s, err);
    if (rc == 0 && b.rows.n > 0)
        rc = score_all(&b, s, ret_layers, hosts, groups, err);
    bench_close(&b);
    for (int i = 0; i < 2; i++) {
        struct pool *pool = i == 0 ? hosts : groups;
        if (pool != NULL)
            pool_clear(pool);
        free(pool);
    }
    if (rc < 0) {
        layers_free(ret_layers);
        return -1;
    }
    ret_layers->n_group_p = sorted_p(ret_layers->group, s->n, ret_layers->group_p);
    ret_layers->n_host_p = sorted_p(ret_layers->host, s->n_members, ret_layers->host_p);
    return 0;
}

void layers_free(struct layers *y)
{
    free(y->group);
    free(y->host);
    free(y->controls);
    free(y->group_p);
    free(y->host_p);
    *y = (struct layers){0};
}

double layers_group_bar(const struct layers *y, double q)
{
    return fdr_threshold(y->group_p, y->n_group_p, y->n_group_p, q);
}

double layers_host_bar(const struct layers *y, double q)
{
    return fdr_threshold(y->host_p, y->n_host_p, y->n_host_p, q);
}
