/* tests of storage/ring */
#include "storage/ring.h"
#include "storage/windows.h"
#include "tests/test.h"

#include <stdlib.h>

enum { ROWS = 10, CAP = 8, NAMES = 100 };
static const uint8_t merges[NAMES + 1] = {[2] = MERGE_SUM, [3] = MERGE_MAX};

static struct ring ring_new(uint32_t cap)
{
    struct ring r = {.area = malloc(ring_bytes(ROWS, cap)),
                     .rows = ROWS,
                     .cap = cap,
                     .seed = 77,
                     .merge = merges};
    CHECK(r.area != NULL);
    memset(r.area, 0xa5, ring_bytes(ROWS, cap)); /* whatever was there before */
    ring_start(&r, false);
    return r;
}

static void put(const struct ring *r, uint32_t tag, uint32_t column, float v)
{
    struct ring_row row = ring_row_open(r, tag);
    ring_row_put(r, &row, column, v);
    ring_row_close(r, &row);
}

static float get(const struct ring *r, uint32_t tag, uint32_t column)
{
    float cells[RING_CAP_MAX];
    uint8_t counts[RING_CAP_MAX];
    ring_cut(r, (int64_t)tag - 1, 1, ring_head(r)->n_metrics, cells, counts);
    return cells[column];
}

TEST(a_tag_is_the_step_since_1970_plus_one)
{
    CHECK_INT(ring_tag((instant){0}, (span){1000}), 1);
    CHECK_INT(ring_tag((instant){999}, (span){1000}), 1);
    CHECK_INT(ring_tag((instant){1000}, (span){1000}), 2);
    CHECK_INT(ring_tag((instant){-1}, (span){1000}), 0);
    CHECK_INT(ring_tag((instant){4294967293999}, (span){1000}), 4294967294);
    CHECK_INT(ring_tag((instant){4294967295000}, (span){1000}), 0);
    CHECK_INT(ring_tag(INSTANT_FAR, (span){1000}), 0);
    CHECK_INT(ring_tag(INSTANT_NONE, (span){1000}), 0);
}

TEST(a_used_area_starts_empty)
{
    struct ring r = ring_new(CAP);
    ring_add(&r, 1);
    CHECK(ring_oldest(&r) == 0 && isnan(get(&r, 5, 0)));
    put(&r, 5, 0, 3);
    CHECK(get(&r, 5, 0) == 3 && isnan(get(&r, 4, 0)) && isnan(get(&r, 6, 0)));
    free(r.area);
}

TEST(columns_are_found_by_guess_by_scan_and_by_index)
{
    struct ring r = ring_new(64);
    for (uint32_t m = 1; m <= 30; m++)
        ring_add(&r, m * 3);
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t m = 1; m <= 30; m++) {
            CHECK_INT(ring_column(&r, m * 3, m - 1), m - 1);
            CHECK_INT(ring_column(&r, m * 3, 1000), m - 1);
            CHECK(ring_column(&r, m * 3 + 1, m - 1) == RING_NONE);
        }
        const uint32_t run[] = {30, 33, 36}, no_run[] = {30, 36}, end[] = {90, 93};
        CHECK_INT(ring_run(&r, run, 3, 0), 9);
        CHECK(ring_run(&r, no_run, 2, 9) == RING_NONE);
        CHECK(ring_run(&r, end, 2, 29) == RING_NONE);
        CHECK(ring_run(&r, run, 0, 9) == RING_NONE);
        if (r.index == NULL)
            r.index = ring_index(&r);
        CHECK(r.index != NULL);
    }
    ring_add(&r, 1); /* goes into the index too */
    CHECK_INT(ring_column(&r, 1, 0), 30);
    free(r.index);
    free(r.area);
}

