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

#include <errno.h>
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

static void section(struct buf *to, const char *heading, const struct report_rows *from)
{
    if (from->n == 0)
        return;
    html_addf(to, "<section><h2>%s</h2>", heading);
    rows(to, from, "facts");
    buf_add(to, "</section>\n");
}

static void write_banner(const struct report *r, struct buf *to)
{
    html_addf(to, "<section class=\"banner %s\"><p class=\"says\">",
              grade_name(r->grade));
    html_addf(to, "<span class=\"sign\" aria-hidden=\"true\">%s</span>%s</p>",
              r->grade_sign, r->grade_words);
    html_addf(to, "<h1>%s</h1><p>%s</p><p class=\"state\">%s</p></section>\n", r->title,
              r->lead, r->state);
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
                  "<div><strong>%s</strong> <span class=\"quiet\">%s</span><br>%s "
                  "<span class=\"quiet\">%s</span></div></li>\n",
                  grade_name(r->top[i].grade), report_grade_sign(r->top[i].grade),
                  r->top[i].title, r->top[i].name, r->top[i].sentence,
                  r->top[i].with_words != NULL ? r->top[i].with_words : "");
    buf_add(to, "</ul>\n");
    if (r->suspect != NULL)
        html_addf(to, "<p class=\"noted\">%s</p>\n", r->suspect);
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    html_addf(to, "<section class=\"todo %s\"><h2>What to do</h2><ul>\n",
              grade_name(r->grade));
    for (size_t i = 0; i < r->n_todo; i++) {
        const struct report_todo *t = &r->todo[i];
        buf_add(to, "<li>");
        if (t->advice != NULL)
            html_addf(to, "<strong>%s</strong> ", t->advice);
        if (t->about != NULL)
            html_addf(to, "<span class=\"quiet\">For: %s</span>", t->about);
        if (t->runbook != NULL) {
            buf_add(to, "<br>Runbook: ");
            link_text(to, t->runbook, t->runbook);
        }
        if (t->owner != NULL)
            html_addf(to, "<br>Owner: %s", t->owner);
        buf_add(to, "</li>\n");
    }
    buf_add(to, "</ul></section>\n");
}

/* The picture's address, as attribute text. */
static void chart_url(const struct report *r, size_t no, const char *more,
                      struct buf *to)
{
    OWNED_BUF url = {0};
    buf_add(&url, "/changes/");
    url_quote(&url, r->change->change_id);
    buf_addf(&url, "/chart/%zu.png?revision=%d%s", no + 1, r->verdict->revision, more);
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
    buf_add(to, "<picture>");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        html_addf(to, "<source media=\"%s\" srcset=\"", sources[i][0]);
        chart_url(r, f->no, sources[i][1], to);
        buf_add(to, "\">");
    }
    buf_add(to, "<img loading=\"lazy\" src=\"");
    chart_url(r, f->no, "", to);
    html_addf(to, "\" width=\"%d\" height=\"%d\" alt=\"%s\"></picture>\n",
              REPORT_PAGE_CHART_WIDTH, REPORT_PAGE_CHART_HEIGHT, f->alt);
}

static void write_hosts(const struct report_finding *f, struct buf *to)
{
    if (f->n_hosts < 2)
        return;
    size_t shown =
        f->n_hosts < REPORT_PAGE_HOSTS_MAX ? f->n_hosts : REPORT_PAGE_HOSTS_MAX;
    html_addf(to,
              "<details><summary>%zu hosts, worst first</summary><table><thead><tr>"
              "<th scope=\"col\">Host</th><th scope=\"col\">%s</th>"
              "<th scope=\"col\">%s</th></tr></thead><tbody>\n",
              f->n_hosts + f->more_hosts, f->before_label, f->after_label);
    for (size_t i = 0; i < shown; i++)
        html_addf(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>\n",
                  f->host[i].name, f->host[i].before, f->host[i].after);
    buf_add(to, "</tbody></table>");
    if (f->n_hosts + f->more_hosts > shown)
        html_addf(to, "<p class=\"quiet\">and %zu more</p>",
                  f->n_hosts + f->more_hosts - shown);
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
    figure_of(to, "Change", f->change, f->effect);
    buf_add(to, "</dl>\n");
    write_chart(r, f, to);
    if (f->moments != NULL)
        html_addf(to, "<p>%s</p>", f->moments);
    if (f->since != NULL)
        html_addf(to, "<p class=\"quiet\">%s</p>", f->since);
    rows(to, &f->numbers, "facts");
    write_hosts(f, to);
}

