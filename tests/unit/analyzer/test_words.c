/* tests of analyzer/words */
#include "analyzer/words.h"
#include "tests/test.h"

static struct buf b;

static const char *value(double v, const char *unit)
{
    buf_clear(&b);
    words_value(&b, v, unit);
    return buf_text(&b);
}

TEST(values_have_three_digits_and_their_unit)
{
    CHECK_TEXT(value(31.2345, "%"), "31.2 %");
    CHECK_TEXT(value(55, "ms"), "55 ms");
    CHECK_TEXT(value(0.00424, NULL), "0.00424");
    CHECK_TEXT(value(1234567.8, NULL), "1,234,568");
    CHECK_TEXT(value(999.6, NULL), "1,000");
    CHECK_TEXT(value(-12.5, "/s"), "-12.5/s");
    CHECK_TEXT(value(1.234e9, "bytes"), "1.23 GB");
    CHECK_TEXT(value(999, "bytes/s"), "999 bytes/s");
    CHECK_TEXT(value(0, "%"), "0 %");
    CHECK_TEXT(value(NAN, NULL), "unknown");
    buf_free(&b);
}

TEST(counts_have_commas)
{
    words_count(&b, 404);
    buf_add_ch(&b, ' ');
    words_count(&b, 1980);
    buf_add_ch(&b, ' ');
    words_count(&b, -1234567);
    CHECK_TEXT(buf_text(&b), "404 1,980 -1,234,567");
    buf_free(&b);
}

TEST(shares_and_changes_are_percent)
{
    words_share(&b, 0.204);
    buf_add_ch(&b, ' ');
    words_share(&b, 0);
    buf_add_ch(&b, ' ');
    words_share(&b, 0.00013);
    buf_add_ch(&b, ' ');
    words_change(&b, 0.763);
    buf_add_ch(&b, ' ');
    words_change(&b, -0.5);
    buf_add_ch(&b, ' ');
    words_change(&b, 11);
    CHECK_TEXT(buf_text(&b), "20.4 % 0 % 0.013 % +76 % -50 % 12 times as much");
    buf_free(&b);
}

TEST(spans_are_told_in_the_largest_unit_that_fits)
{
    static const int64_t s[] = {90, 1500, 7200, 60, 3600, 0};
    for (int i = 0; i < 6; i++) {
        words_span(&b, span_seconds(s[i]));
        buf_add_ch(&b, ';');
    }
    CHECK_TEXT(buf_text(&b),
               "90 seconds;25 minutes;2 hours;1 minute;1 hour;0 seconds;");
    buf_free(&b);
}
