/* notifier/plain.c - the one place where strangers' text loses what could harm a
 * reader.  Pure; any thread. */
#include "notifier/plain.h"

#include <stdbool.h>

/* The Unicode Standard, table 3-7: overlong forms, surrogates and codes beyond U+10FFFF
 * are told apart by the second byte. */
static size_t sequence_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] != 0;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return 2;
    if (s[0] >= 0xe0 && s[0] <= 0xef) {
        unsigned low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;
        return s[1] >= low && s[1] <= high ? 3 : 0;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        unsigned low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;
        return s[1] >= low && s[1] <= high ? 4 : 0;
    }
    return 0;
}

size_t plain_char(const char *text, unsigned *ret_code)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = sequence_length(s);
    if (n == 0)
        return 0;
    unsigned code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    *ret_code = code;
    return n;
}

static bool is_control(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

/* Marks that turn the reading direction, or that cannot be seen at all: with them a
 * host could be made to look like another one. */
static bool is_unseen(unsigned c)
{
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

void plain_add(struct buf *to, const char *text, size_t chars_max)
{
    size_t chars = 0;
    for (const char *s = text; s != NULL && *s != '\0';) {
        unsigned code;
        size_t n = plain_char(s, &code);
        if (n > 0 && is_unseen(code)) {
            s += n;
            continue;
        }
        if (chars == chars_max) {
            buf_add(to, "\xe2\x80\xa6");
            return;
        }
        if (n == 0)
            buf_add(to, "\xef\xbf\xbd");
        else if (is_control(code))
            buf_add_ch(to, ' ');
        else
            buf_add_n(to, s, n);
        s += n > 0 ? n : 1;
        chars++;
    }
}

/* The wide ranges that occur in names: Hangul, CJK, kana, full-width forms, emoji. */
static bool is_wide(unsigned c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe4f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

size_t plain_width(const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        unsigned code = 0;
        size_t n = plain_char(text, &code);
        width += n > 0 && is_wide(code) ? 2 : 1;
        text += n > 0 ? n : 1;
    }
    return width;
}