TEST(a_run_and_single_puts_leave_the_same_row)
{
    struct ring a = ring_new(CAP), b = ring_new(CAP);
    const float v[] = {1, -2, 3.5f, 0, 1e30f};
    for (uint32_t m = 1; m <= 5; m++) {
        ring_add(&a, m);
        ring_add(&b, m);
    }
    struct ring_row row = ring_row_open(&a, 7);
    ring_row_run(&a, &row, 0, 5, v);
    CHECK_INT(row.taken, 5);
    ring_row_close(&a, &row);
    row = ring_row_open(&b, 7);
    for (uint32_t i = 5; i > 0; i--)
        ring_row_put(&b, &row, i - 1, v[i - 1]);
    ring_row_close(&b, &row);
    CHECK(memcmp(a.area, b.area, sizeof(struct ring_head) + 5 * 4) == 0);
    for (uint32_t i = 0; i < 5; i++)
        CHECK(get(&a, 7, i) == v[i] && get(&b, 7, i) == v[i]);
    CHECK_INT(ring_settle(&a, NAMES, RING_NEW), 1); /* the sums are right in both */
    CHECK_INT(ring_settle(&b, NAMES, RING_NEW), 1);
    free(a.area);
    free(b.area);
}

TEST(sums_stay_right_through_merging_copying_and_coming_round)
{
    struct ring r = ring_new(CAP), to = ring_new(CAP * 2);
    to.seed = 1234;
    ring_start(&to, false);
    for (uint32_t m = 1; m <= 4; m++)
        ring_add(&r, m);
    for (uint32_t tag = 1; tag <= 3 * ROWS; tag++)
        for (uint32_t i = 0; i < 300; i++)
            put(&r, tag, i % 4, (float)(tag + i));
    CHECK_INT(ring_settle(&r, NAMES, RING_NEW), ROWS);
    ring_copy(&to, &r);
    CHECK_INT(ring_settle(&to, NAMES, RING_NEW), ROWS);
    for (uint32_t tag = 2 * ROWS + 1; tag <= 3 * ROWS; tag++)
        for (uint32_t i = 0; i < 4; i++)
            CHECK(get(&to, tag, i) == get(&r, tag, i) && !isnan(get(&r, tag, i)));
    to.seed = 77; /* rows of another life of the area */
    CHECK_INT(ring_settle(&to, NAMES, RING_NEW), 0);
    free(r.area);
    free(to.area);
}

TEST(a_change_of_any_byte_of_a_row_is_told)
{
    struct ring r = ring_new(CAP);
    for (uint32_t m = 1; m <= CAP; m++)
        ring_add(&r, m);
    for (uint32_t i = 0; i < CAP; i++)
        put(&r, 1, i, (float)i + 0.25f);
    size_t row = ring_bytes(ROWS, CAP) - ROWS * CAP * 5;
    for (size_t at = row; at < row + CAP * 5; at++) {
        struct ring copy = ring_new(CAP);
        memcpy(copy.area, r.area, ring_bytes(ROWS, CAP));
        copy.area[at] ^= 0x10;
        CHECK_INT(ring_settle(&copy, NAMES, RING_NEW), 0);
        free(copy.area);
    }
    CHECK_INT(ring_settle(&r, NAMES, RING_NEW), 1);
    free(r.area);
}

TEST(settling_mends_what_cannot_be)
{
    struct ring r = ring_new(CAP);
    for (uint32_t m = 1; m <= 5; m++)
        ring_add(&r, m * 10);
    for (uint32_t tag = 1; tag <= 5; tag++)
        for (uint32_t i = 0; i < 5; i++)
            put(&r, tag, i, (float)i);
    ring_head(&r)->newest = 4000000000;            /* never believed */
    CHECK_INT(ring_settle(&r, 35, RING_WHOLE), 5); /* metrics 40 and 50 are gone */
    CHECK(ring_head(&r)->newest == 5 && ring_head(&r)->n_metrics == 3);
    ring_add(&r, 7); /* and their columns are empty for those that follow */
    CHECK(isnan(get(&r, 5, 3)) && get(&r, 5, 2) == 2);
    CHECK_INT(ring_settle(&r, NAMES, RING_NEW), 5);
    ring_head(&r)->list_sum++;
    CHECK_INT(ring_settle(&r, NAMES, RING_NEW), 0);
    free(r.area);
}
