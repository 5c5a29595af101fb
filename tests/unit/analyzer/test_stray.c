#include "tests/test.h"

#include "analyzer/stray.h"

#include <math.h>

TEST(nothing_is_allowed_for_while_controls_keep_together)
{
    CHECK(stray_allowance(0.05, 0.4, 0.05) == 0);
    CHECK(stray_allowance(0.02, 0.4, 0.05) == 0);
    CHECK(stray_allowance(0.3, 0.4, NAN) == 0);
    CHECK(stray_allowance(NAN, 0.4, 0.05) == 0);
}

TEST(controls_that_stray_are_allowed_for_up_to_their_common_move)
{
    CHECK_NEAR(stray_allowance(0.5, 0.9, 0.3), 0.4, 1e-12);
    CHECK_NEAR(stray_allowance(0.5, -0.9, 0.3), 0.4, 1e-12);
    CHECK_NEAR(stray_allowance(0.5, 0.1, 0.3), 0.1, 1e-12);
    CHECK(stray_allowance(0.5, 0, 0.3) == 0);
}

TEST(an_allowance_makes_scores_smaller_and_keeps_their_sign)
{
    CHECK(stray_z(6, 0.1, 0) == 6);
    CHECK_NEAR(stray_z(-6, 0.3, 0.4), -3.6, 1e-12);
}

TEST(p_rises_as_the_score_falls)
{
    double last = 1e-5;
    CHECK_NEAR(stray_p(1e-5, 8, 8), 1e-5, 0);
    for (double z = 7.5; z >= 0.25; z -= 0.25) {
        double p = stray_p(1e-5, 8, z);
        CHECK(p > last && p <= 1);
        last = p;
    }
    CHECK_NEAR(stray_p(1e-5, 8, 0), 1, 1e-12);
}

TEST(p_that_is_unknown_or_one_stays_so)
{
    CHECK(isnan(stray_p(NAN, 8, 4)));
    CHECK(stray_p(1, 8, 4) == 1);
    CHECK(stray_p(0.9, 0, 0) == 0.9);
}

TEST(usual_spread_is_that_of_the_restless_quarter)
{
    double spread[] = {5, 1, 4, 2, 3};
    CHECK_NEAR(stray_usual(spread, 5), 4, 1e-12);
    CHECK(isnan(stray_usual(spread, 0)));
}
