/* analyzer/draw.c - the samples behind a finding, folded to the points of its chart.
 *
 * What must hold: equal samples give equal points - members are added in the caller's
 * order, which is that of their names.  Pure, any thread. */
#include "analyzer/draw.h"
#include "analyzer/level.h"

#include <math.h>
#include <stdlib.h>

const struct draw_range draw_range_none = {{INT64_MIN}, {INT64_MIN}, {INT64_MIN}};

void draw_widen(struct draw_range *r, const struct slot *s)
{
    const struct frame *f = &s->frame;
    if (instant_is_none(r->from)) {
        *r = (struct draw_range){f->before_from, f->after_to, s->pivot};
        return;
    }
    if (f->before_from.ms < r->from.ms)
        r->from = f->before_from;
    if (f->after_to.ms > r->to.ms)
        r->to = f->after_to;
    if (s->pivot.ms < r->pivot.ms)
        r->pivot = s->pivot;
}

bool draw_bins_make(struct draw_bins *b, const struct draw_range *r, span step)
{
    *b = (struct draw_bins){0};
    if (step.ms <= 0 || instant_is_none(r->from) || r->to.ms <= r->from.ms)
        return false;
    /* Whole rows only, so that a point is one row wherever that is possible. */
    int64_t first = (r->from.ms + step.ms - 1) / step.ms;
    int64_t rows = r->to.ms / step.ms - first;
    if (rows <= 0)
        return false;
    int64_t fold = (rows + CURVE_POINTS_MAX - 1) / CURVE_POINTS_MAX;
    b->from = (instant){first * step.ms};
    b->step = (span){step.ms * fold};
    b->n = (size_t)((rows + fold - 1) / fold);
    b->sum = calloc(b->n, sizeof *b->sum);
    b->count = calloc(b->n, sizeof *b->count);
    return b->sum != NULL && b->count != NULL;
}

void draw_bins_free(struct draw_bins *b)
{
    free(b->sum);
    free(b->count);
}

void draw_bins_add(struct draw_bins *b, instant at, double v)
{
    if (isnan(v) || at.ms < b->from.ms)
        return;
    size_t i = (size_t)((at.ms - b->from.ms) / b->step.ms);
    if (i < b->n) {
        b->sum[i] += v;
        b->count[i]++;
    }
}

static double *bins_means(struct teller *t, const struct draw_bins *b)
{
    double *v = malloc(b->n * sizeof *v);
    if (v == NULL) {
        t->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < b->n; i++)
        v[i] = b->count[i] > 0 ? b->sum[i] / b->count[i] : NAN;
    return v;
}

void draw_line(struct teller *t, struct curve *c, const struct draw_bins *b,
               bool control)
{
    bool any = false;
    for (size_t i = 0; i < b->n; i++)
        any |= b->count[i] > 0;
    if (!any || (control && c->n != b->n))
        return;
    double *v = bins_means(t, b);
    if (v == NULL)
        return;
    if (control) {
        c->control = v;
        return;
    }
    *c = (struct curve){.from = b->from, .step = b->step, .n = b->n, .value = v};
}

static void add_member(struct draw_bins *b, const struct member *m)
{
    const struct track *t = &m->unit->hot;
    for (uint32_t r = 0; r < t->rows; r++)
        draw_bins_add(b, (instant){t->from.ms + (int64_t)r * t->step.ms},
                      t->cells[(size_t)r * m->unit->n_metrics + m->metric]);
}

void draw_members(struct teller *t, struct finding *f, const struct draw_range *range,
                  const struct member *const *member, size_t n,
                  const struct member *control, size_t n_controls)
{
    struct draw_bins b;
    if (draw_bins_make(&b, range, t->lineup->step)) {
        for (size_t i = 0; i < n; i++)
            add_member(&b, member[i]);
        draw_line(t, &f->curve, &b, false);
    }
    draw_bins_free(&b);
    if (draw_bins_make(&b, range, t->lineup->step)) {
        const struct frame *frame = &t->lineup->whole.frame;
        size_t stride = (n_controls + LEVEL_CONTROLS_MAX - 1) / LEVEL_CONTROLS_MAX;
        for (size_t i = 0; i < n_controls; i += stride)
            if (control_is_free(t->lineup, control[i].unit->who.host, frame))
                add_member(&b, &control[i]);
        draw_line(t, &f->curve, &b, true);
    }
    draw_bins_free(&b);
}

instant draw_first_seen(const struct curve *c, instant pivot, double before,
                        double after)
{
    instant first = INSTANT_NONE;
    for (size_t i = 0; i < c->n; i++) {
        instant at = {c->from.ms + c->step.ms * (int64_t)i};
        if (at.ms < pivot.ms || isnan(c->value[i]))
            continue;
        double share = (c->value[i] - before) / (after - before);
        if (!(share >= 0.5))
            first = INSTANT_NONE;
        else if (!instant_is_none(first))
            return first;
        else
            first = at;
    }
    return first;
}
