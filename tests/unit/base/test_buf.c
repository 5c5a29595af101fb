/* tests of base/buf */
#include "base/buf.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdlib.h>

TEST(text_grows_piece_by_piece)
{
    OWNED_BUF b = {0};
    CHECK_TEXT(buf_text(&b), "");
    buf_add(&b, "a");
    buf_add_ch(&b, '-');
    buf_addf(&b, "%d/%s", 7, "x");
    buf_add_n(&b, "yz!", 2);
    CHECK_TEXT(buf_text(&b), "a-7/xyz");
    CHECK_INT((long long)b.len, 7);
    CHECK_INT(buf_done(&b), 0);
}

TEST(nothing_added_is_still_text)
{
    OWNED_BUF b = {0};
    buf_add_n(&b, NULL, 0);
    CHECK_TEXT(b.data, "");
    CHECK_INT((long long)b.len, 0);
}

TEST(bytes_may_hold_nul_and_are_ended_by_one)
{
    OWNED_BUF b = {0};
    for (int i = 0; i < 1000; i++) {
        buf_add_n(&b, "a\0b", 3);
        CHECK(b.data[b.len] == '\0' && b.len < b.cap);
    }
    CHECK_INT((long long)b.len, 3000);
    CHECK(memcmp(b.data + 2997, "a\0b", 3) == 0);
}

TEST(a_long_format_fits)
{
    OWNED_BUF b = {0};
    buf_addf(&b, "%5000d", 1);
    CHECK_INT((long long)b.len, 5000);
    CHECK(b.data[4999] == '1');
}

TEST(room_is_written_to_by_the_caller)
{
    OWNED_BUF b = {0};
    buf_add(&b, "ab");
    char *room = buf_room(&b, 300);
    CHECK(room == b.data + 2);
    memset(room, 'c', 300);
    b.len += 300;
    buf_add(&b, "d");
    CHECK_INT((long long)b.len, 303);
    CHECK(b.data[301] == 'c' && b.data[302] == 'd');
}

TEST(a_failed_add_is_remembered_and_later_ones_do_nothing)
{
    OWNED_BUF b = {0};
    buf_add(&b, "kept");
    CHECK(buf_room(&b, BUF_BYTES_MAX) == NULL);
    CHECK_INT(buf_done(&b), -1);
    buf_add(&b, "lost");
    buf_addf(&b, "%d", 1);
    buf_add_ch(&b, 'x');
    CHECK_TEXT(buf_text(&b), "kept");
    CHECK_INT(buf_done(&b), -1);
    buf_clear(&b);
    buf_add(&b, "new");
    CHECK_TEXT(buf_text(&b), "new");
    CHECK_INT(buf_done(&b), 0);
}

TEST(a_size_that_would_wrap_around_is_refused)
{
    OWNED_BUF b = {0};
    buf_add(&b, "x");
    CHECK(buf_room(&b, SIZE_MAX) == NULL);
    CHECK_INT(buf_done(&b), -1);
}

TEST(text_can_be_given_away)
{
    struct buf b = {0};
    buf_add(&b, "mine");
    char *text = buf_give(&b);
    CHECK_TEXT(text, "mine");
    CHECK(b.data == NULL && b.len == 0 && b.cap == 0);
    free(text);
    text = buf_give(&b);
    CHECK_TEXT(text, "");
    free(text);
}

TEST(nothing_is_given_away_after_a_failure)
{
    struct buf b = {0};
    buf_add(&b, "x");
    CHECK(buf_room(&b, BUF_BYTES_MAX) == NULL);
    CHECK(buf_give(&b) == NULL);
    CHECK(b.data == NULL && !b.failed);
}

TEST(freeing_twice_is_fine)
{
    struct buf b = {0};
    buf_add(&b, "x");
    buf_free(&b);
    buf_free(&b);
    CHECK(b.data == NULL);
}
