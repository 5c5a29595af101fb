/* tests of analyzer/tape */
#include "analyzer/tape.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_panel.h"

enum { ROWS = 1800, PIVOT = 1740, BEFORE = 120 };

static float v[ROWS];
static double some[ROWS];

static struct tape tape_with(size_t before)
{
    return (struct tape){.v = v,
                         .n = ROWS,
                         .pivot = PIVOT,
                         .before = before,
                         .from = 5,
                         .to = 30,
                         .some = some};
}

/* Means over five minutes, then minutes; some are missing. */
static void fill(uint64_t seed, int holes)
{
    float last = 0;
    for (int i = 0; i < ROWS; i++) {
        if (i % 5 == 0 || i > PIVOT - 60)
            last = (float)(100 + 3 * made_noise(&seed));
        v[i] = holes > 0 && i / 5 % holes == 0 ? NAN : last;
    }
}

/* The window that moves gives what each by itself would. */
static void check_moments(size_t before)
{
    struct tape t = tape_with(before);
    struct tape_moments m;
    tape_find_moments(&t, 1440, &m);
    CHECK(m.n > 30);
    for (int i = 0; i < m.n; i++) {
        struct tape_usual u = tape_usual_before(&t, m.at[i]);
        CHECK(m.usual[i].level >= u.level && m.usual[i].level <= u.level);
        CHECK(m.usual[i].deviation >= u.deviation &&
              m.usual[i].deviation <= u.deviation);
        CHECK(m.at[i] + t.to + t.before / 2 <= t.pivot);
    }
}

TEST(a_window_that_moves_has_the_medians_of_each_place)
{
    fill(1, 0);
    check_moments(BEFORE);
    check_moments(61);
    fill(2, 7);
    check_moments(BEFORE);
    check_moments(60);
}

TEST(a_series_that_stands_still_deviates_by_nothing)
{
    for (int i = 0; i < ROWS; i++)
        v[i] = 7;
    struct tape t = tape_with(BEFORE);
    struct tape_moments m;
    tape_find_moments(&t, 1440, &m);
    for (int i = 0; i < m.n; i++) {
        CHECK_NEAR(m.usual[i].level, 7, 0);
        CHECK_NEAR(m.usual[i].deviation, 0, 0);
    }
    CHECK_NEAR(tape_floor(&m), 0, 0);
    CHECK_NEAR(tape_far(&m.usual[0], 0), 5 * 0.07, 1e-12);
}

TEST(a_long_window_is_looked_at_afresh_each_time)
{
    fill(3, 9);
    check_moments(238);
}

TEST(too_few_points_have_no_level)
{
    for (int i = 0; i < ROWS; i++)
        v[i] = i >= PIVOT - 5 ? 1 : NAN;
    struct tape t = tape_with(BEFORE);
    CHECK(isnan(tape_usual_before(&t, PIVOT).level));
    v[PIVOT - 6] = 1;
    CHECK_NEAR(tape_usual_before(&t, PIVOT).level, 1, 0);
}

TEST(points_beyond_are_counted_on_the_side_that_is_worse)
{
    struct tape_usual u = {100, 1};
    struct tape t = tape_with(BEFORE);
    for (int i = 0; i < ROWS; i++)
        v[i] = 100;
    v[PIVOT + 4] = 200; /* still settling */
    v[PIVOT + 5] = 106;
    v[PIVOT + 6] = 105;
    v[PIVOT + 7] = 90;
    v[PIVOT + 8] = NAN;
    v[PIVOT + 29] = 120;
    struct tape_count c = tape_count_after(&t, PIVOT, &u, 5, WORSE_BOTH);
    CHECK_INT(c.n, 3);
    CHECK_INT(c.of, 24);
    CHECK_INT(c.above, 2);
    CHECK_INT(c.late, 1);
    CHECK_INT((long long)c.first, PIVOT + 5);
    CHECK_NEAR(c.sum, 106 + 90 + 120, 1e-9);
    CHECK_INT(tape_count_after(&t, PIVOT, &u, 5, WORSE_UP).n, 2);
    CHECK_INT(tape_count_after(&t, PIVOT, &u, 5, WORSE_DOWN).n, 1);
}

TEST(moments_with_as_many_points_are_counted)
{
    uint64_t seed = 5;
    for (int i = 0; i < ROWS; i++)
        v[i] = (float)(100 + made_noise(&seed));
    for (int i = 0; i < ROWS; i += 300) /* now and then ten points far off */
        for (int k = 0; k < 10; k++)
            v[i + k] = 300;
    struct tape t = tape_with(BEFORE);
    struct tape_moments m;
    struct tape_score up, down;
    const struct tape_count c = {.n = 8, .of = 25};
    tape_find_moments(&t, 1440, &m);
    CHECK(tape_score_make(&t, &m, 0, WORSE_UP, &c, 30, &up));
    CHECK(tape_score_make(&t, &m, 0, WORSE_DOWN, &c, 30, &down));
    CHECK_INT(up.moments, m.n);
    CHECK(up.like >= 3 && up.like < m.n / 5);
    CHECK_INT(down.like, 0);
    CHECK(up.z > 0 && down.z > up.z);
    CHECK(!tape_score_make(&t, &m, 0, WORSE_UP, &c, m.n + 1, &up));
}
