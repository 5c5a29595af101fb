/* tests of analyzer/scale */
#include "analyzer/scale.h"
#include "tests/test.h"

#include <math.h>

TEST(a_doubling_is_one_move_whatever_the_size)
{
    struct scale s = scale_make(1000, 1, false, NULL);
    CHECK_NEAR(scale_move(&s, 1000, 2000), log(2), 0.02);
    CHECK_NEAR(scale_move(&s, 1000, 2000), scale_of(&s, 2000) - scale_of(&s, 1000),
               1e-12);
    CHECK_NEAR(scale_moved(&s, 1000, scale_move(&s, 1000, 2000)), 2000, 1e-6);
    CHECK_NEAR(scale_value(&s, scale_of(&s, 321)), 321, 1e-9);
    CHECK_NEAR(scale_effect(&s, 1000, 2000, 0), 1, 1e-12);
}

TEST(what_can_be_negative_moves_by_differences)
{
    struct scale s = scale_make(10, 0.1, true, NULL);
    CHECK(s.linear);
    CHECK_NEAR(scale_move(&s, -5, 5), 1, 1e-12);
    CHECK_NEAR(scale_moved(&s, -5, 1), 5, 1e-12);
    CHECK_NEAR(scale_value(&s, scale_of(&s, -7)), -7, 1e-12);
}

TEST(next_to_nothing_does_not_explode)
{
    struct scale s = scale_make(0, 0.1, false, "%");
    CHECK_NEAR(scale_effect(&s, 0, 0.1, scale_move(&s, 0, 0.1)), 1, 1e-9);
    CHECK(s.floor >= 0.005);
    struct scale steps = scale_make(4, 1, false, NULL);
    CHECK(steps.floor > 0.04); /* a figure of few steps is never that steady */
}
