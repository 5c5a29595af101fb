/* eval/reference.c - the described method, without the shipped one's economies.
 *
 * What must hold: rows before DRAW_BACK - DRAW_TOUCHED are those that were read; only
 * the ones behind are read again for each effect. */
#include "eval/reference.h"

#include "analyzer/pool.h"
#include "analyzer/shift.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_SHARE 0.02
#define OFFSET_LEAST 1e-3
#define TRIM         0.1

enum {
    ENDS_MAX = DRAW_HOSTS_MAX / 8, /* values cut off at either end: a tenth */
    BEFORE = 30,
    NEAR = BEFORE + DRAW_AFTER, /* rows that are looked at anew */
};

/* A host's scale, found in the day before. */
struct scale {
    double offset;
    float level;
};

struct reference {
    const struct draw *draw;
    size_t n_looks;
    struct shift_look look[REFERENCE_LOOKS_MAX];
    struct scale *scale; /* scale[metric * hosts + host] */
    /* null[look * metrics * (changed + 1) + metric * (changed + 1) + host]; the group
     * stands behind the hosts */
    struct shift_null *null;
    struct pool_tail host_tail[REFERENCE_LOOKS_MAX][DRAW_METRICS_MAX];
    struct pool_tail group_tail[REFERENCE_LOOKS_MAX];
    struct pool *hosts, *groups;
    float *y; /* y[host * DRAW_ROWS + row], of one metric */
    float *others, *group, *left;
    double *sum, *scratch;
    uint32_t *count;
};

/* --- room --- */

struct reference *reference_new(const struct draw_want *most, struct err *err)
{
    struct reference *r = calloc(1, sizeof *r);
    size_t hosts = most->n_changed + most->n_controls;
    if (r == NULL)
        goto fail;
    r->scale = calloc(most->n_metrics * hosts, sizeof *r->scale);
    r->null = calloc(REFERENCE_LOOKS_MAX * most->n_metrics * (most->n_changed + 1),
                     sizeof *r->null);
    r->y = malloc(hosts * DRAW_ROWS * sizeof *r->y);
    r->others = malloc(DRAW_ROWS * sizeof *r->others);
    r->group = malloc(DRAW_ROWS * sizeof *r->group);
    r->left = malloc(DRAW_ROWS * sizeof *r->left);
    r->sum = malloc((DRAW_ROWS + 1) * sizeof *r->sum);
    r->count = malloc((DRAW_ROWS + 1) * sizeof *r->count);
    r->scratch = malloc(DRAW_DAY * sizeof *r->scratch);
    r->hosts = calloc(1, sizeof *r->hosts);
    r->groups = calloc(1, sizeof *r->groups);
    if (r->scale != NULL && r->null != NULL && r->y != NULL && r->others != NULL &&
        r->group != NULL && r->left != NULL && r->sum != NULL && r->count != NULL &&
        r->scratch != NULL && r->hosts != NULL && r->groups != NULL)
        return r;
fail:
    reference_free(&r);
    err_set(err, ENOMEM, "out of memory");
    return NULL;
}

static void forget_tails(struct reference *r)
{
    for (size_t k = 0; k < REFERENCE_LOOKS_MAX; k++) {
        for (size_t m = 0; m < DRAW_METRICS_MAX; m++)
            pool_tail_free(&r->host_tail[k][m]);
        pool_tail_free(&r->group_tail[k]);
    }
}

void reference_free(struct reference **r)
{
    struct reference *one = *r;
    *r = NULL;
    if (one == NULL)
        return;
    forget_tails(one);
    if (one->hosts != NULL)
        pool_clear(one->hosts);
    if (one->groups != NULL)
        pool_clear(one->groups);
    free(one->hosts);
    free(one->groups);
    free(one->scale);
    free(one->null);
    free(one->y);
    free(one->others);
    free(one->group);
    free(one->left);
    free(one->sum);
    free(one->count);
    free(one->scratch);
    free(one);
}

static struct shift_null *null_of(const struct reference *r, size_t look, size_t metric,
                                  size_t host)
{
    size_t across = r->draw->is.n_changed + 1;
    return &r->null[(look * r->draw->is.n_metrics + metric) * across + host];
}

