/* What monitoring plugins write, good and bad. */
#include "collector/hostinfo/perfdata.h"

#include "tests/test.h"

#include <stdio.h>

static struct perfdata data;
static char words[100];

static void begin(const char *output)
{
    perfdata_begin(&data, output, strlen(output), words, sizeof words);
}

static struct perf next(void)
{
    struct perf p;
    CHECK(perfdata_next(&data, &p));
    return p;
}

static void check_end(size_t refused)
{
    struct perf p;
    CHECK(!perfdata_next(&data, &p));
    CHECK_INT(data.refused, refused);
}

TEST(a_line_has_words_and_pairs)
{
    begin("DISK OK - free space: / 3326 MB (56%);| /=2643MB;5948;5958;0;5968\n");
    CHECK_TEXT(words, "DISK OK - free space: / 3326 MB (56%);");
    struct perf p = next();
    CHECK_TEXT(p.label, "/");
    CHECK(p.known && p.unit == PERF_BYTES);
    CHECK_NEAR(p.value, 2643e6, 0);
    CHECK_NEAR(p.warn.end, 5948e6, 0);
    CHECK_NEAR(p.warn.start, 0, 0);
    CHECK(p.warn.given && p.crit.given && !p.warn.inside);
    CHECK_NEAR(p.min, 0, 0);
    CHECK_NEAR(p.max, 5968e6, 0);
    check_end(0);
}

TEST(further_lines_are_words_up_to_the_next_bar_then_pairs)
{
    begin("OK - all fine|a=1 b=2\nlong words = 5\nmore=7\nend|c=3\nd=4 e=5\n");
    const char *const labels[] = {"a", "b", "c", "d", "e"};
    CHECK_TEXT(words, "OK - all fine");
    for (int i = 0; i < 5; i++) {
        struct perf p = next();
        CHECK_TEXT(p.label, labels[i]);
        CHECK_NEAR(p.value, i + 1, 0);
    }
    check_end(0);
    begin("only words\nand more words=1\n");
    check_end(0);
    begin("words\nlong|a=1");
    CHECK_TEXT(next().label, "a");
    check_end(0);
    begin("");
    CHECK_TEXT(words, "");
    check_end(0);
}

TEST(labels_may_be_quoted)
{
    begin("x|'C:\\ used'=1 'it''s a=b'=2 'q'=3");
    CHECK_TEXT(next().label, "C:\\ used");
    CHECK_TEXT(next().label, "it's a=b");
    CHECK_TEXT(next().label, "q");
    check_end(0);
}

TEST(units_become_base_units)
{
    begin("x|a=1500ms b=2us c=3s d=4ns e=12.5% f=2KB g=1MiB h=7c i=3.5V j=-1.5e3 k=2GB "
          "l=9B");
    const struct {
        double value;
        enum perf_unit unit;
    } want[] = {{1.5, PERF_SECONDS},   {2e-6, PERF_SECONDS}, {3, PERF_SECONDS},
                {4e-9, PERF_SECONDS},  {12.5, PERF_PERCENT}, {2000, PERF_BYTES},
                {1048576, PERF_BYTES}, {7, PERF_COUNTER},    {3.5, PERF_OTHER},
                {-1500, PERF_NONE},    {2e9, PERF_BYTES},    {9, PERF_BYTES}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct perf p = next();
        CHECK_NEAR(p.value, want[i].value, fabs(want[i].value) * 1e-15);
        CHECK_INT(p.unit, want[i].unit);
    }
    check_end(0);
}

TEST(a_value_may_be_unknown)
{
    begin("x|a=U b=U;1;2 c=1");
    CHECK(!next().known);
    struct perf p = next();
    CHECK(!p.known && p.warn.given);
    CHECK(next().known);
    check_end(0);
}

TEST(thresholds_are_ranges)
{
    begin("x|a=1;10;10: b=1;~:10;10:20 c=1;@10:20;@5 d=1;;;; e=1;;-3:;;9 f=1s;2s;3ms");
    struct perf p = next();
    CHECK(p.warn.start == 0 && p.warn.end == 10);
    CHECK(p.crit.start == 10 && p.crit.end == HUGE_VAL);
    p = next();
    CHECK(p.warn.start == -HUGE_VAL && p.warn.end == 10);
    CHECK(p.crit.start == 10 && p.crit.end == 20);
    p = next();
    CHECK(p.warn.inside && p.warn.start == 10 && p.warn.end == 20);
    CHECK(p.crit.inside && p.crit.start == 0 && p.crit.end == 5);
    p = next();
    CHECK(!p.warn.given && !p.crit.given && isnan(p.min) && isnan(p.max));
    p = next();
    CHECK(p.crit.start == -3 && p.crit.end == HUGE_VAL && isnan(p.min) && p.max == 9);
    p = next();
    CHECK(p.warn.given && p.crit.given);
    check_end(0);
}

TEST(what_is_no_pair_is_passed_over_and_counted)
{
    begin("x|a b=1 =3 c= d=x e=1,5 f=1;z g=1;2;3;q 'open=1 h=inf i=nan j=0x10 k=2");
    CHECK_TEXT(next().label, "b");
    struct perf p = next();
    CHECK_TEXT(p.label, "k");
    check_end(11);
}

TEST(the_number_of_pairs_and_the_length_of_labels_are_bounded)
{
    static char text[20000];
    size_t n = (size_t)snprintf(text, sizeof text, "x|");
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "l%d=%d ", i, i);
    memset(text + n, 'y', 500);
    strcpy(text + n + 500, "=1");
    begin(text);
    for (int i = 0; i < PERFDATA_PAIRS_MAX; i++)
        next();
    check_end(101);
}

/* Recorded from Debian's monitoring-plugins-basic 2.3.3. */
TEST(real_plugins_are_understood)
{
    begin("LOAD OK - total load average: 3.05, 2.69, 2.41|load1=3.050;15.000;30.000;0; "
          "load5=2.690;10.000;25.000;0; load15=2.410;5.000;20.000;0; \n");
    struct perf p = next();
    CHECK_TEXT(p.label, "load1");
    CHECK_NEAR(p.value, 3.05, 1e-12);
    next();
    next();
    check_end(0);
    begin("HTTP OK: HTTP/1.0 200 OK - 1234 bytes in 0.002 second response time "
          "|time=0.001923s;;;0.000000;10.000000 size=1234B;;;0\n");
    p = next();
    CHECK(p.unit == PERF_SECONDS && p.max == 10);
    p = next();
    CHECK(p.unit == PERF_BYTES && p.value == 1234);
    check_end(0);
    begin("PING OK - Packet loss = 0%, RTA = 0.05 "
          "ms|rta=0.047000ms;100.000000;500.000000;"
          "0.000000 pl=0%;20;60;0\n");
    p = next();
    CHECK_NEAR(p.value, 0.000047, 1e-12);
    CHECK_NEAR(p.crit.end, 0.5, 1e-12);
    CHECK(next().unit == PERF_PERCENT);
    check_end(0);
}
