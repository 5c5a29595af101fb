/* base/httpd.c - the HTTP server over libmicrohttpd (MHD).
 *
 * MHD's own threads call on_target, on_access and on_completed; a request belongs to
 * the one thread that its connection belongs to, and only what parking needs of it
 * (slot, state, woken, until) is shared, guarded by the server's lock.  MHD_suspend and
 * MHD_resume are called under that lock, and resume only on a request in state PARKED:
 * so each suspend meets exactly one resume, and a waker never meets a request that has
 * ended.  MHD never calls us with a lock of its own held.
 *
 * A parked request is found by its token: the index of a slot and the number of times
 * that slot was used, so a token of the past fits no more.  One thread, "http-timer",
 * sleeps until the earliest deadline of the parked.
 *
 * MHD takes an answer only before the body or after the whole of it.  So what is
 * refused is answered before the body when the body is long (then MHD closes the
 * connection), and after a short one has been read and dropped; a chunked body that
 * turns out too long gets its 413 written to the socket here.
 *
 * MHD_quiesce_daemon is not used: in 0.9.75 it races with its own threads and aborts.
 * While stopping, new connections are turned away by the accept policy instead. */
#include "base/httpd.h"
#include "base/gz.h"
#include "base/hostport.h"
#include "base/instant.h"
#include "base/jsonw.h"
#include "base/target.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    THREADS = 2,
    IDLE_S = 60,
    CONNECTIONS_MAX = 4096,
    BACKLOG = 1024,
    STACK_BYTES = 256 << 10,
    TIMER_STACK_BYTES = 128 << 10,
    TIMER_NAP_MAX_MS = 3600 * 1000,
    BODY_FIRST_BYTES = 64 << 10, /* room made before bytes come; beyond it grows */
    DISCARD_MAX = 64 << 10,      /* of a refused body, to keep the connection */
    LINGER_MAX = 1 << 20,        /* read away at a close, so that no reset is sent */
    NO_SLOT = UINT32_MAX,
    REQ_TAG = 0x48525131,
};

static_assert((int)HTTPD_PARAMS_MAX == (int)TARGET_PARAMS_MAX, "one limit");

enum park_state { RUNNING, PARKED, RESUMED };

struct slot {
    struct httpd_req *req; /* NULL: free */
    uint32_t uses, next_free;
};

struct httpd {
    struct MHD_Daemon *mhd;
    struct MHD_Response *empty; /* the answer without body and headers, shared */
    struct httpd_mount mounts[HTTPD_MOUNTS_MAX];
    size_t n_mounts;
    char address[HOSTPORT_TEXT_MAX];
    int listen_fd; /* ours until MHD has started */

    atomic_bool stopping;
    atomic_uint_fast64_t requests, refused, parked;
    atomic_uint_fast64_t active; /* requests whose head has come, not yet ended */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t due;   /* for the timer: an earlier deadline, or the end */
    pthread_cond_t drained;
    pthread_t timer;
    bool timer_runs, timer_ends, cut;
    int64_t next_due;
    struct slot *slots; /* one for each possible connection */
    uint32_t n_slots, used_slots, free_slot;
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
    X(TOO_LONG, 413, true, "the body is too long")                                     \
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

struct httpd_req {
    uint32_t tag;
    struct httpd *h;
    struct MHD_Connection *con;
    const struct httpd_route *route; /* NULL until the head was found good */
    void *app;                       /* of its mount */
    const char *method;
    struct target target;
    const char *target_wrong; /* NULL, or in words */
    const char *params[TARGET_PARAMS_MAX];
    enum refusal refusal; /* to be answered once the body has been read away */
    const char *why;      /* NULL: the refusal's own text */
    bool head_seen, chunked, inflate;
    uint64_t length; /* Content-Length */
    uint64_t taken;  /* bytes of the body so far */
    struct buf body;

    /* one call of the handler */
    bool answered, parks, broken, own_cache_control;
    bool closing; /* the answer ends the connection */
    int64_t parks_until;
    struct buf headers; /* name NUL value NUL ... for the answer */

