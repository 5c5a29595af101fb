/* eval/stage.c - cases as panels.  What must hold: hosts and metrics are named in the
 * order of their numbers, so that what the judge sorts stays where it is.  One thread a
 * stage. */
#include "eval/stage.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAST_ROWS = DRAW_BACK - STAGE_HOT_BEFORE };

static const int64_t minute_ms = 60000, first_day_ms = 1767225600000; /* 2026-01-01 */
static char service[] = "service", title[] = "case", source[] = "eval", none[] = "{}";

static int make_coarse(struct stage *s, struct err *err)
{
    const struct draw *d = s->draw;
    size_t k = d->is.n_metrics, rows = PAST_ROWS / STAGE_COARSE;
    s->coarse = malloc(d->n_hosts * rows * k * sizeof *s->coarse);
    if (s->coarse == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t h = 0; h < d->n_hosts; h++)
        for (size_t row = 0; row < rows; row++)
            for (size_t m = 0; m < k; m++) {
                double sum = 0;
                for (size_t i = 0; i < STAGE_COARSE; i++)
                    sum += *draw_at(d, h, row * STAGE_COARSE + i, m);
                s->coarse[(h * rows + row) * k + m] = (float)(sum / STAGE_COARSE);
            }
    return 0;
}

static void set_change(struct stage *s)
{
    const struct draw *d = s->draw;
    for (size_t h = 0; h < d->is.n_changed; h++)
        s->host[h] = (struct change_host){
            .name = s->name[h], .pivot = s->pivot, .done = s->pivot};
    s->change = (struct change){.change_id = title,
                                .kind = CHANGE_RELEASE,
                                .service = service,
                                .title = title,
                                .source = source,
                                .started = true,
                                .finished = true,
                                .start = s->pivot,
                                .end = s->pivot,
                                .n_hosts = d->is.n_changed,
                                .host = s->host,
                                .n_events = 1,
                                .extra = none};
}

static void set_unit(struct stage *s, size_t h)
{
    const struct draw *d = s->draw;
    struct unit *u = &s->unit[h];
    size_t k = d->is.n_metrics;
    span step = {s->coarse != NULL ? STAGE_COARSE * minute_ms : minute_ms};
    uint32_t rows = s->coarse != NULL ? PAST_ROWS / STAGE_COARSE : PAST_ROWS;
    *u =
        (struct unit){.who = {ENTITY_HOST, s->name[h], service, "", "", "", "", "", ""},
                      .n_metrics = (uint32_t)k,
                      .metric = (const char **)(uintptr_t)d->metric,
                      .merge = s->merge};
    u->past =
        (struct track){{s->pivot.ms - DRAW_BACK * minute_ms},
                       step,
                       rows,
                       s->coarse != NULL ? s->coarse + h * rows * k : draw_rows(d, h)};
    u->hot = (struct track){{s->pivot.ms - STAGE_HOT_BEFORE * minute_ms},
                            {minute_ms},
                            STAGE_HOT_BEFORE,
                            draw_rows(d, h) + PAST_ROWS * k};
}

int stage_set(struct stage *s, struct draw *d, bool coarse, struct err *err)
{
    *s = (struct stage){.draw = d};
    s->pivot.ms = first_day_ms + (10 * DRAW_DAY + (int64_t)d->minute) * minute_ms;
    if (coarse && make_coarse(s, err) < 0)
        return -1;
    for (size_t h = 0; h < d->n_hosts; h++) {
        bool changed = h < d->is.n_changed;
        snprintf(s->name[h], sizeof s->name[h], "%s-%02zu",
                 changed ? "changed" : "other", changed ? h : h - d->is.n_changed);
        set_unit(s, h);
    }
    set_change(s);
    s->panel = (struct panel){.n = d->n_hosts, .unit = s->unit};
    stage_show(s, 0);
    return 0;
}

void stage_show(struct stage *s, int minutes)
{
    for (size_t h = 0; h < s->draw->n_hosts; h++)
        s->unit[h].hot.rows = (uint32_t)(STAGE_HOT_BEFORE + minutes);
    s->panel.hot_from = s->unit[0].hot.from;
    s->panel.hot_to = (instant){s->pivot.ms + minutes * minute_ms};
}

void stage_clear(struct stage *s)
{
    free(s->coarse);
    *s = (struct stage){0};
}
