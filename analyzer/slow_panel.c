/* analyzer/slow_panel.c - one unit at a time: its past, then its hot rows, which know
 * better where both have something.  Pure; the analyzer's thread. */
#include "analyzer/slow_panel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- which hosts --- */

static bool is_changed(const struct change *c, const struct unit *u)
{
    return change_find_host(c, u->who.host) != NULL;
}

static bool same_host(const struct unit *a, const struct unit *b)
{
    return strcmp(a->who.host, b->who.host) == 0;
}

static int by_host(const void *a, const void *b)
{
    const struct unit *x = *(const struct unit *const *)a;
    const struct unit *y = *(const struct unit *const *)b;
    int d = strcmp(x->who.host, y->who.host);
    return d != 0 ? d : strcmp(x->who.service, y->who.service);
}

/* Every so-manieth host of either sort, so that at most `most` are left. */
static size_t stride_of(size_t hosts, size_t most)
{
    return hosts == 0 ? 1 : (hosts + most - 1) / most;
}

/* Host units of the hosts that are taken, sorted by host; gives their number. */
static size_t choose(const struct change *c, const struct unit **unit, size_t n,
                     struct slow_panel *s)
{
    size_t hosts[2] = {0}, seen[2] = {0}, kept = 0;
    bool take = false;
    for (size_t i = 0; i < n; i++)
        hosts[is_changed(c, unit[i])] += i == 0 || !same_host(unit[i], unit[i - 1]);
    size_t stride[2] = {stride_of(hosts[0], SLOW_OTHERS_MAX),
                        stride_of(hosts[1], SLOW_CHANGED_MAX)};
    const struct unit *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct unit *u = unit[i];
        bool changed = is_changed(c, u);
        if (last == NULL || !same_host(u, last)) {
            take = seen[changed]++ % stride[changed] == 0;
            s->changed_taken += take && changed;
        }
        last = u;
        if (take)
            unit[kept++] = u;
    }
    s->changed = hosts[1];
    return kept;
}

/* --- rows --- */

struct fill {
    const struct unit *unit;
    struct track *to;
    double *sum;
    uint32_t *count;
    int64_t hot_step; /* sums are given for so long */
};

/* What `t` knows, as means of long rows; those replace what was there. */
static void add_track(const struct fill *f, const struct track *t)
{
    size_t m = f->unit->n_metrics;
    memset(f->sum, 0, f->to->rows * m * sizeof *f->sum);
    memset(f->count, 0, f->to->rows * m * sizeof *f->count);
    for (uint32_t r = 0; r < t->rows; r++) {
        int64_t at = t->from.ms + (int64_t)r * t->step.ms - f->to->from.ms;
        if (at < 0 || at / f->to->step.ms >= (int64_t)f->to->rows)
            continue;
        size_t row = (size_t)(at / f->to->step.ms) * m;
        for (size_t i = 0; i < m; i++) {
            double v = t->cells[r * m + i];
            if (isnan(v))
                continue;
            if (f->unit->merge[i] == MERGE_SUM && t->step.ms > 0 && f->hot_step > 0)
                v *= (double)f->hot_step / (double)t->step.ms;
            f->sum[row + i] += v;
            f->count[row + i]++;
        }
    }
    for (size_t i = 0; i < f->to->rows * m; i++)
        if (f->count[i] > 0)
            f->to->cells[i] = (float)(f->sum[i] / f->count[i]);
}

static int fill_unit(const struct unit *from, struct track rows, struct unit *to)
{
    size_t n = (size_t)rows.rows * from->n_metrics;
    struct track past;
    *to = (struct unit){.who = from->who,
                        .n_metrics = from->n_metrics,
                        .metric = from->metric,
                        .merge = from->merge,
                        .hot = rows};
    to->hot.cells = malloc((n + 1) * sizeof *to->hot.cells);
    struct fill f = {.unit = from,
                     .to = &to->hot,
                     .sum = malloc((n + 1) * sizeof *f.sum),
                     .count = malloc((n + 1) * sizeof *f.count),
                     .hot_step = from->hot.step.ms};
    int rc = -1;
    if (to->hot.cells != NULL && f.sum != NULL && f.count != NULL &&
        unit_past(from, &past) == 0) {
        for (size_t i = 0; i < n; i++)
            to->hot.cells[i] = NAN;
        if (f.hot_step == 0)
            f.hot_step = past.step.ms;
        add_track(&f, &past);
        add_track(&f, &from->hot);
        unit_past_done(from, &past);
        rc = 0;
    }
    free(f.sum);
    free(f.count);
    return rc;
}

int slow_panel_make(const struct panel *p, const struct change *c, instant pivot,
                    instant from, instant to, span step, struct slow_panel *ret,
                    struct err *err)
{
    *ret = (struct slow_panel){0};
    const struct unit **unit = calloc(p->n + 1, sizeof *unit);
    size_t n = 0;
    for (size_t i = 0; unit != NULL && i < p->n; i++)
        if (p->unit[i].who.kind == ENTITY_HOST && p->unit[i].n_metrics > 0)
            unit[n++] = &p->unit[i];
    if (unit != NULL) {
        qsort(unit, n, sizeof *unit, by_host);
        n = choose(c, unit, n, ret);
    }
    int64_t back = (pivot.ms - from.ms + step.ms - 1) / step.ms;
    struct track rows = {.from = {pivot.ms - back * step.ms}, .step = step};
    rows.rows = (uint32_t)((to.ms - rows.from.ms + step.ms - 1) / step.ms);
    ret->panel.hot_from = rows.from;
    ret->panel.hot_to = (instant){rows.from.ms + step.ms * (int64_t)rows.rows};
    ret->panel.unit = calloc(n + 1, sizeof *ret->panel.unit);
    int rc = unit != NULL && ret->panel.unit != NULL ? 0 : -1;
    while (rc == 0 && ret->panel.n < n) {
        size_t i = ret->panel.n++;
        rc = fill_unit(unit[i], rows, &ret->panel.unit[i]);
    }
    free(unit);
    if (rc < 0) {
        slow_panel_free(ret);
        return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

void slow_panel_free(struct slow_panel *s)
{
    for (size_t i = 0; i < s->panel.n; i++)
        free(s->panel.unit[i].hot.cells);
    free(s->panel.unit);
    *s = (struct slow_panel){0};
}