    /* guarded by h->lock once there is a slot */
    uint32_t slot;
    enum park_state state;
    bool woken;
    int64_t until;

    void *kept;
    void (*drop)(void *);
    char peer[INET6_ADDRSTRLEN];
    char room[]; /* the target's */
};

/* The one place where MHD's `void *` turns back into a request. */
static struct httpd_req *req_of(void *opaque)
{
    struct httpd_req *r = opaque;
    assert(r == NULL || r->tag == REQ_TAG);
    return r;
}

/* The answer. */

static bool add_headers(struct httpd_req *r, struct MHD_Response *to, const char *type)
{
    enum MHD_Result ok =
        MHD_add_response_header(to, "X-Content-Type-Options", "nosniff");
    if (!r->own_cache_control)
        ok &= MHD_add_response_header(to, "Cache-Control", "no-store");
    if (type != NULL)
        ok &= MHD_add_response_header(to, "Content-Type", type);
    if (r->closing || httpd_stopping(r))
        ok &= MHD_add_response_header(to, "Connection", "close");
    const char *name = buf_text(&r->headers), *end = name + r->headers.len;
    while (name < end) {
        const char *value = name + strlen(name) + 1;
        ok &= MHD_add_response_header(to, name, value);
        name = value + strlen(value) + 1;
    }
    return ok == MHD_YES && buf_done(&r->headers) == 0;
}

static struct MHD_Response *response_new(struct httpd_req *r, const char *type,
                                         const void *body, size_t n)
{
    union { /* MHD copies, but takes no const */
        const void *in;
        void *out;
    } bytes = {.in = n > 0 ? body : ""};
    struct MHD_Response *to =
        MHD_create_response_from_buffer(n, bytes.out, MHD_RESPMEM_MUST_COPY);
    if (to != NULL && !add_headers(r, to, type)) {
        MHD_destroy_response(to);
        return NULL;
    }
    return to;
}

void httpd_answer(struct httpd_req *r, unsigned status, const char *type,
                  const void *body, size_t n)
{
    assert(!r->answered);
    assert(n == 0 || type != NULL);
    r->answered = true;
    /* by far the commonest answer costs nothing */
    bool bare = n == 0 && type == NULL && r->headers.len == 0 && !r->closing &&
                !httpd_stopping(r);
    struct MHD_Response *to = bare ? r->h->empty : response_new(r, type, body, n);
    r->broken = to == NULL || MHD_queue_response(r->con, status, to) != MHD_YES;
    if (!bare && to != NULL)
        MHD_destroy_response(to); /* MHD holds it as long as it is needed */
}

void httpd_answer_buf(struct httpd_req *r, unsigned status, const char *type,
                      const struct buf *body)
{
    if (buf_done(body) < 0)
        httpd_fail(r, 500, "out of memory");
    else
        httpd_answer(r, status, type, body->data, body->len);
}

static void error_json(struct buf *to, const char *text)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "error", text);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

void httpd_fail(struct httpd_req *r, unsigned status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    OWNED_BUF body = {0};
    error_json(&body, text);
    if (buf_done(&body) < 0)
        httpd_answer(r, status, NULL, NULL, 0);
    else
        httpd_answer(r, status, "application/json", body.data, body.len);
}

void httpd_set_header(struct httpd_req *r, const char *name, const char *value)
{
    assert(*name != '\0' && strpbrk(name, " \t\r\n:") == NULL);
    assert(*value != '\0' && strpbrk(value, "\r\n") == NULL);
    buf_add_n(&r->headers, name, strlen(name) + 1);
    buf_add_n(&r->headers, value, strlen(value) + 1);
    r->own_cache_control |= strcasecmp(name, "Cache-Control") == 0;
}

/* Refusals. */

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

enum known { LENGTH, HOST, TRANSFER_CODING, CONTENT_CODING, EXPECT, KNOWN_N };

