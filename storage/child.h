/* storage/child.h - a process of its own that answers requests, one at a time.
 *
 * For libraries that are not safe in threads or may crash: the crash costs one answer,
 * not the service.  The worker gets requests as bytes, answers with bytes or an error,
 * and is started again when it dies.  It ends with its parent. */
#ifndef STORAGE_CHILD_H
#define STORAGE_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CHILD_BYTES_MAX = 256 << 20 }; /* of a request or an answer */

/* How a call's worker was lost, as err->code. */
enum child_loss {
    CHILD_CRASHED = 10001, /* it died of its own doing: most likely of this request */
    CHILD_KILLED,          /* ended from outside (SIGKILL), as when memory is short */
    CHILD_HUNG,            /* no answer within patience_ms: killed */
    CHILD_GONE,            /* no worker can be had any more */
};

struct child_spec {
    const char *name; /* what ps shows, at most 15 bytes */
    /* Both run in the worker and own no thread there.  `begin` comes first, once a
     * worker; its failure is told by child_start or by the call that needed the worker.
     * `serve` adds its answer to `reply`, or gives -1: the caller gets the error. */
    int (*begin)(void *arg, struct err *err);
    int (*serve)(void *arg, const char *request, size_t n, struct buf *reply,
                 struct err *err);
    void *arg; /* as it is when child_start is called: later changes are not seen */
    int64_t patience_ms;
};

struct child;
/* Forks; so call it before other threads are started. */
struct child *child_start(const struct child_spec *spec, struct err *err);
/* Waits for the worker to finish what it was given. */
void child_stop(struct child **c);

/* Sends the request and puts the answer into *ret_reply (cleared first).  A worker that
 * is found dead is replaced before the request is sent; one that dies of it is
 * replaced by the next call.  Any thread; calls take turns. */
int child_call(struct child *c, const struct buf *request, struct buf *ret_reply,
               struct err *err);

/* How often a worker had to be started again. */
uint64_t child_restarts(const struct child *c);
/* The present worker; 0 when there is none. */
pid_t child_pid(struct child *c);

#endif
