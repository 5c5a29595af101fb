/* tests of base/names */
#include "base/names.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const char *name_fault(const char *text, size_t n)
{
    static struct err err;
    err = (struct err){0};
    return name_check(text, n, &err) < 0 ? err.text : "";
}

#define NAME_FAULT(literal) name_fault(literal, sizeof literal - 1)

TEST(usual_names_are_taken)
{
    static const char *const good[] = {
        "h1",
        "web-01.example.com",
        "disk.util{device=sda}",
        "a b",
        "~",
        "中文服务",
        "naïve",
        "\xc2\xa0",         /* U+00A0, the first after C1 */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_TEXT(name_fault(good[i], strlen(good[i])), "");
}

TEST(a_name_may_not_be_empty_but_a_text_may)
{
    struct err err = {0};
    CHECK_TEXT(NAME_FAULT(""), "is empty");
    CHECK_INT(text_check("", 0, &err), 0);
}

TEST(lengths_are_bounded_to_the_byte)
{
    char long_text[TEXT_BYTES_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    CHECK_TEXT(name_fault(long_text, NAME_BYTES_MAX), "");
    CHECK_TEXT(name_fault(long_text, 201), "is 201 bytes long, at most 200");
    struct err err = {0};
    CHECK_INT(text_check(long_text, TEXT_BYTES_MAX, &err), 0);
    CHECK_INT(text_check(long_text, TEXT_BYTES_MAX + 1, &err), -1);
    CHECK_TEXT(err.text, "is 1025 bytes long, at most 1024");
}

TEST(control_characters_are_refused_with_their_place)
{
    CHECK_TEXT(NAME_FAULT("abcdef\n"), "has a control character at byte 7");
    CHECK_TEXT(NAME_FAULT("\0"), "has a control character at byte 1");
    CHECK_TEXT(NAME_FAULT("ab\x7f"), "has a control character at byte 3");
    CHECK_TEXT(NAME_FAULT("\xc2\x85"), "has a control character at byte 1");
    CHECK_TEXT(NAME_FAULT("\xc2\x9f"), "has a control character at byte 1");
    CHECK_TEXT(NAME_FAULT("a\xe2\x80\xa8"), "has a line separator at byte 2");
    CHECK_TEXT(NAME_FAULT("a\xe2\x80\xa9"), "has a line separator at byte 2");
    CHECK_TEXT(NAME_FAULT("a\xe2\x80\xa7"), "");
}

/* The fast path looks at eight bytes at a time: each byte value at each place in the
 * eight must be judged as it is alone. */
TEST(every_byte_is_judged_alike_at_every_place)
{
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 17; at++) {
            char text[17];
            memset(text, 'a', sizeof text);
            text[at] = (char)c;
            CHECK((name_check(text, sizeof text, NULL) == 0) ==
                  (c >= 0x20 && c < 0x7f));
            CHECK(utf8_valid(text, sizeof text) == (c < 0x80));
        }
}

TEST(bad_utf8_is_refused_with_its_place)
{
    CHECK_TEXT(NAME_FAULT("ab\xff"), "is not valid UTF-8 at byte 3");
    static const char *const bad[] = {
        "\x80",             /* a lone continuation byte */
        "\xc0\xaf",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x98",
        "\xc3(",
        "\xe2\x28\xa1",
        "\xfe",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!utf8_valid(bad[i], strlen(bad[i])));
        CHECK_INT((long long)utf8_next(bad[i], strlen(bad[i])), 0);
        CHECK_TEXT(name_fault(bad[i], strlen(bad[i])), "is not valid UTF-8 at byte 1");
    }
}

/* Writes the code point without any judgement; gives the length. */
static size_t encode(unsigned cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3f));
    out[0] = (char)((0xf00 >> n & 0xff) | cp);
    return n;
}

TEST(every_code_point_but_the_surrogates_is_valid)
{
    for (unsigned cp = 0; cp <= 0x110fff; cp++) {
        char text[4];
        size_t n = encode(cp, text);
        bool want = cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
        if (utf8_valid(text, n) != want || utf8_next(text, n) != (want ? n : 0))
            test_fail(__FILE__, __LINE__, "U+%04X is judged wrongly", cp);
    }
}

TEST(a_cut_character_is_not_read_past_its_end)
{
    char *cut = malloc(3); /* on the heap, where the sanitizer guards its end */
    CHECK(cut != NULL);
    memcpy(cut, "\xf0\x9f\x98", 3);
    CHECK(!utf8_valid(cut, 3));
    free(cut);
    CHECK(utf8_valid("", 0));
}

TEST(globs_match)
{
    static const struct {
        const char *glob, *text;
        bool match;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"**", "", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "é", true},
        {"??", "é", false},
        {"?", "ab", false},
        {"*?", "中", true},
        {"*??", "中", false},
        {"cpu.*", "cpu.busy", true},
        {"cpu.*", "cpu", false},
        {"*.busy", "cpu.busy", true},
        {"*.busy", "cpu.busy2", false},
        {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "a-b-b-d", false},
        {"*a", "aaaab", false},
        {"*ab", "aaaab", true},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"[ab]", "a", false},
        {"[ab]", "[ab]", true},
        {"\\*", "\\x", true},
        {"pay-*", "pay-api", true},
        {"pay-*", "Pay-api", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (glob_match(cases[i].glob, cases[i].text) != cases[i].match)
            test_fail(__FILE__, __LINE__, "'%s' against '%s' should%s match",
                      cases[i].glob, cases[i].text, cases[i].match ? "" : " not");
}

/* Plain recursion, slow and obviously right; for short inputs only. */
static bool slow_match(const char *g, const char *t)
{
    if (*g == '\0')
        return *t == '\0';
    if (*g == '*')
        return slow_match(g + 1, t) || (*t != '\0' && slow_match(g, t + 1));
    return *t != '\0' && (*g == '?' || *g == *t) && slow_match(g + 1, t + 1);
}

TEST(globs_agree_with_the_plain_definition)
{
    static const char glob_letters[] = "ab*?", text_letters[] = "ab";
    for (unsigned g = 0; g < 1024; g++)
        for (unsigned t = 0; t < 64; t++) {
            char glob[6] = {0}, text[7] = {0};
            for (int i = 0; i < 5; i++)
                glob[i] = glob_letters[g >> 2 * i & 3];
            for (int i = 0; i < 6; i++)
                text[i] = text_letters[t >> i & 1];
            if (glob_match(glob, text) != slow_match(glob, text))
                test_fail(__FILE__, __LINE__, "'%s' against '%s'", glob, text);
        }
}

TEST(many_stars_do_not_take_for_ever)
{
    char glob[401], text[20001];
    for (size_t i = 0; i < 400; i += 2)
        memcpy(glob + i, "*a", 2);
    glob[400] = '\0';
    glob[399] = 'b';
    memset(text, 'a', 20000);
    text[20000] = '\0';
    CHECK(!glob_match(glob, text));
}
