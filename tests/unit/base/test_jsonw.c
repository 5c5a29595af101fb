/* tests of base/jsonw */
#include "base/jsonw.h"
#include "tests/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static const char *quoted(const char *text)
{
    static struct buf b;
    buf_clear(&b);
    json_quote(&b, text);
    return buf_text(&b);
}

static const char *number(double v, int digits)
{
    static struct buf b;
    buf_clear(&b);
    json_write_number(&b, v, digits);
    return buf_text(&b);
}

TEST(commas_and_nesting_are_kept)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "a", "x");
    jsonw_list(&w, "l");
    jsonw_int(&w, NULL, 1);
    jsonw_open(&w, NULL);
    jsonw_close(&w);
    jsonw_list(&w, NULL);
    jsonw_end(&w);
    jsonw_bool(&w, NULL, true);
    jsonw_end(&w);
    jsonw_open(&w, "o");
    jsonw_bool(&w, "f", false);
    jsonw_null(&w, "n");
    jsonw_close(&w);
    jsonw_num(&w, "z", 0.5);
    jsonw_raw(&w, "raw", "[1]");
    jsonw_close(&w);
    CHECK_INT(w.depth, 0);
    CHECK_TEXT(buf_text(&b), "{\"a\":\"x\",\"l\":[1,{},[],true],"
                             "\"o\":{\"f\":false,\"n\":null},\"z\":0.5,\"raw\":[1]}");
}

TEST(values_at_the_top_have_nothing_between)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    for (int i = 0; i < 2; i++) {
        jsonw_list(&w, NULL);
        jsonw_end(&w);
        buf_add_ch(&b, '\n');
    }
    CHECK_TEXT(buf_text(&b), "[]\n[]\n");
}

TEST(the_deepest_nesting_is_taken)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    for (int i = 0; i < JSONW_DEPTH_MAX; i++)
        jsonw_list(&w, NULL);
    for (int i = 0; i < JSONW_DEPTH_MAX; i++)
        jsonw_end(&w);
    CHECK_INT((long long)b.len, 2 * JSONW_DEPTH_MAX);
}

TEST(no_text_is_null_and_empty_text_is_not)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "none", NULL);
    jsonw_text(&w, "empty", "");
    jsonw_close(&w);
    CHECK_TEXT(buf_text(&b), "{\"none\":null,\"empty\":\"\"}");
}

TEST(text_is_escaped)
{
    CHECK_TEXT(quoted("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    CHECK_TEXT(quoted("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    CHECK_TEXT(quoted("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"");
    CHECK_TEXT(quoted("\xc2\x85"), "\"\\u0085\"");
    CHECK_TEXT(quoted("a\xe2\x80\xa8z"), "\"a\\u2028z\"");
    CHECK_TEXT(quoted("中文 é 😀"), "\"中文 é 😀\"");
}

TEST(keys_are_escaped_too)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_open(&w, NULL);
    jsonw_int(&w, "a\"b", 1);
    jsonw_close(&w);
    CHECK_TEXT(buf_text(&b), "{\"a\\\"b\":1}");
}

TEST(bytes_that_are_no_utf8_are_replaced)
{
    CHECK_TEXT(quoted("a\xff"
                      "b"),
               "\"a\xef\xbf\xbd"
               "b\"");
    CHECK_TEXT(quoted("\xc3"), "\"\xef\xbf\xbd\"");
    CHECK_TEXT(quoted("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(numbers_have_no_needless_zeros)
{
    static const struct {
        double v;
        int digits;
        const char *want;
    } cases[] = {
        {0, 6, "0"},
        {-0.0, 6, "0"},
        {1, 6, "1"},
        {-1.5, 6, "-1.5"},
        {31.2, 6, "31.2"},
        {0.1 + 0.2, 6, "0.3"},
        {0.1 + 0.2, 17, "0.30000000000000004"},
        {1234567, 6, "1.23457e6"},
        {1234567, 7, "1234567"},
        {1e100, 6, "1e100"},
        {1e20, 6, "1e20"},
        {-2.5e-7, 6, "-2.5e-7"},
        {1e-10, 6, "1e-10"},
        {1e-300, 1, "1e-300"},
        {99.9, 1, "1e2"},
        {0.0001, 6, "0.0001"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_TEXT(number(cases[i].v, cases[i].digits), cases[i].want);
}

TEST(what_is_no_number_is_null)
{
    CHECK_TEXT(number(NAN, 6), "null");
    CHECK_TEXT(number(INFINITY, 6), "null");
    CHECK_TEXT(number(-INFINITY, 6), "null");
}

TEST(seventeen_digits_read_back_exactly)
{
    static const double cases[] = {
        0.1,    1.0 / 3, 5e-324,           1.7976931348623157e308,
        123e45, -2.5e-7, 9007199254740993, 2.2250738585072014e-308};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(strtod(number(cases[i], 17), NULL) == cases[i]);
}

TEST(whole_numbers_are_written_in_full)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_list(&w, NULL);
    jsonw_int(&w, NULL, INT64_MIN);
    jsonw_int(&w, NULL, INT64_MAX);
    jsonw_end(&w);
    CHECK_TEXT(buf_text(&b), "[-9223372036854775808,9223372036854775807]");
}

TEST(instants_are_rfc_3339_and_none_is_null)
{
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_list(&w, NULL);
    jsonw_instant(&w, NULL, (instant){1795255200000});
    jsonw_instant(&w, NULL, INSTANT_NONE);
    jsonw_end(&w);
    CHECK_TEXT(buf_text(&b), "[\"2026-11-21T10:00:00Z\",null]");
}

TEST(a_locale_with_a_comma_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    const char *got = NULL;
    for (size_t i = 0; got == NULL && i < sizeof names / sizeof *names; i++)
        got = setlocale(LC_NUMERIC, names[i]);
    if (got == NULL)
        test_skip("no locale with a decimal comma is installed");
    char text[16];
    snprintf(text, sizeof text, "%g", 1.5);
    const char *ours = number(1.5, 6);
    setlocale(LC_NUMERIC, "C");
    CHECK_TEXT(text, "1,5");
    CHECK_TEXT(ours, "1.5");
}

TEST(a_buffer_that_failed_stays_failed)
{
    OWNED_BUF b = {.failed = true};
    struct jsonw w = {.to = &b};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "a", "b");
    jsonw_close(&w);
    CHECK_INT(buf_done(&b), -1);
}
