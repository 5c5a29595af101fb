/* base/names.c - the one judge of names and texts from outside, and of UTF-8.
 *
 * Well-formed UTF-8 is what table 3-7 of the Unicode Standard lists: the bounds of the
 * second byte keep out overlong forms, surrogates and all above U+10FFFF.  No state,
 * any thread. */
#include "base/names.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static bool within(unsigned char c, unsigned char least, unsigned char most)
{
    return c >= least && c <= most;
}

size_t utf8_next(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t len = within(p[0], 0xc2, 0xdf)   ? 2
                 : within(p[0], 0xe0, 0xef) ? 3
                 : within(p[0], 0xf0, 0xf4) ? 4
                                            : 0;
    if (len == 0 || len > n)
        return 0;
    unsigned char least = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char most = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (!within(p[1], least, most))
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!within(p[i], 0x80, 0xbf))
            return 0;
    return len;
}

bool utf8_is_control(const char *character, size_t n)
{
    const unsigned char *p = (const unsigned char *)character;
    if (n == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (n == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    return n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);
}

/* True when none of eight bytes has its high bit set. */
static bool ascii_8(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return (w & 0x8080808080808080u) == 0;
}

bool utf8_valid(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && ascii_8(text + i)) {
            i += 8;
            continue;
        }
        size_t len = utf8_next(text + i, n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

/* True when eight bytes are all of 0x20 to 0x7e: the common case, eight at a time.
 * Without high bits, adding 0x60 sets a byte's high bit from 0x20 on, and adding 1 sets
 * it for 0x7f; no sum carries into its neighbour. */
static bool plain_8(const char *p)
{
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return (w & high) == 0 && ((w + 0x60 * ones) & high) == high &&
           ((w + ones) & high) == 0;
}

static int characters_check(const char *text, size_t n, struct err *err)
{
    size_t i = 0;
    while (i < n) {
        if (n - i >= 8 && plain_8(text + i)) {
            i += 8;
            continue;
        }
        size_t len = utf8_next(text + i, n - i);
        if (len == 0)
            return err_set(err, EINVAL, "is not valid UTF-8 at byte %zu", i + 1);
        if (utf8_is_control(text + i, len))
            return err_set(err, EINVAL, "has a %s at byte %zu",
                           len == 3 ? "line separator" : "control character", i + 1);
        i += len;
    }
    return 0;
}

static int length_check(size_t n, size_t most, struct err *err)
{
    if (n > most)
        return err_set(err, EINVAL, "is %zu bytes long, at most %zu", n, most);
    return 0;
}

int name_check(const char *text, size_t n, struct err *err)
{
    if (n == 0)
        return err_set(err, EINVAL, "is empty");
    if (length_check(n, NAME_BYTES_MAX, err) < 0)
        return -1;
    return characters_check(text, n, err);
}

int text_check(const char *text, size_t n, struct err *err)
{
    if (length_check(n, TEXT_BYTES_MAX, err) < 0)
        return -1;
    return characters_check(text, n, err);
}

/* The end of the character at *p, which is not the end of the text.  Bytes that are no
 * UTF-8 count as one character each with the continuation bytes behind them. */
static const char *character_end(const char *p)
{
    p++;
    while (((unsigned char)*p & 0xc0) == 0x80)
        p++;
    return p;
}

/* A mismatch goes back to the last star only: what an earlier star could still reach,
 * the last one reaches too. */
bool glob_match(const char *glob, const char *text)
{
    const char *star = NULL, *from = NULL; /* behind the last star; what it took ends */
    while (*text != '\0') {
        if (*glob == '*') {
            star = ++glob;
            from = text;
        } else if (*glob == '?') {
            glob++;
            text = character_end(text);
        } else if (*glob == *text) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}
