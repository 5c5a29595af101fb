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
