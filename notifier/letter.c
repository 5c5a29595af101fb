/* notifier/letter.c - puts report, formats, charts and MIME together.  Any thread. */
#include "notifier/letter.h"

#include "notifier/chart.h"
#include "notifier/fmt_html.h"
#include "notifier/fmt_text.h"
#include "notifier/html.h"
#include "notifier/phrases.h"
#include "notifier/plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The drawn charts of a letter; picture i belongs to finding no[i]. */
struct letter_charts {
    size_t n;
    size_t no[LETTER_CHARTS_MAX];
    struct buf png[LETTER_CHARTS_MAX];
};

static void charts_free(struct letter_charts *c)
{
    for (size_t i = 0; i < c->n; i++)
        buf_free(&c->png[i]);
    c->n = 0;
}

static void draw_charts(const struct letter_ask *ask, struct letter_charts *to)
{
    const struct verdict *v = ask->what.verdict;
    if (v == NULL || ask->rrd == NULL)
        return;
    for (size_t i = 0; i < v->n_findings && to->n < LETTER_CHARTS_MAX; i++) {
        struct chart_ask chart = {.change = ask->what.change,
                                  .verdict = v,
                                  .finding = &v->findings[i],
                                  .language = ask->what.language,
                                  .width = LETTER_CHART_WIDTH,
                                  .height = LETTER_CHART_HEIGHT,
                                  .zoom = LETTER_CHART_ZOOM};
        struct buf png = {0};
        if (v->findings[i].curve.n == 0 || v->findings[i].with != FINDING_LEADS)
            continue; /* what goes with another has a line there, and no chart */
        if (chart_draw(ask->rrd, &chart, &png, NULL) < 0 || buf_done(&png) < 0) {
            buf_free(&png);
            if (ask->charts_lost != NULL)
                atomic_fetch_add(ask->charts_lost, 1);
            continue;
        }
        to->no[to->n] = i;
        to->png[to->n++] = png;
    }
}

char *letter_subject(const struct change *c)
{
    struct buf b = {0};
    char *title = report_change_title(c);
    buf_addf(&b, "[aftercheck] %s (", title != NULL ? title : "change");
    plain_add(&b, c->change_id, 60);
    buf_add_ch(&b, ')');
    free(title);
    return buf_give(&b);
}

static struct report *make_report(const struct letter_ask *ask, struct err *err)
{
    struct report_input in = ask->what;
    in.public_url = ask->config->public_url;
    return report_new(&in, err);
}

static int revision_of(const struct letter_ask *ask)
{
    return ask->what.verdict != NULL ? ask->what.verdict->revision : 0;
}

/* --- the mail --- */

static void name_images(const struct letter_ask *ask,
                        const struct letter_charts *charts,
                        struct eml_image images[LETTER_CHARTS_MAX])
{
    for (size_t i = 0; i < charts->n; i++) {
        eml_cid(ask->config->from, ask->what.change->change_id, revision_of(ask),
                charts->no[i] + 1, images[i].cid);
        images[i].name = "chart.png";
        images[i].bytes = charts->png[i].data;
        images[i].n = charts->png[i].len;
    }
}

static void write_html(const struct report *r, const struct letter_charts *charts,
                       const struct eml_image *images, struct buf *to)
{
    char src[LETTER_CHARTS_MAX][EML_CID_MAX + 4];
    size_t n = charts->n > 0 ? charts->no[charts->n - 1] + 1 : 0;
    const char **of = calloc(n + 1, sizeof *of);
    for (size_t i = 0; of != NULL && i < charts->n; i++) {
        snprintf(src[i], sizeof src[i], "cid:%.*s", EML_CID_MAX - 1, images[i].cid);
        of[charts->no[i]] = src[i];
    }
    struct fmt_html_images sources = {of != NULL ? n : 0, of};
    fmt_html(r, &sources, to);
    free(of);
}

static void text_links(enum language l, const struct letter_links *links,
                       struct buf *to)
{
    buf_add_ch(to, '\n');
    if (links->useful != NULL)
        buf_addf(to, "%s\n%s: %s\n%s: %s\n", phrase(l, PHRASE_MAIL_WAS_USEFUL),
                 phrase(l, PHRASE_MAIL_YES), links->useful, phrase(l, PHRASE_MAIL_NO),
                 links->useless);
    if (links->unsubscribe != NULL)
        buf_addf(to, "%s: %s\n", phrase(l, PHRASE_MAIL_NO_MORE), links->unsubscribe);
}

static void html_link(const char *url, const char *words, struct buf *to)
{
    html_addf(to, "<a href=\"%s\" style=\"color:#1d4ed8\">%s</a>", url, words);
}

