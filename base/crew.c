/* base/crew.c - threads that take the next part until there is none left.
 *
 * The only thing they share is the number of the next part; joining them is what makes
 * their results seen by the caller.  Threads live as long as one call: starting one
 * costs some 20 us, and work that is worth cutting takes thousands of times that. */
#include "base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct crew {
    void (*part)(void *arg, size_t i, unsigned hand);
    void *arg;
    size_t n;
    _Atomic size_t next;
};

struct hand {
    struct crew *crew;
    unsigned number;
    pthread_t thread;
    bool started;
};

static void *work(void *arg)
{
    const struct hand *h = arg;
    struct crew *c = h->crew;
    for (;;) {
        size_t i = atomic_fetch_add(&c->next, 1);
        if (i >= c->n)
            return NULL;
        c->part(c->arg, i, h->number);
    }
}

void crew_run(unsigned threads, size_t n,
              void (*part)(void *arg, size_t i, unsigned hand), void *arg)
{
    struct crew crew = {.part = part, .arg = arg, .n = n};
    struct hand hand[CREW_MAX] = {{.crew = &crew}};
    threads = threads > CREW_MAX ? CREW_MAX : threads;
    if (threads > n)
        threads = (unsigned)n;
    for (unsigned i = 1; i < threads; i++) {
        hand[i] = (struct hand){.crew = &crew, .number = i};
        hand[i].started = pthread_create(&hand[i].thread, NULL, work, &hand[i]) == 0;
    }
    work(&hand[0]);
    for (unsigned i = 1; i < threads; i++)
        if (hand[i].started)
            pthread_join(hand[i].thread, NULL);
}

unsigned crew_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > CREW_MAX ? CREW_MAX : (unsigned)n;
}