static const struct {
    const char *name;
    size_t n;
    bool single;
} known_headers[KNOWN_N] = {
    [LENGTH] = {"Content-Length", 14, true},
    [HOST] = {"Host", 4, true},
    [TRANSFER_CODING] = {"Transfer-Encoding", 17, true},
    [CONTENT_CODING] = {"Content-Encoding", 16, true},
    [EXPECT] = {"Expect", 6, false},
};

struct head {
    const char *version;
    const char *value[KNOWN_N]; /* NULL: absent */
    bool twice, improper;
};

static bool is_proper(const char *s, size_t n, char lowest)
{
    bool proper = true;
    for (size_t i = 0; i < n; i++)
        proper &= ((unsigned char)s[i] >= (unsigned char)lowest || s[i] == '\t') &&
                  s[i] != 0x7f;
    return proper;
}

static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    struct head *head = cls;
    (void)kind;
    /* a space before the colon would hide a header from us that others obey */
    head->improper |= name_n == 0 || !is_proper(name, name_n, '!') ||
                      memchr(name, '\t', name_n) != NULL ||
                      !is_proper(value, value_n, ' ');
    for (int i = 0; i < KNOWN_N; i++)
        if (known_headers[i].n == name_n &&
            strncasecmp(known_headers[i].name, name, name_n) == 0) {
            head->twice |= head->value[i] != NULL && known_headers[i].single;
            head->value[i] = value != NULL ? value : "";
        }
    return MHD_YES;
}

static enum refusal check_headers(struct httpd_req *r, const struct head *head)
{
    (void)r;
    if (head->improper)
        return REFUSE_BAD_HEADER;
    if (head->twice)
        return REFUSE_DUPLICATE;
    bool needs_host = strcmp(head->version, "HTTP/1.1") == 0;
    return needs_host && head->value[HOST] == NULL ? REFUSE_NO_HOST : REFUSE_NONE;
}

/* How the body's end is found.  Anything unclear is refused and the connection closed:
 * what we and a proxy see differently could be another request. */
static enum refusal check_framing(struct httpd_req *r, const struct head *head)
{
    const char *coding = head->value[TRANSFER_CODING], *length = head->value[LENGTH];
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

static enum refusal check_target(struct httpd_req *r, const struct head *head)
{
    (void)head;
    r->why = r->target_wrong;
    return r->target_wrong != NULL ? REFUSE_BAD_TARGET : REFUSE_NONE;
}

static enum refusal check_route(struct httpd_req *r, const struct head *head)
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

static enum refusal check_params(struct httpd_req *r, const struct head *head)
{
    (void)head;
    for (int i = 0; i < TARGET_PARAMS_MAX && r->params[i] != NULL; i++)
        if (strlen(r->params[i]) >= HTTPD_PARAM_BYTES_MAX)
            return REFUSE_LONG_PART;
    return REFUSE_NONE;
}

static enum refusal check_length(struct httpd_req *r, const struct head *head)
{
    bool told = r->chunked || head->value[LENGTH] != NULL;
    if (!told)
        return r->route->body_max > 0 ? REFUSE_NO_LENGTH : REFUSE_NONE;
    if (r->length > r->route->body_max || (r->chunked && r->route->body_max == 0))
        return REFUSE_TOO_LONG;
    return REFUSE_NONE;
}

static enum refusal check_encoding(struct httpd_req *r, const struct head *head)
{
    const char *coding = head->value[CONTENT_CODING];
    if (coding == NULL || strcasecmp(coding, "identity") == 0 ||
        (!r->chunked && r->length == 0))
        return REFUSE_NONE;
    r->inflate = strcasecmp(coding, "gzip") == 0 || strcasecmp(coding, "x-gzip") == 0;
    return r->inflate && r->route->inflated_max > 0 ? REFUSE_NONE : REFUSE_ENCODING;
}

static enum refusal (*const checks[])(struct httpd_req *r, const struct head *head) = {
    check_headers, check_framing, check_target,   check_route,
    check_params,  check_length,  check_encoding,
};

/* A short body is read away first, so that the connection can be kept and the client
 * hears the answer rather than a reset. */
static bool refuse_at_once(const struct httpd_req *r, const struct head *head)
{
    return refusals[r->refusal].closes || r->chunked || r->length > DISCARD_MAX ||
           head->value[EXPECT] != NULL;
}

static enum MHD_Result take_head(struct httpd_req *r, const char *version)
{
    struct head head = {.version = version};
    r->head_seen = true;
    atomic_fetch_add_explicit(&r->h->requests, 1, memory_order_relaxed);
    atomic_fetch_add(&r->h->active, 1);
    MHD_get_connection_values_n(r->con, MHD_HEADER_KIND, note_header, &head);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && r->refusal == 0; i++)
        r->refusal = checks[i](r, &head);
    if (r->refusal == REFUSE_NONE) {
        if (r->length > 0) /* a failure is seen when the bytes come */
            buf_room(&r->body,
                     r->length < BODY_FIRST_BYTES ? r->length : BODY_FIRST_BYTES);
        return MHD_YES;
    }
    atomic_fetch_add_explicit(&r->h->refused, 1, memory_order_relaxed);
    if (refuse_at_once(r, &head)) {
        r->closing = refusals[r->refusal].closes || r->chunked || r->length > 0;
        answer_refusal(r, r->refusal);
    }
    return r->broken ? MHD_NO : MHD_YES;
}

