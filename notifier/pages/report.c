/* notifier/pages/report.c - a report as a page: the mail's facts in the same order,
 * with all findings, hosts and revisions.  HTTP threads; charts are drawn when they are
 * asked for. */
#include "notifier/pages/report.h"

#include "base/httpc.h"
#include "notifier/chart.h"
#include "notifier/html.h"
#include "notifier/notifier.h"
#include "notifier/pages/page.h"
#include "notifier/past.h"
#include "notifier/phrases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void link_text(struct buf *to, const char *words, const char *url)
{
    if (html_url_ok(url))
        html_addf(to, "<a href=\"%s\" rel=\"noopener noreferrer\">%s</a>", url, words);
    else
        html_text(to, words);
}

static void rows(struct buf *to, const struct report_rows *from, const char *class)
{
    html_addf(to, "<dl class=\"%s\">", class);
    for (size_t i = 0; i < from->n; i++) {
        html_addf(to, "<div><dt>%s</dt><dd>", from->row[i].label);
        link_text(to, from->row[i].value, from->row[i].url);
        buf_add(to, "</dd></div>\n");
    }
    buf_add(to, "</dl>\n");
}

static const char *say(const struct report *r, enum phrase p)
{
    return phrase(r->language, p);
}

/* "and 3 more hosts" */
static void write_rest(const struct report *r, enum phrase words, size_t n,
                       struct buf *to)
{
    char number[24];
    const char *arg = number;
    OWNED_BUF line = {0};
    if (n == 0)
        return;
    snprintf(number, sizeof number, "%zu", n);
    phrase_add(&line, r->language, words, &arg, 1);
    html_addf(to, "<p class=\"quiet\">%s</p>", buf_text(&line));
}

static void section(const struct report *r, struct buf *to, enum phrase heading,
                    const struct report_rows *from)
{
    if (from->n == 0)
        return;
    html_addf(to, "<section><h2>%s</h2>", say(r, heading));
    rows(to, from, "facts");
    buf_add(to, "</section>\n");
}

static void write_banner(const struct report *r, struct buf *to)
{
    html_addf(to, "<section class=\"banner %s\"><p class=\"says\">",
              grade_name(r->grade));
    html_addf(to, "<span class=\"sign\" aria-hidden=\"true\">%s</span>%s</p>",
              r->grade_sign, r->grade_words);
    html_addf(to,
              "<h1>%s</h1><p class=\"state\">%s</p><p class=\"lead\">%s</p>"
              "<p class=\"state\">%s</p></section>\n",
              r->title, r->what, r->lead, r->state);
}

static void write_top(const struct report *r, struct buf *to)
{
    if (r->note != NULL)
        html_addf(to, "<p class=\"noted\">%s</p>\n", r->note);
    if (r->n_top == 0)
        return;
    buf_add(to, "<ul class=\"weightiest\">\n");
    for (size_t i = 0; i < r->n_top; i++)
        html_addf(to,
                  "<li class=\"%s\"><span class=\"sign\" aria-hidden=\"true\">%s</span>"
                  "<div><strong>%s</strong><br>%s "
                  "<span class=\"quiet\">%s</span></div></li>\n",
                  grade_name(r->top[i].grade), report_grade_sign(r->top[i].grade),
                  r->top[i].title, r->top[i].sentence,
                  r->top[i].with_words != NULL ? r->top[i].with_words : "");
    buf_add(to, "</ul>\n");
    if (r->suspect != NULL)
        html_addf(to, "<p class=\"noted\">%s</p>\n", r->suspect);
}

static void todo_line(const struct report *r, enum phrase label, const char *value,
                      struct buf *to)
{
    html_addf(to, "<br>%s%s", say(r, label), say(r, PHRASE_COLON));
    link_text(to, value, value);
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    html_addf(to, "<section class=\"todo %s\"><h2>%s</h2><ul>\n", grade_name(r->grade),
              say(r, PHRASE_WHAT_TO_DO));
    for (size_t i = 0; i < r->n_todo; i++) {
        const struct report_todo *t = &r->todo[i];
        buf_add(to, "<li>");
        if (t->advice != NULL)
            html_addf(to, "<strong>%s</strong> ", t->advice);
        if (t->about != NULL && r->n_todo > 1) {
            OWNED_BUF about = {0};
            PHRASE_PUT(&about, r->language, TODO_FOR, t->about);
            html_addf(to, "<span class=\"quiet\">%s</span>", buf_text(&about));
        }
        if (t->runbook != NULL)
            todo_line(r, PHRASE_RUNBOOK, t->runbook, to);
        if (t->owner != NULL)
            todo_line(r, PHRASE_OWNER, t->owner, to);
        buf_add(to, "</li>\n");
    }
    buf_add(to, "</ul></section>\n");
}

