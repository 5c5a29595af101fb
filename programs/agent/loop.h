/* programs/agent/loop.h - the agent's one loop: descriptors and times to wait for.
 *
 * Watches and timers are members of what waits for them; the loop only points at them.
 * They may be added and taken out at any time, also while the loop calls somebody.  A
 * timer fires once.  One thread. */
#ifndef PROGRAMS_AGENT_LOOP_H
#define PROGRAMS_AGENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOOP_WATCHES_MAX = 256, LOOP_TIMERS_MAX = 1024 };

/* Begins as {0}; `ready` gets what poll(2) saw. */
struct loop_watch {
    int fd;
    short events;
    void (*ready)(void *arg, short came);
    void *arg;
    bool on; /* the loop's own */
};

/* Begins as {0}. */
struct loop_timer {
    void (*fire)(void *arg);
    void *arg;
    int64_t at_ms; /* monotonic */
    bool on;       /* the loop's own */
};

struct loop;
struct loop *loop_new(void); /* NULL: no memory */
/* Whatever is still on is forgotten. */
void loop_free(struct loop **l);

/* Waits for `w->events` on `w->fd` from now on, or for what these say now.  -1 when
 * LOOP_WATCHES_MAX wait already. */
int loop_watch(struct loop *l, struct loop_watch *w);
void loop_unwatch(struct loop *l, struct loop_watch *w);

/* Fires at the first turn at or after `at_ms`; sets it anew when it is on. -1 when
 * LOOP_TIMERS_MAX wait already. */
int loop_set(struct loop *l, struct loop_timer *t, int64_t at_ms);
void loop_clear(struct loop *l, struct loop_timer *t);

/* Waits for the next thing to do and does all that is due. */
void loop_turn(struct loop *l);

#endif
