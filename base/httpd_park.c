/* base/httpd_park.c - requests put aside: their tokens, their deadlines, their waking.
 *
 * A parked request is found by its token: the index of a slot and the number of times
 * that slot was used, so a token of the past fits no more.  A request keeps its slot
 * from its first park to its end.
 *
 * What is shared of a request (slot, state, woken, until) is guarded by the server's
 * lock.  Connections are suspended and resumed under that lock, and resumed only in
 * state HTTPD_PARKED: so each suspend meets exactly one resume, and a waker never meets
 * a request that has ended.
 *
 * One thread, "http-timer", sleeps until the earliest deadline of the parked; wakes
 * come from any thread, all else runs on the thread that the request belongs to. */
#include "base/httpd_part.h"

#include "base/instant.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
    TIMER_STACK_BYTES = 128 << 10,
    TIMER_NAP_MAX_MS = 3600 * 1000,
};

/* --- slots and tokens --- */

int httpd_slots_make(struct httpd *h, struct err *err)
{
    h->slots = calloc(h->n_slots, sizeof *h->slots);
    if (h->slots == NULL)
        return err_set(err, ENOMEM, "no memory for the server");
    for (uint32_t i = 0; i < h->n_slots; i++)
        h->slots[i].uses = 1; /* so that no token is 0 */
    h->next_due = INT64_MAX;
    h->free_slot = HTTPD_NO_SLOT;
    return 0;
}

httpd_token httpd_park(struct httpd_req *r, int64_t until_ms)
{
    struct httpd *h = r->h;
    r->parks = true;
    r->parks_until = until_ms;
    pthread_mutex_lock(&h->lock);
    if (r->slot == HTTPD_NO_SLOT) {
        r->slot = h->free_slot;
        if (r->slot != HTTPD_NO_SLOT)
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

void httpd_slot_give_back(struct httpd_req *r)
{
    struct httpd *h = r->h;
    if (r->slot == HTTPD_NO_SLOT)
        return;
    pthread_mutex_lock(&h->lock);
    struct httpd_slot *s = &h->slots[r->slot];
    s->req = NULL;
    s->uses++;
    s->next_free = h->free_slot;
    h->free_slot = r->slot;
    pthread_mutex_unlock(&h->lock);
}

/* --- waking --- */

static void resume(struct httpd_req *r)
{
    assert(r->state == HTTPD_PARKED);
    r->state = HTTPD_RESUMED;
    atomic_fetch_sub_explicit(&r->h->parked, 1, memory_order_relaxed);
    httpd_con_resume(r);
}

/* A resumed one will be called anyway, a running one before it can park. */
static void wake(struct httpd_req *r)
{
    if (r->state == HTTPD_PARKED)
        resume(r);
    else if (r->state == HTTPD_RUNNING)
        r->woken = true;
}

void httpd_wake(struct httpd *h, httpd_token token)
{
    uint32_t i = (uint32_t)token;
    pthread_mutex_lock(&h->lock);
    if (i < h->used_slots && h->slots[i].uses == token >> 32 && h->slots[i].req != NULL)
        wake(h->slots[i].req);
    pthread_mutex_unlock(&h->lock);
}

void httpd_wake_each(struct httpd *h)
{
    for (uint32_t i = 0; i < h->used_slots; i++)
        if (h->slots[i].req != NULL)
            wake(h->slots[i].req);
}

void httpd_wake_all(struct httpd *h)
{
    pthread_mutex_lock(&h->lock);
    httpd_wake_each(h);
    pthread_mutex_unlock(&h->lock);
}

/* --- between two calls of the handler --- */

bool httpd_park_over(struct httpd_req *r)
{
    struct httpd *h = r->h;
    if (r->slot == HTTPD_NO_SLOT)
        return true;
    pthread_mutex_lock(&h->lock);
    bool cut = h->cut;
    r->state = HTTPD_RUNNING;
    r->woken = false;
    pthread_mutex_unlock(&h->lock);
    return !cut;
}

bool httpd_park_begin(struct httpd_req *r)
{
    struct httpd *h = r->h;
    pthread_mutex_lock(&h->lock);
    bool cut = h->cut;
    if (!cut) {
        httpd_con_suspend(r);
        atomic_fetch_add_explicit(&h->parked, 1, memory_order_relaxed);
        r->state = HTTPD_PARKED;
        r->until = r->parks_until;
        if (r->woken)
            resume(r); /* it came while the handler ran; others get their turn first */
        else if (r->until < h->next_due)
            pthread_cond_signal(&h->due);
    }
    pthread_mutex_unlock(&h->lock);
    return !cut;
}

/* --- the timer --- */

/* Wakes those whose time has come; gives the next deadline. */
static int64_t wake_due(struct httpd *h, int64_t now)
{
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; i < h->used_slots; i++) {
        struct httpd_req *r = h->slots[i].req;
        if (r == NULL || r->state != HTTPD_PARKED)
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

int httpd_timer_start(struct httpd *h, struct err *err)
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

void httpd_timer_stop(struct httpd *h)
{
    if (!h->timer_runs)
        return;
    pthread_mutex_lock(&h->lock);
    h->timer_ends = true;
    pthread_cond_signal(&h->due);
    pthread_mutex_unlock(&h->lock);
    int rc = pthread_join(h->timer, NULL);
    assert(rc == 0);
}
