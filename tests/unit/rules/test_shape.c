#include "base/buf.h"
#include "rules/shape.h"
#include "tests/test.h"

static struct shape good(const char *text, enum shape_side side)
{
    struct shape s = {0};
    struct err err = {0};
    size_t at;
    if (shape_read(text, side, &s, &at, &err) < 0)
        test_fail(__FILE__, __LINE__, "'%s': at %zu: %s", text, at, err.text);
    return s;
}

/* All points as a text, _ for none. */
static void check_points(const char *text, enum shape_side side, uint32_t n,
                         const char *want)
{
    struct shape s = good(text, side);
    OWNED_BUF b = {0};
    for (uint32_t i = 0; i < n; i++) {
        double v = shape_value(&s, side, i, n, 7);
        buf_add(&b, i > 0 ? " " : "");
        if (isnan(v))
            buf_add_ch(&b, '_');
        else
            buf_addf(&b, "%g", v);
    }
    if (strcmp(buf_text(&b), want) != 0)
        test_fail(__FILE__, __LINE__, "%s gives\n  %s, expected\n  %s", text,
                  buf_text(&b), want);
}

static void check_refused(const char *text, enum shape_side side, size_t place,
                          const char *words)
{
    struct shape s = {.n = 99};
    struct err err = {0};
    size_t at = 0;
    CHECK(shape_read(text, side, &s, &at, &err) == -1);
    CHECK_INT(s.n, 99);
    CHECK_TEXT(err.text, words);
    CHECK_INT(at, place);
}

TEST(parts_follow_one_another)
{
    check_points("20x3 27x2", SHAPE_AFTER, 5, "20 20 20 27 27");
    check_points("1 2 3", SHAPE_AFTER, 3, "1 2 3");
    check_points("  1   2x1 ", SHAPE_AFTER, 2, "1 2");
    check_points("-1.5 1e3 5k 2M 0.5", SHAPE_AFTER, 5, "-1.5 1000 5000 2e+06 0.5");
}

TEST(points_can_be_missing)
{
    check_points("1x2 _x2 2", SHAPE_AFTER, 5, "1 1 _ _ 2");
    check_points("_", SHAPE_AFTER, 3, "_ _ _");
}

TEST(a_line_meets_both_its_ends)
{
    check_points("20..30x6", SHAPE_AFTER, 6, "20 22 24 26 28 30");
    check_points("3..1x3", SHAPE_AFTER, 3, "3 2 1");
    check_points("5..9x1", SHAPE_AFTER, 1, "5");
}

TEST(what_is_left_over_is_next_to_nothing_and_far_from_the_change)
{
    check_points("7x2", SHAPE_BEFORE, 4, "_ _ 7 7");
    check_points("7x2", SHAPE_AFTER, 4, "7 7 _ _");
}

TEST(a_part_without_an_end_takes_all_that_is_left)
{
    check_points("7x* 8x2", SHAPE_BEFORE, 5, "7 7 7 8 8");
    check_points("8x2 7x*", SHAPE_AFTER, 5, "8 8 7 7 7");
    check_points("8x2 7x*", SHAPE_AFTER, 2, "8 8");
    check_points("20", SHAPE_BEFORE, 3, "20 20 20");
    check_points("20", SHAPE_AFTER, 3, "20 20 20");
    check_points("20x1", SHAPE_AFTER, 2, "20 _");
}

TEST(noise_stays_within_its_bounds_and_is_the_same_each_time)
{
    struct shape s = good("20~2", SHAPE_AFTER);
    double least = 99, most = 0, sum = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        double v = shape_value(&s, SHAPE_AFTER, i, 10000, shape_seed(0, "h1"));
        CHECK(v == shape_value(&s, SHAPE_AFTER, i, 10000, shape_seed(0, "h1")));
        least = fmin(least, v), most = fmax(most, v), sum += v;
    }
    CHECK(least >= 18 && least < 18.01);
    CHECK(most <= 22 && most > 21.99);
    CHECK_NEAR(sum / 10000, 20, 0.05);
    CHECK(shape_value(&s, SHAPE_AFTER, 0, 1, shape_seed(0, "h1")) !=
          shape_value(&s, SHAPE_AFTER, 0, 1, shape_seed(0, "h2")));
}

TEST(points_and_openness_are_told)
{
    bool open;
    struct shape s = good("1x10 2 3x*", SHAPE_AFTER);
    CHECK_INT(shape_points(&s, &open), 11);
    CHECK(open);
    s = good("1x10", SHAPE_AFTER);
    CHECK_INT(shape_points(&s, &open), 10);
    CHECK(!open);
}

TEST(what_is_no_shape_is_refused_with_its_place)
{
    check_refused("", SHAPE_AFTER, 0, "expected values such as 20x30, found nothing");
    check_refused("20x30 abc", SHAPE_AFTER, 6,
                  "expected a number such as 20, -1.5 or 5k, or _ for no point");
    check_refused(
        "20x", SHAPE_AFTER, 3,
        "expected how many points, such as x30, or x* for all the time there is");
    check_refused(
        "20x0", SHAPE_AFTER, 3,
        "expected how many points, such as x30, or x* for all the time there is");
    check_refused("20,30", SHAPE_AFTER, 2,
                  "expected x and a count, or a space and the next part");
    check_refused("20x100001", SHAPE_AFTER, 3, "more than 100000 points");
    check_refused("20x60000 21x60000", SHAPE_AFTER, 9, "more than 100000 points");
    check_refused("20x99999999999", SHAPE_AFTER, 3, "more than 100000 points");
    check_refused("20~-2", SHAPE_AFTER, 3,
                  "noise is how far values go to either side, expected 0 or more");
    check_refused("1e99", SHAPE_AFTER, 0, "a number too large to be a sample");
    check_refused("1..", SHAPE_AFTER, 3,
                  "expected a number such as 20, -1.5 or 5k, or _ for no point");
    check_refused("1x* 2", SHAPE_AFTER, 0,
                  "after the change, only the last part may have x*");
    check_refused("1 2x*", SHAPE_BEFORE, 2,
                  "before the change, only the first part may have x*");
    check_refused("20..30", SHAPE_AFTER, 0, "a line needs a count, such as 20..30x10");
}
