/* tests of storage/alarm */
#include "base/buf.h"
#include "base/names.h"
#include "storage/alarm.h"
#include "tests/test.h"

#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct alarm *read_at(const char *text, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, strlen(text), err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct alarm *a = NULL;
    return alarm_read(&root, now, &a, err) == 0 ? a : NULL;
}

static struct alarm *read_ok(const char *text)
{
    struct err err = {0};
    struct alarm *a = read_at(text, NOW, &err);
    if (a == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

static void refused(const char *text, const char *words)
{
    struct err err = {0};
    CHECK(read_at(text, NOW, &err) == NULL);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, words);
}

TEST(a_whole_message_is_read)
{
    OWNED_ALARM *a = read_ok(
        "{\"type\":\"alarm\",\"time\":\"2026-11-21T09:58:00Z\",\"name\":\"DiskFull\","
        "\"severity\":\"critical\",\"host\":\"h1\",\"service\":\"pay\",\"state\":"
        "\"firing\",\"source\":\"nagios\",\"labels\":{\"path\":\"/"
        "\",\"device\":\"sda\"},"
        "\"text\":\"96 % used\"}");
    CHECK_TEXT(a->name, "DiskFull");
    CHECK_TEXT(a->severity, "critical");
    CHECK_TEXT(a->host, "h1");
    CHECK_TEXT(a->service, "pay");
    CHECK_TEXT(a->source, "nagios");
    CHECK_TEXT(a->labels, "device=sda, path=/");
    CHECK_TEXT(a->text, "96 % used");
    CHECK_INT(a->starts.ms, NOW.ms - 120000);
    CHECK(instant_is_none(a->ends));
    CHECK_INT(a->said.ms, NOW.ms - 120000);
    CHECK_INT((long long)strlen(a->fingerprint), 16);
}

TEST(a_name_and_a_host_are_enough_and_mean_that_it_fires_now)
{
    OWNED_ALARM *a = read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"state\":null}");
    CHECK_INT(a->starts.ms, NOW.ms);
    CHECK(instant_is_none(a->ends) && a->service == NULL && a->severity == NULL);
}

TEST(of_a_resolved_alarm_only_the_end_is_known)
{
    OWNED_ALARM *a =
        read_ok("{\"name\":\"Down\",\"service\":\"pay\",\"state\":\"resolved\"}");
    CHECK(instant_is_none(a->starts));
    CHECK_INT(a->ends.ms, NOW.ms);
    CHECK_INT(a->said.ms, NOW.ms);
}

TEST(with_ends_a_message_tells_all_of_it)
{
    OWNED_ALARM *a =
        read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"state\":\"resolved\","
                "\"time\":\"2026-11-21T09:00:00Z\","
                "\"ends\":\"2026-11-21T09:30:00Z\"}");
    CHECK_INT(a->starts.ms, NOW.ms - 3600000);
    CHECK_INT(a->ends.ms, NOW.ms - 1800000);
}

TEST(all_messages_of_an_alarm_have_one_fingerprint_and_others_another)
{
    OWNED_ALARM *a = read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"text\":\"5 s\"}");
    OWNED_ALARM *b =
        read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"state\":\"resolved\","
                "\"severity\":\"page\"}");
    OWNED_ALARM *other = read_ok("{\"name\":\"Down\",\"service\":\"h1\"}");
    OWNED_ALARM *disk =
        read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"labels\":{\"device\":\"sda\"}}");
    OWNED_ALARM *given =
        read_ok("{\"name\":\"Down\",\"host\":\"h1\",\"fingerprint\":\"f1\"}");
    CHECK_TEXT(a->fingerprint, b->fingerprint);
    CHECK(strcmp(a->fingerprint, other->fingerprint) != 0);
    CHECK(strcmp(a->fingerprint, disk->fingerprint) != 0);
    CHECK_TEXT(given->fingerprint, "f1");
}

TEST(bad_fields_are_refused_with_field_and_place)
{
    refused("[]", "the document (line 1, column 1): expected an object");
    refused("{\"host\":\"h1\"}", "name (line 1, column 1): is missing");
    refused("{\"name\":\"\",\"host\":\"h1\"}", "name (line 1, column 9): is empty");
    refused("{\"name\":\"a\\nb\",\"host\":\"h1\"}", "control character");
    refused("{\"name\":7,\"host\":\"h1\"}", "name (line 1, column 9)");
    refused("{\"name\":\"x\"}", "and so is service");
    refused("{\"name\":\"x\",\"host\":\"h\",\"state\":\"up\"}",
            "'up', expected firing or resolved");
    refused("{\"name\":\"x\",\"host\":\"h\",\"time\":\"now\"}", "time (line 1");
    refused("{\"name\":\"x\",\"host\":\"h\",\"time\":\"2026-10-01T00:00:00Z\"}",
            "more than 30 days ago");
    refused("{\"name\":\"x\",\"host\":\"h\",\"time\":\"2026-11-21T10:11:00Z\"}",
            "more than 10 minutes ahead");
    refused("{\"name\":\"x\",\"host\":\"h\",\"ends\":\"2026-11-21T09:59:00Z\"}",
            "ends (line 1, column 31): is before time");
    refused("{\"name\":\"x\",\"host\":\"h\",\"labels\":[]}", "expected an object");
    refused("{\"name\":\"x\",\"host\":\"h\",\"labels\":{\"a\":1}}", "labels.a (line 1");
}

TEST(a_recorded_alarm_needs_a_time_and_may_be_of_any)
{
    struct err err = {0};
    CHECK(read_at("{\"name\":\"x\",\"host\":\"h\"}", INSTANT_NONE, &err) == NULL);
    CHECK(strstr(err.text, "needs its time") != NULL);
    struct err none = {0};
    OWNED_ALARM *a = read_at("{\"name\":\"x\",\"host\":\"h\",\"time\":"
                             "\"2019-01-01T00:00:00Z\"}",
                             INSTANT_NONE, &none);
    CHECK(a != NULL);
}

TEST(long_words_are_cut_between_characters_and_cleaned)
{
    OWNED_BUF b = {0};
    for (int i = 0; i < ALARM_TEXT_MAX; i++)
        buf_add(&b, "\xc3\xbc");
    char *cut = alarm_copy_text(buf_text(&b)),
         *clean = alarm_copy_text("a\nb\xe2\x80\xa8");
    CHECK_INT((long long)strlen(cut), ALARM_TEXT_MAX);
    CHECK(utf8_valid(cut, strlen(cut)));
    CHECK_TEXT(clean, "a b ");
    free(cut);
    free(clean);
}

TEST(too_many_labels_are_refused)
{
    OWNED_BUF b = {0};
    buf_add(&b, "{\"name\":\"x\",\"host\":\"h\",\"labels\":{");
    for (int i = 0; i <= ALARM_LABELS_MAX; i++)
        buf_addf(&b, "%s\"l%d\":\"1\"", i > 0 ? "," : "", i);
    buf_add(&b, "}}");
    refused(buf_text(&b), "has 65 labels, at most 64");
}
