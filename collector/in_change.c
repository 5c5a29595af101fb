/* collector/in_change.c - change events on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it. */
#include "collector/in_change.h"

#include "base/httpc.h"
#include "base/json.h"
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

/* Complaints are about a text of ours, so their line and column would be nobody's: only
 * the field is told. */
struct change_event *in_change_read_made(const struct buf *made, const char *where,
                                         instant now, struct err *err)
{
    struct err why = {0};
    struct change_event *e = in_change_read(made->data, made->len, now, &why);
    if (e != NULL)
        return e;
    const char *place = strstr(why.text, " (line "), *rest = NULL;
    if (place != NULL)
        rest = strchr(place, ')');
    if (rest != NULL)
        err_set(err, why.code, "%s%.*s%s", where, (int)(place - why.text), why.text,
                rest + 1);
    else
        err_set(err, why.code, "%s%s", where, why.text);
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
    return rc == 0 ? in_change_read_made(&opened, "data.", now, err) : NULL;
}

void in_change_take(struct httpd_req *r, struct change_event **e,
                    const struct in_change_door *door)
{
    struct posting *p = posting_park(r, "event", (*e)->change_id,
                                     door->listener->on_change, door->listener->arg);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_post(door->ledger, e, door->now, stored, p);
}

static void add_url(struct jsonw *w, const void *arg)
{
    OWNED_BUF url = {0};
    buf_add(&url, "/changes/");
    url_quote(&url, arg);
    jsonw_text(w, "url", buf_text(&url));
}

bool in_change_again(struct httpd_req *r)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL)
        return false;
    if (!posting_over(r, p, &end))
        return true;
    if (end == POSTED_CONFLICT) {
        httpd_fail(r, 409,
                   "this source and id were used before, for an event with other "
                   "content");
        return true;
    }
    bool is_new = end == POSTED_NEW;
    const struct posting_words words = {.status = is_new ? 202 : 200,
                                        .key = "change_id",
                                        .id = posting_id(p),
                                        .word = is_new ? "accepted" : "repeat"};
    posting_answer(r, &words, add_url, posting_id(p));
    return true;
}

void in_change_serve(struct httpd_req *r, const struct in_change_door *door)
{
    struct err err = {0};
    if (in_change_again(r))
        return;
    OWNED_EVENT *e = read_request(r, door->now, &err);
    if (e == NULL)
        httpd_fail(r, err.code == ENOMEM ? 503 : 400, "%s", err.text);
    else
        in_change_take(r, &e, door);
}
