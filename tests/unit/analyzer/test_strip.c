/* tests of analyzer/strip */
#include "analyzer/strip.h"
#include "tests/test.h"

TEST(cells_end_at_the_cut_and_rows_follow)
{
    /* rows 0..1 | 2..6 | 7..11 | 12 13 14 */
    struct strip s = strip_make(15, 14, 5, 3);
    CHECK_INT((long long)s.cells, 3);
    CHECK_INT((long long)s.cut, 12);
    CHECK_INT((long long)s.n, 6);
    static const size_t first[] = {0, 2, 7, 12, 13, 14};
    for (size_t i = 0; i < s.n; i++)
        CHECK_INT((long long)strip_row(&s, i), (long long)first[i]);
}

TEST(a_place_tells_the_cell_and_how_far_into_it)
{
    struct strip s = strip_make(15, 14, 5, 3);
    static const struct strip_place want[] = {{0, 3}, {0, 4}, {1, 0}, {1, 1}};
    for (size_t row = 0; row < 4; row++) {
        struct strip_place p = strip_place(&s, row);
        CHECK(p.at == want[row].at && p.part == want[row].part);
    }
    struct strip_place last = strip_place(&s, 11), cut = strip_place(&s, 12);
    struct strip_place end = strip_place(&s, 15);
    CHECK(last.at == 2 && last.part == 4);
    CHECK(cut.at == 3 && cut.part == 0);
    CHECK(end.at == 6 && end.part == 0);
}

TEST(cells_of_one_row_are_rows)
{
    struct strip s = strip_make(10, 6, 1, 0);
    CHECK_INT((long long)s.n, 10);
    for (size_t row = 0; row <= 10; row++) {
        struct strip_place p = strip_place(&s, row);
        CHECK(p.at == row && p.part == 0);
    }
}

TEST(without_room_for_a_cell_there_are_rows_only)
{
    struct strip s = strip_make(10, 1, 5, 3);
    CHECK_INT((long long)s.cells, 0);
    CHECK_INT((long long)s.cut, 0);
    CHECK_INT((long long)s.n, 10);
    CHECK_INT((long long)strip_row(&s, 4), 4);
}

TEST(rows_keep_their_numbers_when_cells_are_left_out)
{
    struct strip all = strip_make(103, 93, 5, 2), s = all;
    strip_leave_out(&s, 0, 14);  /* but the first cell, and the one of rows 13 to 17 */
    strip_leave_out(&s, 30, 41); /* of these only the cell of rows 33 to 37 is whole */
    strip_leave_out(&s, 50, 51); /* none */
    strip_leave_out(&s, 68, 78);
    CHECK_INT((long long)s.n_gaps, 3);
    CHECK_INT((long long)(all.n - s.n), 2 + 1 + 2);
    CHECK_INT((long long)s.cut, (long long)all.cut);
    for (size_t row = 0; row < 103; row++) {
        struct strip_place p = strip_place(&s, row), q = strip_place(&all, row);
        bool out = (row >= 3 && row < 13) || (row >= 33 && row < 38) ||
                   (row >= 68 && row < 78);
        if (out) {
            CHECK_INT((long long)p.part, 0);
            continue;
        }
        CHECK_INT(p.part, q.part);
        CHECK_INT((long long)strip_row(&s, p.at), (long long)strip_row(&all, q.at));
    }
    CHECK(strip_place(&s, 7).at == strip_place(&s, 13).at);
    CHECK(strip_place(&s, 70).at == strip_place(&s, 78).at);
}

TEST(the_cells_before_the_single_rows_can_be_left_out)
{
    struct strip s = strip_make(40, 30, 5, 0);
    strip_leave_out(&s, 20, 35);
    CHECK_INT((long long)s.n, 14);
    CHECK_INT((long long)strip_place(&s, 30).at, 4);
    CHECK_INT((long long)strip_row(&s, 4), 30);
}
