/* storage/panel_old.c - hot rows from history, for judging long ago once more.
 *
 * All units have rows of one step that begin at the same instant, as those of the
 * windows do; a unit of which history knows nothing has unknown ones.  The thread that
 * judges. */
#include "storage/panel_old.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static bool is_kept(const struct panel *p, struct windows *w)
{
    instant newest = INSTANT_NONE;
    for (size_t i = 0; i < p->n; i++) {
        instant at = windows_newest(w, p->unit[i].entity);
        if (!instant_is_none(at) && (instant_is_none(newest) || at.ms > newest.ms))
            newest = at;
    }
    /* the oldest row may be written over while it is read */
    int64_t kept = ((int64_t)windows_rows(w) - 2) * windows_step(w).ms;
    return instant_is_none(newest) || p->hot_from.ms >= newest.ms - kept;
}

static struct track unknown_rows(const struct unit *u, instant from, instant to,
                                 span step)
{
    struct track t = {
        .from = from, .step = step, .rows = (uint32_t)((to.ms - from.ms) / step.ms)};
    size_t n = (size_t)t.rows * u->n_metrics;
    t.cells = malloc((n + 1) * sizeof *t.cells);
    for (size_t i = 0; t.cells != NULL && i < n; i++)
        t.cells[i] = NAN;
    return t;
}

/* False when it has none of this step. */
static bool read_unit(const struct unit *u, struct history *h, struct track *rows)
{
    struct unit own = *u;
    instant to = {rows->from.ms + rows->step.ms * (int64_t)rows->rows};
    if (history_read(h, &own, rows->from, to, NULL) < 0)
        return false;
    bool fits = own.past.rows == 0 || own.past.step.ms == rows->step.ms;
    for (uint32_t r = 0; fits && r < own.past.rows; r++) {
        int64_t at = own.past.from.ms + (int64_t)r * own.past.step.ms - rows->from.ms;
        if (at < 0 || at / rows->step.ms >= (int64_t)rows->rows)
            continue;
        float *cell = rows->cells + (size_t)(at / rows->step.ms) * u->n_metrics;
        for (uint32_t i = 0; i < u->n_metrics; i++)
            cell[i] = own.past.cells[(size_t)r * u->n_metrics + i];
    }
    free(own.past.cells);
    return fits;
}

int panel_old_fill(struct panel *p, struct windows *w, struct history *history,
                   struct panel_old *ret, struct err *err)
{
    *ret = (struct panel_old){.step = windows_step(w)};
    if (history == NULL || is_kept(p, w))
        return 0;
    ret->from_history = true;
    ret->step = history_step(history, p->hot_from, p->hot_to);
    int64_t step = ret->step.ms;
    p->hot_from.ms -= p->hot_from.ms % step;
    p->hot_to.ms += (step - p->hot_to.ms % step) % step;
    for (size_t i = 0; i < p->n; i++) {
        struct unit *u = &p->unit[i];
        struct track rows = unknown_rows(u, p->hot_from, p->hot_to, ret->step);
        if (rows.cells == NULL)
            return err_set(err, ENOMEM, "no memory for rows of history");
        ret->failed += u->n_metrics > 0 && !read_unit(u, history, &rows);
        free(u->hot.cells);
        u->hot = rows;
    }
    return 0;
}