/* The body. */

static int fd_of(struct MHD_Connection *con)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

/* MHD has no way to answer in the middle of a body.  Nothing of an answer is on its way
 * and what is written is far below a socket's room, so one send does it; the caller
 * then has MHD close the connection. */
static void send_too_long(struct httpd_req *r)
{
    char text[96];
    snprintf(text, sizeof text, "%s: at most %zu bytes are taken here",
             refusals[REFUSE_TOO_LONG].text, r->route->body_max);
    OWNED_BUF body = {0}, all = {0};
    error_json(&body, text);
    buf_addf(&all,
             "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
             "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             body.len, buf_text(&body));
    if (buf_done(&body) == 0 && buf_done(&all) == 0)
        (void)!send(fd_of(r->con), all.data, all.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    r->closing = true;
}

static enum MHD_Result take_body(struct httpd_req *r, const char *bytes, size_t *n)
{
    size_t came = *n;
    *n = 0; /* all of it is dealt with */
    r->taken += came;
    if (r->refusal != REFUSE_NONE)
        return MHD_YES;
    if (r->taken > r->route->body_max) {
        atomic_fetch_add_explicit(&r->h->refused, 1, memory_order_relaxed);
        send_too_long(r);
        return MHD_NO;
    }
    buf_add_n(&r->body, bytes, came);
    return buf_done(&r->body) == 0 ? MHD_YES : MHD_NO;
}

static void refuse_gzip(struct httpd_req *r, const struct err *err)
{
    atomic_fetch_add_explicit(&r->h->refused, 1, memory_order_relaxed);
    if (err->code == EMSGSIZE)
        httpd_fail(r, 413, "the body inflates to more than %zu bytes",
                   r->route->inflated_max);
    else if (err->code == ENOMEM)
        httpd_fail(r, 503, "out of memory");
    else
        httpd_fail(r, 400, "the body is not proper gzip: %s", err->text);
}

/* True when the body is as the handler wants it. */
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

/* Parking. */

static void resume(struct httpd_req *r)
{
    assert(r->state == PARKED);
    r->state = RESUMED;
    atomic_fetch_sub_explicit(&r->h->parked, 1, memory_order_relaxed);
    MHD_resume_connection(r->con);
}

/* A resumed one will be called anyway, a running one before it can park. */
static void wake(struct httpd_req *r)
{
    if (r->state == PARKED)
        resume(r);
    else if (r->state == RUNNING)
        r->woken = true;
}

httpd_token httpd_park(struct httpd_req *r, int64_t until_ms)
{
    struct httpd *h = r->h;
    r->parks = true;
    r->parks_until = until_ms;
    pthread_mutex_lock(&h->lock);
    if (r->slot == NO_SLOT) {
        r->slot = h->free_slot;
        if (r->slot != NO_SLOT)
            h->free_slot = h->slots[r->slot].next_free;
        else
            r->slot = h->used_slots++;
        assert(r->slot < h->n_slots); /* no more requests than connections */
        h->slots[r->slot].req = r;
    }
    httpd_token token = (uint64_t)h->slots[r->slot].uses << 32 | r->slot;
    pthread_mutex_unlock(&h->lock);
    return token;
}

void httpd_wake(struct httpd *h, httpd_token token)
{
    uint32_t i = (uint32_t)token;
    pthread_mutex_lock(&h->lock);
    if (i < h->used_slots && h->slots[i].uses == token >> 32 && h->slots[i].req != NULL)
        wake(h->slots[i].req);
    pthread_mutex_unlock(&h->lock);
}

static void wake_all(struct httpd *h)
{
    for (uint32_t i = 0; i < h->used_slots; i++)
        if (h->slots[i].req != NULL)
            wake(h->slots[i].req);
}

void httpd_wake_all(struct httpd *h)
{
    pthread_mutex_lock(&h->lock);
    wake_all(h);
    pthread_mutex_unlock(&h->lock);
}

/* The handler has returned and wants to wait. */
static enum MHD_Result suspend(struct httpd_req *r)
{
    struct httpd *h = r->h;
    pthread_mutex_lock(&h->lock);
    bool cut = h->cut;
    if (!cut) {
        MHD_suspend_connection(r->con);
        atomic_fetch_add_explicit(&h->parked, 1, memory_order_relaxed);
        r->state = PARKED;
        r->until = r->parks_until;
        if (r->woken)
            resume(r); /* it came while the handler ran; others get their turn first */
        else if (r->until < h->next_due)
            pthread_cond_signal(&h->due);
    }
    pthread_mutex_unlock(&h->lock);
    return cut ? MHD_NO : MHD_YES;
}

static void give_slot_back(struct httpd_req *r)
{
    struct httpd *h = r->h;
    if (r->slot == NO_SLOT)
        return;
    pthread_mutex_lock(&h->lock);
    struct slot *s = &h->slots[r->slot];
    s->req = NULL;
    s->uses++;
    s->next_free = h->free_slot;
    h->free_slot = r->slot;
    pthread_mutex_unlock(&h->lock);
}

/* Wakes those whose time has come; gives the next deadline. */
static int64_t wake_due(struct httpd *h, int64_t now)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < h->used_slots; i++) {
        struct httpd_req *r = h->slots[i].req;
        if (r == NULL || r->state != PARKED)
            continue;
        if (r->until <= now)
            resume(r);
        else if (r->until < next)
            next = r->until;
    }
    return next;
}

