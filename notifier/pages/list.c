/* notifier/pages/list.c - the start page.  The ledger knows no filter by kind, so pages
 * of it are read until enough rows fit or LIST_SCANS_MAX are done; the link to older
 * ones always goes on where reading ended, so nothing is passed over.  HTTP threads. */
#include "notifier/pages/list.h"

#include "base/httpc.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/notifier.h"
#include "notifier/pages/mutes.h"
#include "notifier/pages/page.h"
#include "notifier/plain.h"
#include "notifier/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void text(struct buf *to, const char *words, size_t chars)
{
    OWNED_BUF plain = {0};
    plain_add(&plain, words, chars);
    html_text(to, buf_text(&plain));
}

static void part(struct buf *to, const char *name, const char *words)
{
    if (words == NULL || *words == '\0')
        return;
    html_addf(to, "<span><span class=\"what\">%s</span> ", name);
    text(to, words, 60);
    buf_add(to, "</span>");
}

void list_row_with(const struct change_row *row, const char *sentence, struct buf *to)
{
    const struct change *c = row->change;
    char at[FIGURE_TEXT_MAX], hosts[FIGURE_TEXT_MAX];
    enum grade g = row->has_verdict ? row->grade : GRADE_NOT_JUDGED;
    html_addf(to, "<li class=\"%s\">", grade_name(g));
    buf_add(to, "<div class=\"mark\">");
    page_grade(to, g, row->has_verdict ? NULL : "Not judged yet");
    if (row->has_verdict && !row->final)
        buf_add(to, "<span class=\"note\">so far</span>");
    buf_add(to, "</div><div class=\"change\"><a href=\"/changes/");
    url_quote(to, c->change_id);
    buf_add(to, "\">");
    char *title = report_change_title(c);
    html_text(to, title != NULL && *title != '\0' ? title : "(no title)");
    free(title);
    buf_add(to, "</a><p class=\"parts\">");
    part(to, "", c->change_id);
    part(to, "", change_kind_name(c->kind));
    part(to, "service", c->service);
    part(to, "by", c->actor);
    if (c->n_hosts == 1)
        part(to, "on", c->host[0].name);
    else if (c->n_hosts > 1)
        html_addf(to, "<span>%s hosts</span>", figure_count((double)c->n_hosts, hosts));
    buf_add(to, "</p>");
    if (sentence != NULL)
        html_addf(to, "<p class=\"why\">%s</p>", sentence);
    html_addf(to, "</div><p class=\"time\">%s</p></li>\n",
              figure_time(LANGUAGE_EN, c->start, at));
}

void list_row(const struct change_row *row, struct buf *to)
{
    list_row_with(row, NULL, to);
}

static void option(struct buf *to, const char *value, const char *words,
                   const char *chosen)
{
    bool on = chosen != NULL && strcmp(chosen, value) == 0;
    html_addf(to, "<option value=\"%s\"%s>%s</option>", value, on ? " selected" : "",
              words);
}

void list_form(const struct query_texts *q, const char *kind, struct buf *to)
{
    buf_add(to, "<form method=\"get\" action=\"/\" class=\"filter\">"
                "<label>Service <input name=\"service\" type=\"search\" value=\"");
    html_attr(to, q->service);
    buf_add(to, "\"></label><label>Grade <select name=\"grade\">");
    option(to, "", "any", q->grade);
    for (int g = 0; g < GRADE_N; g++)
        option(to, grade_name((enum grade)g), grade_words((enum grade)g), q->grade);
    buf_add(to, "</select></label><label>Kind <select name=\"kind\">");
    option(to, "", "any", kind);
    for (int k = 0; k < CHANGE_KIND_N; k++)
        option(to, change_kind_name((enum change_kind)k),
               change_kind_name((enum change_kind)k), kind);
    buf_add(to, "</select></label><label>Since <input name=\"since\" "
                "placeholder=\"any time, or 24h\" value=\"");
    html_attr(to, q->since);
    buf_add(to, "\"></label><button>Show</button></form>\n");
}

/* Reads and writes rows of one kind (CHANGE_KIND_N: all).  *ret_next is the cursor to
 * go on from, NULL at the end; the caller frees it. */
