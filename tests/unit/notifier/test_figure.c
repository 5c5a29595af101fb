#include "notifier/figure.h"

#include "base/names.h"
#include "tests/test.h"

static char out[FIGURE_TEXT_MAX];

TEST(numbers_have_three_significant_digits)
{
    CHECK_TEXT(figure(LANGUAGE_EN, 31.24, NULL, out), "31.2");
    CHECK_TEXT(figure(LANGUAGE_EN, 31, NULL, out), "31");
    CHECK_TEXT(figure(LANGUAGE_EN, 0, NULL, out), "0");
    CHECK_TEXT(figure(LANGUAGE_EN, -0.0, NULL, out), "0");
    CHECK_TEXT(figure(LANGUAGE_EN, 0.01234, NULL, out), "0.0123");
    CHECK_TEXT(figure(LANGUAGE_EN, 999.6, NULL, out), "1,000");
    CHECK_TEXT(figure(LANGUAGE_EN, 9.996, NULL, out), "10");
    CHECK_TEXT(figure(LANGUAGE_EN, 1234567, NULL, out), "1,230,000");
    CHECK_TEXT(figure(LANGUAGE_EN, -1234, NULL, out), "-1,230");
    CHECK_TEXT(figure(LANGUAGE_EN, 0.00000123, NULL, out), "1.23e-06");
    CHECK_TEXT(figure(LANGUAGE_EN, NAN, "%", out), "unknown");
    CHECK_TEXT(figure(LANGUAGE_EN, INFINITY, "%", out), "endless");
}

TEST(units_stand_behind_the_number)
{
    CHECK_TEXT(figure(LANGUAGE_EN, 31.2, "%", out), "31.2 %");
    CHECK_TEXT(figure(LANGUAGE_EN, 0.194, "share", out), "19.4 %");
    CHECK_TEXT(figure(LANGUAGE_EN, 980, "ms", out), "980 ms");
    CHECK_TEXT(figure(LANGUAGE_EN, 12345, "ms", out), "12.3 s");
    CHECK_TEXT(figure(LANGUAGE_EN, 120, "per_s", out), "120/s");
    CHECK_TEXT(figure(LANGUAGE_EN, 3, "sockets", out), "3 sockets");
    CHECK_TEXT(figure(LANGUAGE_EN, 3, "", out), "3");
}

TEST(bytes_get_their_largest_unit)
{
    CHECK_TEXT(figure(LANGUAGE_EN, 512, "bytes", out), "512 B");
    CHECK_TEXT(figure(LANGUAGE_EN, 1536, "bytes", out), "1.5 KiB");
    CHECK_TEXT(figure(LANGUAGE_EN, 3.0 * (1 << 30), "bytes", out), "3 GiB");
    CHECK_TEXT(figure(LANGUAGE_EN, -2.0 * (1 << 20), "bytes_per_s", out), "-2 MiB/s");
    CHECK_TEXT(figure(LANGUAGE_EN, 1e30, "bytes", out), "888,000,000,000,000 PiB");
}

TEST(a_unit_of_any_length_fits)
{
    char unit[10001];
    memset(unit, 'u', 10000);
    unit[10000] = '\0';
    CHECK(strlen(figure(LANGUAGE_EN, 1, unit, out)) < FIGURE_TEXT_MAX);
    CHECK(strlen(figure_delta(LANGUAGE_EN, -1e300, unit, out)) < FIGURE_TEXT_MAX);
}

TEST(a_unit_of_any_bytes_is_made_plain)
{
    CHECK_TEXT(figure(LANGUAGE_EN, 1, "a\r\nb", out), "1 a  b");
    CHECK_TEXT(figure(LANGUAGE_EN, 1, "\xe2\x80\xae<i>", out), "1 <i>");
    CHECK(utf8_valid(figure(LANGUAGE_EN, 1,
                            "\xe6\x94\xaf\xe6\x94\xaf\xe6\x94\xaf\xe6\x94\xaf\xe6\x94"
                            "\xaf\xe6\x94\xaf\xe6\x94\xaf\xe6\x94\xaf\xe6\x94\xaf",
                            out),
                     strlen(out)));
}

