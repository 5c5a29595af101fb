/* notifier/pages/service.c - one service as a page.  HTTP threads; charts are drawn
 * when they are asked for. */
#include "notifier/pages/service.h"

#include "base/httpc.h"
#include "base/jsonw.h"
#include "notifier/course.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/neighbours.h"
#include "notifier/notifier.h"
#include "notifier/pages/list.h"
#include "notifier/pages/page.h"
#include "notifier/plain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000, NAME_CHARS = 100 };
/* of the drawing, in its own units */
enum { LINE_WIDTH = 1000, LINE_HEIGHT = 92, LINE_Y = 40, MARK_R = 9 };
enum { COURSE_WIDTH = 760, COURSE_HEIGHT = 220, COURSE_NARROW = 380 };

/* All of the page. */
struct view {
    const char *name;
    instant now;
    struct change_rows rows;
    struct neighbours around;
    struct course_of of;
    const char *metric[COURSE_METRICS_MAX];
    size_t n_metrics;
};

static int view_read(struct httpd_req *r, const struct notifier *n, struct view *v,
                     struct err *err)
{
    *v = (struct view){.name = httpd_param(r, 0), .now = n->spec.now()};
    struct change_ask ask = {.since = {v->now.ms - SERVICE_DAYS * (int64_t)DAY_MS},
                             .service = v->name,
                             .grade = GRADE_N,
                             .limit = SERVICE_CHANGES_MAX};
    if (ledger_changes(n->spec.ledger, &ask, &v->rows, err) < 0 ||
        neighbours_read(n->spec.windows, v->name, &v->around, err) < 0)
        return -1;
    if (n->spec.windows == NULL)
        return 0;
    if (course_find(n->spec.windows, v->name, &v->of, err) < 0)
        return -1;
    v->n_metrics = course_metrics(n->spec.windows, &v->of, v->metric);
    return 0;
}

/* Nothing was ever heard of it. */
static bool is_unknown(const struct view *v)
{
    return v->rows.n == 0 && v->of.n == 0 &&
           v->around.n_callees + v->around.n_callers == 0;
}

/* --- the line of time --- */

static int place(instant at, instant now)
{
    int64_t before = now.ms - at.ms;
    return LINE_WIDTH - MARK_R * 2 -
           (int)(before * (LINE_WIDTH - MARK_R * 4) / (SERVICE_DAYS * (int64_t)DAY_MS));
}

static void write_days(instant now, struct buf *to)
{
    int64_t day = now.ms - now.ms % DAY_MS;
    for (int i = 0; i < SERVICE_DAYS; i++, day -= DAY_MS) {
        char at[FIGURE_TEXT_MAX];
        int x = place((instant){day}, now);
        figure_time(LANGUAGE_EN, (instant){day}, at); /* "21 Nov 2026 ..." */
        at[6] = '\0';
        html_addf(to,
                  "<line class=\"day\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                  "<text x=\"%d\" y=\"%d\">%s</text>\n",
                  x, x, 12, LINE_Y + 28, x, LINE_HEIGHT - 6, at);
    }
}

static void write_mark(const struct change_row *row, instant now, struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    OWNED_BUF title = {0};
    enum grade g = row->has_verdict ? row->grade : GRADE_NOT_JUDGED;
    plain_add(&title,
              row->change->title != NULL ? row->change->title : row->change->change_id,
              NAME_CHARS);
    buf_add(to, "<a href=\"/changes/");
    url_quote(to, row->change->change_id);
    html_addf(to,
              "\"><circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"><title>%s, %s, "
              "%s</title></circle></a>\n",
              grade_name(g), place(row->change->start, now), LINE_Y, MARK_R,
              buf_text(&title), figure_time(LANGUAGE_EN, row->change->start, at),
              row->has_verdict ? grade_words(g) : "not judged yet");
}

void service_timeline(const struct change_row *row, size_t n, instant now,
                      struct buf *to)
{
    html_addf(to,
              "<svg class=\"timeline\" viewBox=\"0 0 %d %d\" role=\"group\" "
              "aria-label=\"Changes of the last %d days\">\n"
              "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n",
              LINE_WIDTH, LINE_HEIGHT, SERVICE_DAYS, LINE_WIDTH, LINE_Y, LINE_Y);
    write_days(now, to);
    for (size_t i = n; i-- > 0;) /* the latest on top */
        write_mark(&row[i], now, to);
    buf_add(to, "</svg>\n");
}

/* --- the page --- */

static void course_url(const struct view *v, const char *metric, const char *more,
                       struct buf *to)
{
    OWNED_BUF url = {0};
    buf_add(&url, "/services/");
    url_quote(&url, v->name);
    buf_add(&url, "/course.png?metric=");
    url_quote(&url, metric);
    buf_add(&url, more);
    html_attr(to, buf_text(&url));
}

