/* collector/in_change.c - change events on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_change.h"

#include "base/httpc.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "collector/in_cloudevent.h"
#include "collector/posting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* --- envelopes --- */

/* A copy of a ce-header without its percent signs; NULL: absent.  *bad is set when it
 * is no such value. */
static char *envelope_header(const struct httpd_req *r, const char *name, bool *bad)
{
    const char *value = httpd_header(r, name);
    char *copy = value != NULL ? strdup(value) : NULL;
    *bad = *bad || (value != NULL && (copy == NULL || !cloudevent_header(copy)));
    return copy;
}

static int open_binary(const struct httpd_req *r, const char *text, size_t n,
                       struct buf *to, struct err *err)
{
    bool bad = false;
    char *part[] = {
        envelope_header(r, "ce-specversion", &bad), envelope_header(r, "ce-id", &bad),
        envelope_header(r, "ce-source", &bad), envelope_header(r, "ce-type", &bad),
        envelope_header(r, "ce-time", &bad)};
    struct cloudevent ce = {part[0], part[1], part[2], part[3], part[4]};
    OWNED_JSON *doc = bad ? NULL : json_parse(text, n, err);
    int rc = -1;
    if (bad) {
        err_set(err, EINVAL, "expected percent-encoded UTF-8 in the ce- headers");
    } else if (doc != NULL) {
        struct json_at data = json_root(doc);
        rc = cloudevent_open(&ce, &data, to, err);
    }
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    return rc;
}

static bool is_type(const struct httpd_req *r, const char *want)
{
    const char *type = httpd_header(r, "Content-Type");
    size_t n = strlen(want);
    return type != NULL && strncasecmp(type, want, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* The event out of its envelope.  Complaints about what is inside are made of a text of
 * ours, so their line and column would be nobody's: only the field is told. */
static struct change_event *read_opened(const struct buf *opened, instant now,
                                        struct err *err)
{
    struct err why = {0};
    struct change_event *e = in_change_read(opened->data, opened->len, now, &why);
    if (e != NULL)
        return e;
    const char *place = strstr(why.text, " (line "), *rest = NULL;
    if (place != NULL)
        rest = strchr(place, ')');
    if (rest != NULL)
        err_set(err, why.code, "data.%.*s%s", (int)(place - why.text), why.text,
                rest + 1);
    else
        err_set(err, why.code, "data: %s", why.text);
    return NULL;
}

static struct change_event *read_request(const struct httpd_req *r, instant now,
                                         struct err *err)
{
    size_t n;
    const char *text = httpd_body(r, &n);
    OWNED_BUF opened = {0};
    bool binary = httpd_header(r, "ce-specversion") != NULL;
    if (is_type(r, "application/cloudevents-batch+json")) {
        err_set(err, EINVAL, "expected one event a request, not a batch");
        return NULL;
    }
    if (!binary && !is_type(r, "application/cloudevents+json"))
        return in_change_read(text, n, now, err);
    int rc = binary ? open_binary(r, text, n, &opened, err)
                    : cloudevent_open_structured(text, n, &opened, err);
    return rc == 0 ? read_opened(&opened, now, err) : NULL;
}

static void post(struct httpd_req *r, struct ledger *ledger,
                 const struct in_change_listener *listener, instant now)
{
    struct err err = {0};
    OWNED_EVENT *e = read_request(r, now, &err);
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
