/* notifier/chart.c - chooses what a finding's picture shows; storage/rrd draws it.
 * Pure but for chart_draw.  Shares are drawn in percent, as all texts say them. */
#include "notifier/chart.h"

#include "base/jsonw.h"
#include "notifier/phrases.h"
#include "notifier/plain.h"
#include "notifier/report.h"

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

/* "Failing calls web->pay:charge on 4 hosts": the name that the finding has in its
 * report, with a capital letter where it is made of words. */
static void title_of(const struct chart_ask *ask, char out[CHART_TITLE_MAX])
{
    const struct finding *f = ask->finding;
    const enum language l = ask->language;
    OWNED_BUF figure = {0}, where = {0}, title = {0};
    char *name = report_figure_text(f, l);
    plain_add(&figure, name != NULL ? name : f->metric, 60);
    free(name);
    if (f->host != NULL || f->n_hosts == 1) {
        plain_add(&where, f->host != NULL ? f->host : f->hosts[0].name, 40);
        PHRASE_PUT(&title, l, NAME_ON_HOST, buf_text(&figure), buf_text(&where));
    } else if (f->n_hosts > 1) {
        buf_addf(&where, "%zu", f->n_hosts);
        PHRASE_PUT(&title, l, NAME_ON_HOSTS, buf_text(&figure), buf_text(&where));
    } else if (f->service != NULL) {
        plain_add(&where, f->service, 40);
        PHRASE_PUT(&title, l, NAME_OF_SERVICE, buf_text(&figure), buf_text(&where));
    } else {
        buf_add(&title, buf_text(&figure));
    }
    const char *text = buf_text(&title);
    bool words = *text >= 'a' && *text <= 'z' && strchr(buf_text(&figure), ' ') != NULL;
    snprintf(out, CHART_TITLE_MAX, "%.*s", CHART_TITLE_MAX - 1, text);
    if (words)
        out[0] = (char)(out[0] - ('a' - 'A'));
}

static const char *unit_words(enum language l, const char *unit)
{
    static const struct {
        const char *unit;
        enum phrase words;
    } words[] = {
        {"per_s", PHRASE_CHART_PER_SECOND},
        {"/s", PHRASE_CHART_PER_SECOND},
        {"bytes_per_s", PHRASE_CHART_BYTES_PER_SECOND},
        {"bytes/s", PHRASE_CHART_BYTES_PER_SECOND},
    };
    for (size_t i = 0; unit != NULL && i < sizeof words / sizeof *words; i++)
        if (strcmp(unit, words[i].unit) == 0)
            return phrase(l, words[i].words);
    return unit != NULL && strcmp(unit, "share") == 0 ? "%" : unit;
}

/* Whom the finding's own line is of. */
static enum phrase whose(const struct chart_ask *ask)
{
    const struct finding *f = ask->finding;
    if (f->host != NULL || f->n_hosts == 1)
        return PHRASE_CHART_THIS_HOST;
    return ask->change->n_hosts > 0 ? PHRASE_CHART_CHANGED : PHRASE_CHART_SERVICE;
}

int chart_plan(const struct chart_ask *ask, struct chart *chart, struct err *err)
{
    const struct finding *f = ask->finding;
    const enum language l = ask->language;
    const struct curve *curve = &f->curve;
    if (curve->n == 0 || curve->n > CURVE_POINTS_MAX || curve->value == NULL ||
        curve->step.ms <= 0)
        return err_set(err, ENODATA, "the finding has no samples to draw");
    *chart = (struct chart){
        .picture = {.format = RRD_PNG,
                    .width = ask->width,
                    .height = ask->height,
                    .title = chart->title,
                    .unit = unit_words(l, f->unit),
                    .from = curve->from,
                    .step = curve->step,
                    .n = curve->n,
                    .lines = chart->lines,
                    .limit = NAN,
                    .dark = ask->dark,
                    .zoom = ask->zoom,
                    .before_label = phrase(l, PHRASE_CHART_BEFORE),
                    .after_label = phrase(l, PHRASE_CHART_AFTER),
                    .pivot_label = phrase(l, PHRASE_CHART_CHANGE)},
    };
    title_of(ask, chart->title);
    shade(ask, &chart->picture);
    double by = f->unit != NULL && strcmp(f->unit, "share") == 0 ? 100 : 1;
    const struct rrd_line lines[CHART_LINES] = {
        {phrase(l, whose(ask)), ask->dark ? 0xff8a80 : 0xb42318, curve->value,
         false}, /* on top */
        {phrase(l, PHRASE_CHART_UNCHANGED), ask->dark ? 0x6ea8fe : 0x2e6bd6,
         curve->control, true},
        {phrase(l, PHRASE_CHART_USUAL), ask->dark ? 0x8b95a7 : 0x98a2b3, curve->usual,
         false},
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

static void write_time(struct jsonw *w, const char *key, instant at)
{
    if (instant_is_none(at))
        jsonw_null(w, key);
    else
        jsonw_num_digits(w, key, (double)at.ms / 1000, JSONW_DIGITS_MAX);
}

static void write_stretch(struct jsonw *w, const char *key, instant from, instant to)
{
    jsonw_list(w, key);
    write_time(w, NULL, from);
    write_time(w, NULL, to);
    jsonw_end(w);
}

void chart_write(const struct chart *chart, struct buf *to)
{
    const struct rrd_picture *p = &chart->picture;
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "title", p->title);
    jsonw_text(&w, "unit", p->unit);
    write_time(&w, "from", p->from);
    jsonw_num_digits(&w, "step", (double)p->step.ms / 1000, JSONW_DIGITS_MAX);
    write_time(&w, "pivot", p->pivot);
    write_stretch(&w, "before", p->before_from, p->before_to);
    write_stretch(&w, "after", p->after_from, p->after_to);
    jsonw_num(&w, "limit", p->limit);
    jsonw_list(&w, "lines");
    for (size_t i = 0; i < p->n_lines; i++) {
        jsonw_open(&w, NULL);
        jsonw_text(&w, "label", p->lines[i].label);
        jsonw_int(&w, "rgb", p->lines[i].rgb);
        jsonw_bool(&w, "dashed", p->lines[i].dashed);
        jsonw_list(&w, "values");
        for (size_t k = 0; k < p->n; k++)
            jsonw_num(&w, NULL, p->lines[i].value[k]);
        jsonw_end(&w);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_close(&w);
}

int chart_draw(struct rrd *rrd, const struct chart_ask *ask, struct buf *to,
               struct err *err)
{
    struct chart chart;
    struct chart_ask drawn = *ask;
    if (drawn.language == LANGUAGE_ZH && !rrd_has_letters(rrd))
        drawn.language = LANGUAGE_EN;
    if (chart_plan(&drawn, &chart, err) < 0)
        return -1;
    int rc = rrd_draw(rrd, &chart.picture, to, err);
    chart_clear(&chart);
    return rc;
}
