/* collector/in_feedback.c - marks on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_feedback.h"

#include "collector/posting.h"

#include <errno.h>

struct feedback *in_feedback_read(const char *text, size_t n, const char *change_id,
                                  instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    struct feedback *f = NULL;
    return feedback_read(&root, change_id, now, &f, err) == 0 ? f : NULL;
}

static void post(struct httpd_req *r, struct ledger *ledger, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n), *id = httpd_param(r, 0);
    struct err err = {0};
    OWNED_FEEDBACK *f = in_feedback_read(text, n, id, now, &err);
    if (f == NULL) {
        httpd_fail(r, err.code == ENOMEM ? 503 : 400, "%s", err.text);
        return;
    }
    OWNED_CHANGE *c = ledger_change(ledger, id, &err); /* changes are never deleted */
    if (c == NULL) {
        httpd_fail(r, err.code == ENOENT ? 404 : 503, "%s", err.text);
        return;
    }
    struct posting *p = posting_park(r, "mark", id, NULL, NULL);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_put_feedback(ledger, &f, posting_end, p);
}

static void add_feedback(struct jsonw *w, const void *arg)
{
    feedback_write(arg, "feedback", w);
}

static void answer(struct httpd_req *r, enum posted end, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n);
    struct err err = {0};
    OWNED_FEEDBACK *f = in_feedback_read(text, n, httpd_param(r, 0), now, &err);
    if (f == NULL) {
        httpd_fail(r, 500, "%s", err.text);
        return;
    }
    bool is_new = end == POSTED_NEW;
    const struct posting_words words = {.status = is_new ? 201 : 200,
                                        .word = is_new ? "accepted" : "repeat"};
    posting_answer(r, &words, add_feedback, f);
}

void in_feedback_serve(struct httpd_req *r, struct ledger *ledger, instant now)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL)
        post(r, ledger, now);
    else if (posting_over(r, p, &end))
        answer(r, end, now);
}
