/* notifier/chart.c - chooses what a finding's picture shows; storage/rrd draws it.
 * Pure but for chart_draw.  Shares are drawn in percent, as all texts say them. */
#include "notifier/chart.h"

#include "notifier/plain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the finding's own host was changed; of a service, where the first host was. */
static void pivot_of(const struct chart_ask *ask, instant *ret_pivot, instant *ret_done)
{
    const struct change *c = ask->change;
    const char *name = ask->finding->host;
    if (name == NULL && ask->finding->n_hosts > 0)
        name = ask->finding->hosts[0].name;
    const struct change_host *host = name != NULL ? change_find_host(c, name) : NULL;
    *ret_pivot = c->start;
    *ret_done = c->start;
    if (host == NULL && c->n_hosts > 0) {
        host = &c->host[0];
        for (size_t i = 1; i < c->n_hosts; i++)
            if (c->host[i].pivot.ms < host->pivot.ms)
                host = &c->host[i];
    }
    if (host != NULL) {
        *ret_pivot = host->pivot;
        *ret_done = host->done;
    }
}

static instant clamp(instant at, instant from, instant to)
{
    return at.ms < from.ms ? from : at.ms > to.ms ? to : at;
}

static void shade(const struct chart_ask *ask, struct rrd_picture *p)
{
    instant end = instant_add(p->from, (span){p->step.ms * (int64_t)p->n});
    instant pivot, done;
    pivot_of(ask, &pivot, &done);
    instant after_to =
        ask->verdict->look.ms > 0 ? instant_add(done, ask->verdict->look) : end;
    p->before_from = p->from;
    p->before_to = clamp(pivot, p->from, end);
    p->after_from = clamp(done, p->from, end);
    p->after_to = clamp(after_to, p->after_from, end);
    p->pivot = pivot.ms >= p->from.ms && pivot.ms <= end.ms ? pivot : INSTANT_NONE;
}

static double *scaled_copy(const double *values, size_t n, double by)
{
    double *copy = malloc(n * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n; i++)
        copy[i] = values[i] * by;
    return copy;
}

/* A line without values is left out. */
static int add_line(struct chart *c, struct rrd_line line, double by, struct err *err)
{
    if (line.value == NULL)
        return 0;
    size_t i = c->picture.n_lines++;
    c->lines[i] = line;
    if (by != 1) {
        c->scaled[i] = scaled_copy(line.value, c->picture.n, by);
        if (c->scaled[i] == NULL)
            return err_set(err, ENOMEM, "no memory for a chart");
        c->lines[i].value = c->scaled[i];
    }
    return 0;
}

static void title_of(const struct finding *f, char out[CHART_TITLE_MAX])
{
    OWNED_BUF b = {0};
    plain_add(&b, f->metric != NULL ? f->metric : f->rule, 60);
    if (f->code != NULL) {
        buf_add(&b, ", code ");
        plain_add(&b, f->code, 20);
    }
    if (f->host != NULL || f->n_hosts == 1) {
        buf_add(&b, " on ");
        plain_add(&b, f->host != NULL ? f->host : f->hosts[0].name, 40);
    } else if (f->n_hosts > 1) {
        buf_addf(&b, " on %zu hosts", f->n_hosts);
    } else if (f->service != NULL) {
        buf_add(&b, " of ");
        plain_add(&b, f->service, 40);
    }
    snprintf(out, CHART_TITLE_MAX, "%.*s", CHART_TITLE_MAX - 1, buf_text(&b));
}

static const char *unit_words(const char *unit)
{
    static const char *const words[][2] = {
        {"share", "%"},
        {"per_s", "per second"},
        {"bytes_per_s", "bytes/s"},
        {"ms", "ms"},
    };
    for (size_t i = 0; unit != NULL && i < sizeof words / sizeof *words; i++)
        if (strcmp(unit, words[i][0]) == 0)
            return words[i][1];
    return unit;
}

int chart_plan(const struct chart_ask *ask, struct chart *chart, struct err *err)
{
    const struct finding *f = ask->finding;
    const struct curve *curve = &f->curve;
    if (curve->n == 0 || curve->n > CURVE_POINTS_MAX || curve->value == NULL ||
        curve->step.ms <= 0)
        return err_set(err, ENODATA, "the finding has no samples to draw");
    *chart = (struct chart){
        .picture = {.format = RRD_PNG,
                    .width = ask->width,
                    .height = ask->height,
                    .title = chart->title,
                    .unit = unit_words(f->unit),
                    .from = curve->from,
                    .step = curve->step,
                    .n = curve->n,
                    .lines = chart->lines,
                    .limit = NAN,
                    .dark = ask->dark},
    };
    title_of(f, chart->title);
    shade(ask, &chart->picture);
    double by = f->unit != NULL && strcmp(f->unit, "share") == 0 ? 100 : 1;
    bool one = f->host != NULL || f->n_hosts == 1;
    const char *label = one                        ? "this host"
                        : ask->change->n_hosts > 0 ? "changed hosts"
                                                   : "the service";
    const struct rrd_line lines[CHART_LINES] = {
        {label, ask->dark ? 0xff8a80 : 0xb42318, curve->value, false}, /* on top */
        {"unchanged hosts", ask->dark ? 0x6ea8fe : 0x2e6bd6, curve->control, true},
        {"usual at this hour", ask->dark ? 0x8b95a7 : 0x98a2b3, curve->usual, false},
    };
    for (int i = 0; i < CHART_LINES; i++)
        if (add_line(chart, lines[i], by, err) < 0) {
            chart_clear(chart);
            return -1;
        }
    return 0;
}

void chart_clear(struct chart *chart)
{
    for (int i = 0; i < CHART_LINES; i++) {
        free(chart->scaled[i]);
        chart->scaled[i] = NULL;
    }
}

int chart_draw(struct rrd *rrd, const struct chart_ask *ask, struct buf *to,
               struct err *err)
{
    struct chart chart;
    if (chart_plan(ask, &chart, err) < 0)
        return -1;
    int rc = rrd_draw(rrd, &chart.picture, to, err);
    chart_clear(&chart);
    return rc;
}
