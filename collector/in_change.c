/* collector/in_change.c - change events on their way to the ledger.
 *
 * An event that was posted to the ledger is waited for by two: the request, parked, and
 * the ledger, which will say how it ended.  They share a `posting` with two references,
 * because either may be gone first: a client hangs up, or an answer is given up after
 * CHANGE_WAIT_MS while the disk is slow.  The request's side runs on a thread of the
 * HTTP server, the ledger's side on its writing thread.  The lock is held while the
 * request is woken, so that the server is still there: it waits for the request's end
 * (posting_leave) before it goes. */
#include "collector/in_change.h"

#include "base/httpc.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct posting {
    pthread_mutex_t lock;
    int users;
    struct httpd *server; /* NULL: nobody waits any more */
    httpd_token token;
    int64_t until_ms;
    struct in_change_listener listener;
    char *change_id;
    bool done;
    enum posted end;
    struct err err;
};

static void posting_unref(struct posting *p)
{
    pthread_mutex_lock(&p->lock);
    bool last = --p->users == 0;
    pthread_mutex_unlock(&p->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p->change_id);
    free(p);
}

/* The request has ended, in whatever way. */
static void posting_leave(void *kept)
{
    struct posting *p = kept;
    pthread_mutex_lock(&p->lock);
    p->server = NULL;
    pthread_mutex_unlock(&p->lock);
    posting_unref(p);
}

static void posting_done(enum posted end, const char *change_id, const struct err *err,
                         void *arg)
{
    struct posting *p = arg;
    (void)change_id; /* the event's own */
    if (end == POSTED_NEW && p->listener.on_change != NULL)
        p->listener.on_change(p->listener.arg);
    pthread_mutex_lock(&p->lock);
    p->end = end;
    if (err != NULL)
        p->err = *err;
    p->done = true;
    if (p->server != NULL)
        httpd_wake(p->server, p->token);
    pthread_mutex_unlock(&p->lock);
    posting_unref(p);
}

static struct posting *posting_new(const char *change_id,
                                   const struct in_change_listener *listener)
{
    struct posting *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->change_id = strdup(change_id);
    if (p->change_id == NULL) {
        free(p);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    p->users = 2;
    p->listener = *listener;
    p->until_ms = monotonic_ms() + CHANGE_WAIT_MS;
    return p;
}

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
    struct posting *p = posting_new(e->change_id, listener);
    if (p == NULL) {
        httpd_fail(r, 503, "out of memory");
        return;
    }
    httpd_keep(r, p, posting_leave);
    p->server = httpd_server(r);
    p->token = httpd_park(r, p->until_ms);
    ledger_post(ledger, &e, now, posting_done, p);
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

static void fail_for_now(struct httpd_req *r, const char *why)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", CHANGE_RETRY_S);
    httpd_set_header(r, "Retry-After", seconds);
    httpd_fail(r, 503, "the event is not stored: %s; send it again", why);
}

static void answer(struct httpd_req *r, const struct posting *p)
{
    switch (p->end) {
    case POSTED_NEW:
        answer_stored(r, 202, "accepted", p->change_id);
        break;
    case POSTED_REPEAT:
        answer_stored(r, 200, "repeat", p->change_id);
        break;
    case POSTED_CONFLICT:
        httpd_fail(r, 409,
                   "this source and id were used before, for an event with other "
                   "content");
        break;
    case POSTED_FAILED:
        fail_for_now(r, p->err.text);
        break;
    }
}

void in_change_serve(struct httpd_req *r, struct ledger *ledger,
                     const struct in_change_listener *listener, instant now)
{
    struct posting *p = httpd_kept(r);
    if (p == NULL) {
        post(r, ledger, listener, now);
        return;
    }
    pthread_mutex_lock(&p->lock);
    bool done = p->done;
    pthread_mutex_unlock(&p->lock);
    if (done)
        answer(r, p);
    else if (monotonic_ms() < p->until_ms)
        httpd_park(r,
                   p->until_ms); /* woken for another reason; the token is the same */
    else
        fail_for_now(r, "the disk takes too long");
}
