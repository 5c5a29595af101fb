/* tests of collector/hostinfo/rates */
#include "collector/hostinfo/rates.h"
#include "tests/test.h"

static double two(uint64_t from, uint64_t to, double seconds)
{
    struct rates *r = rates_new();
    rates_begin(r, 0);
    CHECK(isnan(rates_take(r, 5, from)));
    rates_begin(r, seconds);
    double v = rates_take(r, 5, to);
    rates_free(&r);
    CHECK(r == NULL);
    return v;
}

TEST(growth_is_told_by_the_second)
{
    CHECK_NEAR(two(100, 150, 10), 5, 0);
    CHECK_NEAR(two(100, 100, 10), 0, 0);
    CHECK_NEAR(two(1ull << 40, (1ull << 40) + 30, 2), 15, 0);
}

TEST(a_counter_that_wraps_at_32_bits_goes_on)
{
    CHECK_NEAR(two(4294967000, 704, 10), 100, 0);
}

TEST(a_counter_that_was_reset_gives_nothing_once)
{
    CHECK(isnan(two(7000000000, 400, 10)));
    CHECK(isnan(two(500, 400, 10)));
    struct rates *r = rates_new();
    static const uint64_t counter[] = {500, 400, 420};
    double v = 0;
    for (size_t i = 0; i < 3; i++) {
        rates_begin(r, i == 0 ? 0 : 1);
        v = rates_take(r, 5, counter[i]);
    }
    CHECK_NEAR(v, 20, 0);
    rates_free(&r);
}

TEST(a_counter_that_missed_a_round_begins_anew)
{
    struct rates *r = rates_new();
    rates_begin(r, 0);
    rates_take(r, 5, 100);
    rates_begin(r, 1);
    rates_begin(r, 1);
    CHECK(isnan(rates_take(r, 5, 200)));
    rates_begin(r, 1);
    CHECK_NEAR(rates_take(r, 5, 250), 50, 0);
    rates_free(&r);
}

TEST(counters_that_come_and_go_take_no_memory)
{
    struct rates *r = rates_new();
    for (uint64_t round = 0; round < 2000; round++) {
        rates_begin(r, 1);
        for (uint64_t i = 0; i < 100; i++) /* new ones each time */
            CHECK(isnan(rates_take(r, (round * 100 + i) * 2654435761u, 7)));
        double v = rates_take(r, 77777, round * 3); /* this one stays */
        CHECK(round == 0 ? isnan(v) : v == 3);
    }
    rates_free(&r);
}

TEST(counters_of_one_round_are_bounded)
{
    struct rates *r = rates_new();
    for (int round = 0; round < 2; round++) {
        size_t known = 0;
        rates_begin(r, 1);
        for (uint64_t i = 0; i < RATES_MAX * 4; i++)
            known += !isnan(rates_take(r, i * 0x9e3779b97f4a7c15, i + (uint64_t)round));
        CHECK(round == 0 ? known == 0 : known >= RATES_MAX && known < RATES_MAX * 3);
    }
    rates_free(&r);
}