/* The picture's address, as attribute text. */
static void chart_url(const struct report *r, size_t no, const char *form,
                      const char *more, struct buf *to)
{
    OWNED_BUF url = {0};
    buf_add(&url, "/changes/");
    url_quote(&url, r->change->change_id);
    buf_addf(&url, "/chart/%zu.%s?revision=%d%s", no + 1, form, r->verdict->revision,
             more);
    if (r->language != LANGUAGE_EN)
        buf_addf(&url, "&language=%s", language_name(r->language));
    html_attr(to, buf_text(&url));
}

static void write_chart(const struct report *r, const struct report_finding *f,
                        struct buf *to)
{
    static const char *const sources[][2] = {
        {"(max-width: 640px) and (prefers-color-scheme: dark)",
         "&size=narrow&theme=dark"},
        {"(max-width: 640px)", "&size=narrow"},
        {"(prefers-color-scheme: dark)", "&theme=dark"},
    };
    if (f->of->curve.n == 0)
        return;
    buf_add(to, "<picture data-chart=\"");
    chart_url(r, f->no, "json", "", to);
    html_addf(to, "\" data-hint=\"%s\">", say(r, PHRASE_CHART_ZOOM));
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        html_addf(to, "<source media=\"%s\" srcset=\"", sources[i][0]);
        chart_url(r, f->no, "png", sources[i][1], to);
        buf_add(to, "\">");
    }
    buf_add(to, "<img loading=\"lazy\" src=\"");
    chart_url(r, f->no, "png", "", to);
    html_addf(to, "\" width=\"%d\" height=\"%d\" alt=\"%s\"></picture>\n",
              REPORT_PAGE_CHART_WIDTH, REPORT_PAGE_CHART_HEIGHT, f->alt);
}

static void write_hosts(const struct report *r, const struct report_finding *f,
                        struct buf *to)
{
    if (f->n_hosts < 2)
        return;
    size_t shown =
        f->n_hosts < REPORT_PAGE_HOSTS_MAX ? f->n_hosts : REPORT_PAGE_HOSTS_MAX;
    char number[24];
    OWNED_BUF summary = {0};
    snprintf(number, sizeof number, "%zu", f->n_hosts + f->more_hosts);
    PHRASE_PUT(&summary, r->language, WORST_FIRST_N, number);
    html_addf(to,
              "<details><summary>%s</summary><table><thead><tr>"
              "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
              "<th scope=\"col\">%s</th></tr></thead><tbody>\n",
              buf_text(&summary), say(r, PHRASE_HOST), f->before_label, f->after_label);
    for (size_t i = 0; i < shown; i++) {
        if (f->host[i].heading != NULL)
            html_addf(to,
                      "<tr><th scope=\"rowgroup\" class=\"batch\" colspan=\"3\">%s</th>"
                      "</tr>\n",
                      f->host[i].heading);
        html_addf(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>\n",
                  f->host[i].name, f->host[i].before, f->host[i].after);
    }
    buf_add(to, "</tbody></table>");
    write_rest(r, PHRASE_REST_HOSTS, f->n_hosts + f->more_hosts - shown, to);
    buf_add(to, "</details>\n");
}

static void figure_of(struct buf *to, const char *label, const char *value,
                      const char *small)
{
    html_addf(to, "<div><dt>%s</dt><dd>%s", label, value);
    if (small != NULL)
        html_addf(to, "<span class=\"small\">%s</span>", small);
    buf_add(to, "</dd></div>");
}

