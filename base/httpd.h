/* base/httpd.h - the HTTP server: routes in, answers out.
 *
 * The only place that includes microhttpd.h.  A handler runs on one of the server's
 * threads with the whole body at hand and must not block for long: what waits for the
 * disk or for a verdict parks the request instead, and the handler is called again when
 * it is woken.
 *
 * Answered here, before any handler: 404; 405 with Allow; 411 for a body without its
 * length, 413 for one beyond the route's limit (without reading it, so the connection
 * is closed); 400 for a duplicate Content-Length, Host, Transfer-Encoding or
 * Content-Encoding header, for a header or path that is not proper, for bad gzip; 501
 * for another Transfer-Encoding than chunked; 415 for an unknown Content-Encoding.
 * Error answers are JSON: {"error":"..."}.  All carry X-Content-Type-Options: nosniff,
 * and Cache-Control: no-store unless the handler set its own.  What libmicrohttpd finds
 * wrong in the bytes themselves (a head over HTTPD_HEAD_MAX, a broken chunk, a length
 * that is no number) it answers in its own words, and closes the connection. */
#ifndef BASE_HTTPD_H
#define BASE_HTTPD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTPD_PARAMS_MAX = 4,
    HTTPD_PARAM_BYTES_MAX = 256, /* of one path part, decoded; longer ones are a 400 */
    HTTPD_MOUNTS_MAX = 8,
    HTTPD_HEAD_MAX = 32 << 10, /* what one connection may hold of a request's head */
};

#define HTTPD_AS_SENT SIZE_MAX

struct httpd;
struct httpd_req; /* one request, borrowed by the handler */

struct httpd_route {
    const char *method; /* "GET" (answers HEAD too), "POST", ... */
    /* "/v1/changes/{id}/verdict": a part in braces matches one path part that is not
     * empty, percent-decoded (it may then hold a '/', never a NUL) and handed out by
     * httpd_param in order.  The first route that matches is taken. */
    const char *path;
    void (*serve)(struct httpd_req *r, void *app);
    size_t body_max; /* compressed and plain bodies as sent; 0: no body is taken */
    /* after gzip; 0: Content-Encoding is refused; HTTPD_AS_SENT: any is taken, and the
     * handler, who finds the body as it was sent, undoes it */
    size_t inflated_max;
};

/* One stage's routes, and what its handlers are handed. */
struct httpd_mount {
    const struct httpd_route *routes; /* ended by {0}; borrowed for the server's life */
    void *app;
};

struct httpd_spec {
    /* "127.0.0.1:8190", "[::1]:8190"; port 0 takes a free one; "[::]:8190" is IPv4 too
     */
    const char *listen;
    const struct httpd_mount *mounts; /* copied; at most HTTPD_MOUNTS_MAX */
    size_t n_mounts;
    unsigned threads;                     /* 0: 2 */
    unsigned idle_s;                      /* connection time-out; 0: 60 */
    unsigned connections_max, per_ip_max; /* 0: 4096, no limit per address */
};

struct httpd *httpd_start(const struct httpd_spec *spec, struct err *err);
/* "127.0.0.1:8190" as really bound. */
const char *httpd_address(const struct httpd *h);
/* New connections are turned away; requests under way are answered for up to
 * `drain_ms`, parked ones being called again at once; then the rest is cut.  Frees it,
 * so nobody may wake a token after that: what waits on others drops its token in the
 * `drop` of httpd_keep, which has run for all requests when this returns. */
void httpd_stop(struct httpd **h, int drain_ms);

/* The request. */
const char *httpd_method(const struct httpd_req *r);
const char *httpd_path(const struct httpd_req *r); /* as sent, without the query */
/* Never NULL below the route's count. */
const char *httpd_param(const struct httpd_req *r, unsigned i);
/* Percent-decoded, '+' being a space; "" for a bare name; NULL: absent. */
const char *httpd_query(const struct httpd_req *r, const char *name);
const char *httpd_header(const struct httpd_req *r,
                         const char *name); /* NULL: absent */
/* Inflated; a NUL stands behind it. */
const char *httpd_body(const struct httpd_req *r, size_t *ret_n);
const char *httpd_peer(struct httpd_req *r); /* the IP address */
/* The server is being stopped: answer now with what there is. */
bool httpd_stopping(const struct httpd_req *r);

/* The answer; exactly one of these, or a park, ends a handler's call (an answer after a
 * park takes the park back).  The body is copied; `type` may be NULL without one.
 * httpd_fail gives {"error":<text>}. */
void httpd_answer(struct httpd_req *r, unsigned status, const char *type,
                  const void *body, size_t n);
void httpd_answer_buf(struct httpd_req *r, unsigned status, const char *type,
                      const struct buf *body); /* 500 when the buffer failed */
void httpd_fail(struct httpd_req *r, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a header to the answer to come in this same call.  `value` must not be empty and
 * must be free of CR and LF (asserted). */
void httpd_set_header(struct httpd_req *r, const char *name, const char *value);

/* The status that this call has answered with; 0: none yet, as the request is parked.
 * *ret_words is what httpd_fail said, "" for other answers. */
unsigned httpd_answered(const struct httpd_req *r, const char **ret_words);

/* Puts the request aside: the handler is called again after httpd_wake on its token,
 * after httpd_wake_all, or at monotonic time `until_ms` (INT64_MAX: no time limit).  A
 * wake that comes before the handler has returned is not lost.  A token stays good, and
 * the same, until the request is answered; waking a token of the past does nothing.
 * Wakes may come from any thread, and now and then for nothing: look again.  A client
 * that went away is noticed only when the request is woken. */
typedef uint64_t httpd_token;
httpd_token httpd_park(struct httpd_req *r, int64_t until_ms);
void httpd_wake(struct httpd *h, httpd_token token);
void httpd_wake_all(struct httpd *h);
/* The server that the request came to, for who wakes it later; lives until httpd_stop.
 */
struct httpd *httpd_server(const struct httpd_req *r);

/* What a handler keeps between its calls; freed by `drop` when the request ends in any
 * way, or when another thing is kept instead.  NULL at first. */
void *httpd_kept(const struct httpd_req *r);
void httpd_keep(struct httpd_req *r, void *thing, void (*drop)(void *));

/* Counters for /metrics. */
struct httpd_stats {
    uint64_t requests, refused; /* refused: answered before any handler */
    uint64_t parked;            /* now */
};
struct httpd_stats httpd_stats(const struct httpd *h);

#endif
