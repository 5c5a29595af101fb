/* collector/posting.c - what a parked request and the ledger share.
 *
 * What was posted to the ledger is waited for by two: the request, parked, and the
 * ledger, which will say how it ended.  They share a `posting` with two references,
 * because either may be gone first: a client hangs up, or an answer is given up after
 * POSTING_WAIT_MS while the disk is slow.  The request's side runs on a thread of the
 * HTTP server, the ledger's side on its writing thread.  The lock is held while the
 * request is woken, so that the server is still there: it waits for the request's end
 * (leave) before it goes. */
#include "collector/posting.h"

#include "base/instant.h"

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
    const char *what;
    char *id;
    void (*on_new)(void *arg);
    void *arg;
    bool done;
    enum posted end;
    struct err err;
};

static void unref(struct posting *p)
{
    pthread_mutex_lock(&p->lock);
    bool last = --p->users == 0;
    pthread_mutex_unlock(&p->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p->id);
    free(p);
}

/* The request has ended, in whatever way. */
static void leave(void *kept)
{
    struct posting *p = kept;
    pthread_mutex_lock(&p->lock);
    p->server = NULL;
    pthread_mutex_unlock(&p->lock);
    unref(p);
}

struct posting *posting_park(struct httpd_req *r, const char *what, const char *id,
                             void (*on_new)(void *arg), void *arg)
{
    struct posting *p = calloc(1, sizeof *p);
    if (p == NULL || (p->id = strdup(id)) == NULL) {
        free(p);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    p->users = 2;
    p->what = what;
    p->on_new = on_new;
    p->arg = arg;
    p->until_ms = monotonic_ms() + POSTING_WAIT_MS;
    httpd_keep(r, p, leave);
    p->server = httpd_server(r);
    p->token = httpd_park(r, p->until_ms);
    return p;
}

void posting_end(enum posted end, const struct err *err, void *posting)
{
    struct posting *p = posting;
    if (end == POSTED_NEW && p->on_new != NULL)
        p->on_new(p->arg);
    pthread_mutex_lock(&p->lock);
    p->end = end;
    if (err != NULL)
        p->err = *err;
    p->done = true;
    if (p->server != NULL)
        httpd_wake(p->server, p->token);
    pthread_mutex_unlock(&p->lock);
    unref(p);
}

struct posting *posting_of(const struct httpd_req *r)
{
    return httpd_kept(r);
}

const char *posting_id(const struct posting *p)
{
    return p->id;
}

static void fail_for_now(struct httpd_req *r, const struct posting *p, const char *why)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", POSTING_RETRY_S);
    httpd_set_header(r, "Retry-After", seconds);
    httpd_fail(r, 503, "the %s is not stored: %s; send it again", p->what, why);
}

bool posting_over(struct httpd_req *r, struct posting *p, enum posted *ret_end)
{
    pthread_mutex_lock(&p->lock);
    bool done = p->done;
    pthread_mutex_unlock(&p->lock);
    if (done && p->end != POSTED_FAILED) {
        *ret_end = p->end;
        return true;
    }
    if (done)
        fail_for_now(r, p, p->err.text);
    else if (monotonic_ms() < p->until_ms)
        httpd_park(r, p->until_ms); /* woken for another reason; the same token */
    else
        fail_for_now(r, p, "the disk takes too long");
    return false;
}

void posting_answer(struct httpd_req *r, const struct posting_words *words,
                    void (*rest)(struct jsonw *w, const void *arg), const void *arg)
{
    OWNED_BUF body = {0};
    struct jsonw w = {.to = &body};
    jsonw_open(&w, NULL);
    if (words->key != NULL && words->is_number)
        jsonw_raw(&w, words->key, words->id);
    else if (words->key != NULL)
        jsonw_text(&w, words->key, words->id);
    jsonw_text(&w, "status", words->word);
    if (rest != NULL)
        rest(&w, arg);
    jsonw_close(&w);
    buf_add_ch(&body, '\n');
    httpd_answer_buf(r, words->status, "application/json", &body);
}