static void write_frames(const struct report *r, const struct report_finding *f,
                         struct buf *to)
{
    if (f->n_frames == 0)
        return;
    html_addf(to, "<p class=\"quiet\">%s</p><ol class=\"frames\" start=\"0\">",
              say(r, PHRASE_TOP_FRAMES));
    for (size_t i = 0; i < f->n_frames; i++)
        html_addf(to, "<li><code>%s</code></li>", f->frame[i]);
    buf_add(to, "</ol>\n");
}

/* What a finding says, below its title. */
static void write_evidence(const struct report *r, const struct report_finding *f,
                           struct buf *to)
{
    html_addf(to, "<p>%s</p>", f->sentence);
    if (f->muted != NULL)
        html_addf(to, "<p class=\"noted\">%s</p>", f->muted);
    buf_add(to, "<dl class=\"figures\">");
    figure_of(to, f->before_label, f->before, NULL);
    figure_of(to, f->after_label, f->after, NULL);
    figure_of(to, say(r, PHRASE_MOVE), f->change, f->effect);
    buf_add(to, "</dl>\n");
    write_chart(r, f, to);
    if (f->moments != NULL)
        html_addf(to, "<p>%s</p>", f->moments);
    if (f->since != NULL)
        html_addf(to, "<p class=\"quiet\">%s</p>", f->since);
    write_frames(r, f, to);
    rows(to, &f->numbers, "facts");
    write_hosts(r, f, to);
}

/* Those that go with it: a line each, that opens. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    if (f->n_with == 0)
        return;
    html_addf(to, "<p class=\"quiet with\">%s</p>\n", say(r, PHRASE_MOVED_WITH_IT));
    for (size_t i = 0; i < f->n_with; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        html_addf(to,
                  "<details id=\"finding-%zu\"><summary><span class=\"sign\" "
                  "aria-hidden=\"true\">%s</span> %s%s%s</summary>",
                  led->no + 1, report_grade_sign(led->grade), led->name,
                  say(r, PHRASE_COLON), led->line);
        write_evidence(r, led, to);
        buf_add(to, "</details>\n");
    }
}

static void write_finding(const struct report *r, const struct report_finding *f,
                          struct buf *to)
{
    html_addf(to, "<article class=\"finding %s\" id=\"finding-%zu\"><h3>",
              grade_name(f->grade), f->no + 1);
    page_grade(to, f->grade,
               f->group == REPORT_BACK     ? say(r, PHRASE_GRADE_RECOVERED)
               : f->group == REPORT_SHADOW ? report_group_words(r->language, f->group)
                                           : report_grade_words(r->language, f->grade));
    html_addf(to, " %s</h3>", f->title);
    if (strcmp(f->name, f->title) != 0)
        html_addf(to, "<p class=\"quiet name\">%s</p>", f->name);
    write_evidence(r, f, to);
    write_with(r, f, to);
    buf_add(to, "</article>\n");
}

static void write_group(const struct report *r, enum report_group group, struct buf *to)
{
    if (r->n_of[group] == 0)
        return;
    html_addf(to, "<section><h2>%s</h2>\n", report_group_words(r->language, group));
    for (size_t i = 0; i < r->n_findings; i++)
        if (!r->finding[i].led && r->finding[i].group == group)
            write_finding(r, &r->finding[i], to);
    buf_add(to, "</section>\n");
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    html_addf(
        to,
        "<section><h2>%s</h2><div class=\"wide\" tabindex=\"0\"><table><thead><tr>"
        "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
        "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead>"
        "<tbody>\n",
        say(r, PHRASE_RETURN_CODES), say(r, PHRASE_CODE), say(r, PHRASE_CALLS_COLUMN),
        say(r, PHRASE_BEFORE), say(r, PHRASE_AFTER));
    for (size_t i = 0; i < r->n_codes; i++) {
        const struct report_code *c = &r->code[i];
        html_addf(to,
                  "<tr><th scope=\"row\">%s</th><td class=\"words\">%s</td><td>%s<br>"
                  "<span class=\"quiet\">%s</span></td><td class=\"%s\">%s<br>%s</td>"
                  "</tr>\n",
                  c->code, c->calls, c->before, c->share_before, grade_name(c->grade),
                  c->after, c->share_after);
    }
    buf_add(to, "</tbody></table></div>");
    write_rest(r, PHRASE_REST_CODES, r->more_codes, to);
    buf_add(to, "</section>\n");
}

/* Links stay on this server, whatever it is called from outside. */
static void write_nearby(const struct report *r, struct buf *to)
{
    if (r->nearby.n == 0)
        return;
    html_addf(to, "<section><h2>%s</h2><ul class=\"nearby\">\n", say(r, PHRASE_NEARBY));
    for (size_t i = 0; i < r->nearby.n && i < r->verdict->n_nearby; i++) {
        buf_add(to, "<li><a href=\"/changes/");
        url_quote(to, r->verdict->nearby[i].change_id);
        html_addf(to, "\">%s</a><br><span class=\"quiet\">%s</span></li>\n",
                  r->nearby.row[i].label, r->nearby.row[i].value);
    }
    buf_add(to, "</ul></section>\n");
}

