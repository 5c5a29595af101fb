/* base/httpd_refuse.c - what is answered before any handler, and the body a handler
 * gets.
 *
 * It runs on the thread that the request belongs to.  A handler is called only when all
 * checks of the head have passed and all of its body is here, within the route's limits
 * and inflated; whatever else comes is refused, counted and answered here.
 *
 * MHD takes an answer only before the body or after the whole of it.  So what is
 * refused is answered before the body when the body is long (then MHD closes the
 * connection), and after a short one has been read and dropped; a chunked body that
 * turns out too long gets its 413 written to the socket here. */
#include "base/httpd_part.h"

#include "base/gz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    BODY_FIRST_BYTES = 64 << 10, /* room made before bytes come; beyond it grows */
    DISCARD_MAX = 16 << 20,      /* of a refused body: many clients look for an answer
                                    only after they have sent all of it */
};

/* Why a request is answered before any handler. */
#define REFUSALS(X)                                                                    \
    X(NONE, 0, false, "")                                                              \
    X(BAD_HEADER, 400, true, "a header has an improper character")                     \
    X(DUPLICATE, 400, true,                                                            \
      "Host, Content-Length, Transfer-Encoding and Content-Encoding may be "           \
      "given once only")                                                               \
    X(NO_HOST, 400, true, "the Host header is missing")                                \
    X(BAD_FRAMING, 400, true,                                                          \
      "the body's length must be told by Content-Length or by chunks of HTTP/1.1")     \
    X(BAD_CODING, 501, true, "the only Transfer-Encoding taken is chunked")            \
    X(BAD_TARGET, 400, false, "the address is not proper")                             \
    X(LONG_PART, 400, false, "a part of the path is too long")                         \
    X(NOT_FOUND, 404, false, "there is nothing at this path")                          \
    X(METHOD, 405, false, "this path does not take this method")                       \
    X(NO_LENGTH, 411, true, "the body's Content-Length is missing")                    \
    X(TOO_LONG, 413, false, "the body is too long")                                    \
    X(ENCODING, 415, false, "this Content-Encoding is not taken here")

#define X(id, status, closes, text) REFUSE_##id,
enum refusal { REFUSALS(X) };
#undef X

#define X(id, status, closes, text) [REFUSE_##id] = {status, closes, text},
static const struct {
    unsigned status;
    bool closes; /* what follows on the connection cannot be trusted, or is too much */
    const char *text;
} refusals[] = {REFUSALS(X)};
#undef X

static void count_refused(struct httpd_req *r)
{
    atomic_fetch_add_explicit(&r->h->refused, 1, memory_order_relaxed);
}

