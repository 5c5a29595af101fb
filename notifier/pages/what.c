/* notifier/pages/what.c - candidate changes for a time and a place, ranked.
 *
 * Changes of the time before are read page by page (of one service, only its own and
 * those of its neighbours), ranked without their verdicts, and
 * the first of them ranked again with what was found: a verdict is large, and only the
 * first are shown.  HTTP threads. */
#include "notifier/pages/what.h"

#include "base/jsonw.h"
#include "notifier/candidate.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/neighbours.h"
#include "notifier/notifier.h"
#include "notifier/pages/list.h"
#include "notifier/pages/page.h"
#include "notifier/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* of the ledger's lists: as many as show the most, or one for each service around */
enum { BACK_S = 86400, PAGES_MAX = 2 * NEIGHBOURS_MAX + 1, AGAIN = 50 };

/* What was asked, and what was found; the texts are the request's. */
struct what {
    struct candidate_ask ask;
    const char *at, *back; /* as written; NULL: not given */
    instant from;
    struct neighbours around;
    struct change_rows page[PAGES_MAX];
    size_t n_pages, looked_at;
    bool more; /* older ones of that time were not looked at */
    struct candidate *found;
    size_t n;
    struct verdict *verdict[AGAIN]; /* what `found` points into */
};

static void what_clear(struct what *w)
{
    for (size_t i = 0; i < w->n_pages; i++)
        change_rows_free(&w->page[i]);
    for (size_t i = 0; i < AGAIN; i++)
        verdict_free(&w->verdict[i]);
    free(w->found);
}

/* --- what is asked --- */

static const char *given(struct httpd_req *r, const char *name)
{
    const char *text = httpd_query(r, name);
    return text != NULL && *text != '\0' ? text : NULL;
}

static int read_at(const char *text, instant now, instant *ret, struct err *err)
{
    span back;
    struct err why = {0};
    *ret = now;
    if (text == NULL)
        return 0;
    if (span_parse(text, &back, NULL) == 0) {
        *ret = (instant){now.ms - back.ms};
        return 0;
    }
    if (instant_parse(text, ret, &why) < 0)
        return err_set(err, EINVAL,
                       "at: '%.60s' is no time, expected one such as "
                       "2026-11-21T10:00:00Z, or a length back from now such as 30m",
                       text);
    return 0;
}

static int read_back(const char *text, span *ret, struct err *err)
{
    *ret = (span){BACK_S * INT64_C(1000)};
    if (text == NULL)
        return 0;
    if (span_parse(text, ret, NULL) < 0 || ret->ms <= 0 ||
        ret->ms > WHAT_BACK_MAX_S * INT64_C(1000))
        return err_set(err, EINVAL, "back: '%.60s' is no length up to %dd, such as 24h",
                       text, WHAT_BACK_MAX_S / 86400);
    return 0;
}

static int read_ask(struct httpd_req *r, const struct notifier *n, struct what *w,
                    struct err *err)
{
    span back;
    w->at = given(r, "at");
    w->back = given(r, "back");
    w->ask.service = given(r, "service");
    w->ask.host = given(r, "host");
    if (read_at(w->at, n->spec.now(), &w->ask.at, err) < 0 ||
        read_back(w->back, &back, err) < 0)
        return -1;
    w->from = (instant){w->ask.at.ms - back.ms};
    if (w->ask.service == NULL)
        return 0;
    if (neighbours_read(n->spec.windows, w->ask.service, &w->around, err) < 0)
        return -1;
    w->ask.callees = w->around.callee;
    w->ask.n_callees = w->around.n_callees;
    w->ask.callers = w->around.caller;
    w->ask.n_callers = w->around.n_callers;
    return 0;
}

/* --- what is found --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One page of the ledger's list; *ret_next is the cursor for the page after it. */
static int read_page(struct ledger *l, struct what *w, const struct change_ask *ask,
                     const char **ret_next, struct err *err)
{
    struct change_rows *rows = &w->page[w->n_pages];
    if (ledger_changes(l, ask, rows, err) < 0)
        return -1;
    w->n_pages++;
    w->looked_at += rows->n;
    *ret_next = rows->next;
    return 0;
}

