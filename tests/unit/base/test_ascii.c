#include "base/ascii.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

TEST(just_the_sixty_two_letters_and_digits_are_plain)
{
    static const char plain[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    int n = 0;
    for (int c = 0; c < 256; c++) {
        bool listed = c != 0 && strchr(plain, c) != NULL;
        CHECK(ascii_plain((char)c) == listed);
        n += ascii_plain((char)c);
    }
    CHECK_INT(n, 62);
}

TEST(a_hexadecimal_digit_has_its_value_and_any_other_byte_has_none)
{
    int n = 0;
    for (int c = 0; c < 256; c++) {
        char text[] = {(char)c, '\0'};
        bool listed = c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL;
        CHECK_INT(ascii_hex((char)c), listed ? strtol(text, NULL, 16) : -1);
        n += listed;
    }
    CHECK_INT(n, 22);
}
