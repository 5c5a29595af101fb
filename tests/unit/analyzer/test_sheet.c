/* tests of analyzer/sheet */
#include "analyzer/sheet.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

/* Minutes from the pivot; past by five minutes, hot rows by one. */
enum { PIVOT_MIN = 1000003, BEFORE = 10, AFTER = 10, METRICS = 3 };

static const struct windows_rule rule = {.before = {BEFORE * 60000}};
static struct unit unit;
static const struct unit *units[] = {&unit};
static struct lineup lineup;

static instant minute(int64_t m)
{
    return (instant){(PIVOT_MIN + m) * 60000};
}

static float *cells(uint32_t rows)
{
    float *v = malloc(rows * METRICS * sizeof *v);
    CHECK(v != NULL);
    return v;
}

/* A past of rows of `wide` minutes from `from` on, hot rows from -10 to 10; a value is
 * 1000 times its metric plus its row, the hot ones 500 more. */
static void make(int64_t from, uint32_t past_rows, int64_t wide)
{
    unit = (struct unit){.who = {.kind = ENTITY_HOST, .host = "h", .service = ""},
                         .n_metrics = METRICS,
                         .past = {minute(from), {wide * 60000}, past_rows, NULL},
                         .hot = {minute(-BEFORE), {60000}, BEFORE + AFTER, NULL}};
    unit.past.cells = cells(past_rows + 1);
    unit.hot.cells = cells(BEFORE + AFTER);
    for (uint32_t r = 0; r < past_rows * METRICS; r++)
        unit.past.cells[r] = (float)(r % METRICS * 1000 + r / METRICS);
    for (uint32_t r = 0; r < (BEFORE + AFTER) * METRICS; r++)
        unit.hot.cells[r] = (float)(r % METRICS * 1000 + 500 + r / METRICS);
    lineup = (struct lineup){
        .windows = &rule,
        .step = {60000},
        .n_units = 1,
        .unit = units,
        .whole = {.pivot = minute(0), .frame = {.after_to = minute(AFTER)}}};
}

static void forget(void)
{
    free(unit.past.cells);
    free(unit.hot.cells);
}

/* The series written out, two of them in turned order. */
static float *written(const struct timeline *t)
{
    static const uint32_t metric[] = {2, 0};
    float *to = malloc(2 * t->strip.n * sizeof *to);
    float *room = malloc(t->strip.rows * sizeof *room);
    CHECK(to != NULL && room != NULL);
    sheet_read(t, &unit, &unit.past, metric, 2, to, room);
    free(room);
    return to;
}

/* The value of a row, 0 being the first of the clock. */
static float at_row(const struct timeline *t, const float *v, size_t row)
{
    return v[strip_place(&t->strip, row).at];
}

TEST(a_past_by_five_minutes_lies_in_cells_and_the_hot_rows_follow)
{
    make(-33, 5, 5); /* rows of the past from -33 to -8, on their own bounds */
    struct timeline t = timeline_of(&lineup);
    CHECK_INT((long long)t.from.ms, (long long)minute(-33).ms);
    CHECK_INT((long long)t.day, 1440);
    CHECK_INT((long long)t.strip.wide, 5);
    CHECK_INT((long long)t.strip.cells, 4); /* up to -13 */
    CHECK_INT((long long)t.strip.rows, 33 + AFTER + 1);
    float *v = written(&t), *second = v + t.strip.n;
    CHECK_NEAR(at_row(&t, v, 0), 2000, 0);
    CHECK_NEAR(at_row(&t, v, 19), 2003, 0);
    CHECK_NEAR(at_row(&t, v, 20), 2004, 0); /* -13, the past's last row */
    CHECK_NEAR(at_row(&t, v, 22), 2004, 0);
    CHECK_NEAR(at_row(&t, v, 23), 2500, 0); /* -10: the windows know better */
    CHECK_NEAR(at_row(&t, v, 33), 2510, 0);
    CHECK_NEAR(at_row(&t, v, 42), 2519, 0);
    CHECK(isnan(at_row(&t, v, 43)));
    CHECK_NEAR(at_row(&t, second, 5), 1, 0);
    CHECK_NEAR(at_row(&t, second, 33), 510, 0);
    free(v);
    forget();
}