static void write_main(const struct report *r, struct buf *to)
{
    buf_add(to, "<div class=\"story\">\n");
    write_top(r, to);
    write_todo(r, to);
    for (int g = 0; g < REPORT_GROUP_N; g++)
        write_group(r, (enum report_group)g, to);
    write_codes(r, to);
    if (r->fine != NULL)
        html_addf(to, "<section><h2>%s</h2><p>%s</p></section>\n",
                  say(r, PHRASE_CHECKED_AND_FINE), r->fine);
    section(r, to, PHRASE_COULD_NOT_BE_JUDGED, &r->unjudged);
    write_nearby(r, to);
    buf_add(to, "</div>\n");
}

static void write_downloads(const struct report *r, struct buf *to)
{
    static const char *const formats[] = {"text", "html", "json", "eml"};
    html_addf(to, "<section><h2>%s</h2><p class=\"parts\">",
              say(r, PHRASE_THIS_REPORT_AS));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        buf_add(to, "<a href=\"/v1/changes/");
        url_quote(to, r->change->change_id);
        buf_addf(to, "/report?format=%s&amp;language=%s\">%s</a> ", formats[i],
                 language_name(r->language), formats[i]);
    }
    buf_add(to, "</p></section>\n");
}

/* Each language's name is in that language. */
static void write_languages(const struct report *r, struct buf *to)
{
    buf_add(to, "<p class=\"parts\">");
    for (int l = 0; l < LANGUAGE_N; l++) {
        const char *words = phrase((enum language)l, PHRASE_LANGUAGE_ITSELF);
        if ((enum language)l == r->language)
            continue;
        buf_add(to, "<a href=\"/changes/");
        url_quote(to, r->change->change_id);
        html_addf(to, "?language=%s\" lang=\"%s\">%s</a> ",
                  language_name((enum language)l), language_tag((enum language)l),
                  words);
    }
    buf_add(to, "</p>\n");
}

void report_write(const struct report *r, struct buf *to)
{
    OWNED_BUF title = {0};
    buf_addf(&title, "%s%s%s", r->grade_words, say(r, PHRASE_COLON), r->title);
    page_open_in(to, buf_text(&title), r->language);
    write_banner(r, to);
    buf_add(to, "<div class=\"columns\">\n");
    write_main(r, to);
    buf_add(to, "<aside>\n");
    section(r, to, PHRASE_THE_CHANGE, &r->facts);
    section(r, to, PHRASE_LOOKED_AT_WHAT, &r->coverage);
    section(r, to, PHRASE_REVISIONS, &r->revisions);
    write_downloads(r, to);
    write_languages(r, to);
    buf_add(to, "</aside></div>\n");
    page_close(to);
}

static void fail(struct httpd_req *r, const struct err *err)
{
    if (err->code == ENOENT)
        page_fail(r, 404, "No such change",
                  "There is no change with this id. It may not have been posted yet.");
    else
        page_fail(r, 500, "That did not work", err->text);
}

/* English where none is named; a name that is none is no reason to show no report. */
static enum language language_asked(struct httpd_req *r)
{
    enum language l = language_of(httpd_query(r, "language"));
    return l == LANGUAGE_N ? LANGUAGE_EN : l;
}

