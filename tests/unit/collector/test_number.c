/* tests of collector/number */
#include "collector/number.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The number in all of `text`; NaN when there is none or something is left over. */
static double all_of(const char *text)
{
    double v = NAN;
    const char *end = text + strlen(text);
    return number_read(text, end, &v) == end ? v : NAN;
}

TEST(usual_numbers_are_read)
{
    CHECK(all_of("31.5") == 31.5);
    CHECK(all_of("0") == 0);
    CHECK(all_of("-12") == -12);
    CHECK(all_of("+3") == 3);
    CHECK(all_of("5.") == 5);
    CHECK(all_of(".25") == 0.25);
    CHECK(all_of("1e3") == 1000);
    CHECK(all_of("12E-1") == 1.2);
    CHECK(all_of("18446744073709551615") == 18446744073709551615.0);
    CHECK(signbit(all_of("-0")));
}

TEST(what_is_not_a_number_gives_nothing)
{
    static const char *const bad[] = {"", "-", "+", ".", "-.", "e5", "x", "--1", "in"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double v = 7;
        CHECK(number_read(bad[i], bad[i] + strlen(bad[i]), &v) == NULL);
        CHECK(v == 7);
    }
}

TEST(reading_stops_where_the_number_ends)
{
    static const struct {
        const char *text;
        int used;
    } cases[] = {{"1.5i", 3}, {"1e", 1}, {"1e+", 1}, {"3,4", 1}, {"1.2.3", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double v;
        const char *from = cases[i].text;
        CHECK_INT(number_read(from, from + strlen(from), &v) - from, cases[i].used);
    }
}

TEST(the_end_is_never_passed)
{
    double v;
    const char *text = "123456";
    CHECK(number_read(text, text + 3, &v) == text + 3);
    CHECK(v == 123);
    CHECK(number_read(text, text, &v) == NULL);
}

TEST(infinity_and_nan_are_told_as_such)
{
    CHECK(isinf(all_of("inf")));
    CHECK(all_of("-Infinity") < 0 && isinf(all_of("-Infinity")));
    const char *nan_text = "NaN";
    double v = 0;
    CHECK(number_read(nan_text, nan_text + 3, &v) == nan_text + 3 && isnan(v));
    CHECK(isinf(all_of("1e999")));
    CHECK(all_of("1e-999") == 0);
}

TEST(numbers_too_long_are_refused)
{
    char text[200];
    memset(text, '1', sizeof text);
    double v = 7;
    CHECK(number_read(text, text + sizeof text, &v) == NULL);
    CHECK(number_read(text, text + NUMBER_BYTES_MAX, &v) == text + NUMBER_BYTES_MAX);
}

/* A generator of its own, so each run sees the same numbers. */
static uint64_t next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

TEST(every_number_is_the_nearest_double)
{
    uint64_t state = 1;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next(&state);
        double v = (double)(int64_t)bits / (double)(1ull << (bits & 63));
        char text[400];
        int digits = i / 3 % 18;
        int n = i % 3 == 0   ? snprintf(text, sizeof text, "%.*f", digits, v)
                : i % 3 == 1 ? snprintf(text, sizeof text, "%.*g", digits, v)
                             : snprintf(text, sizeof text, "%.*e", digits, v);
        if (n > NUMBER_BYTES_MAX)
            continue;
        double got = all_of(text), want = strtod(text, NULL);
        if (memcmp(&got, &want, sizeof got) != 0)
            test_fail(__FILE__, __LINE__, "%s is read as %.17g", text, got);
    }
}
