/* tests of analyzer/shift; that it agrees with the numpy reference on recorded data is
 * shown by tests/flow/test_reference.py */
#include "analyzer/shift.h"
#include "tests/test.h"

#include <stdlib.h>

enum { DAY = 1440, PIVOT = 7 * DAY, N = PIVOT + 60 };

static float value[N];
static double sum[N + 1];
static uint32_t count[N + 1];
static const struct shift_look look = {
    .before = 30, .settle = 5, .after = 30, .day = DAY};

static double noise(uint64_t *state)
{
    double s = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        s += (double)(*state >> 11) / 9007199254740992.0;
    }
    return s;
}

/* A daily wave with noise; the same every time. */
static void make_series(double wave, double noisy)
{
    uint64_t state = 5;
    for (int i = 0; i < N; i++)
        value[i] = (float)(wave * sin(2 * M_PI * i / DAY) + noisy * noise(&state));
}

static struct shift_score score(size_t n)
{
    struct shift_sums s = {.sum = sum, .count = count, .n = n};
    struct shift_null null;
    struct shift_score got = {0};
    shift_sum_up(value, n, sum, count);
    CHECK(shift_null_make(&s, PIVOT, &look, &null));
    CHECK(shift_score_make(&s, value, PIVOT, &look, &null, &got));
    return got;
}

TEST(a_quiet_series_has_a_small_score)
{
    make_series(0.5, 0.05);
    CHECK(fabs(score(N).z) < 3);
}

TEST(a_shift_has_a_large_score_and_its_effect)
{
    make_series(0.5, 0.05);
    for (int i = PIVOT; i < N; i++)
        value[i] += (float)log(1.5);
    struct shift_score got = score(N);
    CHECK(got.z > 8);
    CHECK_NEAR(got.effect, 0.5, 0.06);
    CHECK(!got.recovered);
}

TEST(a_dip_that_is_over_counts_as_recovered)
{
    make_series(0.5, 0.05);
    for (int i = PIVOT; i < PIVOT + 20; i++)
        value[i] -= 2;
    CHECK(score(N).recovered);
}

TEST(a_level_that_is_back_to_what_it_was_is_known_as_such)
{
    make_series(0.5, 0.05);
    for (int i = PIVOT; i < N; i++)
        value[i] += (float)log(1.5);
    CHECK(!score(N).returned);
    /* trouble of a few minutes just before the change */
    make_series(0.5, 0.05);
    for (int i = PIVOT - 12; i < PIVOT; i++)
        value[i] += 3;
    CHECK(score(N).z < -4);
    CHECK(score(N).returned);
    CHECK(!score(N).recovered);
    /* trouble that filled the window before, and ended with it */
    for (int i = PIVOT - 30; i < PIVOT; i++)
        value[i] += 3;
    CHECK(score(N).returned);
}

TEST(a_burst_that_reaches_into_the_window_after_is_none)
{
    make_series(0.5, 0.05);
    for (int i = PIVOT; i < PIVOT + 9; i++)
        value[i] += 3;
    for (int i = PIVOT + 27; i < N; i++)
        value[i] += 0.3f; /* its last rows happen to lie high: it has not recovered */
    CHECK(score(N).z > 4);
    CHECK(!score(N).recovered);
    CHECK(score(N).returned);
}

TEST(what_begins_late_in_the_window_after_is_no_burst)
{
    make_series(0.5, 0.05);
    for (int i = PIVOT + 20; i < N; i++)
        value[i] += 1;
    CHECK(score(N).z > 2);
    CHECK(!score(N).returned);
}

TEST(what_is_not_known_of_the_time_before_speaks_for_no_return)
{
    make_series(0, 0.05);
    for (int i = PIVOT - 60; i < PIVOT - 30; i++)
        value[i] = NAN;
    for (int i = PIVOT; i < N; i++)
        value[i] += 1;
    CHECK(!score(N).returned);
}

TEST(a_move_that_comes_every_day_is_usual)
{
    make_series(0, 0.05);
    for (int d = 0; d <= 7; d++)
        for (int i = d * DAY; i < d * DAY + 60 && i < N; i++)
            value[i] += 1;
    CHECK(fabs(score(N).z) < 3);
}

