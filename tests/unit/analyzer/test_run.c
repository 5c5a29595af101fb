/* tests of analyzer/run */
#include "analyzer/run.h"
#include "base/order.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

enum { N = 1003 }; /* no multiple of any vector's length */

/* Values over many orders of size, every tenth of them missing. */
static void fill(float *v)
{
    uint64_t x = 88172645463325252ull;
    for (size_t i = 0; i < N; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        v[i] = (float)pow(10, (double)(x % 12000) / 1000 - 4);
        if (i % 10 == 3)
            v[i] = NAN;
    }
}

TEST(the_logarithm_is_right_to_a_part_in_ten_to_the_twelfth)
{
    for (double x = 1e-12; x < 1e12; x *= 1.0007)
        CHECK_NEAR(run_log(x), log(x), 1e-12 * fmax(fabs(log(x)), 0.1));
    CHECK_NEAR(run_log(1), 0, 0);
    CHECK_NEAR(run_log(0x1p-1040), log(0x1p-1040), 100); /* not exact, but no trap */
}

TEST(logs_are_those_of_each_value_and_what_is_missing_stays_so)
{
    float v[N], was[N];
    fill(was);
    was[0] = -3;
    was[1] = 0;
    memcpy(v, was, sizeof v);
    run_logs(v, N, 0.25, 1.5);
    for (size_t i = 0; i < N; i++) {
        CHECK_INT(isnan(v[i]) != 0, isnan(was[i]) != 0);
        if (!isnan(v[i]))
            CHECK(v[i] == (float)(run_log(fmax(was[i], 0) + 0.25) - 1.5));
    }
}

TEST(scaling_and_taking_off_keep_what_is_missing)
{
    float v[N], was[N], left[N];
    fill(was);
    memcpy(v, was, sizeof v);
    run_scaled(v, N, 4, 2);
    run_less(left, was, v, N);
    for (size_t i = 0; i < N; i++) {
        CHECK_INT(isnan(v[i]) != 0, isnan(was[i]) != 0);
        CHECK_INT(isnan(left[i]) != 0, isnan(was[i]) != 0);
        if (!isnan(v[i]))
            CHECK(v[i] == (float)(was[i] / 4.0 - 2) && left[i] == was[i] - v[i]);
    }
}

TEST(one_missing_value_anywhere_is_seen)
{
    float v[N];
    for (size_t i = 0; i < N; i++)
        v[i] = (float)i;
    CHECK(!run_any_missing(v, N));
    CHECK(!run_any_missing(v, 0));
    for (size_t i = 0; i < N; i += 17) {
        v[i] = NAN;
        CHECK(run_any_missing(v, N));
        v[i] = INFINITY; /* that is there */
    }
    CHECK(!run_any_missing(v, N));
}

TEST(sums_count_what_is_there)
{
    float v[N];
    double sum[N] = {0}, whole[N] = {0};
    uint16_t count[N] = {0};
    fill(v);
    run_add_known(sum, count, v, N);
    run_add_known(sum, count, v, N);
    for (size_t i = 0; i < N; i++) {
        CHECK_INT(count[i], isnan(v[i]) ? 0 : 2);
        CHECK(sum[i] == (isnan(v[i]) ? 0 : (double)v[i] + v[i]));
        v[i] = (float)i;
    }
    run_add(whole, v, N);
    for (size_t i = 0; i < N; i++)
        CHECK(whole[i] == (double)i);
}

TEST(trimmed_means_leave_out_the_largest_and_the_smallest)
{
    enum { RUNS = 20, LONG = 77, CUT = 2 };
    static double run[RUNS][LONG];
    const double *from[RUNS];
    double divisor[RUNS];
    float to[LONG];
    uint64_t seed = 3;
    for (size_t i = 0; i < RUNS; i++) {
        from[i] = run[i];
        divisor[i] = 1 + (double)(i % 3);
        for (size_t k = 0; k < LONG; k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            run[i][k] = (double)(seed >> 40);
        }
    }
    run_trimmed(to, from, divisor, RUNS, CUT, LONG);
    for (size_t k = 0; k < LONG; k++) {
        double v[RUNS], sum = 0;
        for (size_t i = 0; i < RUNS; i++)
            v[i] = run[i][k] / divisor[i];
        for (size_t i = 0; i < RUNS; i++) {
            size_t smaller = 0;
            for (size_t j = 0; j < RUNS; j++)
                smaller += v[j] < v[i];
            sum += smaller >= CUT && smaller < RUNS - CUT ? v[i] : 0;
        }
        CHECK_NEAR(to[k], sum / (RUNS - 2 * CUT), 1e-6 * to[k]);
    }
}

