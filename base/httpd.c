/* base/httpd.c - the HTTP server over libmicrohttpd (MHD): its life and its answers.
 *
 * MHD's own threads call on_target, on_access and on_completed; a request belongs to
 * the one thread that its connection belongs to, and only what parking needs of it is
 * shared (httpd_park.c).  MHD never calls us with a lock of its own held.
 *
 * MHD_quiesce_daemon is not used: in 0.9.75 it races with its own threads and aborts.
 * While stopping, new connections are turned away by the accept policy instead. */
#include "base/httpd_part.h"

#include "base/instant.h"
#include "base/jsonw.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
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
    STACK_BYTES = 256 << 10,
    LINGER_MAX = 1 << 20, /* read away at a close, so that no reset is sent */
    REQ_TAG = 0x48525131,
};

static_assert((int)HTTPD_PARAMS_MAX == (int)TARGET_PARAMS_MAX, "one limit");

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
    r->status = status;
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

void httpd_error_json(struct buf *to, const char *text)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "error", text);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

unsigned httpd_answered(const struct httpd_req *r, const char **ret_words)
{
    *ret_words = r->failed;
    return r->status;
}

void httpd_fail(struct httpd_req *r, unsigned status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(r->failed, sizeof r->failed, "%.199s", text);
    OWNED_BUF body = {0};
    httpd_error_json(&body, text);
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

/* The connection, for the other parts. */

int httpd_con_fd(const struct httpd_req *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->con, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

void httpd_con_suspend(struct httpd_req *r)
{
    MHD_suspend_connection(r->con);
}

void httpd_con_resume(struct httpd_req *r)
{
    MHD_resume_connection(r->con);
}

/* What MHD calls. */

static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    httpd_head_note(cls, name, name_n, value, value_n);
    return MHD_YES;
}

static void take_head(struct httpd_req *r, const char *version)
{
    struct httpd_head head = {.version = version};
    r->head_seen = true;
    atomic_fetch_add_explicit(&r->h->requests, 1, memory_order_relaxed);
    atomic_fetch_add(&r->h->active, 1);
    MHD_get_connection_values_n(r->con, MHD_HEADER_KIND, note_header, &head);
    httpd_head_take(r, &head);
}

/* False when the connection is to be cut. */
static bool serve(struct httpd_req *r)
{
    r->parks = r->own_cache_control = false;
    buf_clear(&r->headers);
    if (!httpd_park_over(r))
        return false;
    r->route->serve(r, r->app);
    assert(r->answered || r->parks); /* else the client would wait for ever */
    return r->answered ? !r->broken : httpd_park_begin(r);
}

/* First with the head, then with each piece of the body, at last with the whole; once
 * more after each resume. */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *con, const char *url,
                                 const char *method, const char *version,
                                 const char *upload, size_t *upload_n, void **con_cls)
{
    struct httpd_req *r = req_of(*con_cls);
    bool goes_on;
    (void)cls, (void)con, (void)url;
    if (r == NULL) /* there was no memory for it */
        return MHD_NO;
    if (!r->head_seen) {
        r->method = method;
        take_head(r, version);
        goes_on = !r->broken;
    } else if (*upload_n > 0) {
        goes_on = httpd_body_take(r, upload, *upload_n);
        *upload_n = 0; /* all of it is dealt with */
    } else {
        goes_on = httpd_body_ready(r) ? serve(r) : !r->broken;
    }
    return goes_on ? MHD_YES : MHD_NO;
}

/* The request's line has come; what this gives is on_access's con_cls. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *con)
{
    if (uri == NULL)
        uri = "";
    struct httpd_req *r = malloc(sizeof *r + target_room(strlen(uri)));
    if (r == NULL)
        return NULL;
    *r = (struct httpd_req){.tag = REQ_TAG,
                            .h = cls,
                            .con = con,
                            .slot = HTTPD_NO_SLOT,
                            .state = HTTPD_RUNNING};
    r->target_wrong = target_read(&r->target, uri, r->room);
    return r;
}

/* Closing a socket with unread bytes sends a reset, and the client may then never read
 * the answer that says why. */
static void linger(const struct httpd_req *r)
{
    char away[4096];
    int fd = httpd_con_fd(r);
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
    httpd_slot_give_back(r);
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
    int rc = httpd_timer_start(h, err);
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
    if (httpd_slots_make(h, err) < 0)
        return -1;
    h->empty = MHD_create_response_from_buffer(0, empty.out, MHD_RESPMEM_PERSISTENT);
    if (h->empty == NULL ||
        MHD_add_response_header(h->empty, "X-Content-Type-Options", "nosniff") !=
            MHD_YES ||
        MHD_add_response_header(h->empty, "Cache-Control", "no-store") != MHD_YES)
        return err_set(err, ENOMEM, "no memory for the server");
    return httpd_listen(h, spec->listen, err);
}

/* Ends what was started of it, in whatever state. */
static void end(struct httpd *h)
{
    if (h->mhd != NULL)
        MHD_stop_daemon(h->mhd); /* joins; all requests are completed in it */
    httpd_timer_stop(h);
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
    httpd_wake_each(s);
    while (atomic_load(&s->active) > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->drained, &s->lock, &ts);
    s->cut = true; /* nobody parks any more, and MHD wants nobody suspended */
    httpd_wake_each(s);
    pthread_mutex_unlock(&s->lock);
    end(s);
}
