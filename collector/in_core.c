/* collector/in_core.c - records of coredumps on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_core.h"

#include "base/json.h"
#include "collector/posting.h"
#include "storage/fingerprint.h"

#include <errno.h>

struct core *in_core_read(const char *text, size_t n, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    struct core *c = NULL;
    return core_read(&root, now, &c, err) == 0 ? c : NULL;
}

static void post(struct httpd_req *r, struct ledger *ledger, instant now)
{
    size_t n;
    const char *text = httpd_body(r, &n);
    struct err err = {0};
    OWNED_CORE *c = in_core_read(text, n, now, &err);
    if (c == NULL) {
        httpd_fail(r, err.code == ENOMEM ? 503 : 400, "%s", err.text);
        return;
    }
    struct fingerprint f = fingerprint_make(c);
    struct posting *p = posting_park(r, "coredump", f.fine, NULL, NULL);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_put_core(ledger, &c, now, posting_end, p);
}

void in_core_serve(struct httpd_req *r, struct ledger *ledger, instant now)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL) {
        post(r, ledger, now);
        return;
    }
    if (!posting_over(r, p, &end))
        return;
    const struct posting_words words = {.status = 202,
                                        .key = "signature",
                                        .id = posting_id(p),
                                        .word =
                                            end == POSTED_NEW ? "accepted" : "repeat"};
    posting_answer(r, &words, NULL, NULL);
}
