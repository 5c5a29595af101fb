/* tests of analyzer/yardstick */
#include "analyzer/yardstick.h"
#include "base/order.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

enum { DAY = 288, ROWS = 2 * DAY + 50, PIVOT = 2 * DAY };

static float v[ROWS];
static double scratch[2 * ROWS + 2];

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

/* The level of values that are kept apart from logs is their median. */
static double median_of(const float *from, size_t n)
{
    double sorted[ROWS];
    for (size_t i = 0; i < n; i++)
        sorted[i] = from[i];
    qsort(sorted, n, sizeof *sorted, order_doubles);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

TEST(the_median_is_found_however_values_are_spread)
{
    struct timeline t = clock_of_rows();
    struct yardstick y;
    uint64_t x = 88172645463325252ull;
    for (int kind = 0; kind < 60; kind++) {
        size_t day = kind % 2 == 0 ? DAY : DAY - 1; /* one may be missing */
        for (size_t i = 0; i < ROWS; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            double u = (double)(x >> 11) / 9007199254740992.0;
            v[i] = (float)(kind % 5 == 0   ? u
                           : kind % 5 == 1 ? exp(20 * u)
                           : kind % 5 == 2 ? floor(3 * u)
                           : kind % 5 == 3 ? 7
                                           : (u < 0.5 ? 1 + u : 1000 + u));
        }
        if (day < DAY)
            v[PIVOT - DAY] = NAN;
        yardstick_find(&t, v, PIVOT, scratch, &y);
        double most = 0;
        for (size_t i = PIVOT - day; i < PIVOT; i++)
            most = v[i] > most ? v[i] : most;
        double want = 0.02 * median_of(v + PIVOT - day, day) + 1e-3 * most;
        CHECK_NEAR(y.offset, want, 1e-12 * want);
    }
}
