/* base/worker.c - one thread and its alarm clock.  `poked` and `stop` are guarded by
 * `lock`; the round itself runs without it. */
#include "base/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool poked, stop;
    instant (*round)(void *arg, instant now);
    void *arg;
};

static int64_t nap_ms(instant next)
{
    int64_t now = instant_now().ms;
    if (next.ms <= now)
        return 0;
    /* compared before subtracting: INSTANT_FAR must not overflow */
    return next.ms > now + WORKER_NAP_MAX_MS ? WORKER_NAP_MAX_MS : next.ms - now;
}

/* Waits for a poke, the stop or the end of the nap; true when it is to stop. */
static bool nap(struct worker *w, instant next)
{
    int64_t until = monotonic_ms() + nap_ms(next);
    struct timespec ts = {until / 1000, until % 1000 * 1000000};
    pthread_mutex_lock(&w->lock);
    int rc = 0;
    while (!w->poked && !w->stop && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->wake, &w->lock, &ts);
    w->poked = false;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return stop;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    instant next;
    do {
        next = w->round(w->arg, instant_now());
    } while (!nap(w, next));
    return NULL;
}

struct worker *worker_start(const char *name, instant (*round)(void *arg, instant now),
                            void *arg, struct err *err)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL) {
        err_set(err, ENOMEM, "no memory for the %s thread", name);
        return NULL;
    }
    w->round = round;
    w->arg = arg;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_condattr_destroy(&attr);
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (rc != 0) {
        err_sys(err, rc, "the %s thread cannot be started", name);
        pthread_cond_destroy(&w->wake);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return NULL;
    }
    pthread_setname_np(w->thread, name);
    return w;
}

void worker_poke(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->poked = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void worker_stop(struct worker **w)
{
    if (*w == NULL)
        return;
    pthread_mutex_lock(&(*w)->lock);
    (*w)->stop = true;
    pthread_cond_signal(&(*w)->wake);
    pthread_mutex_unlock(&(*w)->lock);
    int rc = pthread_join((*w)->thread, NULL);
    assert(rc == 0);
    pthread_cond_destroy(&(*w)->wake);
    pthread_mutex_destroy(&(*w)->lock);
    free(*w);
    *w = NULL;
}