/* Any change may be one: the latest before the time. */
static int read_all(struct ledger *l, struct what *w, struct change_ask *ask,
                    struct err *err)
{
    do {
        if (read_page(l, w, ask, &ask->after, err) < 0)
            return -1;
    } while (ask->after != NULL && w->looked_at < WHAT_LOOKED_AT_MAX);
    w->more = ask->after != NULL;
    return 0;
}

/* Only those of this service and of those around it are in question. */
static int read_around(struct ledger *l, struct what *w, struct change_ask *ask,
                       struct err *err)
{
    const char *next = NULL;
    size_t n = 1 + w->ask.n_callees + w->ask.n_callers;
    ask->limit = WHAT_OF_ONE_MAX;
    for (size_t i = 0; i < n; i++) {
        ask->service = i == 0 ? w->ask.service
                       : i <= w->ask.n_callees
                           ? w->ask.callees[i - 1]
                           : w->ask.callers[i - 1 - w->ask.n_callees];
        bool twice = i > w->ask.n_callees && w->ask.n_callees > 0 &&
                     bsearch(&ask->service, w->ask.callees, w->ask.n_callees,
                             sizeof *w->ask.callees, by_name) != NULL;
        if (twice)
            continue; /* it calls and is called */
        if (read_page(l, w, ask, &next, err) < 0)
            return -1;
        w->more |= next != NULL;
    }
    return 0;
}

static int read_changes(struct ledger *l, struct what *w, struct err *err)
{
    struct change_ask ask = {.since = w->from,
                             .until = {w->ask.at.ms + CANDIDATE_SKEW_MS},
                             .grade = GRADE_N,
                             .limit = LEDGER_PAGE_MAX};
    bool of_service = w->ask.service != NULL && w->ask.host == NULL;
    return of_service ? read_around(l, w, &ask, err) : read_all(l, w, &ask, err);
}

static int rank(struct ledger *l, struct what *w, struct err *err)
{
    w->found = calloc(w->looked_at + 1, sizeof *w->found);
    if (w->found == NULL)
        return err_set(err, ENOMEM, "no memory for candidates");
    for (size_t p = 0; p < w->n_pages; p++)
        for (size_t i = 0; i < w->page[p].n; i++)
            w->n += candidate_of(&w->ask, &w->page[p].row[i], NULL, &w->found[w->n]);
    candidates_sort(w->found, w->n);
    for (size_t i = 0; i < w->n && i < AGAIN; i++) {
        const struct change_row *row = w->found[i].row;
        struct err why = {0};
        if (!row->has_verdict)
            continue;
        w->verdict[i] = ledger_verdict(l, row->change->change_id, &why);
        if (w->verdict[i] == NULL && why.code != ENOENT)
            return err_set(err, why.code, "%s", why.text);
        candidate_of(&w->ask, row, w->verdict[i], &w->found[i]);
    }
    candidates_sort(w->found, w->n < AGAIN ? w->n : AGAIN);
    return 0;
}

static int gather(struct httpd_req *r, const struct notifier *n, struct what *w,
                  struct err *err)
{
    return read_ask(r, n, w, err) < 0 || read_changes(n->spec.ledger, w, err) < 0 ||
                   rank(n->spec.ledger, w, err) < 0
               ? -1
               : 0;
}

static size_t shown(const struct what *w)
{
    return w->n < WHAT_SHOWN_MAX ? w->n : WHAT_SHOWN_MAX;
}

/* --- the page --- */

static void field(struct buf *to, const char *label, const char *name,
                  const char *value, const char *hint)
{
    html_addf(to,
              "<label>%s <input name=\"%s\" value=\"%s\" placeholder=\"%s\"></label>",
              label, name, value != NULL ? value : "", hint);
}

