/* tests of collector/in_alarm: reading; how it answers over HTTP is test_routes.c's */
#include "collector/in_alarm.h"
#include "tests/test.h"

#include <errno.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct in_alarm_result webhook(const char *text)
{
    struct in_alarm_result r = {0};
    struct err err = {0};
    if (in_alarm_read_webhook(text, strlen(text), &entity_tags_default, NOW, &r, &err) <
        0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

/* A body as Alertmanager 0.25 sends it. */
static const char real[] =
    "{\"receiver\":\"aftercheck\",\"status\":\"firing\",\"alerts\":["
    "{\"status\":\"firing\",\"labels\":{\"alertname\":\"HighLatency\",\"instance\":"
    "\"h1:9100\",\"job\":\"pay\",\"path\":\"/charge\",\"severity\":\"critical\"},"
    "\"annotations\":{\"description\":\"p99 is 812 ms\",\"summary\":\"p99 above 500 "
    "ms\"},\"startsAt\":\"2026-11-21T11:58:26.739266876+02:00\",\"endsAt\":"
    "\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://p:9090/graph?g0.expr=x\","
    "\"fingerprint\":\"c1f2a8d90e4b7356\"},"
    "{\"status\":\"resolved\",\"labels\":{\"alertname\":\"Down\",\"host\":\"h2\","
    "\"instance\":\"h2.internal:9100\",\"service\":\"\",\"job\":\"node\"},"
    "\"annotations\":{},\"startsAt\":\"2026-11-21T09:00:00Z\",\"endsAt\":"
    "\"2026-11-21T09:30:00Z\",\"generatorURL\":\"\",\"fingerprint\":\"\"}],"
    "\"groupLabels\":{\"alertname\":\"HighLatency\"},\"commonLabels\":{},"
    "\"commonAnnotations\":{},\"externalURL\":\"http://a:9093\",\"version\":\"4\","
    "\"groupKey\":\"{}:{alertname=\\\"HighLatency\\\"}\",\"truncatedAlerts\":3}";

TEST(a_webhook_of_alertmanager_is_mapped)
{
    struct in_alarm_result r = webhook(real);
    CHECK_INT((long long)r.list.n, 2);
    CHECK_INT((long long)r.messages, 2);
    CHECK_INT((long long)r.truncated, 3);
    const struct alarm *a = r.list.at[0], *b = r.list.at[1];
    CHECK_TEXT(a->name, "HighLatency");
    CHECK_TEXT(a->host, "h1");
    CHECK_TEXT(a->service, "pay");
    CHECK_TEXT(a->severity, "critical");
    CHECK_TEXT(a->labels, "path=/charge");
    CHECK_TEXT(a->text, "p99 above 500 ms");
    CHECK_TEXT(a->fingerprint, "c1f2a8d90e4b7356");
    CHECK_TEXT(a->source, "alertmanager");
    CHECK_INT(a->starts.ms, NOW.ms - 93261);
    CHECK(instant_is_none(a->ends));
    CHECK_INT(a->said.ms, NOW.ms);
    CHECK_TEXT(b->host, "h2");
    CHECK_TEXT(b->service, "node"); /* an empty label is none */
    CHECK_INT(b->ends.ms, NOW.ms - 1800000);
    CHECK(b->labels == NULL && b->severity == NULL && b->text == NULL);
    CHECK_INT((long long)strlen(b->fingerprint), 16);
    in_alarm_result_free(&r);
}

#define ALERT(labels, more)                                                            \
    "{\"status\":\"firing\",\"labels\":{" labels "},\"startsAt\":"                     \
    "\"2026-11-21T09:58:00Z\"" more "}"
#define ALERTS(list) "{\"alerts\":[" list "]}"
#define GOOD         ALERT("\"alertname\":\"A\",\"host\":\"h1\"", "")

TEST(other_labels_may_say_the_host_and_the_service)
{
    static const struct entity_tags tags = {{"node"}, {"app"}};
    static const char text[] =
        ALERTS(ALERT("\"alertname\":\"A\",\"node\":\"h1:1\",\"app\":\"pay\",\"job\":"
                     "\"x\"",
                     ""));
    struct in_alarm_result r = {0};
    struct err err = {0};
    CHECK_INT(in_alarm_read_webhook(text, strlen(text), &tags, NOW, &r, &err), 0);
    CHECK_TEXT(r.list.at[0]->host, "h1:1"); /* only of `instance` the port goes */
    CHECK_TEXT(r.list.at[0]->service, "pay");
    CHECK_TEXT(r.list.at[0]->labels, "job=x");
    in_alarm_result_free(&r);
}

TEST(an_alarm_of_neither_host_nor_service_is_counted_not_refused)
{
    struct in_alarm_result r =
        webhook(ALERTS(ALERT("\"alertname\":\"Watchdog\"", "") "," GOOD));
    CHECK_INT((long long)r.list.n, 1);
    CHECK_INT((long long)r.placeless, 1);
    CHECK_INT((long long)r.refused, 0);
    CHECK_INT((long long)r.messages, 2);
    in_alarm_result_free(&r);
}

TEST(one_that_fires_for_months_is_taken)
{
    struct in_alarm_result r = webhook(
        ALERTS("{\"status\":\"firing\",\"labels\":{\"alertname\":\"A\",\"host\":"
               "\"h\"},\"startsAt\":\"2025-01-01T00:00:00Z\"}"));
    CHECK_INT((long long)r.list.n, 1);
    in_alarm_result_free(&r);
}

static void refused(const char *bad, const char *words)
{
    OWNED_BUF body = {0}, error = {0};
    buf_addf(&body, "{\"alerts\":[" GOOD ",%s]}", bad);
    struct in_alarm_result r = webhook(buf_text(&body));
    in_alarm_write_error(&r, &error);
    CHECK_INT((long long)r.list.n, 1); /* the good one is kept */
    if (strstr(buf_text(&error), words) == NULL ||
        strstr(buf_text(&error), "; 1 of 2 alarms refused") == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", buf_text(&error),
                  words);
    in_alarm_result_free(&r);
}

TEST(a_bad_alert_is_refused_with_field_and_place_and_the_good_ones_are_kept)
{
    refused("7", "alerts[1] (line 1, column ");
    refused("{}", "alerts[1].labels (line 1");
    refused("{\"labels\":[]}", "alerts[1].labels (line 1");
    refused("{\"labels\":{\"alertname\":1}}", "alerts[1].labels.alertname (line 1");
    refused("{\"labels\":{\"host\":\"h\"},\"status\":\"firing\"}",
            "alerts[1].labels.alertname");
    refused("{\"labels\":{\"alertname\":\"A\"}}", "alerts[1].status");
    refused("{\"labels\":{\"alertname\":\"A\"},\"status\":\"pending\"}",
            "'pending', expected firing or resolved");
    refused("{\"labels\":{\"alertname\":\"A\"},\"status\":\"firing\"}",
            "alerts[1].startsAt");
    refused("{\"labels\":{\"alertname\":\"A\"},\"status\":\"firing\",\"startsAt\":"
            "\"0001-01-01T00:00:00Z\"}",
            "alerts[1].startsAt");
    refused("{\"labels\":{\"alertname\":\"A\"},\"status\":\"firing\",\"startsAt\":"
            "\"2026-11-21T10:11:00Z\"}",
            "more than 10 minutes ahead");
    refused("{\"labels\":{\"alertname\":\"A\"},\"status\":\"resolved\",\"startsAt\":"
            "\"2026-11-21T09:00:00Z\",\"endsAt\":\"2026-11-21T08:00:00Z\"}",
            "alerts[1].endsAt (line 1");
    refused(ALERT("\"alertname\":\"A\",\"host\":\"a\\nb\"", ""),
            "alerts[1].labels.host (line 1");
    refused(ALERT("\"alertname\":\"A\"", ",\"annotations\":{\"summary\":1}"),
            "alerts[1].annotations.summary");
}

static void unreadable(const char *text, int code, const char *words)
{
    struct in_alarm_result r = {0};
    struct err err = {0};
    CHECK_INT(
        in_alarm_read_webhook(text, strlen(text), &entity_tags_default, NOW, &r, &err),
        -1);
    CHECK(code == 0 || err.code == code);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, words);
    in_alarm_result_free(&r);
}

TEST(what_is_no_webhook_is_refused_whole)
{
    unreadable("[]", 0, "expected an object with alerts");
    unreadable("{}", 0, "alerts (line 1, column 1): is missing, expected a list");
    unreadable("{\"alerts\":{}}", 0, "alerts (line 1, column 11): expected a list");
    unreadable("{\"alerts\":[],\"truncatedAlerts\":-1}", 0, "truncatedAlerts");
    unreadable("{\"alerts\":[", 0, "line 1, column");
    OWNED_BUF many = {0};
    buf_add(&many, "{\"alerts\":[0");
    for (int i = 0; i <= ALARM_VALUES_MAX; i++)
        buf_add(&many, ",0");
    buf_add(&many, "]}");
    unreadable(buf_text(&many), EMSGSIZE, "JSON values in one request");
}

TEST(messages_of_the_generic_form_come_one_or_many)
{
    static const char one[] = "{\"name\":\"A\",\"host\":\"h1\"}";
    static const char many[] = "[{\"name\":\"A\",\"host\":\"h1\"},{\"name\":\"B\"},"
                               "{\"name\":\"C\",\"service\":\"pay\"}]";
    struct in_alarm_result r = {0}, s = {0};
    struct err err = {0};
    CHECK_INT(in_alarm_read(one, strlen(one), NOW, &r, &err), 0);
    CHECK_INT((long long)r.list.n, 1);
    CHECK_INT(in_alarm_read(many, strlen(many), NOW, &s, &err), 0);
    CHECK_INT((long long)s.list.n, 2);
    CHECK_INT((long long)s.refused, 1);
    CHECK(strstr(s.first, "[1].host (line 1, column 27)") != NULL);
    in_alarm_result_free(&r);
    in_alarm_result_free(&s);
}

TEST(what_is_dropped_is_counted_under_its_reason)
{
    struct in_alarm *a = in_alarm_new();
    OWNED_BUF b = {0};
    in_alarm_write_metrics(a, &b);
    CHECK(strstr(buf_text(&b), "aftercheck_alarm_messages_total 0\n") != NULL);
    CHECK(strstr(buf_text(&b), "{reason=\"truncated\"} 0\n") != NULL);
    in_alarm_free(&a);
}
