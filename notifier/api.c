/* notifier/api.c - handlers, on the HTTP server's threads.  They read the ledger and
 * write nothing.  A waiting request is parked before the ledger is read, so a verdict
 * stored in between wakes it again and is not missed. */
#include "notifier/api.h"

#include "notifier/envelope.h"
#include "notifier/fmt_json.h"
#include "notifier/fmt_text.h"
#include "notifier/letter.h"
#include "notifier/notifier.h"
#include "notifier/past.h"
#include "notifier/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json; charset=utf-8";

static unsigned status_of(const struct err *err)
{
    switch (err->code) {
    case ENOENT:
        return 404;
    case EINVAL:
        return 400;
    default:
        return 500;
    }
}

/* The change a request names, or NULL after answering. */
static struct past *past_of(struct httpd_req *r, struct notifier *n)
{
    struct err err = {0};
    struct past *p = past_read(n->spec.ledger, httpd_param(r, 0), &err);
    if (p == NULL && err.code == ENOENT)
        httpd_fail(r, 404, "there is no change '%.200s'", httpd_param(r, 0));
    else if (p == NULL)
        httpd_fail(r, status_of(&err), "%s", err.text);
    return p;
}

/* --- the list --- */

void api_changes(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct query_texts q;
    struct change_ask ask;
    struct change_rows rows = {0};
    struct err err = {0};
    query_texts_of(r, &q);
    if (query_read(&q, n->spec.now(), &ask, &err) < 0 ||
        query_rows(n->spec.ledger, &ask, &rows, &err) < 0) {
        httpd_fail(r, status_of(&err), "%s", err.text);
        return;
    }
    OWNED_BUF body = {0}, link = {0};
    fmt_json_list(&rows, &body);
    if (rows.next != NULL) {
        buf_add(&link, "</v1/changes?");
        query_next(&q, rows.next, &link);
        buf_add(&link, ">; rel=\"next\"");
        if (buf_done(&link) == 0)
            httpd_set_header(r, "Link", buf_text(&link));
    }
    change_rows_free(&rows);
    httpd_answer_buf(r, 200, json_type, &body);
}

void api_change(struct httpd_req *r, void *app)
{
    OWNED_PAST *p = past_of(r, notifier_of(app));
    if (p == NULL)
        return;
    OWNED_BUF body = {0};
    fmt_json(p->change, past_current(p), (const struct verdict *const *)p->revision,
             p->n, &body);
    httpd_answer_buf(r, 200, json_type, &body);
}

/* --- the verdict --- */

static int read_wait(const char *text, span *ret_wait, struct err *err)
{
    *ret_wait = (span){0};
    if (text == NULL || *text == '\0')
        return 0;
    if (span_parse(text, ret_wait, NULL) < 0 ||
        ret_wait->ms > (int64_t)API_WAIT_MAX_S * 1000)
        return err_set(err, EINVAL,
                       "wait: '%.60s' is no length of time up to 1h, such as 60s",
                       text);
    return 0;
}

/* Until when this request may wait; fixed at its first call. */
static int64_t deadline_of(struct httpd_req *r, span wait)
{
    int64_t *kept = httpd_kept(r);
    if (kept != NULL)
        return *kept;
    int64_t until = monotonic_ms() + wait.ms;
    kept = malloc(sizeof *kept);
    if (kept == NULL)
        return monotonic_ms(); /* no memory to wait with: answer at once */
    *kept = until;
    httpd_keep(r, kept, free);
    return until;
}

static void answer_verdict(struct httpd_req *r, const struct change *c,
                           const struct verdict *v)
{
    OWNED_BUF body = {0};
    fmt_json_verdict(c, v, &body);
    httpd_answer_buf(r, 200, json_type, &body);
}

void api_verdict(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    span wait;
    if (read_wait(httpd_query(r, "wait"), &wait, &err) < 0) {
        httpd_fail(r, 400, "%s", err.text);
        return;
    }
    int64_t until = deadline_of(r, wait);
    bool waits = until > monotonic_ms() && !httpd_stopping(r);
    if (waits)
        httpd_park(r, until); /* taken back by the answers below */
    const char *id = httpd_param(r, 0);
    OWNED_VERDICT *v = ledger_verdict(n->spec.ledger, id, &err);
    if (v == NULL && err.code != ENOENT) {
        httpd_fail(r, 500, "%s", err.text);
        return;
    }
    OWNED_CHANGE *c = NULL;
    err = (struct err){0};
    if (v == NULL && (c = ledger_change(n->spec.ledger, id, &err)) == NULL) {
        if (err.code == ENOENT)
            httpd_fail(r, 404, "there is no change '%.200s'", id);
        else
            httpd_fail(r, 500, "%s", err.text);
        return;
    }
    if (!waits || (v != NULL && v->final))
        answer_verdict(r, c, v);
}

/* --- the report --- */