TEST(missing_rows_are_left_out_until_too_many_are_missing)
{
    make_series(0.5, 0.05);
    for (int i = 0; i < N; i += 4)
        value[i] = NAN;
    for (int i = PIVOT; i < N; i++)
        value[i] += 1;
    CHECK(score(N).z > 8);
    for (int i = PIVOT + 5; i < PIVOT + 20; i++)
        value[i] = NAN;
    struct shift_sums s = {.sum = sum, .count = count, .n = N};
    shift_sum_up(value, N, sum, count);
    CHECK(isnan(shift_move(&s, PIVOT, &look)));
}

TEST(without_hours_of_past_there_is_no_null)
{
    make_series(0, 0.05);
    struct shift_sums s = {.sum = sum, .count = count, .n = N};
    shift_sum_up(value, N, sum, count);
    struct shift_null null;
    CHECK(!shift_null_make(&s, 200, &look, &null));
    CHECK(shift_null_make(&s, 800, &look, &null));
    CHECK_INT(null.days, 0);
}

TEST(median_quantile_and_spread_are_those_of_numpy)
{
    double a[] = {5, 1, 4, 2}, b[] = {5, 1, 4, 2}, c[] = {0, 0, 0, 10};
    CHECK_NEAR(shift_median(a, 4), 3, 1e-12);
    CHECK_NEAR(shift_quantile(b, 4, 0.95), 4.85, 1e-12);
    CHECK_NEAR(shift_spread(c, 4), 8.5 / 1.96, 1e-12);
    CHECK(isnan(shift_median(a, 0)));
}

/* Each placebo as it would be with nothing taken together: of the whole series by the
 * sums of single rows. */
TEST(a_plan_over_cells_with_gaps_has_the_placebos_of_the_rows)
{
    static struct shift_null rows, cells;
    static struct shift_plan plan;
    static float folded[N];
    static double sums[N + 2];
    static uint32_t counts[N + 2];
    struct strip strip = strip_make(N, PIVOT - 60, 5, 0);
    make_series(0.5, 0.05);
    for (int i = 0; i < PIVOT - 60; i += 5) /* five rows of one value */
        for (int k = 1; k < 5; k++)
            value[i + k] = value[i];
    strip_leave_out(&strip, 0, PIVOT - 6 * DAY - 60 - 30);
    strip_leave_out(&strip, PIVOT - 6 * DAY + 60 + 30, PIVOT - 5 * DAY - 60 - 30);
    strip_leave_out(&strip, PIVOT - 5 * DAY + 60 + 30, PIVOT - 4 * DAY - 60 - 30);
    CHECK_INT((long long)strip.n_gaps, 3);
    for (size_t i = 0; i < strip.n; i++)
        folded[i] = value[strip_row(&strip, i)];
    struct shift_sums all = {.sum = sum, .count = count, .n = N};
    shift_sum_up(value, N, sum, count);
    CHECK(shift_null_make(&all, PIVOT, &look, &rows));
    struct shift_sums some = shift_sum_strip(folded, &strip, sums, counts);
    shift_plan_make(&strip, PIVOT, &look, &plan);
    CHECK(shift_null_by_plan(&some, &plan, 1, &cells));
    CHECK_INT(cells.n, rows.n);
    CHECK_INT(cells.days, 6);
    CHECK_NEAR(cells.spread, rows.spread, 1e-9);
    CHECK_NEAR(cells.usual, rows.usual, 1e-9);
    CHECK_NEAR(cells.earlier, rows.earlier, 1e-9);
    for (int i = 0; i < rows.n_today; i++)
        CHECK_NEAR(cells.placebo[i], rows.placebo[i], 1e-7);
    for (int d = 0; d < SHIFT_DAYS; d++) /* they come in another order */
        for (int o = 0; o < SHIFT_CLOCK_PLACEBOS; o++)
            CHECK_NEAR(cells.placebo[cells.n_today + d * SHIFT_CLOCK_PLACEBOS + o],
                       rows.placebo[rows.n_today + o * SHIFT_DAYS + d], 1e-7);
}