/* --- rows --- */

/* Logs of rows [from, DRAW_ROWS) of a host, `to[0]` being row `from`. */
static void take_logs(const struct reference *r, size_t host, size_t metric,
                      size_t from, float *to)
{
    const struct scale *s = &r->scale[metric * r->draw->n_hosts + host];
    for (size_t row = from; row < DRAW_ROWS; row++) {
        double x = *draw_at(r->draw, host, row, metric);
        to[row - from] = (float)log(fmax(x, 0) + s->offset) - s->level;
    }
}

static void read_host(struct reference *r, size_t host, size_t metric)
{
    struct scale *s = &r->scale[metric * r->draw->n_hosts + host];
    float *y = r->y + host * DRAW_ROWS;
    for (size_t i = 0; i < DRAW_DAY; i++)
        r->scratch[i] = fabs(*draw_at(r->draw, host, DRAW_BACK - DRAW_DAY + i, metric));
    *s = (struct scale){.offset = OFFSET_SHARE * shift_median(r->scratch, DRAW_DAY) +
                                  OFFSET_LEAST};
    take_logs(r, host, metric, 0, y);
    for (size_t i = 0; i < DRAW_DAY; i++)
        r->scratch[i] = y[DRAW_BACK - DRAW_DAY + i];
    s->level = (float)shift_median(r->scratch, DRAW_DAY);
    for (size_t row = 0; row < DRAW_ROWS; row++)
        y[row] -= s->level;
}

/* Keeps the `cut` largest of what it is shown, in falling order. */
static void keep_largest(double *kept, size_t cut, double v)
{
    if (v <= kept[cut - 1])
        return;
    size_t i = cut - 1;
    for (; i > 0 && kept[i - 1] < v; i--)
        kept[i] = kept[i - 1];
    kept[i] = v;
}

/* Trimmed mean of one row of hosts [from, to); rows of a host lie `wide` apart. */
static double trimmed(const float *y, size_t wide, size_t from, size_t to, size_t row)
{
    size_t n = to - from, cut = (size_t)(TRIM * (double)n);
    double high[ENDS_MAX], low[ENDS_MAX], sum = 0;
    for (size_t i = 0; i < cut; i++)
        high[i] = low[i] = -INFINITY;
    for (size_t h = from; h < to; h++) {
        double v = y[h * wide + row];
        sum += v;
        if (cut > 0) {
            keep_largest(high, cut, v);
            keep_largest(low, cut, -v);
        }
    }
    for (size_t i = 0; i < cut; i++)
        sum += low[i] - high[i];
    return sum / (double)(n - 2 * cut);
}

/* What the controls did, and what the changed hosts did besides. */
static void make_means(struct reference *r, size_t rows)
{
    size_t n = r->draw->is.n_changed, all = r->draw->n_hosts;
    for (size_t row = 0; row < rows; row++) {
        r->others[row] = all > n ? (float)trimmed(r->y, rows, n, all, row) : 0;
        r->group[row] = (float)trimmed(r->y, rows, 0, n, row) - r->others[row];
    }
}

/* A changed host without the controls' part; behind the last host comes the group. */
static const float *rows_of(const struct reference *r, size_t host, size_t rows)
{
    if (host == r->draw->is.n_changed)
        return r->group;
    for (size_t row = 0; row < rows; row++)
        r->left[row] = r->y[host * rows + row] - r->others[row];
    return r->left;
}

/* --- the past --- */