static void *watch_deadlines(void *arg)
{
    struct httpd *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->timer_ends) {
        int64_t now = monotonic_ms();
        h->next_due = wake_due(h, now);
        if (h->next_due == INT64_MAX) {
            pthread_cond_wait(&h->due, &h->lock);
            continue;
        }
        int64_t nap = h->next_due - now;
        int64_t until = now + (nap < TIMER_NAP_MAX_MS ? nap : TIMER_NAP_MAX_MS);
        struct timespec ts = {until / 1000, until % 1000 * 1000000};
        pthread_cond_timedwait(&h->due, &h->lock, &ts);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* What MHD calls. */

static enum MHD_Result serve(struct httpd_req *r)
{
    struct httpd *h = r->h;
    r->parks = r->own_cache_control = false;
    buf_clear(&r->headers);
    if (r->slot != NO_SLOT) {
        pthread_mutex_lock(&h->lock);
        bool cut = h->cut;
        r->state = RUNNING;
        r->woken = false;
        pthread_mutex_unlock(&h->lock);
        if (cut)
            return MHD_NO;
    }
    r->route->serve(r, r->app);
    assert(r->answered || r->parks); /* else the client would wait for ever */
    if (r->answered)
        return r->broken ? MHD_NO : MHD_YES;
    return suspend(r);
}

/* First with the head, then with each piece of the body, at last with the whole; once
 * more after each resume. */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *con, const char *url,
                                 const char *method, const char *version,
                                 const char *upload, size_t *upload_n, void **con_cls)
{
    struct httpd_req *r = req_of(*con_cls);
    (void)cls, (void)con, (void)url;
    if (r == NULL) /* there was no memory for it */
        return MHD_NO;
    if (!r->head_seen) {
        r->method = method;
        return take_head(r, version);
    }
    if (*upload_n > 0)
        return take_body(r, upload, upload_n);
    if (r->refusal != REFUSE_NONE)
        answer_refusal(r, r->refusal);
    else if (inflate_body(r))
        return serve(r);
    return r->broken ? MHD_NO : MHD_YES;
}

