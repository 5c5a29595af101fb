/* collector/in_change.c - change events on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_change.h"

#include "base/httpc.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "collector/posting.h"

#include <errno.h>

struct change_event *in_change_read(const char *text, size_t n, instant now,
                                    struct err *err)
{
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    return change_event_read(&root, now, &e, err) == 0 ? e : NULL;
}

static void stored(enum posted end, const char *change_id, const struct err *err,
                   void *arg)
{
    (void)change_id; /* the event's own */
    posting_end(end, err, arg);
}

static void post(struct httpd_req *r, struct ledger *ledger,
                 const struct in_change_listener *listener, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n);
    struct err err = {0};
    OWNED_EVENT *e = in_change_read(text, n, now, &err);
    if (e == NULL) {
        httpd_fail(r, err.code == ENOMEM ? 503 : 400, "%s", err.text);
        return;
    }
    struct posting *p =
        posting_park(r, "event", e->change_id, listener->on_change, listener->arg);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_post(ledger, &e, now, stored, p);
}

static void answer_stored(struct httpd_req *r, unsigned status, const char *word,
                          const char *change_id)
{
    OWNED_BUF body = {0}, url = {0};
    buf_add(&url, "/changes/");
    url_quote(&url, change_id);
    struct jsonw w = {.to = &body};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "change_id", change_id);
    jsonw_text(&w, "status", word);
    jsonw_text(&w, "url", buf_text(&url));
    jsonw_close(&w);
    buf_add_ch(&body, '\n');
    httpd_answer_buf(r, status, "application/json", &body);
}

void in_change_serve(struct httpd_req *r, struct ledger *ledger,
                     const struct in_change_listener *listener, instant now)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL)
        post(r, ledger, listener, now);
    else if (!posting_over(r, p, &end))
        return;
    else if (end == POSTED_CONFLICT)
        httpd_fail(r, 409,
                   "this source and id were used before, for an event with other "
                   "content");
    else if (end == POSTED_REPEAT)
        answer_stored(r, 200, "repeat", posting_id(p));
    else
        answer_stored(r, 202, "accepted", posting_id(p));
}