void report_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    OWNED_PAST *p = past_read(n->spec.ledger, httpd_param(r, 0), &err);
    if (p == NULL) {
        fail(r, &err);
        return;
    }
    struct report_input in = {
        .change = p->change,
        .verdict = past_current(p),
        .revisions = (const struct verdict *const *)p->revision,
        .n_revisions = p->n,
        .language = language_asked(r),
        .public_url = atomic_load(&n->config)->public_url,
    };
    OWNED_REPORT *report = report_new(&in, &err);
    if (report == NULL) {
        fail(r, &err);
        return;
    }
    OWNED_BUF page = {0};
    report_write(report, &page);
    page_answer(r, 200, &page);
}

/* --- charts --- */

/* A number from 1 to `most`, followed by `rest` and nothing else; 0: it is not. */
static size_t number_of(const char *text, const char *rest, size_t most)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 6 || strcmp(text + n, rest) != 0)
        return 0;
    unsigned long value = strtoul(text, NULL, 10);
    return value <= most ? value : 0;
}

static struct verdict *verdict_of(struct httpd_req *r, struct notifier *n,
                                  struct err *err)
{
    const char *id = httpd_param(r, 0), *revision = httpd_query(r, "revision");
    if (revision == NULL)
        return ledger_verdict(n->spec.ledger, id, err);
    size_t no = number_of(revision, "", 999999);
    if (no == 0) {
        err_set(err, EINVAL, "revision: '%.40s' is no revision", revision);
        return NULL;
    }
    return ledger_revision(n->spec.ledger, id, (int)no, err);
}

/* What a script draws by itself. */
static void give_values(struct httpd_req *r, const struct chart_ask *ask)
{
    struct err err = {0};
    struct chart chart;
    OWNED_BUF json = {0};
    if (chart_plan(ask, &chart, &err) < 0) {
        httpd_fail(r, err.code == ENODATA ? 404 : 500, "%s", err.text);
        return;
    }
    chart_write(&chart, &json);
    chart_clear(&chart);
    httpd_set_header(r, "Cache-Control", "private, max-age=60");
    httpd_answer_buf(r, 200, "application/json; charset=utf-8", &json);
}

static void draw(struct httpd_req *r, struct notifier *n, const struct chart_ask *ask)
{
    struct err err = {0};
    OWNED_BUF png = {0};
    if (n->spec.rrd == NULL) {
        httpd_fail(r, 503, "charts are switched off");
        return;
    }
    if (chart_draw(n->spec.rrd, ask, &png, &err) < 0) {
        atomic_fetch_add(&n->tell.stats.charts_lost, err.code != ENODATA);
        httpd_fail(r, err.code == ENODATA ? 404 : 503, "%s", err.text);
        return;
    }
    httpd_set_header(r, "Cache-Control", "private, max-age=60");
    httpd_answer_buf(r, 200, "image/png", &png);
}

void report_chart(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    const char *file = httpd_param(r, 1);
    const char *theme = httpd_query(r, "theme"), *size = httpd_query(r, "size");
    bool narrow = size != NULL && strcmp(size, "narrow") == 0;
    OWNED_VERDICT *v = verdict_of(r, n, &err);
    if (v == NULL) {
        unsigned status = err.code == ENOENT ? 404 : err.code == EINVAL ? 400 : 500;
        httpd_fail(r, status, "%s", err.text);
        return;
    }
    size_t picture = number_of(file, ".png", v->n_findings);
    size_t values = number_of(file, ".json", v->n_findings);
    if (picture + values == 0) {
        httpd_fail(r, 404, "there is no chart '%.60s'", file);
        return;
    }
    OWNED_CHANGE *c = ledger_change(n->spec.ledger, httpd_param(r, 0), &err);
    if (c == NULL) {
        httpd_fail(r, err.code == ENOENT ? 404 : 500, "%s", err.text);
        return;
    }
    struct chart_ask ask = {
        .change = c,
        .verdict = v,
        .finding = &v->findings[picture + values - 1],
        .language = language_asked(r),
        .width = narrow ? REPORT_PAGE_NARROW_WIDTH : REPORT_PAGE_CHART_WIDTH,
        .height = narrow ? REPORT_PAGE_NARROW_HEIGHT : REPORT_PAGE_CHART_HEIGHT,
        .dark = theme != NULL && strcmp(theme, "dark") == 0};
    if (values > 0)
        give_values(r, &ask);
    else
        draw(r, n, &ask);
}
