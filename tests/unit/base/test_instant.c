/* tests of base/instant */
#include "base/instant.h"
#include "tests/test.h"

static int64_t at(const char *text)
{
    instant t = {-1};
    struct err err = {0};
    return instant_parse(text, &t, &err) == 0 ? t.ms : -1;
}

TEST(a_time_in_utc_is_read)
{
    CHECK_INT(at("1970-01-01T00:00:00Z"), 0);
    CHECK_INT(at("2026-11-21T10:00:00Z"), 1795255200000);
    CHECK_INT(at("2024-02-29T23:59:59.5Z"), 1709251199500);
}

TEST(an_offset_is_taken_off)
{
    CHECK_INT(at("2026-11-21T18:00:00+08:00"), at("2026-11-21T10:00:00Z"));
}

TEST(what_is_not_a_time_is_refused_whole)
{
    static const char *const bad[] = {"",
                                      "2026-11-21",
                                      "2026-11-21T10:00:00",
                                      "2026-02-30T10:00:00Z",
                                      "2026-11-21T10:00:00Zx",
                                      "2026-11-21T10:00:00.Z",
                                      "1969-12-31T23:59:59Z",
                                      "2026-11-21T24:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(at(bad[i]), -1);
}

TEST(what_is_written_reads_back)
{
    char text[INSTANT_TEXT_MAX];
    for (int64_t ms = 0; ms < (int64_t)9e12; ms += 86399999 * 7ll)
        CHECK_INT(at(instant_text((instant){ms}, text)), ms);
}

static int64_t length(const char *text)
{
    span s = {-1};
    return span_parse(text, &s, NULL) == 0 ? s.ms : -1;
}

TEST(lengths_of_time_have_units)
{
    CHECK_INT(length("90s"), 90000);
    CHECK_INT(length("1h30m"), 5400000);
    CHECK_INT(length("2w1d"), 15 * 86400000ll);
    CHECK_INT(length("250ms"), 250);
    CHECK_INT(length("0"), 0);
}

TEST(lengths_without_units_or_out_of_order_are_refused)
{
    static const char *const bad[] = {"",     "30",  "m",   "30m1h",
                                      "5m5m", "-5m", "5 m", "5mm"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(length(bad[i]), -1);
}

TEST(lengths_are_written_short)
{
    char text[SPAN_TEXT_MAX];
    CHECK_TEXT(span_text((span){90000}, text), "1m30s");
    CHECK_TEXT(span_text((span){0}, text), "0s");
    CHECK_TEXT(span_text((span){-1500}, text), "-1s500ms");
}
