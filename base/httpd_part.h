/* base/httpd_part.h - what the server's parts share; nobody else includes it.
 *
 * httpd.c is the only one that meets microhttpd.h, so what the others need of it stands
 * here as plain functions.  httpd_refuse.c decides what reaches a handler, httpd_park.c
 * puts requests aside and wakes them, httpd_listen.c opens the socket. */
#ifndef BASE_HTTPD_PART_H
#define BASE_HTTPD_PART_H

#include "base/hostport.h"
#include "base/httpd.h"
#include "base/target.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

enum { HTTPD_NO_SLOT = UINT32_MAX };

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

struct httpd_slot {
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
    struct httpd_slot *slots; /* one for each possible connection */
    uint32_t n_slots, used_slots, free_slot;
};

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
    unsigned refusal; /* to be answered once the body has been read away; 0: none */
    const char *why;  /* NULL: the refusal's own text */
    bool head_seen, chunked, inflate;
    uint64_t length; /* Content-Length */
    uint64_t taken;  /* bytes of the body so far */
    struct buf body;

    /* one call of the handler */
    bool answered, parks, broken, own_cache_control;
    bool closing; /* the answer ends the connection */
    int64_t parks_until;
    unsigned status;    /* answered with; 0: not yet */
    char failed[200];   /* what httpd_fail said; "": nothing */
    struct buf headers; /* name NUL value NUL ... for the answer */

    /* guarded by h->lock once there is a slot */
    uint32_t slot;
    enum { HTTPD_RUNNING, HTTPD_PARKED, HTTPD_RESUMED } state;
    bool woken;
    int64_t until;

    void *kept;
    void (*drop)(void *);
    char peer[INET6_ADDRSTRLEN];
    char room[]; /* the target's */
};

/* --- the connection (httpd.c) --- */

int httpd_con_fd(const struct httpd_req *r); /* -1: none */
/* Both with the lock held; a suspended one is called again once it is resumed. */
void httpd_con_suspend(struct httpd_req *r);
void httpd_con_resume(struct httpd_req *r);
/* The body that httpd_fail answers with. */
void httpd_error_json(struct buf *to, const char *text);

/* --- before the handler (httpd_refuse.c) --- */

/* The headers that we ourselves go by. */
enum httpd_known {
    HTTPD_LENGTH,
    HTTPD_HOST,
    HTTPD_TRANSFER_CODING,
    HTTPD_CONTENT_CODING,
    HTTPD_EXPECT,
    HTTPD_KNOWN_N
};
struct httpd_head {
    const char *version;
    const char *value[HTTPD_KNOWN_N]; /* NULL: absent */
    bool twice, improper;
};
/* Notes one header as it was sent; `value` may be NULL, and is borrowed. */
void httpd_head_note(struct httpd_head *head, const char *name, size_t name_n,
                     const char *value, size_t value_n);
/* Checks the head, finds the route, and answers what must be answered before the body.
 */
void httpd_head_take(struct httpd_req *r, const struct httpd_head *head);
/* Takes a piece of the body; false when the connection is to be cut. */
bool httpd_body_take(struct httpd_req *r, const char *bytes, size_t n);
/* All of the body has come: true when it is as the handler wants it; else the request
 * has been answered. */
bool httpd_body_ready(struct httpd_req *r);

/* --- parking (httpd_park.c) --- */

int httpd_slots_make(struct httpd *h, struct err *err); /* h->n_slots of them */
int httpd_timer_start(struct httpd *h, struct err *err);
void httpd_timer_stop(struct httpd *h); /* fine when it was not started */
/* The handler is about to be called; false when the request is to be cut. */
bool httpd_park_over(struct httpd_req *r);
/* The handler has returned and wants to wait; false when the request is to be cut. */
bool httpd_park_begin(struct httpd_req *r);
/* The request has ended: its token is of the past. */
void httpd_slot_give_back(struct httpd_req *r);
void httpd_wake_each(struct httpd *h); /* with the lock held */

/* --- the socket (httpd_listen.c) --- */

/* Opens h->listen_fd at `where` and notes h->address. */
int httpd_listen(struct httpd *h, const char *where, struct err *err);

#endif