/* In front of what closes the body, in a table of its own as mail clients want it. */
static void html_links(enum language l, const struct letter_links *links,
                       struct buf *html)
{
    static const char end[] = "</body>";
    OWNED_BUF tail = {0};
    char *at = strstr(buf_text(html), end);
    for (char *p = at; p != NULL; p = strstr(p + 1, end))
        at = p;
    if (at == NULL)
        return;
    buf_add(&tail, at);
    html->len = (size_t)(at - html->data);
    html->data[html->len] = '\0';
    buf_add(html, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                  "cellspacing=\"0\" border=\"0\"><tr><td align=\"center\" "
                  "style=\"padding:12px 20px 24px;font-family:Arial,sans-serif;"
                  "font-size:13px;line-height:20px;color:#5d6675\" class=\"mute\">");
    if (links->useful != NULL) {
        html_addf(html, "%s ", phrase(l, PHRASE_MAIL_WAS_USEFUL));
        html_link(links->useful, phrase(l, PHRASE_MAIL_YES), html);
        buf_add(html, " &middot; ");
        html_link(links->useless, phrase(l, PHRASE_MAIL_NO), html);
        buf_add(html, links->unsubscribe != NULL ? "<br>" : "");
    }
    if (links->unsubscribe != NULL)
        html_link(links->unsubscribe, phrase(l, PHRASE_MAIL_NO_MORE), html);
    buf_add(html, "</td></tr></table>\n");
    buf_add(html, buf_text(&tail));
}

static int write_mail(const struct letter_ask *ask, const struct report *r,
                      const struct letter_charts *charts, struct buf *to,
                      struct err *err)
{
    OWNED_BUF text = {0}, html = {0};
    struct eml_image images[LETTER_CHARTS_MAX] = {0};
    name_images(ask, charts, images);
    fmt_text(r, &text);
    write_html(r, charts, images, &html);
    if (ask->links != NULL) {
        text_links(ask->what.language, ask->links, &text);
        html_links(ask->what.language, ask->links, &html);
    }
    char *subject = letter_subject(ask->what.change);
    const struct verdict *v = ask->what.verdict;
    struct eml m = {
        .from = ask->config->from,
        .from_name = ask->config->from_name,
        .reply_to = ask->config->reply_to,
        .to = ask->audience != NULL ? ask->audience->to.at : NULL,
        .n_to = ask->audience != NULL ? ask->audience->to.n : 0,
        .subject = subject,
        .audience = ask->audience != NULL ? ask->audience->name : "nobody",
        .change_id = ask->what.change->change_id,
        .revision = revision_of(ask),
        .grade = v != NULL ? v->grade : GRADE_NOT_JUDGED,
        .date = v != NULL ? v->decided_at : ask->what.change->start,
        .unsubscribe = ask->links != NULL ? ask->links->unsubscribe : NULL,
        .text = buf_text(&text),
        .html = buf_text(&html),
        .images = images,
        .n_images = charts->n,
    };
    int rc = -1;
    if (subject == NULL || buf_done(&text) < 0 || buf_done(&html) < 0)
        err_set(err, ENOMEM, "no memory for a mail");
    else
        rc = eml_write(&m, to, err);
    free(subject);
    return rc;
}

void letter_charts_free(struct letter_charts **charts)
{
    if (*charts == NULL)
        return;
    charts_free(*charts);
    free(*charts);
    *charts = NULL;
}

/* Those that the caller keeps, else `own`. */
static struct letter_charts *charts_for(const struct letter_ask *ask,
                                        struct letter_charts *own)
{
    if (ask->charts != NULL && *ask->charts != NULL)
        return *ask->charts;
    draw_charts(ask, own);
    if (ask->charts == NULL)
        return own;
    struct letter_charts *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return own;
    *kept = *own;
    *own = (struct letter_charts){0};
    *ask->charts = kept;
    return kept;
}

int letter_write(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    OWNED_REPORT *r = make_report(ask, err);
    if (r == NULL)
        return -1;
    struct letter_charts own = {0};
    int rc = write_mail(ask, r, charts_for(ask, &own), to, err);
    charts_free(&own);
    return rc;
}

/* --- the file --- */

int letter_html(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    OWNED_REPORT *r = make_report(ask, err);
    if (r == NULL)
        return -1;
    struct letter_charts charts = {0};
    draw_charts(ask, &charts);
    struct buf src[LETTER_CHARTS_MAX] = {0};
    const char **of = calloc(r->n_findings + 1, sizeof *of);
    for (size_t i = 0; of != NULL && i < charts.n; i++) {
        buf_add(&src[i], "data:image/png;base64,");
        eml_base64(&src[i], charts.png[i].data, charts.png[i].len);
        if (buf_done(&src[i]) == 0)
            of[charts.no[i]] = buf_text(&src[i]);
    }
    struct fmt_html_images images = {of != NULL ? r->n_findings : 0, of};
    fmt_html(r, &images, to);
    for (size_t i = 0; i < charts.n; i++)
        buf_free(&src[i]);
    free(of);
    charts_free(&charts);
    return to->failed ? err_set(err, ENOMEM, "no memory for a report") : 0;
}