static int read_metric(struct reference *r, size_t m, struct err *err)
{
    size_t n = r->draw->is.n_changed;
    for (size_t h = 0; h < r->draw->n_hosts; h++)
        read_host(r, h, m);
    make_means(r, DRAW_ROWS);
    for (size_t h = 0; h <= n; h++) {
        shift_sum_up(rows_of(r, h, DRAW_ROWS), DRAW_ROWS, r->sum, r->count);
        struct shift_sums sums = {.sum = r->sum, .count = r->count, .n = DRAW_ROWS};
        for (size_t k = 0; k < r->n_looks; k++)
            if (!shift_null_make(&sums, DRAW_BACK, &r->look[k], null_of(r, k, m, h)))
                return err_set(err, EINVAL, "a case's past is too short");
    }
    for (size_t k = 0; k < r->n_looks; k++) {
        pool_clear(r->hosts);
        for (size_t h = 0; h < n; h++) {
            const struct shift_null *null = null_of(r, k, m, h);
            pool_add(r->hosts, null->placebo, (size_t)null->n);
        }
        if (!pool_fit(r->hosts, &r->host_tail[k][m]))
            return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

int reference_read(struct reference *r, const struct draw *d, const int *looks,
                   size_t n_looks, struct err *err)
{
    forget_tails(r);
    r->draw = d;
    r->n_looks = n_looks;
    for (size_t k = 0; k < n_looks; k++)
        r->look[k] = (struct shift_look){.before = BEFORE,
                                         .settle = looks[k] <= 10 ? 6 : 5,
                                         .after = looks[k],
                                         .day = DRAW_DAY};
    for (size_t m = 0; m < d->is.n_metrics; m++)
        if (read_metric(r, m, err) < 0)
            return -1;
    for (size_t k = 0; k < n_looks; k++) {
        pool_clear(r->groups);
        for (size_t m = 0; m < d->is.n_metrics; m++) {
            const struct shift_null *null = null_of(r, k, m, d->is.n_changed);
            pool_add(r->groups, null->placebo, (size_t)null->n);
        }
        if (!pool_fit(r->groups, &r->group_tail[k]))
            return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

/* --- scores --- */

static void score(struct reference *r, size_t look, size_t m, size_t h,
                  const struct pool_tail *tail, struct layer_score *ret)
{
    const struct shift_null *null = null_of(r, look, m, h);
    const float *v = rows_of(r, h, NEAR);
    struct shift_score s;
    *ret = (struct layer_score){.usual = NAN, .p = NAN};
    shift_sum_up(v, NEAR, r->sum, r->count);
    struct shift_sums sums = {.sum = r->sum, .count = r->count, .n = NEAR};
    if (!shift_score_make(&sums, v, BEFORE, &r->look[look], null, &s))
        return;
    *ret = (struct layer_score){.known = true,
                                .recovered = s.recovered,
                                .z = s.z,
                                .p = pool_p(tail, s.z),
                                .effect = s.effect,
                                .move = s.move,
                                .usual = NAN};
}

static int room_for(const struct draw *d, struct layers *y, struct err *err)
{
    size_t members = d->is.n_metrics * d->is.n_changed;
    *y = (struct layers){.n = d->is.n_metrics, .n_members = members};
    y->group = calloc(y->n, sizeof *y->group);
    y->host = calloc(members, sizeof *y->host);
    y->group_p = calloc(y->n, sizeof *y->group_p);
    y->host_p = calloc(members, sizeof *y->host_p);
    if (y->group != NULL && y->host != NULL && y->group_p != NULL && y->host_p != NULL)
        return 0;
    layers_free(y);
    return err_set(err, ENOMEM, "out of memory");
}

static void take(struct layers *y, size_t m, size_t h, size_t n,
                 const struct layer_score *s)
{
    if (h == n) {
        y->group[m] = *s;
        if (s->known)
            y->group_p[y->n_group_p++] = s->p;
        return;
    }
    y->host[m * n + h] = *s;
    if (s->known)
        y->host_p[y->n_host_p++] = s->p;
}

int reference_score(struct reference *r, size_t look, struct layers *ret_layers,
                    struct err *err)
{
    const struct draw *d = r->draw;
    size_t n = d->is.n_changed;
    if (room_for(d, ret_layers, err) < 0)
        return -1;
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        for (size_t h = 0; h < d->n_hosts; h++)
            take_logs(r, h, m, DRAW_ROWS - NEAR, r->y + h * NEAR);
        make_means(r, NEAR);
        for (size_t h = 0; h <= n; h++) {
            struct layer_score s;
            score(r, look, m, h, h == n ? &r->group_tail[look] : &r->host_tail[look][m],
                  &s);
            take(ret_layers, m, h, n, &s);
        }
    }
    return 0;
}
