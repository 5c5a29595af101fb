/* base/httpc.h - a small HTTP/1.1 client over a plain socket, one kept-alive
 * connection.
 *
 * For the agent and the command, which must stay small; no TLS, no redirects, no
 * cookies.  One thread at a time. */
#ifndef BASE_HTTPC_H
#define BASE_HTTPC_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { HTTPC_ANSWER_MAX = 64 << 20, HTTPC_HEAD_MAX = 16 << 10 };

struct httpc;

/* `url`: "http://127.0.0.1:8190", a path behind it is put before each request's path.
 * Nothing is connected yet.  NULL and *err when the URL is not of that form. */
struct httpc *httpc_new(const char *url, struct err *err);
void httpc_free(struct httpc **c);
const char *httpc_host(const struct httpc *c); /* "127.0.0.1:8190" */

struct httpc_ask {
    const char *method, *path; /* path with query, already encoded */
    const char *type;          /* Content-Type; NULL without a body */
    const char *headers;       /* further header lines, each ended by CR LF; or NULL */
    const void *body;
    size_t n;
    int timeout_ms; /* for the whole exchange; 0: 30 s */
};

/* One request and its answer.  A kept-alive connection that the server closed meanwhile
 * is opened anew once, if no byte of an answer had come.  0 with *ret_status and the
 * body in `to` (which may be NULL), whatever the status; -1 when no whole answer came.
 */
int httpc_call(struct httpc *c, const struct httpc_ask *ask, unsigned *ret_status,
               struct buf *to, struct err *err);

/* Closes the connection, so that the next call connects anew. */
void httpc_close(struct httpc *c);

/* Adds `text` percent-encoded for a path part or a query value. */
void url_quote(struct buf *to, const char *text);

#endif