/* The request's line has come; what this gives is on_access's con_cls. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *con)
{
    if (uri == NULL)
        uri = "";
    struct httpd_req *r = malloc(sizeof *r + target_room(strlen(uri)));
    if (r == NULL)
        return NULL;
    *r = (struct httpd_req){
        .tag = REQ_TAG, .h = cls, .con = con, .slot = NO_SLOT, .state = RUNNING};
    r->target_wrong = target_read(&r->target, uri, r->room);
    return r;
}

/* Closing a socket with unread bytes sends a reset, and the client may then never read
 * the answer that says why. */
static void linger(const struct httpd_req *r)
{
    char away[4096];
    int fd = fd_of(r->con);
    ssize_t n = 1;
    for (size_t sofar = 0; fd >= 0 && n > 0 && sofar < LINGER_MAX; sofar += (size_t)n)
        n = recv(fd, away, sizeof away, MSG_DONTWAIT);
}

static void request_ended(struct httpd *h)
{
    if (atomic_fetch_sub(&h->active, 1) != 1 || !atomic_load(&h->stopping))
        return;
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->drained);
    pthread_mutex_unlock(&h->lock);
}

static void on_completed(void *cls, struct MHD_Connection *con, void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    struct httpd_req *r = req_of(*con_cls);
    (void)con, (void)how;
    *con_cls = NULL;
    if (r == NULL)
        return;
    if (r->closing)
        linger(r);
    give_slot_back(r);
    if (r->drop != NULL)
        r->drop(r->kept);
    buf_free(&r->body);
    buf_free(&r->headers);
    bool counted = r->head_seen;
    r->tag = 0;
    free(r);
    if (counted)
        request_ended(cls);
}

static enum MHD_Result may_connect(void *cls, const struct sockaddr *from, socklen_t n)
{
    struct httpd *h = cls;
    (void)from, (void)n;
    return atomic_load(&h->stopping) ? MHD_NO : MHD_YES;
}

/* The request, as handlers see it. */

const char *httpd_method(const struct httpd_req *r)
{
    return r->method;
}

const char *httpd_path(const struct httpd_req *r)
{
    return r->target.path;
}

const char *httpd_param(const struct httpd_req *r, unsigned i)
{
    assert(i < TARGET_PARAMS_MAX && r->params[i] != NULL);
    return r->params[i];
}

const char *httpd_query(const struct httpd_req *r, const char *name)
{
    return target_query(&r->target, name);
}

const char *httpd_header(const struct httpd_req *r, const char *name)
{
    return MHD_lookup_connection_value(r->con, MHD_HEADER_KIND, name);
}

const char *httpd_body(const struct httpd_req *r, size_t *ret_n)
{
    *ret_n = r->body.len;
    return buf_text(&r->body);
}

const char *httpd_peer(struct httpd_req *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (r->peer[0] != '\0' || info == NULL || info->client_addr == NULL)
        return r->peer;
    const struct sockaddr *from = info->client_addr;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    if (from->sa_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, r->peer, sizeof r->peer);
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], r->peer, sizeof r->peer);
    else
        inet_ntop(AF_INET6, &v6->sin6_addr, r->peer, sizeof r->peer);
    return r->peer;
}

struct httpd *httpd_server(const struct httpd_req *r)
{
    return r->h;
}

bool httpd_stopping(const struct httpd_req *r)
{
    return atomic_load_explicit(&r->h->stopping, memory_order_relaxed);
}