static double chance(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x % 50) - 25; /* few enough that some are alike */
}

TEST(columns_of_any_length_are_sorted_each_by_itself)
{
    enum { MOST = 301 };
    static double v[MOST * RUN_LANES], was[MOST * RUN_LANES], column[MOST];
    uint64_t x = 88172645463325252ull;
    for (size_t rows = 0; rows <= MOST; rows += rows < 40 ? 1 : 29) {
        for (size_t i = 0; i < rows * RUN_LANES; i++)
            was[i] = i % 17 == 0 ? INFINITY : chance(&x);
        memcpy(v, was, sizeof v);
        run_sort(v, rows);
        for (size_t lane = 0; lane < RUN_LANES; lane++) {
            for (size_t i = 0; i < rows; i++)
                column[i] = was[i * RUN_LANES + lane];
            qsort(column, rows, sizeof *column, order_doubles);
            for (size_t i = 0; i < rows; i++)
                CHECK(v[i * RUN_LANES + lane] == column[i]);
        }
    }
}

TEST(a_move_is_the_mean_of_one_window_less_that_of_another)
{
    /* values 0, 1, 2 ... of five rows each: the sum before value i is 5 i (i - 1) / 2
     */
    double sum[40], to[2];
    for (int i = 0; i < 40; i++)
        sum[i] = 2.5 * i * (i - 1);
    const uint32_t at[4][2] = {{0, 3}, {6, 9}, {7, 10}, {12, 15}};
    const uint16_t part[4][2] = {{0, 2}, {0, 2}, {0, 1}, {0, 1}};
    const struct run_places place[4] = {
        {at[0], part[0]}, {at[1], part[1]}, {at[2], part[2]}, {at[3], part[3]}};
    run_moves(to, sum, place, 5, 30, 25, 2);
    CHECK_NEAR(to[0], 9 - 2.5, 1e-12);
    CHECK_NEAR(to[1],
               (10 + 11 + 12 + 13 + 14 + 0.2 * 5) / 5 -
                   (3 + 4 + 5 + 6 + 7 + 8 + 0.4 * 6) / 6,
               1e-12);
}

TEST(the_middle_one_is_taken_row_by_row)
{
    static const double a[] = {1, 1, 2, 2, 3, 3, 5}, b[] = {2, 3, 1, 3, 1, 2, 5},
                        c[] = {3, 2, 3, 1, 2, 1, 5};
    double to[7];
    run_middle(to, a, b, c, 7);
    for (size_t i = 0; i < 6; i++)
        CHECK_NEAR(to[i], 2, 0);
    CHECK_NEAR(to[6], 5, 0);
}

TEST(each_of_six_is_set_against_the_median_of_the_others)
{
    enum { ROWS = 13 };
    double from[RUN_OTHERS][RUN_OTHERS_ROWS];
    double to[(RUN_OTHERS + 1) * RUN_OTHERS_ROWS], others[RUN_OTHERS];
    uint64_t x = 12345;
    for (size_t d = 0; d < RUN_OTHERS; d++)
        for (size_t k = 0; k < RUN_OTHERS_ROWS; k++)
            from[d][k] = chance(&x);
    run_less_others(to, from[0], ROWS, 0.25);
    for (size_t k = 0; k < ROWS; k++)
        for (size_t d = 0; d < RUN_OTHERS; d++) {
            size_t n = 0;
            for (size_t o = 0; o < RUN_OTHERS; o++)
                if (o != d)
                    others[n++] = from[o][k];
            qsort(others, n, sizeof *others, order_doubles);
            CHECK_NEAR(to[d * ROWS + k], from[d][k] - 0.25 * others[2], 0);
        }
}

TEST(counts_and_sizes_take_every_value)
{
    double v[N];
    float size[N], signs[N] = {0};
    uint64_t x = 99;
    size_t below = 0;
    for (size_t i = 0; i < N; i++) {
        v[i] = chance(&x);
        below += fabs(v[i]) < 7;
    }
    run_sizes(size, v, N);
    for (size_t i = 0; i < N; i++)
        CHECK_NEAR(size[i], fabs(v[i]), 0);
    CHECK_INT((long long)run_count_below(size, N, 7), (long long)below);
    for (size_t i = 0; i < N; i++)
        v[i] = size[i];
    CHECK_INT((long long)run_count_under(v, N, 7), (long long)below);
    CHECK(!run_any_below(signs, N));
    signs[N - 1] = -1;
    CHECK(run_any_below(signs, N) && !run_any_below(signs, N - 1));
}
