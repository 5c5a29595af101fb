/* tests of collector/counter */
#include "collector/counter.h"
#include "tests/test.h"

TEST(growth_over_time_is_the_rate)
{
    struct counter c = {0};
    double rate = -1;
    CHECK(!counter_next(&c, (instant){1000000}, 500, &rate));
    CHECK(counter_next(&c, (instant){1010000}, 550, &rate));
    CHECK_NEAR(rate, 5, 1e-12);
    CHECK(counter_next(&c, (instant){1070000}, 550, &rate));
    CHECK_NEAR(rate, 0, 1e-12);
}

TEST(after_a_restart_it_grew_from_zero)
{
    struct counter c = {0};
    double rate = -1;
    counter_next(&c, (instant){1000000}, 5000, &rate);
    CHECK(counter_next(&c, (instant){1010000}, 30, &rate));
    CHECK_NEAR(rate, 3, 1e-12);
}

TEST(a_repeat_and_an_older_sample_change_nothing)
{
    struct counter c = {0};
    double rate = -1;
    counter_next(&c, (instant){1000000}, 100, &rate);
    CHECK(!counter_next(&c, (instant){1000000}, 100, &rate));
    CHECK(!counter_next(&c, (instant){990000}, 90, &rate));
    CHECK(counter_next(&c, (instant){1010000}, 110, &rate));
    CHECK_NEAR(rate, 1, 1e-12);
}

TEST(nothing_is_said_across_a_long_gap)
{
    struct counter c = {0};
    double rate = -1;
    counter_next(&c, (instant){1000000}, 100, &rate);
    CHECK(!counter_next(&c, (instant){1000000 + COUNTER_GAP_MAX_MS + 1}, 1e9, &rate));
    CHECK_NEAR(rate, -1, 0);
}