TEST(differences_carry_their_sign)
{
    CHECK_TEXT(figure_delta(LANGUAGE_EN, 23.8, "%", out), "+23.8 points");
    CHECK_TEXT(figure_delta(LANGUAGE_EN, -0.1919, "share", out), "-19.2 points");
    CHECK_TEXT(figure_delta(LANGUAGE_EN, -12, "ms", out), "-12 ms");
    CHECK_TEXT(figure_delta(LANGUAGE_EN, 0, "ms", out), "0 ms");
    CHECK_TEXT(figure_delta(LANGUAGE_EN, NAN, "%", out), "unknown");
}

TEST(relative_changes_read_as_people_say_them)
{
    CHECK_TEXT(figure_effect(LANGUAGE_EN, 0.25, out), "+25 %");
    CHECK_TEXT(figure_effect(LANGUAGE_EN, -0.08, out), "-8 %");
    CHECK_TEXT(figure_effect(LANGUAGE_EN, 3.2, out), "4.2 times as much");
    CHECK_TEXT(figure_effect(LANGUAGE_EN, NAN, out), "unknown");
}

TEST(counts_are_whole_and_chances_never_certain)
{
    CHECK_TEXT(figure_count(1204311, out), "1,204,311");
    CHECK_TEXT(figure_count(7, out), "7");
    CHECK_TEXT(figure_confidence(LANGUAGE_EN, 0.9991, out), "99.91 %");
    CHECK_TEXT(figure_confidence(LANGUAGE_EN, 0.999999, out), "above 99.99 %");
    CHECK_TEXT(figure_confidence(LANGUAGE_EN, 0.95, out), "95 %");
    CHECK_TEXT(figure_p(LANGUAGE_EN, 0.0123, out), "0.0123");
    CHECK_TEXT(figure_p(LANGUAGE_EN, 0, out), "below 0.0001");
}

TEST(times_are_utc_and_named)
{
    CHECK_TEXT(figure_time(LANGUAGE_EN, (instant){1795255450000}, out),
               "21 Nov 2026 10:04:10 UTC");
    CHECK_TEXT(figure_time(LANGUAGE_EN, (instant){0}, out), "1 Jan 1970 00:00:00 UTC");
    CHECK_TEXT(figure_time(LANGUAGE_EN, INSTANT_NONE, out), "unknown");
    CHECK_TEXT(figure_mail_date((instant){1795255450250}, out),
               "Sat, 21 Nov 2026 10:04:10 +0000");
    CHECK_TEXT(figure_mail_date((instant){-1}, out), "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(spans_are_words_with_two_parts)
{
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){5400000}, out), "1 hour 30 minutes");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){45000}, out), "45 seconds");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){86405000}, out), "1 day");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){3600000}, out), "1 hour");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){1500}, out), "1 second");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){250}, out), "250 milliseconds");
    CHECK_TEXT(figure_span(LANGUAGE_EN, (span){0}, out), "0 seconds");
}

TEST(chinese_has_its_own_words_and_no_space_before_a_percent_sign)
{
    CHECK_TEXT(figure(LANGUAGE_ZH, 31.2, "%", out), "31.2%");
    CHECK_TEXT(figure(LANGUAGE_ZH, 0.194, "share", out), "19.4%");
    CHECK_TEXT(figure(LANGUAGE_ZH, NAN, "%", out), "未知");
    CHECK_TEXT(figure_delta(LANGUAGE_ZH, 23.8, "%", out), "+23.8 个百分点");
    CHECK_TEXT(figure_effect(LANGUAGE_ZH, 3.2, out), "为原来的 4.2 倍");
    CHECK_TEXT(figure_confidence(LANGUAGE_ZH, 0.999999, out), "高于 99.99%");
    CHECK_TEXT(figure_p(LANGUAGE_ZH, 0, out), "小于 0.0001");
    CHECK_TEXT(figure_time(LANGUAGE_ZH, (instant){1795255450000}, out),
               "2026-11-21 10:04:10 UTC");
    CHECK_TEXT(figure_span(LANGUAGE_ZH, (span){5400000}, out), "1 小时 30 分钟");
    CHECK_TEXT(figure_span(LANGUAGE_ZH, (span){0}, out), "0 秒");
}

TEST(a_rate_of_no_name_has_no_space_before_its_stroke)
{
    CHECK_TEXT(figure(LANGUAGE_EN, 50, "/s", out), "50/s");
    CHECK_TEXT(figure(LANGUAGE_EN, 2048, "bytes/s", out), "2 KiB/s");
}
