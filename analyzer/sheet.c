/* analyzer/sheet.c - from rows of all metrics to a run of values for each.  Pure, any
 * thread.
 *
 * Where the past has the cells' own step and lies on their bounds, as it does out of
 * one history, a value is moved once.  Any other is written out in rows first. */
#include "analyzer/sheet.h"

#include <math.h>

enum { DAY_MS = 86400000, TILE = 16 };

/* --- the clock --- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The first row that begins at a time or after it; below 0 before the clock. */
static int64_t first_row(const struct timeline *t, instant at)
{
    return -floor_div(t->from.ms - at.ms, t->step.ms);
}

size_t timeline_row(const struct timeline *t, instant at)
{
    return at.ms > t->from.ms ? (size_t)((at.ms - t->from.ms) / t->step.ms) : 0;
}

/* What is there of samples: the earliest of all, the earliest of the windows', and the
 * finest past. */
struct reach {
    instant begin, hot;
    instant past;
    span past_step;
};

static struct reach reach_of(const struct lineup *l)
{
    struct reach r = {.begin = INSTANT_FAR, .hot = INSTANT_FAR};
    for (size_t i = 0; i < l->n_units; i++) {
        const struct unit *u = l->unit[i];
        instant from;
        span step;
        if (u->who.kind == ENTITY_EDGE) /* calls are looked at elsewhere */
            continue;
        if (u->hot.rows > 0 && u->hot.from.ms < r.hot.ms)
            r.hot = u->hot.from;
        if (!unit_past_reach(u, &from, &step))
            continue;
        r.begin = from.ms < r.begin.ms ? from : r.begin;
        if (r.past_step.ms == 0 || step.ms < r.past_step.ms) {
            r.past_step = step;
            r.past = from;
        }
    }
    r.begin = r.hot.ms < r.begin.ms ? r.hot : r.begin;
    return r;
}

static void lay_cells(struct timeline *t, const struct reach *r, size_t rows)
{
    int64_t wide = r->past_step.ms / t->step.ms, lead = 0;
    if (wide < 1 || wide > STRIP_WIDE_MAX || r->past_step.ms % t->step.ms != 0)
        wide = 1;
    else
        lead = -first_row(t, r->past) % wide;
    int64_t cut = r->hot.ms == INSTANT_FAR.ms ? (int64_t)rows : first_row(t, r->hot);
    t->strip = strip_make(rows, cut > 0 ? (size_t)cut : 0, (size_t)wide,
                          (size_t)(lead < 0 ? lead + wide : lead));
}

struct timeline timeline_of(const struct lineup *l)
{
    instant pivot = l->whole.pivot, end = l->whole.frame.after_to;
    for (size_t i = 0; i < l->n_slots; i++) {
        if (l->slot[i].state != SLOT_READY)
            continue;
        if (l->slot[i].pivot.ms < pivot.ms)
            pivot = l->slot[i].pivot;
        if (l->slot[i].frame.after_to.ms > end.ms)
            end = l->slot[i].frame.after_to;
    }
    struct reach r = reach_of(l);
    int64_t step = l->step.ms;
    if (step <= 0 || r.begin.ms >= pivot.ms) /* nobody sent anything before */
        return (struct timeline){0};
    int64_t least = pivot.ms - SHEET_DAYS_MAX * (int64_t)DAY_MS - l->windows->before.ms;
    int64_t from = r.begin.ms > least ? r.begin.ms : least;
    /* row bounds on the pivot, so that windows are whole rows */
    struct timeline t = {.from = {pivot.ms - (pivot.ms - from) / step * step},
                         .step = l->step,
                         .day = (size_t)(DAY_MS / step)};
    if (end.ms > t.from.ms)
        lay_cells(&t, &r, (size_t)((end.ms - t.from.ms) / step) + 1);
    return t;
}

struct timeline timeline_near(const struct timeline *t)
{
    const struct strip *s = &t->strip;
    struct timeline near = *t;
    near.from.ms += (int64_t)s->cut * t->step.ms;
    near.strip = strip_make(s->rows - s->cut, 0, 1, 0);
    return near;
}

struct timeline timeline_until(const struct timeline *t, instant at)
{
    const struct strip *s = &t->strip;
    struct timeline until = *t;
    size_t rows = s->rows > 0 ? timeline_row(t, at) : 0;
    if (rows < s->rows)
        until.strip = strip_make(rows, s->cut, s->wide, s->lead);
    return until;
}

/* --- writing out --- */

static float *cell_at(const struct timeline *t, float *v, size_t row)
{
    return v + t->strip.cells + (row - t->strip.cut);
}

/* One metric's samples, each filling all rows of its step. */
static void write_rows(const struct timeline *t, const struct unit *u,
                       const struct track *k, size_t metric, float *v)
{
    int64_t wide = k->step.ms / t->step.ms, first = first_row(t, k->from);
    for (uint32_t i = 0; i < k->rows; i++) {
        float x = k->cells[(size_t)i * u->n_metrics + metric];
        int64_t row = first + i * wide, end = row + wide;
        if (isnan(x))
            continue;
        for (row = row > 0 ? row : 0; row < end && row < (int64_t)t->strip.rows; row++)
            v[row] = x;
    }
}

