/* tests of analyzer/draw: points of charts */
#include "analyzer/draw.h"
#include "tests/unit/analyzer/make_bench.h"

static const struct draw_range range = {{60000}, {600000}, {300000}};

TEST(a_range_is_as_wide_as_its_slots_and_turns_at_the_first_pivot)
{
    open_bench(2);
    struct draw_range r = draw_range_none;
    draw_widen(&r, &b.lineup.slot[0]);
    CHECK_INT(r.pivot.ms, b.lineup.slot[0].pivot.ms);
    struct slot later = b.lineup.slot[1];
    later.pivot.ms += 60000;
    later.frame.before_from.ms += 60000;
    later.frame.after_to.ms += 60000;
    draw_widen(&r, &later);
    CHECK_INT(r.pivot.ms, b.lineup.slot[0].pivot.ms);
    CHECK_INT(r.from.ms, b.lineup.slot[0].frame.before_from.ms);
    CHECK_INT(r.to.ms, b.lineup.slot[0].frame.after_to.ms + 60000);
    close_bench();
}

TEST(a_point_is_the_mean_of_what_fell_into_it_and_empty_ones_are_nan)
{
    open_bench(2);
    struct draw_bins bins;
    struct curve c = {0};
    CHECK(draw_bins_make(&bins, &range, (span){60000}));
    CHECK_INT(bins.n, 9);
    draw_bins_add(&bins, (instant){60000}, 4);
    draw_bins_add(&bins, (instant){60000}, 6);
    draw_bins_add(&bins, (instant){120000}, NAN);
    draw_bins_add(&bins, (instant){0}, 99);
    draw_bins_add(&bins, (instant){600000}, 99);
    draw_line(&b.teller, &c, &bins, false);
    CHECK_NEAR(c.value[0], 5, 0);
    for (size_t i = 1; i < c.n; i++)
        CHECK(isnan(c.value[i]));
    free(c.value);
    draw_bins_free(&bins);
    close_bench();
}

TEST(nothing_is_drawn_of_nothing)
{
    open_bench(2);
    struct draw_bins bins;
    struct curve c = {0};
    CHECK(draw_bins_make(&bins, &range, (span){60000}));
    draw_line(&b.teller, &c, &bins, false);
    CHECK(c.n == 0 && c.value == NULL);
    draw_bins_free(&bins);
    CHECK(!draw_bins_make(&bins, &draw_range_none, (span){60000}));
    draw_bins_free(&bins);
    close_bench();
}

TEST(a_move_is_first_seen_where_two_points_show_half_of_it)
{
    double v[] = {1, 1, 9, 2, 6, 9, 9};
    struct curve c = {.from = {0}, .step = {1000}, .n = 7, .value = v};
    CHECK_INT(draw_first_seen(&c, (instant){2000}, 1, 9).ms, 4000);
    CHECK_INT(draw_first_seen(&c, (instant){6000}, 1, 9).ms, 6000);
    CHECK(instant_is_none(draw_first_seen(&c, (instant){0}, 1, 40)));
}
