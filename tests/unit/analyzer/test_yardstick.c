/* tests of analyzer/yardstick */
#include "analyzer/yardstick.h"
#include "tests/test.h"

enum { DAY = 288, ROWS = 2 * DAY + 50, PIVOT = 2 * DAY };

static float v[ROWS];
static double scratch[RUN_LANES * ROWS];

/* Single rows of five minutes: cells and rows are the same. */
static struct timeline clock_of_rows(void)
{
    return (struct timeline){
        .step = {300000}, .day = DAY, .strip = strip_make(ROWS, 0, 1, 0)};
}

TEST(a_series_with_nothing_in_the_day_before_has_none)
{
    struct timeline t = clock_of_rows();
    struct yardstick y;
    for (size_t i = 0; i < ROWS; i++)
        v[i] = i < PIVOT - DAY || i >= PIVOT ? 5 : NAN;
    yardstick_find(&t, v, PIVOT, scratch, &y);
    CHECK(!y.any);
    yardstick_apply(&y, v, ROWS);
    CHECK_NEAR(v[0], 5, 0);
}

TEST(values_become_logs_around_their_own_level)
{
    struct timeline t = clock_of_rows();
    struct yardstick y;
    for (size_t i = 0; i < ROWS; i++)
        v[i] = i < PIVOT ? (i % 2 == 0 ? 90 : 110) : 200;
    yardstick_find(&t, v, PIVOT, scratch, &y);
    CHECK(y.any && !y.falls);
    CHECK_INT(y.every, 1);
    /* a fiftieth of the median and a thousandth of the largest */
    CHECK_NEAR(y.offset, 0.02 * 100 + 1e-3 * 110, 1e-9);
    CHECK_NEAR(y.level, 0.5 * (log(90 + y.offset) + log(110 + y.offset)), 1e-9);
    yardstick_apply(&y, v, ROWS);
    CHECK_NEAR(v[0], log(90 + y.offset) - y.level, 1e-6);
    CHECK_NEAR(v[PIVOT], log(200 + y.offset) - y.level, 1e-6);
}

TEST(what_comes_after_the_change_has_no_say)
{
    struct timeline t = clock_of_rows();
    struct yardstick a, b;
    for (size_t i = 0; i < ROWS; i++)
        v[i] = 10 + (float)(i % 7);
    yardstick_find(&t, v, PIVOT, scratch, &a);
    for (size_t i = PIVOT; i < ROWS; i++)
        v[i] = -1e6f;
    yardstick_find(&t, v, PIVOT, scratch, &b);
    CHECK_NEAR(a.offset, b.offset, 0);
    CHECK_NEAR(a.level, b.level, 0);
    CHECK(!b.falls);
}

TEST(a_series_that_falls_below_zero_is_only_scaled)
{
    struct timeline t = clock_of_rows();
    struct yardstick y;
    for (size_t i = 0; i < ROWS; i++)
        v[i] = i % 2 == 0 ? -20 : 40;
    yardstick_find(&t, v, PIVOT, scratch, &y);
    CHECK(y.any && y.falls);
    CHECK_NEAR(y.size, 40, 0);
    yardstick_apply(&y, v, ROWS);
    CHECK_NEAR(v[1] - v[0], 60.0 / 40, 1e-6);
}

TEST(the_distance_of_samples_is_learned)
{
    struct timeline t = clock_of_rows();
    struct yardstick y;
    for (size_t i = 0; i < ROWS; i++)
        v[i] = i % 3 == 0 ? 7 : NAN;
    yardstick_find(&t, v, PIVOT, scratch, &y);
    CHECK_INT(y.every, 3);
}

TEST(several_at_once_are_as_each_by_itself)
{
    enum { MANY = 5 };
    static float all[MANY * ROWS];
    struct yardstick many[MANY], one, *at[MANY];
    struct timeline t = clock_of_rows();
    for (size_t i = 0; i < MANY * ROWS; i++)
        all[i] = (float)(i % 97) + (float)(i / ROWS) * 10 - (i / ROWS == 2 ? 30 : 0);
    for (size_t i = 0; i < ROWS; i++) { /* one that has nothing, one with gaps */
        all[3 * ROWS + i] = NAN;
        if (i % 3 > 0)
            all[4 * ROWS + i] = NAN;
    }
    for (size_t i = 0; i < MANY; i++)
        at[i] = &many[i];
    yardstick_find_some(&t, all, MANY, PIVOT, scratch, at);
    for (size_t i = 0; i < MANY; i++) {
        yardstick_find(&t, all + i * ROWS, PIVOT, scratch, &one);
        CHECK_INT(many[i].any, one.any);
        CHECK_INT(many[i].falls, one.falls);
        CHECK_INT(many[i].every, one.every);
        CHECK_NEAR(many[i].offset, one.offset, 0);
        CHECK_NEAR(many[i].size, one.size, 0);
        CHECK_NEAR(many[i].level, one.level, 0);
    }
    CHECK(many[2].falls && !many[3].any && many[4].every == 3);
}