/* "GET, HEAD, POST": what the routes at this path take. */
static void set_allow(struct httpd_req *r)
{
    const char *ignored[TARGET_PARAMS_MAX];
    OWNED_BUF list = {0};
    for (size_t m = 0; m < r->h->n_mounts; m++)
        for (const struct httpd_route *route = r->h->mounts[m].routes;
             route->method != NULL; route++)
            if (target_matches(&r->target, route->path, ignored))
                buf_addf(&list, "%s%s%s", list.len > 0 ? ", " : "", route->method,
                         strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
    if (buf_done(&list) == 0)
        httpd_set_header(r, "Allow", buf_text(&list));
}

static void answer_refusal(struct httpd_req *r, enum refusal why)
{
    const char *text = r->why != NULL ? r->why : refusals[why].text;
    if (why == REFUSE_METHOD)
        set_allow(r);
    if (why == REFUSE_ENCODING && r->route->inflated_max > 0)
        httpd_set_header(r, "Accept-Encoding", "gzip");
    if (why == REFUSE_TOO_LONG && r->route->body_max == 0)
        httpd_fail(r, refusals[why].status, "this path takes no body");
    else if (why == REFUSE_TOO_LONG)
        httpd_fail(r, refusals[why].status, "%s: at most %zu bytes are taken here",
                   text, r->route->body_max);
    else
        httpd_fail(r, refusals[why].status, "%s", text);
}

/* The head: facts first, then the checks, in the order of their names. */

static const struct {
    const char *name;
    size_t n;
    bool single;
} known_headers[HTTPD_KNOWN_N] = {
    [HTTPD_LENGTH] = {"Content-Length", 14, true},
    [HTTPD_HOST] = {"Host", 4, true},
    [HTTPD_TRANSFER_CODING] = {"Transfer-Encoding", 17, true},
    [HTTPD_CONTENT_CODING] = {"Content-Encoding", 16, true},
    [HTTPD_EXPECT] = {"Expect", 6, false},
};

static bool is_proper(const char *s, size_t n, char lowest)
{
    bool proper = true;
    for (size_t i = 0; i < n; i++)
        proper &= ((unsigned char)s[i] >= (unsigned char)lowest || s[i] == '\t') &&
                  s[i] != 0x7f;
    return proper;
}

void httpd_head_note(struct httpd_head *head, const char *name, size_t name_n,
                     const char *value, size_t value_n)
{
    /* a space before the colon would hide a header from us that others obey */
    head->improper |= name_n == 0 || !is_proper(name, name_n, '!') ||
                      memchr(name, '\t', name_n) != NULL ||
                      !is_proper(value, value_n, ' ');
    for (int i = 0; i < HTTPD_KNOWN_N; i++)
        if (known_headers[i].n == name_n &&
            strncasecmp(known_headers[i].name, name, name_n) == 0) {
            head->twice |= head->value[i] != NULL && known_headers[i].single;
            head->value[i] = value != NULL ? value : "";
        }
}

static enum refusal check_headers(struct httpd_req *r, const struct httpd_head *head)
{
    (void)r;
    if (head->improper)
        return REFUSE_BAD_HEADER;
    if (head->twice)
        return REFUSE_DUPLICATE;
    bool needs_host = strcmp(head->version, "HTTP/1.1") == 0;
    return needs_host && head->value[HTTPD_HOST] == NULL ? REFUSE_NO_HOST : REFUSE_NONE;
}

/* How the body's end is found.  Anything unclear is refused and the connection closed:
 * what we and a proxy see differently could be another request. */
static enum refusal check_framing(struct httpd_req *r, const struct httpd_head *head)
{
    const char *coding = head->value[HTTPD_TRANSFER_CODING],
               *length = head->value[HTTPD_LENGTH];
    if (coding != NULL) {
        if (length != NULL || strcmp(head->version, "HTTP/1.1") != 0)
            return REFUSE_BAD_FRAMING;
        r->chunked = strcasecmp(coding, "chunked") == 0;
        return r->chunked ? REFUSE_NONE : REFUSE_BAD_CODING;
    }
    if (length == NULL)
        return REFUSE_NONE;
    errno = 0;
    char *end;
    r->length = strtoull(length, &end, 10);
    bool digits = *length >= '0' && *length <= '9' && *end == '\0';
    return digits && errno == 0 ? REFUSE_NONE : REFUSE_BAD_FRAMING;
}

static enum refusal check_target(struct httpd_req *r, const struct httpd_head *head)
{
    (void)head;
    r->why = r->target_wrong;
    return r->target_wrong != NULL ? REFUSE_BAD_TARGET : REFUSE_NONE;
}

static enum refusal check_route(struct httpd_req *r, const struct httpd_head *head)
{
    (void)head;
    const char *method = strcmp(r->method, "HEAD") == 0 ? "GET" : r->method;
    bool path_known = false;
    for (size_t m = 0; m < r->h->n_mounts; m++)
        for (const struct httpd_route *route = r->h->mounts[m].routes;
             route->method != NULL; route++) {
            if (!target_matches(&r->target, route->path, r->params))
                continue;
            path_known = true;
            if (strcmp(route->method, method) == 0) {
                r->route = route;
                r->app = r->h->mounts[m].app;
                return REFUSE_NONE;
            }
        }
    return path_known ? REFUSE_METHOD : REFUSE_NOT_FOUND;
}

static enum refusal check_params(struct httpd_req *r, const struct httpd_head *head)
{
    (void)head;
    for (int i = 0; i < TARGET_PARAMS_MAX && r->params[i] != NULL; i++)
        if (strlen(r->params[i]) >= HTTPD_PARAM_BYTES_MAX)
            return REFUSE_LONG_PART;
    return REFUSE_NONE;
}

static enum refusal check_length(struct httpd_req *r, const struct httpd_head *head)
{
    bool told = r->chunked || head->value[HTTPD_LENGTH] != NULL;
    if (!told)
        return r->route->body_max > 0 ? REFUSE_NO_LENGTH : REFUSE_NONE;
    if (r->length > r->route->body_max || (r->chunked && r->route->body_max == 0))
        return REFUSE_TOO_LONG;
    return REFUSE_NONE;
}

static enum refusal check_encoding(struct httpd_req *r, const struct httpd_head *head)
{
    const char *coding = head->value[HTTPD_CONTENT_CODING];
    if (coding == NULL || strcasecmp(coding, "identity") == 0 ||
        (!r->chunked && r->length == 0) || r->route->inflated_max == HTTPD_AS_SENT)
        return REFUSE_NONE;
    r->inflate = strcasecmp(coding, "gzip") == 0 || strcasecmp(coding, "x-gzip") == 0;
    return r->inflate && r->route->inflated_max > 0 ? REFUSE_NONE : REFUSE_ENCODING;
}

static enum refusal (*const checks[])(struct httpd_req *r,
                                      const struct httpd_head *head) = {
    check_headers, check_framing, check_target,   check_route,
    check_params,  check_length,  check_encoding,
};

/* A short body is read away first, so that the connection can be kept and the client
 * hears the answer rather than a reset. */
static bool refuse_at_once(const struct httpd_req *r, const struct httpd_head *head)
{
    return refusals[r->refusal].closes || r->chunked || r->length > DISCARD_MAX ||
           head->value[HTTPD_EXPECT] != NULL;
}

void httpd_head_take(struct httpd_req *r, const struct httpd_head *head)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks && r->refusal == 0; i++)
        r->refusal = checks[i](r, head);
    if (r->refusal == REFUSE_NONE) {
        if (r->length > 0) /* a failure is seen when the bytes come */
            buf_room(&r->body,
                     r->length < BODY_FIRST_BYTES ? r->length : BODY_FIRST_BYTES);
        return;
    }
    count_refused(r);
    if (refuse_at_once(r, head)) {
        r->closing = refusals[r->refusal].closes || r->chunked || r->length > 0;
        answer_refusal(r, r->refusal);
    }
}