static int add_rows(struct ledger *l, struct change_ask ask, enum change_kind kind,
                    struct buf *to, size_t *ret_n, char **ret_next, struct err *err)
{
    size_t n = 0;
    char *next = NULL;
    ask.limit = LIST_ROWS;
    for (int scan = 0; scan < LIST_SCANS_MAX && n < LIST_ROWS; scan++) {
        struct change_rows rows = {0};
        int rc = query_rows(l, &ask, &rows, err);
        free(next);
        next = NULL;
        if (rc < 0)
            return -1;
        for (size_t i = 0; i < rows.n; i++)
            if (kind == CHANGE_KIND_N || rows.row[i].change->kind == kind) {
                list_row(&rows.row[i], to);
                n++;
            }
        next = rows.next != NULL ? strdup(rows.next) : NULL;
        change_rows_free(&rows);
        ask.after = next;
        if (next == NULL)
            break;
    }
    *ret_n = n;
    *ret_next = next;
    return 0;
}

static void add_next(const struct query_texts *q, const char *kind, const char *next,
                     struct buf *to)
{
    OWNED_BUF query = {0};
    if (next == NULL)
        return;
    query_next(q, next, &query);
    if (kind != NULL && *kind != '\0') {
        buf_add(&query, "&kind=");
        url_quote(&query, kind);
    }
    html_addf(
        to, "<p class=\"pager\"><a rel=\"next\" href=\"/?%s\">Older changes</a></p>\n",
        buf_text(&query));
}

static int read_query(struct httpd_req *r, struct notifier *n, struct change_ask *ask,
                      enum change_kind *ret_kind, struct err *err)
{
    const char *kind = httpd_query(r, "kind");
    *ret_kind = CHANGE_KIND_N;
    if (query_changes(r, n->spec.now(), ask, err) < 0)
        return -1;
    if (kind == NULL || *kind == '\0')
        return 0;
    *ret_kind = change_kind_of(kind);
    if (*ret_kind == CHANGE_KIND_N)
        return err_set(err, EINVAL, "kind: '%.60s' is none of %s", kind,
                       change_kind_list());
    return 0;
}

void list_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct change_ask ask;
    enum change_kind kind;
    struct err err = {0};
    struct query_texts q;
    OWNED_BUF page = {0}, rows = {0};
    OWNED_MUTES mutes = {0};
    instant now = n->spec.now();
    size_t count = 0;
    char *next = NULL;
    query_texts_of(r, &q);
    if (read_query(r, n, &ask, &kind, &err) < 0 ||
        ledger_mutes(n->spec.ledger, MUTES_IN_FORCE, now, &mutes, &err) < 0 ||
        add_rows(n->spec.ledger, ask, kind, &rows, &count, &next, &err) < 0) {
        page_fail(r, err.code == EINVAL ? 400 : 500, "That did not work", err.text);
        return;
    }
    page_open(&page, "Changes");
    buf_add(&page, "<h1 class=\"list\">Changes</h1>\n");
    const char *notice = atomic_load(&n->notice);
    if (notice != NULL)
        html_addf(&page, "<p class=\"mutes\">%s</p>\n", notice);
    const char *alarm = atomic_load(&n->alarm);
    if (alarm != NULL)
        html_addf(&page, "<p class=\"mutes\" role=\"alert\">%s</p>\n", alarm);
    mutes_page_note(&mutes, now, &page);
    list_form(&q, httpd_query(r, "kind"), &page);
    buf_add(&page, "<div data-live>\n"); /* see assets/page.js */
    if (count > 0) {
        buf_add(&page, "<ul class=\"changes\">\n");
        buf_add_n(&page, buf_text(&rows), rows.len);
        page.failed |= rows.failed;
        buf_add(&page, "</ul>\n");
    } else {
        buf_add(&page, "<p class=\"none\">No change fits.</p>\n");
    }
    add_next(&q, httpd_query(r, "kind"), next, &page);
    buf_add(&page, "</div>\n");
    free(next);
    page_close(&page);
    page_answer(r, 200, &page);
}
