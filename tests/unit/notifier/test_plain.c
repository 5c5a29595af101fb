#include "notifier/plain.h"

#include "base/names.h"
#include "tests/test.h"

static const char *plain(const char *text, size_t most)
{
    static struct buf b;
    buf_clear(&b);
    plain_add(&b, text, most);
    return buf_text(&b);
}

TEST(good_text_is_left_alone)
{
    CHECK_TEXT(plain("pay 2.4.1 \xe2\x86\x92 2.5.0 \xe6\x94\xaf\xe4\xbb\x98", 100),
               "pay 2.4.1 \xe2\x86\x92 2.5.0 \xe6\x94\xaf\xe4\xbb\x98");
}

TEST(control_characters_and_line_ends_become_spaces)
{
    CHECK_TEXT(plain("a\r\nb\x01"
                     "c\x7f"
                     "d\xc2\x85"
                     "e\xe2\x80\xa8"
                     "f",
                     100),
               "a  b c d e f");
}

TEST(direction_and_unseen_marks_are_left_out)
{
    CHECK_TEXT(plain("a\xe2\x80\xae"
                     "b\xe2\x80\x8b"
                     "c\xef\xbb\xbf"
                     "d\xe2\x81\xa6"
                     "e",
                     100),
               "abcde");
}

TEST(broken_bytes_become_replacement_characters)
{
    const char *out = plain("a\xff\xc0\xaf\xed\xa0\x80z\xe2\x82", 100);
    CHECK(utf8_valid(out, strlen(out)));
    CHECK(out[0] == 'a' && strchr(out, 'z') != NULL);
    CHECK(strstr(out, "\xef\xbf\xbd") != NULL);
}

TEST(long_text_ends_in_an_ellipsis_at_a_character)
{
    CHECK_TEXT(plain("\xe6\x94\xaf\xe4\xbb\x98\xe6\x94\xaf", 2),
               "\xe6\x94\xaf\xe4\xbb\x98\xe2\x80\xa6");
    CHECK_TEXT(plain("ab", 2), "ab");
    CHECK_TEXT(plain("ab\xe2\x80\xae", 2), "ab");
}

TEST(no_text_is_nothing)
{
    CHECK_TEXT(plain(NULL, 5), "");
}

TEST(wide_characters_take_two_columns)
{
    CHECK_INT(plain_width("ab\xe6\x94\xaf"), 4);
    CHECK_INT(plain_width("\xff"), 1);
}