/* The body. */

/* MHD has no way to answer in the middle of a body.  Nothing of an answer is on its way
 * and what is written is far below a socket's room, so one send does it; the caller
 * then has MHD close the connection. */
static void send_too_long(struct httpd_req *r)
{
    char text[96];
    snprintf(text, sizeof text, "%s: at most %zu bytes are taken here",
             refusals[REFUSE_TOO_LONG].text, r->route->body_max);
    OWNED_BUF body = {0}, all = {0};
    httpd_error_json(&body, text);
    buf_addf(&all,
             "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
             "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             body.len, buf_text(&body));
    if (buf_done(&body) == 0 && buf_done(&all) == 0)
        (void)!send(httpd_con_fd(r), all.data, all.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    r->closing = true;
}

bool httpd_body_take(struct httpd_req *r, const char *bytes, size_t n)
{
    r->taken += n;
    if (r->refusal != REFUSE_NONE)
        return true;
    if (r->taken > r->route->body_max) {
        count_refused(r);
        send_too_long(r);
        return false;
    }
    buf_add_n(&r->body, bytes, n);
    return buf_done(&r->body) == 0;
}

static void refuse_gzip(struct httpd_req *r, const struct err *err)
{
    count_refused(r);
    if (err->code == EMSGSIZE)
        httpd_fail(r, 413, "the body inflates to more than %zu bytes",
                   r->route->inflated_max);
    else if (err->code == ENOMEM)
        httpd_fail(r, 503, "out of memory");
    else
        httpd_fail(r, 400, "the body is not proper gzip: %s", err->text);
}

static bool inflate_body(struct httpd_req *r)
{
    if (!r->inflate || r->body.len == 0)
        return true;
    r->inflate = false;
    struct err err = {0};
    struct buf plain = {0};
    if (gz_inflate(r->body.data, r->body.len, r->route->inflated_max, &plain, &err) <
        0) {
        buf_free(&plain);
        refuse_gzip(r, &err);
        return false;
    }
    buf_free(&r->body);
    r->body = plain;
    return true;
}

bool httpd_body_ready(struct httpd_req *r)
{
    if (r->refusal == REFUSE_NONE)
        return inflate_body(r);
    answer_refusal(r, r->refusal);
    return false;
}
