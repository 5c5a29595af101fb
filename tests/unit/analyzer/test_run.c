/* tests of analyzer/run */
#include "analyzer/run.h"
#include "tests/test.h"

#include <math.h>

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
