/* programs/agent/loop.c - poll(2) over a few descriptors, and a few timers.
 *
 * What is taken out while the loop calls somebody leaves a hole, which the next turn
 * closes; so a call for something that is gone cannot happen.  The agent waits for some
 * ten descriptors: poll is as quick as anything then, and holds no memory in the
 * kernel. */
#include "programs/agent/loop.h"

#include "base/instant.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct loop {
    struct loop_watch *watch[LOOP_WATCHES_MAX];
    struct loop_timer *timer[LOOP_TIMERS_MAX];
    size_t watches, timers; /* holes too */
};

struct loop *loop_new(void)
{
    return calloc(1, sizeof(struct loop));
}

void loop_free(struct loop **l)
{
    free(*l);
    *l = NULL;
}

int loop_watch(struct loop *l, struct loop_watch *w)
{
    if (w->on)
        return 0;
    if (l->watches == LOOP_WATCHES_MAX)
        return -1;
    w->on = true;
    l->watch[l->watches++] = w;
    return 0;
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
    for (size_t i = 0; w->on && i < l->watches; i++)
        if (l->watch[i] == w)
            l->watch[i] = NULL;
    w->on = false;
}

int loop_set(struct loop *l, struct loop_timer *t, int64_t at_ms)
{
    t->at_ms = at_ms;
    if (t->on)
        return 0;
    if (l->timers == LOOP_TIMERS_MAX)
        return -1;
    t->on = true;
    l->timer[l->timers++] = t;
    return 0;
}

void loop_clear(struct loop *l, struct loop_timer *t)
{
    for (size_t i = 0; t->on && i < l->timers; i++)
        if (l->timer[i] == t)
            l->timer[i] = NULL;
    t->on = false;
}

static void close_holes(struct loop *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->watches; i++)
        if (l->watch[i] != NULL)
            l->watch[n++] = l->watch[i];
    l->watches = n;
    n = 0;
    for (size_t i = 0; i < l->timers; i++)
        if (l->timer[i] != NULL)
            l->timer[n++] = l->timer[i];
    l->timers = n;
}

/* Until the first timer, for poll; -1: there is none. */
static int wait_ms(const struct loop *l)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < l->timers; i++)
        if (l->timer[i]->at_ms < first)
            first = l->timer[i]->at_ms;
    if (first == INT64_MAX)
        return -1;
    int64_t left = first - monotonic_ms();
    return left <= 0 ? 0 : left < INT32_MAX ? (int)left : INT32_MAX;
}

static void fire_due(struct loop *l)
{
    int64_t now = monotonic_ms();
    size_t n = l->timers; /* those set meanwhile have their turn later */
    for (size_t i = 0; i < n; i++) {
        struct loop_timer *t = l->timer[i];
        if (t == NULL || t->at_ms > now)
            continue;
        l->timer[i] = NULL;
        t->on = false;
        t->fire(t->arg);
    }
}

void loop_turn(struct loop *l)
{
    struct pollfd p[LOOP_WATCHES_MAX];
    close_holes(l);
    size_t n = l->watches;
    for (size_t i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = l->watch[i]->fd, .events = l->watch[i]->events};
    int ready = poll(p, n, wait_ms(l));
    for (size_t i = 0; ready > 0 && i < n; i++) {
        struct loop_watch *w = l->watch[i];
        if (p[i].revents != 0 && w != NULL && w->fd == p[i].fd)
            w->ready(w->arg, p[i].revents);
    }
    fire_due(l);
}