/* Those that go with it: a line each, that opens. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    if (f->n_with == 0)
        return;
    buf_add(to, "<p class=\"quiet\">Moved with it</p>\n");
    for (size_t i = 0; i < f->n_with; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        html_addf(to,
                  "<details id=\"finding-%zu\"><summary><span class=\"sign\" "
                  "aria-hidden=\"true\">%s</span> %s: %s</summary>",
                  led->no + 1, report_grade_sign(led->grade), led->name, led->line);
        write_evidence(r, led, to);
        buf_add(to, "</details>\n");
    }
}

static void write_finding(const struct report *r, const struct report_finding *f,
                          struct buf *to)
{
    html_addf(to, "<article class=\"finding %s\" id=\"finding-%zu\"><h3>",
              grade_name(f->grade), f->no + 1);
    page_grade(to, f->grade, f->grade == GRADE_OK ? "Recovered or fine" : NULL);
    html_addf(to, " %s</h3>", f->title);
    if (strcmp(f->name, f->title) != 0)
        html_addf(to, "<p class=\"quiet name\">%s</p>", f->name);
    write_evidence(r, f, to);
    write_with(r, f, to);
    buf_add(to, "</article>\n");
}

/* Those that are muted, or those that are not. */
static void write_findings(const struct report *r, const char *heading, bool muted,
                           struct buf *to)
{
    if ((muted ? r->n_muted : r->n_leading - r->n_muted) == 0)
        return;
    html_addf(to, "<section><h2>%s</h2>\n", heading);
    for (size_t i = 0; i < r->n_findings; i++)
        if (!r->finding[i].led && (r->finding[i].muted != NULL) == muted)
            write_finding(r, &r->finding[i], to);
    buf_add(to, "</section>\n");
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    buf_add(to, "<section><h2>Return codes</h2><div class=\"wide\"><table><thead><tr>"
                "<th scope=\"col\">Code</th><th scope=\"col\">Calls</th>"
                "<th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead>"
                "<tbody>\n");
    for (size_t i = 0; i < r->n_codes; i++) {
        const struct report_code *c = &r->code[i];
        html_addf(to,
                  "<tr><th scope=\"row\">%s</th><td class=\"words\">%s</td><td>%s<br>"
                  "<span class=\"quiet\">%s</span></td><td class=\"%s\">%s<br>%s</td>"
                  "</tr>\n",
                  c->code, c->metric, c->before, c->share_before, grade_name(c->grade),
                  c->after, c->share_after);
    }
    buf_add(to, "</tbody></table></div>");
    if (r->more_codes > 0)
        html_addf(to, "<p class=\"quiet\">and %zu more</p>", r->more_codes);
    buf_add(to, "</section>\n");
}

/* Links stay on this server, whatever it is called from outside. */
static void write_nearby(const struct report *r, struct buf *to)
{
    if (r->nearby.n == 0)
        return;
    buf_add(to, "<section><h2>Other changes nearby</h2><ul class=\"nearby\">\n");
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
    write_findings(r, "Findings", false, to);
    write_findings(r, "Muted", true, to);
    write_codes(r, to);
    if (r->fine != NULL)
        html_addf(to, "<section><h2>Checked and fine</h2><p>%s</p></section>\n",
                  r->fine);
    section(to, "Could not be judged", &r->unjudged);
    write_nearby(r, to);
    buf_add(to, "</div>\n");
}

static void write_downloads(const struct report *r, struct buf *to)
{
    static const char *const formats[] = {"text", "html", "json", "eml"};
    buf_add(to, "<section><h2>This report as</h2><p class=\"parts\">");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        buf_add(to, "<a href=\"/v1/changes/");
        url_quote(to, r->change->change_id);
        buf_addf(to, "/report?format=%s\">%s</a> ", formats[i], formats[i]);
    }
    buf_add(to, "</p></section>\n");
}

void report_write(const struct report *r, struct buf *to)
{
    OWNED_BUF title = {0};
    buf_addf(&title, "%s: %s", r->grade_words, r->title);
    page_open(to, buf_text(&title));
    write_banner(r, to);
    buf_add(to, "<div class=\"columns\">\n");
    write_main(r, to);
    buf_add(to, "<aside>\n");
    section(to, "The change", &r->facts);
    section(to, "What was looked at", &r->coverage);
    section(to, "Revisions", &r->revisions);
    write_downloads(r, to);
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

static void draw(struct httpd_req *r, struct notifier *n, const struct verdict *v,
                 size_t no)
{
    struct err err = {0};
    OWNED_CHANGE *c = ledger_change(n->spec.ledger, httpd_param(r, 0), &err);
    const char *theme = httpd_query(r, "theme"), *size = httpd_query(r, "size");
    bool narrow = size != NULL && strcmp(size, "narrow") == 0;
    OWNED_BUF png = {0};
    if (c == NULL) {
        httpd_fail(r, err.code == ENOENT ? 404 : 500, "%s", err.text);
        return;
    }
    struct chart_ask ask = {
        .change = c,
        .verdict = v,
        .finding = &v->findings[no - 1],
        .width = narrow ? REPORT_PAGE_NARROW_WIDTH : REPORT_PAGE_CHART_WIDTH,
        .height = narrow ? REPORT_PAGE_NARROW_HEIGHT : REPORT_PAGE_CHART_HEIGHT,
        .dark = theme != NULL && strcmp(theme, "dark") == 0};
    if (chart_draw(n->spec.rrd, &ask, &png, &err) < 0) {
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
    OWNED_VERDICT *v = verdict_of(r, n, &err);
    if (v == NULL) {
        unsigned status = err.code == ENOENT ? 404 : err.code == EINVAL ? 400 : 500;
        httpd_fail(r, status, "%s", err.text);
        return;
    }
    size_t no = number_of(httpd_param(r, 1), ".png", v->n_findings);
    if (no == 0)
        httpd_fail(r, 404, "there is no chart '%.60s'", httpd_param(r, 1));
    else if (n->spec.rrd == NULL)
        httpd_fail(r, 503, "charts are switched off");
    else
        draw(r, n, v, no);
}
