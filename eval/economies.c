/* eval/economies.c - shipped scores against those without economies.  One thread. */
#include "eval/economies.h"

#include "analyzer/pool.h"
#include "analyzer/shift.h"
#include "eval/ours.h"
#include "eval/reference.h"
#include "eval/stage.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { MINUTES = 30, EFFECTS = 2, SERIES = DRAW_METRICS_MAX * (DRAW_CHANGED_MAX + 1) };

static const enum effect tried[EFFECTS] = {EFFECT_QUIET, EFFECT_UP_20};
static const int looks[] = {MINUTES};

const char *economy_name(enum economy e)
{
    static const char *const name[ECONOMY_N] = {
#define X(id, text) [ECONOMY_##id] = text,
        ECONOMIES(X)
#undef X
    };
    return name[e];
}

void economies_free(struct economies *e)
{
    for (int k = 0; k < ECONOMY_N; k++)
        for (int i = 0; i < ECONOMY_LAYERS; i++)
            free(e->z[k][i].off);
    free(e->p_ratio);
    *e = (struct economies){0};
}

static void compare(struct economies *e, enum economy what, int layer,
                    const struct layer_score *a, const struct layer_score *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!a[i].known || !b[i].known)
            continue;
        e->z[what][layer].off[e->z[what][layer].n++] = fabs(a[i].z - b[i].z);
        rate_add(&e->z[what][layer].turned,
                 (fabs(a[i].z) >= OURS_Z) != (fabs(b[i].z) >= OURS_Z));
    }
}

static void compare_all(struct economies *e, enum economy what, const struct layers *a,
                        const struct layers *b)
{
    compare(e, what, 0, a->host, b->host, a->n_members);
    compare(e, what, 1, a->group, b->group, a->n);
}

/* What one side makes of a case: scores and the judge's grade. */
struct side {
    struct layers layers;
    enum grade grade;
};

static int look_at(const struct trial *t, struct draw *d, bool coarse, struct side *ret,
                   struct err *err)
{
    struct stage s;
    int rc = stage_set(&s, d, coarse, err);
    stage_show(&s, MINUTES);
    instant ends = instant_add(s.pivot, span_seconds(MINUTES * 60));
    if (rc == 0)
        rc = ours_layers(&s, t->rules, ends, &ret->layers, err);
    if (rc == 0)
        rc = ours_grade(&s, t->rules, ends, &ret->grade, err);
    stage_clear(&s);
    return rc;
}

static int run_effect(struct economies *e, const struct trial *t, struct draw *d,
                      struct reference *r, struct err *err)
{
    OWNED_LAYERS plain = {0};
    struct side fine = {0}, coarse = {0};
    int rc = reference_score(r, 0, &plain, err);
    if (rc == 0)
        rc = look_at(t, d, false, &fine, err);
    if (rc == 0)
        rc = look_at(t, d, true, &coarse, err);
    if (rc == 0) {
        compare_all(e, ECONOMY_BUCKETS, &fine.layers, &plain);
        compare_all(e, ECONOMY_BOTH, &coarse.layers, &plain);
        compare_all(e, ECONOMY_COARSE, &coarse.layers, &fine.layers);
        rate_add(&e->same_grade, fine.grade == coarse.grade);
    }
    layers_free(&fine.layers);
    layers_free(&coarse.layers);
    return rc;
}

/* p-values of the first host's pretended scores from a pool of all hosts', kept one by
 * one and counted in bins. */
static int compare_pools(struct economies *e, const struct draw *d, struct err *err)
{
    static float v[DRAW_ROWS];
    static double sum[DRAW_ROWS + 1];
    static uint32_t count[DRAW_ROWS + 1];
    struct shift_look look = {.before = 30, .settle = 5, .after = 30, .day = DRAW_DAY};
    struct shift_null null, first = {0};
    struct pool *pool = calloc(2, sizeof *pool);
    struct pool_tail tail[2] = {0};
    if (pool == NULL)
        return err_set(err, ENOMEM, "out of memory");
    pool[1].binned = true;
    for (size_t h = 0; h < d->is.n_changed; h++) {
        for (size_t row = 0; row < DRAW_ROWS; row++)
            v[row] = (float)log(*draw_at(d, h, row, 0) + 0.01);
        shift_sum_up(v, DRAW_ROWS, sum, count);
        struct shift_sums s = {.sum = sum, .count = count, .n = DRAW_ROWS};
        if (!shift_null_make(&s, DRAW_BACK, &look, &null))
            continue;
        for (int k = 0; k < 2; k++)
            pool_add(&pool[k], null.placebo, (size_t)null.n);
        first = h == 0 ? null : first;
    }
    bool well = pool_fit(&pool[0], &tail[0]) && pool_fit(&pool[1], &tail[1]);
    for (int i = 0; well && i < first.n; i++)
        e->p_ratio[e->n_p++] =
            pool_p(&tail[1], first.placebo[i]) / pool_p(&tail[0], first.placebo[i]);
    for (int k = 0; k < 2; k++) {
        pool_tail_free(&tail[k]);
        pool_clear(&pool[k]);
    }
    free(pool);
    return well ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int run_case(struct economies *e, const struct trial *t, struct draw *d,
                    struct reference *r, size_t number, struct err *err)
{
    if (draw_make(d, t->recordings, &t->want, t->seed, number, err) < 0 ||
        reference_read(r, d, looks, 1, err) < 0 || compare_pools(e, d, err) < 0)
        return -1;
    for (int i = 0; i < EFFECTS; i++) {
        struct truth truth;
        draw_restore(d);
        effect_put(tried[i], false, d, t->seed, number, &truth);
        if (run_effect(e, t, d, r, err) < 0)
            return -1;
    }
    return 0;
}

static int make_room(struct economies *e, size_t cases, struct err *err)
{
    bool well = true;
    *e = (struct economies){.cases = cases};
    for (int k = 0; k < ECONOMY_N; k++)
        for (int i = 0; i < ECONOMY_LAYERS; i++) {
            e->z[k][i].off = malloc((cases * EFFECTS * SERIES + 1) * sizeof(double));
            well = well && e->z[k][i].off != NULL;
        }
    e->p_ratio = malloc((cases * SHIFT_PLACEBOS_MAX + 1) * sizeof(double));
    return well && e->p_ratio != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
}

int economies_run(const struct trial *t, size_t cases, struct economies *ret,
                  struct err *err)
{
    struct draw d = {0};
    struct reference *r = NULL;
    int rc = make_room(ret, cases, err);
    if (rc == 0)
        rc = draw_open(&d, &t->want, err);
    if (rc == 0 && (r = reference_new(&t->want, err)) == NULL)
        rc = -1;
    for (size_t i = 0; rc == 0 && i < cases; i++)
        rc = run_case(ret, t, &d, r, i, err);
    reference_free(&r);
    draw_close(&d);
    return rc;
}