static void write_course(const struct view *v, const char *metric, struct buf *to)
{
    static const char *const sources[][2] = {
        {"(max-width: 640px) and (prefers-color-scheme: dark)",
         "&size=narrow&theme=dark"},
        {"(max-width: 640px)", "&size=narrow"},
        {"(prefers-color-scheme: dark)", "&theme=dark"},
    };
    OWNED_BUF plain = {0};
    plain_add(&plain, metric, NAME_CHARS);
    html_addf(to, "<h3>%s</h3><picture>", buf_text(&plain));
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        html_addf(to, "<source media=\"%s\" srcset=\"", sources[i][0]);
        course_url(v, metric, sources[i][1], to);
        buf_add(to, "\">");
    }
    buf_add(to, "<img class=\"course\" loading=\"lazy\" src=\"");
    course_url(v, metric, "", to);
    html_addf(
        to,
        "\" width=\"%d\" height=\"%d\" alt=\"%s of the last hours, with a line at "
        "each change\"></picture>\n",
        COURSE_WIDTH, COURSE_HEIGHT, buf_text(&plain));
}

static void write_courses(const struct view *v, struct buf *to)
{
    if (v->n_metrics == 0)
        return;
    html_addf(to,
              "<section><h2>The last hours</h2><p class=\"quiet\">Mean of %zu of %zu "
              "hosts; a line stands at each change.</p>\n",
              v->of.n, v->of.all);
    for (size_t i = 0; i < v->n_metrics; i++)
        write_course(v, v->metric[i], to);
    buf_add(to, "</section>\n");
}

static void write_names(const char *heading, const char *const *name, size_t n,
                        struct buf *to)
{
    if (n == 0)
        return;
    html_addf(to, "<section><h2>%s</h2><p class=\"parts\">", heading);
    for (size_t i = 0; i < n; i++) {
        OWNED_BUF plain = {0};
        plain_add(&plain, name[i], NAME_CHARS);
        buf_add(to, "<a href=\"/services/");
        url_quote(to, name[i]);
        html_addf(to, "\">%s</a> ", buf_text(&plain));
    }
    buf_add(to, "</p></section>\n");
}

static void write_changes(const struct view *v, struct buf *to)
{
    html_addf(to, "<section><h2>Changes of the last %d days</h2>\n", SERVICE_DAYS);
    if (v->rows.n == 0) {
        buf_add(to, "<p class=\"none\">None.</p></section>\n");
        return;
    }
    service_timeline(v->rows.row, v->rows.n, v->now, to);
    buf_add(to, "<ul class=\"changes\">\n");
    for (size_t i = 0; i < v->rows.n && i < SERVICE_LISTED_MAX; i++)
        list_row(&v->rows.row[i], to);
    buf_add(to, "</ul>\n<p class=\"pager parts\"><a href=\"/?service=");
    url_quote(to, v->name);
    buf_add(to, "\">All changes of this service</a> <a href=\"/what?service=");
    url_quote(to, v->name);
    buf_add(to, "\">What changed around it?</a></p></section>\n");
}

static void write_page(const struct view *v, struct buf *to)
{
    OWNED_BUF name = {0};
    plain_add(&name, v->name, NAME_CHARS);
    page_open(to, buf_text(&name));
    html_addf(to, "<h1 class=\"list\">%s</h1>\n", buf_text(&name));
    write_changes(v, to);
    write_courses(v, to);
    write_names("It calls", v->around.callee, v->around.n_callees, to);
    write_names("Called by", v->around.caller, v->around.n_callers, to);
    page_close(to);
}

void service_page(struct httpd_req *r, void *app)
{
    struct err err = {0};
    struct view v;
    OWNED_BUF page = {0};
    if (view_read(r, notifier_of(app), &v, &err) < 0) {
        page_fail(r, 500, "That did not work", err.text);
    } else if (is_unknown(&v)) {
        page_fail(
            r, 404, "No such service",
            "Nothing was heard of a service of this name: no samples and calls in "
            "the last hours, no change in the last days.");
    } else {
        write_page(&v, &page);
        page_answer(r, 200, &page);
    }
    change_rows_free(&v.rows);
}

/* --- charts --- */

static size_t marks_of(const struct view *v, const struct course *c,
                       instant marks[RRD_MARKS_MAX])
{
    size_t n = 0;
    instant end = {c->from.ms + (int64_t)c->n * c->step.ms};
    for (size_t i = 0; i < v->rows.n && n < RRD_MARKS_MAX; i++) {
        instant at = v->rows.row[i].change->start;
        if (at.ms >= c->from.ms && at.ms <= end.ms)
            marks[n++] = at;
    }
    return n;
}