void *httpd_kept(const struct httpd_req *r)
{
    return r->kept;
}

void httpd_keep(struct httpd_req *r, void *thing, void (*drop)(void *))
{
    if (r->drop != NULL && r->kept != thing)
        r->drop(r->kept);
    r->kept = thing;
    r->drop = drop;
}

struct httpd_stats httpd_stats(const struct httpd *h)
{
    return (struct httpd_stats){.requests = atomic_load(&h->requests),
                                .refused = atomic_load(&h->refused),
                                .parked = atomic_load(&h->parked)};
}

/* Start and stop. */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int address_parse(const char *listen, union address *ret_at, socklen_t *ret_n,
                         struct err *err)
{
    struct hostport hp;
    if (hostport_parse(listen, strlen(listen), &hp, err) < 0)
        return -1;
    union address at = {0};
    if (hp.bracketed && inet_pton(AF_INET6, hp.host, &at.v6.sin6_addr) == 1) {
        at.v6.sin6_family = AF_INET6;
        at.v6.sin6_port = htons(hp.port);
    } else if (!hp.bracketed && inet_pton(AF_INET, hp.host, &at.v4.sin_addr) == 1) {
        at.v4.sin_family = AF_INET;
        at.v4.sin_port = htons(hp.port);
    } else {
        return err_set(err, EINVAL,
                       "%s: expected an address such as 127.0.0.1:8190 or [::1]:8190",
                       listen);
    }
    *ret_at = at;
    *ret_n = hp.bracketed ? sizeof at.v6 : sizeof at.v4;
    return 0;
}

static void note_address(struct httpd *h)
{
    union address at = {0};
    socklen_t n = sizeof at;
    struct hostport hp = {0};
    getsockname(h->listen_fd, &at.any, &n);
    hp.bracketed = at.any.sa_family == AF_INET6;
    if (hp.bracketed)
        inet_ntop(AF_INET6, &at.v6.sin6_addr, hp.host, sizeof hp.host);
    else
        inet_ntop(AF_INET, &at.v4.sin_addr, hp.host, sizeof hp.host);
    hp.port = ntohs(hp.bracketed ? at.v6.sin6_port : at.v4.sin_port);
    hostport_text(&hp, h->address);
}

static int open_listener(struct httpd *h, const char *where, struct err *err)
{
    union address at = {0};
    socklen_t n = 0;
    int on = 1, off = 0;
    if (address_parse(where, &at, &n, err) < 0)
        return -1;
    h->listen_fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (h->listen_fd < 0)
        return err_sys(err, errno, "%s: no socket", where);
    setsockopt(h->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.any.sa_family == AF_INET6)
        setsockopt(h->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(h->listen_fd, &at.any, n) < 0 || listen(h->listen_fd, BACKLOG) < 0)
        return err_sys(err, errno, "%s: cannot listen there", where);
    note_address(h);
    return 0;
}

static int start_timer(struct httpd *h, struct err *err)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, TIMER_STACK_BYTES);
    int rc = pthread_create(&h->timer, &attr, watch_deadlines, h);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return err_sys(err, rc, "the http-timer thread cannot be started");
    h->timer_runs = true;
    pthread_setname_np(h->timer, "http-timer");
    return 0;
}

static int start_mhd(struct httpd *h, const struct httpd_spec *spec, struct err *err)
{
    unsigned threads = spec->threads > 0 ? spec->threads : THREADS;
    if (threads > h->n_slots)
        threads = h->n_slots; /* MHD shares the connections out among its threads */
    const struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    h->mhd = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, may_connect, h,
        on_access, h, MHD_OPTION_LISTEN_SOCKET, h->listen_fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, h, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->n_slots,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, spec->per_ip_max,
        MHD_OPTION_CONNECTION_TIMEOUT, spec->idle_s > 0 ? spec->idle_s : IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_HEAD_MAX,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_ARRAY, pool,
        MHD_OPTION_END);
    h->listen_fd = -1; /* it is MHD's now */
    if (h->mhd == NULL)
        return err_set(err, EAGAIN, "%s: the server's threads cannot be started",
                       h->address);
    return 0;
}

