/* programs/agent/call.h - HTTP/1.1 requests that do not hold up the loop.
 *
 * One server, one kept-alive connection, one request at a time, over a plain socket or,
 * with https://, over TLS (programs/agent_tls); no redirects.  A name is looked up in a
 * short-lived child, so neither the resolver's waiting nor its memory is the agent's.
 */
#ifndef PROGRAMS_AGENT_CALL_H
#define PROGRAMS_AGENT_CALL_H

#include "base/buf.h"
#include "base/err.h"
#include "programs/agent/loop.h"

#include <stddef.h>

struct agent_call;

/* `url`: "http://h1:9100/metrics"; with a path of its own, which requests that name
 * none take.  NULL and *err when it is of another form. */
struct agent_call *agent_call_new(struct loop *l, const char *url, struct err *err);
/* A request that is under way is given up without a word. */
void agent_call_free(struct agent_call **c);
const char *agent_call_host(const struct agent_call *c); /* "h1:9100" */

struct agent_call_ask {
    const char *method, *path; /* path NULL: the URL's own, else put behind it */
    const char *type;          /* Content-Type; NULL without a body */
    const char *headers;       /* further lines, each ended by CR LF; or NULL */
    const void *body;          /* borrowed until the answer */
    size_t n;
    size_t answer_max; /* longer answers fail */
    int timeout_ms;    /* for the whole exchange, the name's look-up too */
};

struct agent_answer {
    unsigned status;  /* 0: no whole answer came, and `err` says why */
    struct buf *body; /* good until the callback ends */
    const struct err *err;
};

/* Begins a request; none may be under way.  `done` is called once, from the loop and
 * never before this returns; it may begin the next request, but not free `c`. */
void agent_call_start(struct agent_call *c, const struct agent_call_ask *ask,
                      void (*done)(void *arg, const struct agent_answer *answer),
                      void *arg);
bool agent_call_busy(const struct agent_call *c);

#endif