/* What a past that does not fit the cells comes to in them. */
static void fold_rows(const struct timeline *t, const float *row, float *v)
{
    const struct strip *s = &t->strip;
    for (size_t i = 0; i < s->cells; i++) {
        size_t end = strip_row(s, i) + s->wide - (i == 0 ? s->lead : 0);
        double sum = 0;
        unsigned n = 0;
        for (size_t k = strip_row(s, i); k < end; k++)
            if (!isnan(row[k])) {
                sum += row[k];
                n++;
            }
        v[i] = n > 0 ? (float)(sum / n) : NAN;
    }
    for (size_t k = s->cut; k < s->rows; k++)
        *cell_at(t, v, k) = row[k];
}

/* Rows [begin, end) of the past into one value each, the first into value `at`: a few
 * rows at a time, so that they are still near for the next metric. */
static void write_run(const struct unit *u, const struct track *past, int64_t begin,
                      int64_t end, const uint32_t *metric, size_t n_metrics,
                      size_t stride, float *to)
{
    for (int64_t tile = begin; tile < end; tile += TILE) {
        int64_t last = tile + TILE < end ? tile + TILE : end;
        const float *from = past->cells + (size_t)tile * u->n_metrics;
        for (size_t k = 0; k < n_metrics; k++) {
            const float *x = from + metric[k];
            float *v = to + k * stride + (size_t)(tile - begin);
            for (int64_t i = tile; i < last; i++, x += u->n_metrics)
                *v++ = *x;
        }
    }
}

/* The cell, of all that there were before any was left out, that begins with a row. */
static int64_t whole_cell(const struct strip *s, size_t row)
{
    return (int64_t)((row + s->lead) / s->wide);
}

/* `first_cell` is that of the past's first row, none being left out. */
static void write_cells(const struct timeline *t, const struct unit *u,
                        const struct track *past, int64_t first_cell,
                        const uint32_t *metric, size_t n_metrics, float *to)
{
    const struct strip *s = &t->strip;
    int64_t cell = 0, out = 0, end = 0, rows = past->rows;
    for (size_t g = 0; g <= s->n_gaps; g++) {
        bool last = g == s->n_gaps;
        int64_t stop = last ? (int64_t)s->cells + out : whole_cell(s, s->gap[g].from);
        int64_t begin = cell > first_cell ? cell - first_cell : 0;
        end = stop - first_cell < rows ? stop - first_cell : rows;
        if (begin < end)
            write_run(u, past, begin, end, metric, n_metrics, s->n,
                      to + (size_t)(first_cell + begin - out));
        cell = last ? stop : whole_cell(s, s->gap[g].to);
        out += cell - stop;
    }
    /* a row that reaches over the cut */
    for (int64_t i = end > 0 ? end : 0; i < rows; i++)
        for (size_t k = 0; k < n_metrics; k++) {
            float x = past->cells[(size_t)i * u->n_metrics + metric[k]];
            size_t row = s->cut + (size_t)(first_cell + i - cell) * s->wide;
            for (size_t n = 0; n < s->wide && row + n < s->rows; n++)
                *cell_at(t, to + k * s->n, row + n) = x;
        }
}

static void write_past(const struct timeline *t, const struct unit *u,
                       const struct track *past, const uint32_t *metric,
                       size_t n_metrics, float *to, float *room)
{
    const struct strip *s = &t->strip;
    int64_t wide = (int64_t)s->wide, row = first_row(t, past->from) + (int64_t)s->lead;
    if (past->rows == 0 || past->step.ms < t->step.ms)
        return;
    if (past->step.ms == wide * t->step.ms && row % wide == 0) {
        write_cells(t, u, past, row / wide, metric, n_metrics, to);
        return;
    }
    for (size_t k = 0; k < n_metrics; k++) {
        for (size_t i = 0; i < s->rows; i++)
            room[i] = NAN;
        write_rows(t, u, past, metric[k], room);
        fold_rows(t, room, to + k * s->n);
    }
}

static void write_hot(const struct timeline *t, const struct unit *u,
                      const uint32_t *metric, size_t n_metrics, float *to)
{
    const struct strip *s = &t->strip;
    const struct track *hot = &u->hot;
    int64_t wide = hot->step.ms / t->step.ms, first = first_row(t, hot->from);
    for (uint32_t i = 0; i < hot->rows; i++) {
        const float *x = hot->cells + (size_t)i * u->n_metrics;
        int64_t row = first + i * wide, end = row + wide;
        row = row > (int64_t)s->cut ? row : (int64_t)s->cut;
        for (; row < end && row < (int64_t)s->rows; row++)
            for (size_t k = 0; k < n_metrics; k++)
                if (!isnan(x[metric[k]]))
                    *cell_at(t, to + k * s->n, (size_t)row) = x[metric[k]];
    }
}

void sheet_read(const struct timeline *t, const struct unit *u,
                const struct track *past, const uint32_t *metric, size_t n_metrics,
                float *to, float *room)
{
    for (size_t i = 0; i < n_metrics * t->strip.n; i++)
        to[i] = NAN;
    write_past(t, u, past, metric, n_metrics, to, room);
    if (u->hot.rows > 0 && u->hot.step.ms >= t->step.ms)
        write_hot(t, u, metric, n_metrics, to);
}