static int draw(struct httpd_req *r, const struct notifier *n, const struct view *v,
                const struct course *c, struct buf *to, struct err *err)
{
    const char *theme = httpd_query(r, "theme"), *size = httpd_query(r, "size");
    instant marks[RRD_MARKS_MAX];
    struct rrd_line line = {.label = "mean of the hosts", .value = c->value};
    bool dark = theme != NULL && strcmp(theme, "dark") == 0;
    line.rgb = dark ? 0x58a6ff : 0x0969da;
    struct rrd_picture p = {.format = RRD_PNG,
                            .width = size != NULL && strcmp(size, "narrow") == 0
                                         ? COURSE_NARROW
                                         : COURSE_WIDTH,
                            .height = COURSE_HEIGHT,
                            .from = c->from,
                            .step = c->step,
                            .n = c->n,
                            .lines = &line,
                            .n_lines = 1,
                            .pivot = INSTANT_NONE,
                            .marks = marks,
                            .n_marks = marks_of(v, c, marks),
                            .before_from = INSTANT_NONE,
                            .before_to = INSTANT_NONE,
                            .after_from = INSTANT_NONE,
                            .after_to = INSTANT_NONE,
                            .limit = NAN,
                            .dark = dark};
    return rrd_draw(n->spec.rrd, &p, to, err);
}

void service_course(struct httpd_req *r, void *app)
{
    const struct notifier *n = notifier_of(app);
    const char *metric = httpd_query(r, "metric");
    struct err err = {0};
    struct view v = {0};
    struct course c = {0};
    OWNED_BUF png = {0};
    if (metric == NULL)
        httpd_fail(r, 400, "metric: is missing, expected the name of one");
    else if (n->spec.windows == NULL || n->spec.rrd == NULL)
        httpd_fail(r, 503, "charts are switched off");
    else if (view_read(r, n, &v, &err) < 0 ||
             (v.of.n > 0 &&
              course_read(n->spec.windows, &v.of, metric, v.now, &c, &err) < 0))
        httpd_fail(r, 500, "%s", err.text);
    else if (c.n < 2)
        httpd_fail(r, 404, "there are no recent samples of it");
    else if (draw(r, n, &v, &c, &png, &err) < 0)
        httpd_fail(r, 503, "%s", err.text);
    else {
        httpd_set_header(r, "Cache-Control", "private, max-age=30");
        httpd_answer_buf(r, 200, "image/png", &png);
    }
    free(c.value);
    change_rows_free(&v.rows);
}

/* --- as JSON --- */

static void json_names(struct jsonw *to, const char *key, const char *const *name,
                       size_t n)
{
    jsonw_list(to, key);
    for (size_t i = 0; i < n; i++)
        jsonw_text(to, NULL, name[i]);
    jsonw_end(to);
}

static void json_change(const struct change_row *row, struct jsonw *to)
{
    jsonw_open(to, NULL);
    jsonw_text(to, "change_id", row->change->change_id);
    jsonw_text(to, "kind", change_kind_name(row->change->kind));
    jsonw_text(to, "title", row->change->title);
    jsonw_instant(to, "started_at", row->change->start);
    jsonw_text(to, "grade", row->has_verdict ? grade_name(row->grade) : NULL);
    jsonw_bool(to, "final", row->final);
    jsonw_close(to);
}

void service_json(struct httpd_req *r, void *app)
{
    struct err err = {0};
    struct view v;
    OWNED_BUF json = {0};
    struct jsonw to = {.to = &json};
    if (view_read(r, notifier_of(app), &v, &err) < 0) {
        httpd_fail(r, 500, "%s", err.text);
    } else if (is_unknown(&v)) {
        httpd_fail(r, 404, "nothing was heard of a service of this name");
    } else {
        jsonw_open(&to, NULL);
        jsonw_text(&to, "service", v.name);
        jsonw_int(&to, "hosts", (int64_t)v.of.all);
        json_names(&to, "metrics", v.metric, v.n_metrics);
        json_names(&to, "calls", v.around.callee, v.around.n_callees);
        json_names(&to, "called_by", v.around.caller, v.around.n_callers);
        jsonw_list(&to, "changes");
        for (size_t i = 0; i < v.rows.n; i++)
            json_change(&v.rows.row[i], &to);
        jsonw_end(&to);
        jsonw_close(&to);
        httpd_answer_buf(r, 200, "application/json; charset=utf-8", &json);
    }
    change_rows_free(&v.rows);
}
