/* collector/in_mute.c - mutes, and their early ends, on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_mute.h"

#include "base/json.h"
#include "collector/posting.h"

#include <errno.h>
#include <stdlib.h>

struct mute *in_mute_read(const char *text, size_t n, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    struct mute *m = NULL;
    return mute_read(&root, now, &m, err) == 0 ? m : NULL;
}

static void fail(struct httpd_req *r, const struct err *err)
{
    httpd_fail(r, err->code == ENOMEM ? 503 : 400, "%s", err->text);
}

static void add_mute(struct jsonw *w, const void *arg)
{
    mute_write(arg, "mute", w);
}

static void answer(struct httpd_req *r, struct ledger *ledger, unsigned status,
                   const char *word, const char *id)
{
    struct err err = {0};
    OWNED_MUTE *m = ledger_mute(ledger, id, &err);
    if (m == NULL) {
        httpd_fail(r, 500, "%s", err.text);
        return;
    }
    const struct posting_words words = {
        .status = status, .key = "id", .id = id, .word = word};
    posting_answer(r, &words, add_mute, m);
}

/* --- a new one --- */

static void post(struct httpd_req *r, struct ledger *ledger,
                 const struct in_change_listener *listener, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n);
    struct err err = {0};
    OWNED_MUTE *m = in_mute_read(text, n, now, &err);
    if (m == NULL) {
        fail(r, &err);
        return;
    }
    struct posting *p =
        posting_park(r, "mute", m->id, listener->on_change, listener->arg);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_put_mute(ledger, &m, posting_end, p);
}

void in_mute_serve(struct httpd_req *r, struct ledger *ledger,
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
                   "the same mute (%s) was ended early; one with another end or reason "
                   "is a new one",
                   posting_id(p));
    else
        answer(r, ledger, end == POSTED_NEW ? 201 : 200,
               end == POSTED_NEW ? "accepted" : "repeat", posting_id(p));
}

/* --- an early end --- */

static void post_end(struct httpd_req *r, struct ledger *ledger,
                     const struct in_change_listener *listener, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n), *id = httpd_param(r, 0);
    struct err err = {0};
    char *by = NULL;
    OWNED_JSON *doc = json_parse(text, n, &err);
    if (doc == NULL) {
        fail(r, &err);
        return;
    }
    struct json_at root = json_root(doc);
    if (mute_read_end(&root, &by, &err) < 0) {
        fail(r, &err);
        return;
    }
    OWNED_MUTE *m = ledger_mute(ledger, id, &err); /* mutes are never deleted */
    if (m == NULL) {
        httpd_fail(r, err.code == ENOENT ? 404 : 503, "%s", err.text);
        free(by);
        return;
    }
    struct posting *p =
        posting_park(r, "end of the mute", id, listener->on_change, listener->arg);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_end_mute(ledger, id, by, now, posting_end, p);
    free(by);
}

void in_mute_serve_end(struct httpd_req *r, struct ledger *ledger,
                       const struct in_change_listener *listener, instant now)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL)
        post_end(r, ledger, listener, now);
    else if (!posting_over(r, p, &end))
        return;
    else if (end == POSTED_CONFLICT)
        httpd_fail(r, 409, "mute %s is over already, by itself", posting_id(p));
    else
        answer(r, ledger, 200, end == POSTED_NEW ? "ended" : "repeat", posting_id(p));
}
