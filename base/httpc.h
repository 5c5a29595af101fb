/* base/httpc.h - a small HTTP/1.1 client over a plain socket, one kept-alive
 * connection.
 *
 * For the agent and the command, which must stay small; no TLS, no redirects, no
 * cookies.  One thread at a time. */
#ifndef BASE_HTTPC_H
#define BASE_HTTPC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTPC_ANSWER_MAX = 64 << 20,
    HTTPC_HEAD_MAX = 16 << 10,
    HTTPC_TIMEOUT_MS = 30000
};

struct httpc;

/* `url`: "http://127.0.0.1:8190", "http://[::1]:8190"; a path behind it is put before
 * each request's path.  Nothing is connected yet.  NULL and *err when the URL is not of
 * that form. */
struct httpc *httpc_new(const char *url, struct err *err);
void httpc_free(struct httpc **c);
const char *httpc_host(const struct httpc *c); /* "127.0.0.1:8190" */

struct httpc_ask {
    const char *method, *path; /* path with query, already encoded */
    const char *type;          /* Content-Type; NULL without a body */
    const char *headers;       /* further header lines, each ended by CR LF; or NULL */
    const void *body;
    size_t n;
    int timeout_ms; /* for the whole exchange; 0: HTTPC_TIMEOUT_MS */
};

/* One request and its answer.  A kept-alive connection that the server closed meanwhile
 * is opened anew once, if no byte of an answer had come.  0 with *ret_status and the
 * body added to `to` (which may be NULL), whatever the status; -1 when no whole answer
 * came, with `to` as it was: ETIMEDOUT, ECONNREFUSED and the like from the system,
 * EPROTO for what is not HTTP/1, EMSGSIZE beyond the limits above.  The time limit does
 * not cover the resolver's look-up of a name; addresses are not looked up. */
int httpc_call(struct httpc *c, const struct httpc_ask *ask, unsigned *ret_status,
               struct buf *to, struct err *err);

/* Closes the connection, so that the next call connects anew. */
void httpc_close(struct httpc *c);

/* Adds `text` percent-encoded for a path part or a query value. */
void url_quote(struct buf *to, const char *text);

/* The parser of answers, which httpc_call feeds with what the socket gives.  Start it
 * as `struct httpc_answer a = {.to = ..., .bodiless = ...}`. */
struct httpc_answer {
    struct buf *to; /* gets the body; borrowed, may be NULL */
    bool bodiless;  /* the answer of a HEAD request */

    unsigned status; /* of the last head seen */
    bool whole;      /* nothing more belongs to this answer */
    bool keep;       /* when whole: the connection may serve another request */

    /* its own */
    unsigned step;
    struct buf line;
    size_t head_bytes; /* lines of all kinds so far */
    uint64_t left;     /* bytes of this piece of the body still to come */
    uint64_t body_bytes;
    bool chunked, has_length, close;
};

/* Takes bytes until the answer is whole; *ret_used says how many.  -1 and *err when
 * they are no answer; then nothing more may be fed. */
int httpc_answer_feed(struct httpc_answer *a, const void *bytes, size_t n,
                      size_t *ret_used, struct err *err);
/* The server closed the connection: 0 when that makes the answer whole. */
int httpc_answer_end(struct httpc_answer *a, struct err *err);
void httpc_answer_free(struct httpc_answer *a);

#endif
