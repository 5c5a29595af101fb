/* tests of base/crew */
#include "base/crew.h"
#include "tests/test.h"

#include <stdatomic.h>

enum { PARTS = 10000 };

struct tally {
    _Atomic unsigned char done[PARTS];
    _Atomic unsigned most;
    unsigned long own[CREW_MAX]; /* one a hand: needs no lock */
};

static void count(void *arg, size_t i, unsigned hand)
{
    struct tally *t = arg;
    t->done[i]++;
    t->own[hand]++;
    unsigned most = t->most;
    while (hand > most && !atomic_compare_exchange_weak(&t->most, &most, hand))
        ;
}

static void check(unsigned threads, size_t n)
{
    static struct tally t;
    t = (struct tally){0};
    crew_run(threads, n, count, &t);
    unsigned long sum = 0;
    for (size_t i = 0; i < PARTS; i++)
        CHECK_INT(t.done[i], i < n);
    for (size_t i = 0; i < CREW_MAX; i++)
        sum += t.own[i];
    CHECK_INT((long long)sum, (long long)n);
    CHECK(t.most < (threads > 1 ? threads : 1) && t.most < CREW_MAX);
}

TEST(every_part_is_done_once_whatever_the_number_of_threads)
{
    static const unsigned threads[] = {0, 1, 2, 7, CREW_MAX, 1000};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        check(threads[i], PARTS);
}

TEST(fewer_parts_than_threads_and_none_at_all)
{
    check(8, 3);
    check(8, 1);
    check(8, 0);
    check(0, 0);
}

TEST(there_is_at_least_one_processor)
{
    CHECK(crew_processors() >= 1 && crew_processors() <= CREW_MAX);
}