static void write_form(const struct what *w, struct buf *to)
{
    buf_add(to, "<form method=\"get\" action=\"/what\" class=\"filter\">");
    field(to, "When", "at", w->at, "now, 30m or 2026-11-21T10:00:00Z");
    field(to, "Service", "service", w->ask.service, "any");
    field(to, "Host", "host", w->ask.host, "any");
    field(to, "Look back", "back", w->back, "24h");
    buf_add(to, "<button>Show</button></form>\n");
}

static void write_found(const struct what *w, struct buf *to)
{
    buf_add(to, "<ol class=\"changes candidates\">\n");
    for (size_t i = 0; i < shown(w); i++) {
        OWNED_BUF why = {0};
        candidate_reasons(&w->ask, &w->found[i], &why);
        list_row_with(w->found[i].row, buf_text(&why), to);
    }
    buf_add(to, "</ol>\n");
}

static void write_page(const struct what *w, struct buf *to)
{
    char at[FIGURE_TEXT_MAX], from[FIGURE_TEXT_MAX];
    buf_add(to, "<h1 class=\"list\">What changed?</h1>\n"
                "<p>Changes that may be behind something, the likeliest first: by what "
                "they touched, how short before, and what was found of them. A rank, "
                "not a verdict.</p>\n");
    write_form(w, to);
    html_addf(to, "<p class=\"quiet\">Seen at %s; changes since %s: %zu looked at, ",
              figure_time(LANGUAGE_EN, w->ask.at, at),
              figure_time(LANGUAGE_EN, w->from, from), w->looked_at);
    html_addf(to, "%zu in question.%s</p>\n", w->n,
              w->more ? " Older ones of that time were not looked at." : "");
    if (w->n > 0)
        write_found(w, to);
    else
        buf_add(to, "<p class=\"none\">No change fits.</p>\n");
    if (w->n > shown(w))
        html_addf(to, "<p class=\"quiet\">and %zu more, less likely</p>\n",
                  w->n - shown(w));
}

void what_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    struct what w = {0};
    OWNED_BUF page = {0};
    if (gather(r, n, &w, &err) < 0) {
        page_fail(r, err.code == EINVAL ? 400 : 500, "That did not work", err.text);
    } else {
        page_open(&page, "What changed?");
        write_page(&w, &page);
        page_close(&page);
        page_answer(r, 200, &page);
    }
    what_clear(&w);
}

/* --- as JSON --- */

static void json_candidate(const struct what *w, const struct candidate *c,
                           struct jsonw *to)
{
    OWNED_BUF why = {0};
    candidate_reasons(&w->ask, c, &why);
    jsonw_open(to, NULL);
    jsonw_text(to, "change_id", c->row->change->change_id);
    jsonw_text(to, "title", c->row->change->title);
    jsonw_text(to, "kind", change_kind_name(c->row->change->kind));
    jsonw_text(to, "service", c->row->change->service);
    jsonw_text(to, "actor", c->row->change->actor);
    jsonw_instant(to, "touched_at", c->moment);
    jsonw_text(to, "grade", c->row->has_verdict ? grade_name(c->row->grade) : NULL);
    jsonw_num(to, "points", c->points);
    jsonw_text(to, "because", buf_text(&why));
    jsonw_close(to);
}

void what_json(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    struct what w = {0};
    OWNED_BUF json = {0};
    struct jsonw to = {.to = &json};
    if (gather(r, n, &w, &err) < 0) {
        httpd_fail(r, err.code == EINVAL ? 400 : 500, "%s", err.text);
    } else {
        jsonw_open(&to, NULL);
        jsonw_instant(&to, "at", w.ask.at);
        jsonw_instant(&to, "since", w.from);
        jsonw_int(&to, "looked_at", (int64_t)w.looked_at);
        jsonw_bool(&to, "more", w.more);
        jsonw_list(&to, "candidates");
        for (size_t i = 0; i < shown(&w); i++)
            json_candidate(&w, &w.found[i], &to);
        jsonw_end(&to);
        jsonw_close(&to);
        httpd_answer_buf(r, 200, "application/json; charset=utf-8", &json);
    }
    what_clear(&w);
}
