/* tests of base/worker */
#include "base/worker.h"
#include "tests/test.h"

#include <semaphore.h>

struct count {
    sem_t rounds;
    instant next;
};

static instant one_round(void *arg, instant now)
{
    struct count *c = arg;
    sem_post(&c->rounds);
    return c->next.ms == 0 ? now : c->next;
}

TEST(the_first_round_comes_at_once_and_a_poke_makes_another)
{
    struct count c = {.next = INSTANT_FAR};
    sem_init(&c.rounds, 0, 0);
    struct err err = {0};
    struct worker *w = worker_start("test", one_round, &c, &err);
    CHECK(w != NULL);
    sem_wait(&c.rounds);
    worker_poke(w);
    sem_wait(&c.rounds);
    worker_stop(&w);
    CHECK(w == NULL);
    sem_destroy(&c.rounds);
}

TEST(a_round_that_asks_for_the_next_at_once_gets_it)
{
    struct count c = {.next = {0}};
    sem_init(&c.rounds, 0, 0);
    struct worker *w = worker_start("test", one_round, &c, NULL);
    CHECK(w != NULL);
    for (int i = 0; i < 50; i++)
        sem_wait(&c.rounds);
    worker_stop(&w);
    sem_destroy(&c.rounds);
}

TEST(stopping_what_was_never_started_is_fine)
{
    struct worker *w = NULL;
    worker_stop(&w);
    CHECK(w == NULL);
}