static int write_text(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    struct report_input in = ask->what;
    in.public_url = ask->config->public_url;
    OWNED_REPORT *report = report_new(&in, err);
    if (report == NULL)
        return -1;
    fmt_text(report, to);
    return 0;
}

static int write_json(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    (void)err;
    fmt_json(ask->what.change, ask->what.verdict, ask->what.revisions,
             ask->what.n_revisions, to);
    return 0;
}

static const struct {
    const char *name, *type;
    int (*write)(const struct letter_ask *ask, struct buf *to, struct err *err);
} formats[] = {
    {"text", "text/plain; charset=utf-8", write_text},
    {"html", "text/html; charset=utf-8", letter_html},
    {"json", json_type, write_json},
    {"eml", "message/rfc822", letter_write},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static size_t format_of(const char *name)
{
    size_t i = 0;
    while (i < FORMATS && name != NULL && strcmp(name, formats[i].name) != 0)
        i++;
    return i; /* the first one when none was named */
}

/* A report may hold the words of strangers: even if a browser opens one straight away,
 * nothing in it runs or loads. */
static void guard(struct httpd_req *r)
{
    httpd_set_header(r, "Content-Security-Policy",
                     "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

/* -1 after answering that there is no such language. */
static int language_asked(struct httpd_req *r, enum language *ret_language)
{
    const char *name = httpd_query(r, "language");
    enum language l = name != NULL ? language_of(name) : LANGUAGE_EN;
    if (l == LANGUAGE_N) {
        httpd_fail(r, 400, "language: '%.60s' is no language, expected en or zh", name);
        return -1;
    }
    *ret_language = l;
    return 0;
}

void api_report(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    const char *name = httpd_query(r, "format");
    size_t format = format_of(name);
    if (format == FORMATS) {
        httpd_fail(r, 400,
                   "format: '%.60s' is no format, expected text, html, json or eml",
                   name);
        return;
    }
    enum language language = LANGUAGE_EN;
    if (language_asked(r, &language) < 0)
        return;
    OWNED_PAST *p = past_of(r, n);
    if (p == NULL)
        return;
    struct letter_ask ask = {
        .what = {.change = p->change,
                 .verdict = past_current(p),
                 .revisions = (const struct verdict *const *)p->revision,
                 .n_revisions = p->n,
                 .language = language},
        .config = atomic_load(&n->config),
        .rrd = n->spec.rrd,
        .charts_lost = &n->tell.stats.charts_lost,
    };
    OWNED_BUF body = {0};
    struct err err = {0};
    if (formats[format].write(&ask, &body, &err) < 0) {
        httpd_fail(r, 500, "%s", err.text);
        return;
    }
    guard(r);
    httpd_answer_buf(r, 200, formats[format].type, &body);
}

/* --- who would get it --- */

void api_envelope(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    const char *format = httpd_query(r, "format");
    bool json = format != NULL && strcmp(format, "json") == 0;
    struct envelope_ask ask = {.ledger = n->spec.ledger,
                               .config = atomic_load(&n->config),
                               .routing = atomic_load(&n->routing),
                               .change_id = httpd_param(r, 0),
                               .to = httpd_query(r, "to"),
                               .now = n->spec.now()};
    OWNED_BUF body = {0};
    struct err err = {0};
    if (!json && format != NULL && strcmp(format, "text") != 0)
        httpd_fail(r, 400, "format: '%.60s' is no format, expected text or json",
                   format);
    else if ((json ? envelope_json : envelope_text)(&ask, &body, &err) < 0)
        httpd_fail(r, status_of(&err), "%s", err.text);
    else
        httpd_answer_buf(r, 200, json ? json_type : "text/plain; charset=utf-8", &body);
}

/* --- mutes --- */

static int read_active(const char *text, instant now, enum mutes_which *ret_which,
                       instant *ret_at, struct err *err)
{
    *ret_which = MUTES_ALL;
    *ret_at = now;
    if (text == NULL || *text == '\0')
        return 0;
    *ret_which = MUTES_IN_FORCE;
    if (strcmp(text, "true") == 0 || instant_parse(text, ret_at, NULL) == 0)
        return 0;
    return err_set(err, EINVAL,
                   "active: '%.60s' is neither true nor a time such as "
                   "2026-11-21T10:00:00Z",
                   text);
}

void api_mutes(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    enum mutes_which which;
    instant at;
    struct err err = {0};
    OWNED_MUTES mutes = {0};
    if (read_active(httpd_query(r, "active"), n->spec.now(), &which, &at, &err) < 0 ||
        ledger_mutes(n->spec.ledger, which, at, &mutes, &err) < 0) {
        httpd_fail(r, status_of(&err), "%s", err.text);
        return;
    }
    OWNED_BUF body = {0};
    fmt_json_mutes(&mutes, &body);
    httpd_answer_buf(r, 200, json_type, &body);
}
