/* What exporters say, good and bad. */
#include "collector/hostinfo/exposition.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct exposition e;
static struct exposition_sample s;

static void begin(const char *text)
{
    exposition_free(&e);
    e = (struct exposition){.p = text, .end = text + strlen(text)};
}

static void end(size_t bad)
{
    CHECK(!exposition_next(&e, &s));
    CHECK_INT(e.bad, bad);
    exposition_free(&e);
    e = (struct exposition){0};
}

TEST(samples_have_names_labels_values_and_kinds)
{
    begin("# HELP node_load1 1m load average.\n"
          "# TYPE node_load1 gauge\n"
          "node_load1 0.5\n"
          "# TYPE node_disk_reads_total counter\n"
          "node_disk_reads_total{device=\"sda\"} 1.5e+06\n"
          "\n"
          "other{a=\"1\", b=\"2\",} 3 1795255200123\n");
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.name, "node_load1");
    CHECK(s.kind == EXPOSITION_GAUGE && s.n == 0 && s.value == 0.5);
    CHECK(instant_is_none(s.at));
    CHECK(exposition_next(&e, &s));
    CHECK(s.kind == EXPOSITION_COUNTER && s.n == 1 && s.value == 1.5e6);
    CHECK_TEXT(s.label[0].name, "device");
    CHECK_TEXT(s.label[0].value, "sda");
    CHECK(exposition_next(&e, &s));
    CHECK(s.kind == EXPOSITION_UNTYPED && s.n == 2);
    CHECK_INT(s.at.ms, 1795255200123);
    end(0);
}

TEST(histograms_and_summaries_are_families)
{
    begin("# TYPE h histogram\nh_bucket{le=\"0.1\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum "
          "2.5\n"
          "h_count 4\n# TYPE q summary\nq{quantile=\"0.5\"} NaN\nq_sum 1\nhot_bucket "
          "9\n");
    CHECK(exposition_next(&e, &s));
    CHECK(s.bucket && s.kind == EXPOSITION_HISTOGRAM);
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.label[0].value, "+Inf");
    CHECK(exposition_next(&e, &s));
    CHECK(!s.bucket && s.kind == EXPOSITION_HISTOGRAM);
    CHECK(exposition_next(&e, &s));
    CHECK(exposition_next(&e, &s));
    CHECK(s.kind == EXPOSITION_SUMMARY && isnan(s.value));
    CHECK(exposition_next(&e, &s));
    CHECK(exposition_next(&e, &s));
    CHECK(!s.bucket && s.kind == EXPOSITION_UNTYPED);
    end(0);
}

TEST(openmetrics_has_seconds_exemplars_and_an_end)
{
    begin("# TYPE foo counter\n# UNIT foo seconds\n"
          "foo_total{a=\"b\"} 17.0 1795255200.5 # {trace_id=\"KOO5S4vxi0o\"} 0.67\n"
          "foo_created{a=\"b\"} 1520872607.123\n"
          "bar 1 # {} 1\n"
          "# EOF\nbehind 1\n");
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.name, "foo_total");
    CHECK(s.kind == EXPOSITION_COUNTER && s.value == 17);
    CHECK_INT(s.at.ms, 1795255200500);
    CHECK(exposition_next(&e, &s));
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.name, "bar");
    end(0);
}

TEST(values_of_labels_are_unescaped)
{
    begin("a{p=\"C:\\\\DIR\\n\\\"x\\\" {,}=# y\"} +Inf\nb{p=\"\"} -Inf\r\n");
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.label[0].value, "C:\\DIR\n\"x\" {,}=# y");
    CHECK(isinf(s.value));
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.label[0].value, "");
    end(0);
}

TEST(lines_of_another_form_cost_themselves_only)
{
    begin(
        "good 1\n9bad 1\nbad\nbad{ 1\nbad{a} 1\nbad{a=b} 1\nbad{a=\"b} 1\nbad{a=\"b\" "
        "c=\"d\"} 1\nbad{a=\"\\x\"} 1\nbad 1x\nbad 1 2x\nbad 1 2 3\nbad 1 1e30\n{} "
        "1\nbad "
        "\xff\ngood 2");
    CHECK(exposition_next(&e, &s));
    CHECK(s.value == 1);
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.name, "good");
    CHECK(s.value == 2);
    end(14);
}

TEST(lines_and_labels_are_bounded)
{
    char *text = malloc(1 << 20);
    size_t n = (size_t)sprintf(text, "a{");
    for (int i = 0; i <= EXPOSITION_LABELS_MAX; i++)
        n += (size_t)sprintf(text + n, "l%d=\"x\",", i);
    n += (size_t)sprintf(text + n, "} 1\n");
    memset(text + n, 'b', EXPOSITION_LINE_MAX);
    strcpy(text + n + EXPOSITION_LINE_MAX, " 1\nc 1\n");
    begin(text);
    CHECK(exposition_next(&e, &s));
    CHECK_TEXT(s.name, "c");
    end(2);
    free(text);
}
