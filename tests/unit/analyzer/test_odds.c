/* tests of analyzer/odds */
#include "analyzer/odds.h"
#include "analyzer/pool.h"
#include "tests/test.h"

TEST(students_tail_is_that_of_the_tables)
{
    CHECK_NEAR(odds_student(2.776445, 4), 0.05, 1e-6);
    CHECK_NEAR(odds_student(-2.776445, 4), 0.05, 1e-6);
    CHECK_NEAR(odds_student(4.032143, 5), 0.01, 1e-6);
    CHECK_NEAR(odds_student(3.645959, 30), 0.001, 1e-6);
    CHECK_NEAR(odds_student(0, 7), 1, 1e-12);
    CHECK_NEAR(odds_student(INFINITY, 7), 0, 0);
}

TEST(a_small_sample_never_makes_more_sure_than_real_metrics_allow)
{
    CHECK_NEAR(odds_small(8, 1000), pool_p_cold(8), 1e-15);
    CHECK(odds_small(3, 4) > pool_p_cold(3));
    CHECK(odds_small(0, 4) <= 1);
}

TEST(a_trimmed_mean_leaves_the_ends_out_and_knows_no_order)
{
    double v[10] = {1000, 2, 3, 4, 5, 6, 7, 8, 9, -1000};
    CHECK_NEAR(odds_trimmed(v, 10), 5.5, 1e-12);
    double w[3] = {1, 2, 6};
    CHECK_NEAR(odds_trimmed(w, 3), 3, 1e-12);
    CHECK(isnan(odds_trimmed(w, 0)));
}

TEST(a_deviation_needs_three_parts)
{
    const double part[] = {1, NAN, 2, 3, NAN};
    CHECK_NEAR(odds_deviation(part, 5), 1, 1e-12);
    CHECK(isnan(odds_deviation(part, 3)));
}

TEST(a_layer_knows_what_passes_at_a_rate)
{
    struct odds_layer l;
    CHECK(odds_layer_make(&l, 4) == 0);
    odds_layer_add(&l, 0.5);
    odds_layer_add(&l, 0.001);
    odds_layer_add(&l, 0.02);
    odds_layer_add(&l, 0.9);
    CHECK_NEAR(odds_layer_threshold(&l, 0.05), 0.02, 0);
    CHECK_NEAR(odds_layer_threshold(&l, 0.01), 0.001, 0);
    CHECK_NEAR(odds_layer_threshold(&l, 0.05), 0.02, 0);
    CHECK_NEAR(odds_layer_threshold(&l, 0.0001), 0, 0);
    odds_layer_free(&l);
    CHECK(odds_layer_make(&l, 0) == 0);
    CHECK_NEAR(odds_layer_threshold(&l, 0.5), 0, 0);
    odds_layer_free(&l);
}
