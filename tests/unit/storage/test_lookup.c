/* tests of storage/lookup */
#include "storage/lookup.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>

static uint64_t spread(uint32_t i)
{
    return (i + 1) * 0x9e3779b97f4a7c15;
}

static bool has(const struct lookup *l, uint64_t hash, uint32_t number)
{
    uint32_t got;
    for (struct lookup_walk at = lookup_start(l, hash); lookup_next(&at, &got);)
        if (got == number)
            return true;
    return false;
}

TEST(an_empty_table_has_no_candidates)
{
    struct lookup l = {0};
    CHECK(!has(&l, 1, 0));
    CHECK(lookup_reserve(&l, 1) == 0);
    CHECK(!has(&l, 0, 0));
    lookup_free(&l);
    CHECK(!has(&l, 0, 0));
}

TEST(numbers_stay_while_the_table_grows)
{
    struct lookup l = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        CHECK(lookup_reserve(&l, 1) == 0);
        lookup_add(&l, spread(i), i);
    }
    for (uint32_t i = 0; i < 10000; i++)
        CHECK(has(&l, spread(i), i));
    CHECK(!has(&l, spread(10000), 10000));
    CHECK_INT(l.n, 10000);
    lookup_free(&l);
}

TEST(numbers_with_one_hash_are_all_candidates)
{
    struct lookup l = {0};
    CHECK(lookup_reserve(&l, 100) == 0);
    for (uint32_t i = 0; i < 100; i++)
        lookup_add(&l, 0xffffffffffffffff, i);
    for (uint32_t i = 0; i < 100; i++)
        CHECK(has(&l, 0xffffffffffffffff, i));
    uint32_t got;
    struct lookup_walk at = lookup_start(&l, 0x1234567800000000);
    CHECK(!lookup_next(&at, &got));
    lookup_free(&l);
}

enum { SHOWN = 200000 };

struct shared {
    struct lookup l;
    _Atomic uint32_t n;
    bool missed;
};

static void *read_along(void *arg)
{
    struct shared *s = arg;
    for (uint32_t n = 0; n < SHOWN;) {
        n = atomic_load(&s->n);
        uint32_t i = n > 0 ? n * 7919u % n : 0;
        s->missed |= n > 0 && !has(&s->l, spread(i), i);
        s->missed |= n > 0 && !has(&s->l, spread(n - 1), n - 1);
    }
    return NULL;
}

TEST(a_reader_without_a_lock_finds_all_that_was_added_before)
{
    static struct shared s;
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_along, &s) == 0);
    for (uint32_t i = 0; i < SHOWN; i++) {
        CHECK(lookup_reserve(&s.l, 1) == 0);
        lookup_add(&s.l, spread(i), i);
        atomic_store(&s.n, i + 1);
    }
    CHECK(pthread_join(reader, NULL) == 0);
    CHECK(!s.missed);
    lookup_free(&s.l);
}