/* Signals are for the thread that waits for them, not for these; the faults of a thread
 * itself stay its own. */
static void block_signals(sigset_t *ret_before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

static int start_threads(struct httpd *h, const struct httpd_spec *spec,
                         struct err *err)
{
    sigset_t before;
    block_signals(&before);
    int rc = start_timer(h, err);
    if (rc == 0)
        rc = start_mhd(h, spec, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static int prepare(struct httpd *h, const struct httpd_spec *spec, struct err *err)
{
    static const char nothing[1];
    union {
        const void *in;
        void *out;
    } empty = {.in = nothing};
    h->slots = calloc(h->n_slots, sizeof *h->slots);
    h->empty = MHD_create_response_from_buffer(0, empty.out, MHD_RESPMEM_PERSISTENT);
    if (h->slots == NULL || h->empty == NULL)
        return err_set(err, ENOMEM, "no memory for the server");
    for (uint32_t i = 0; i < h->n_slots; i++)
        h->slots[i].uses = 1; /* so that no token is 0 */
    if (MHD_add_response_header(h->empty, "X-Content-Type-Options", "nosniff") !=
            MHD_YES ||
        MHD_add_response_header(h->empty, "Cache-Control", "no-store") != MHD_YES)
        return err_set(err, ENOMEM, "no memory for the server");
    return open_listener(h, spec->listen, err);
}

/* Ends what was started of it, in whatever state. */
static void end(struct httpd *h)
{
    if (h->mhd != NULL)
        MHD_stop_daemon(h->mhd); /* joins; all requests are completed in it */
    if (h->timer_runs) {
        pthread_mutex_lock(&h->lock);
        h->timer_ends = true;
        pthread_cond_signal(&h->due);
        pthread_mutex_unlock(&h->lock);
        int rc = pthread_join(h->timer, NULL);
        assert(rc == 0);
    }
    if (h->listen_fd >= 0)
        close(h->listen_fd);
    if (h->empty != NULL)
        MHD_destroy_response(h->empty);
    pthread_cond_destroy(&h->due);
    pthread_cond_destroy(&h->drained);
    pthread_mutex_destroy(&h->lock);
    free(h->slots);
    free(h);
}

struct httpd *httpd_start(const struct httpd_spec *spec, struct err *err)
{
    struct httpd *h = calloc(1, sizeof *h);
    if (h == NULL) {
        err_set(err, ENOMEM, "no memory for the server");
        return NULL;
    }
    assert(spec->n_mounts <= HTTPD_MOUNTS_MAX);
    memcpy(h->mounts, spec->mounts, spec->n_mounts * sizeof *spec->mounts);
    h->n_mounts = spec->n_mounts;
    h->listen_fd = -1;
    h->next_due = INT64_MAX;
    h->free_slot = NO_SLOT;
    h->n_slots = spec->connections_max > 0 ? spec->connections_max : CONNECTIONS_MAX;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&h->due, &attr);
    pthread_cond_init(&h->drained, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&h->lock, NULL);
    if (prepare(h, spec, err) < 0 || start_threads(h, spec, err) < 0) {
        end(h);
        return NULL;
    }
    return h;
}

const char *httpd_address(const struct httpd *h)
{
    return h->address;
}

void httpd_stop(struct httpd **h, int drain_ms)
{
    struct httpd *s = *h;
    if (s == NULL)
        return;
    *h = NULL;
    int64_t until = monotonic_ms() + drain_ms;
    struct timespec ts = {until / 1000, until % 1000 * 1000000};
    int rc = 0;
    atomic_store(&s->stopping, true);
    pthread_mutex_lock(&s->lock);
    wake_all(s);
    while (atomic_load(&s->active) > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->drained, &s->lock, &ts);
    s->cut = true; /* nobody parks any more, and MHD wants nobody suspended */
    wake_all(s);
    pthread_mutex_unlock(&s->lock);
    end(s);
}
