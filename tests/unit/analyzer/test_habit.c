/* tests of analyzer/habit: what is kept of a null, and when it fits */
#include "analyzer/habit.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_fleet.h"

static const struct windows_rule half_hour = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct match star[] = {{.text = "*"}};
static char id[] = "all";
static struct rule rule = {.id = id, .pattern = {1, star}};
static struct ruleset rules = {.n = 1, .rule = &rule};

static struct shift_null null_of(int n)
{
    static struct shift_null null;
    uint64_t seed = 5;
    null.n = n;
    null.lambda = 0.25, null.usual = 0.5, null.spread = 0.125, null.earlier = -1;
    null.days = 6;
    for (int i = 0; i < n; i++)
        null.placebo[i] = 2.2 * made_noise(&seed);
    return null;
}

static int exactly(const struct shift_null *null, double z)
{
    int n = 0;
    for (int i = 0; i < null->n; i++)
        n += (float)fabs(null->placebo[i]) >= (float)fabs(z);
    return n;
}

TEST(rare_moments_are_counted_exactly)
{
    struct shift_null null = null_of(203);
    struct habit_null kept;
    habit_note(&null, true, &kept);
    CHECK_INT(kept.n, 203);
    CHECK_NEAR(kept.usual, 0.5, 0);
    CHECK_INT(habit_moments_like(&kept, 2.3), 0);
    for (double z = 2.2; z > 0 && exactly(&null, z) < HABIT_LARGEST; z -= 0.001)
        CHECK_INT(habit_moments_like(&kept, -z), exactly(&null, z));
}

TEST(common_moments_are_told_by_those_nearby)
{
    struct shift_null null = null_of(203);
    struct habit_null kept;
    habit_note(&null, true, &kept);
    for (double z = 0; z < 1.9; z += 0.01) {
        int got = habit_moments_like(&kept, z), want = exactly(&null, z);
        CHECK(got >= want - 6 && got <= want + 6);
    }
    CHECK_INT(habit_moments_like(&kept, 0), 203);
}

TEST(few_placebos_are_all_kept)
{
    struct shift_null null = null_of(HABIT_LARGEST);
    struct habit_null kept;
    habit_note(&null, true, &kept);
    for (double z = 0; z < 2.3; z += 0.01)
        CHECK_INT(habit_moments_like(&kept, z), exactly(&null, z));
    habit_note(&null, false, &kept);
    CHECK(!kept.known);
}

struct world {
    struct lineup lineup;
    struct controls controls;
    struct series_list series;
};

static uint64_t print_of(struct fleet *f, instant ends)
{
    struct world w;
    CHECK(align(&f->change.change, NULL, 0, &f->made->panel, &half_hour, ends,
                &w.lineup, NULL) == 0);
    CHECK(control_choose(&w.lineup, &w.controls, NULL) == 0);
    CHECK(series_list(&w.lineup, &rules, ruleset_for_series, &w.series, NULL) == 0);
    uint64_t print = habit_print(&w.lineup, &w.controls, &w.series);
    series_list_free(&w.series);
    controls_free(&w.controls);
    lineup_free(&w.lineup);
    return print;
}

TEST(the_print_follows_frames_hosts_and_what_was_heard_before_the_change)
{
    OWNED_FLEET *f = fleet_new(6, 8);
    instant ends = {FLEET_ENDS * 1000ll};
    uint64_t print = print_of(f, ends);
    struct unit *u = &f->made->panel.unit[1];
    CHECK(print_of(f, ends) == print);
    CHECK(print_of(f, (instant){ends.ms - 1200000}) != print);
    float had = u->hot.cells[0];
    u->hot.cells[0] += 1;
    CHECK(print_of(f, ends) != print);
    u->hot.cells[0] = had;
    u->hot.cells[(FLEET_HOT_ROWS - 1) * u->n_metrics] += 1; /* after it */
    CHECK(print_of(f, ends) == print);
    f->change.change.n_hosts--;
    CHECK(print_of(f, ends) != print);
}

TEST(the_memory_of_a_series_is_what_the_header_says)
{
    CHECK(sizeof(struct habit_null) + sizeof(struct yardstick) +
              SHIFT_PLACEBOS_MAX / POOL_KEPT_SHARE * sizeof(double) <=
          HABIT_BYTES_A_SERIES);
}