TEST(a_past_of_another_step_comes_to_the_same_rows)
{
    make(-40, 15, 2); /* written in cells of two minutes */
    struct unit other = unit;
    struct track fine = unit.past;
    make(-43, 11, 3);
    other.past = fine;
    const struct unit *both[] = {&unit, &other};
    lineup.unit = both, lineup.n_units = 2; /* cells are as wide as the finer one's */
    struct timeline t = timeline_of(&lineup);
    CHECK_INT((long long)t.strip.wide, 2);
    CHECK_INT((long long)t.from.ms, (long long)minute(-43).ms);
    float *v = written(&t); /* the one by three minutes */
    /* rows: -43 -42 -41 are 2000, -40 -39 -38 are 2001; cells from -44 on */
    CHECK_NEAR(v[0], 2000, 0);
    CHECK_NEAR(v[1], 2000, 0);
    CHECK_NEAR(v[2], 2001, 0);
    CHECK_NEAR(v[3], 2001.5, 0); /* -38 and -37 */
    free(v);
    free(fine.cells);
    free(other.hot.cells);
    forget();
}

TEST(what_was_measured_after_the_change_is_in_no_row_before_it)
{
    make(-33, 5, 5);
    lineup.whole.pivot.ms += 20000; /* inside of a minute */
    struct timeline t = timeline_of(&lineup);
    size_t pivot = timeline_row(&t, lineup.whole.pivot);
    float *v = written(&t);
    CHECK_NEAR(at_row(&t, v, pivot), 2510, 0);
    CHECK_NEAR(at_row(&t, v, pivot - 1), 2509, 0);
    free(v);
    forget();
}

TEST(the_near_rows_are_a_clock_of_their_own)
{
    make(-33, 5, 5);
    struct timeline t = timeline_of(&lineup), near = timeline_near(&t);
    CHECK_INT((long long)near.strip.n, (long long)(t.strip.n - t.strip.cells));
    CHECK_INT((long long)timeline_row(&near, minute(0)),
              (long long)(timeline_row(&t, minute(0)) - t.strip.cut));
    float *all = written(&t);
    static const uint32_t metric[] = {2};
    float *v = malloc(near.strip.n * sizeof *v), room[64];
    struct track none = {0};
    sheet_read(&near, &unit, &none, metric, 1, v, room);
    for (int64_t m = -BEFORE; m < AFTER; m++)
        CHECK_NEAR(v[timeline_row(&near, minute(m))],
                   at_row(&t, all, timeline_row(&t, minute(m))), 0);
    free(v);
    free(all);
    forget();
}

TEST(without_samples_before_the_change_there_are_no_rows)
{
    make(-33, 5, 5);
    unit.past.rows = unit.hot.rows = 0;
    CHECK_INT((long long)timeline_of(&lineup).strip.rows, 0);
    lineup.step.ms = 0;
    CHECK_INT((long long)timeline_of(&lineup).strip.rows, 0);
    forget();
}

TEST(the_rows_before_a_time_are_the_same_rows)
{
    struct timeline t = {.from = {600000},
                         .step = {60000},
                         .day = 1440,
                         .strip = strip_make(100, 40, 5, 2)},
                    none = {0};
    struct timeline until = timeline_until(&t, (instant){600000 + 70 * 60000});
    CHECK_INT((long long)until.strip.rows, 70);
    CHECK_INT((long long)until.strip.cut, (long long)t.strip.cut);
    CHECK_INT((long long)until.strip.lead, 2);
    CHECK_INT((long long)timeline_until(&t, INSTANT_FAR).strip.rows, 100);
    CHECK_INT((long long)timeline_until(&none, (instant){5}).strip.rows, 0);
}

/* A past of 60 rows of `wide` minutes, with and without some of its cells. */
static void check_left_out(int64_t from, int64_t wide)
{
    make(from, 60, wide);
    struct timeline t = timeline_of(&lineup), less = t;
    strip_leave_out(&less.strip, 20, 42);
    strip_leave_out(&less.strip, 60, 74);
    CHECK(less.strip.n + 4 <= t.strip.n);
    float *all = written(&t), *some = written(&less);
    for (size_t row = 0; row < t.strip.rows; row++)
        if ((row < 20 || row >= 42) && (row < 60 || row >= 74)) {
            float a = at_row(&t, all, row), b = at_row(&less, some, row);
            CHECK(isnan(a) ? isnan(b) : a >= b && a <= b);
        }
    free(all);
    free(some);
    forget();
}

TEST(rows_that_are_left_out_leave_the_others_as_they_are)
{
    check_left_out(-303, 5);
    check_left_out(-120, 2);
}
