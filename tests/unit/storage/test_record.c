/* tests of storage/record */
#include "base/names.h"
#include "storage/record.h"
#include "tests/test.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
static struct json_doc *doc;

static struct json_at parsed(const char *text)
{
    struct err err = {0};
    json_free(&doc);
    doc = json_parse(text, strlen(text), &err);
    CHECK_TEXT(err.text, "");
    return json_root(doc);
}

static void check_time(const char *text, instant now, int64_t want_ms, const char *why)
{
    struct err err = {0};
    instant at = {7};
    struct json_at v = parsed(text);
    int rc = record_own_time(&v, "a recorded thing", now, &at, &err);
    CHECK_INT(rc, why[0] != '\0' ? -1 : 0);
    CHECK(strstr(err.text, why) != NULL);
    if (rc == 0)
        CHECK_INT(at.ms, want_ms);
    json_free(&doc);
}

TEST(a_time_is_near_or_now_and_without_a_clock_it_must_be_there)
{
    check_time("{\"time\":\"2026-11-21T09:00:00Z\"}", NOW, NOW.ms - 3600000, "");
    check_time("{}", NOW, NOW.ms, "");
    check_time("{}", INSTANT_NONE, 0,
               "time (line 1, column 1): is missing, a recorded thing needs its time");
    check_time("{\"time\":\"2020-01-01T00:00:00Z\"}", INSTANT_NONE, 1577836800000, "");
    check_time("{\"time\":\"2020-01-01T00:00:00Z\"}", NOW, 0,
               "is more than 30 days ago");
    check_time("{\"time\":\"2026-11-21T10:11:00Z\"}", NOW, 0,
               "is more than 10 minutes ahead of the clock here");
    check_time("{\"time\":\"soon\"}", NOW, 0, "time (line 1, column 9)");
    check_time("{\"time\":5}", NOW, 0, "time (line 1, column 9)");
}

TEST(another_time_that_is_absent_is_left_alone)
{
    instant at = {7};
    struct json_at v = parsed("{}");
    CHECK(record_time(&v, "ends", NOW, &at, NULL) == 0);
    CHECK_INT(at.ms, 7);
    json_free(&doc);
}

struct thing {
    char *name, *note;
};
static const struct record_text name_field = {"name", name_check, true, 0,
                                              offsetof(struct thing, name)};
static const struct record_text note_field = {"note", text_check, false, 4,
                                              offsetof(struct thing, note)};

static const char *read(const char *text, const struct record_text *f)
{
    static char got[600];
    struct thing t = {0};
    struct err err = {0};
    struct json_at v = parsed(text);
    if (record_text(&v, f, &t, &err) < 0)
        snprintf(got, sizeof got, "error: %s", err.text);
    else
        snprintf(got, sizeof got, "%s",
                 t.name != NULL   ? t.name
                 : t.note != NULL ? t.note
                                  : "nothing");
    free(t.name);
    free(t.note);
    json_free(&doc);
    return got;
}

TEST(a_text_is_checked_and_cut_and_an_empty_one_is_none)
{
    CHECK_TEXT(read("{\"name\":\"pay\"}", &name_field), "pay");
    CHECK(strstr(read("{}", &name_field), "is missing, expected a text") != NULL);
    CHECK(strstr(read("{\"name\":\"\"}", &name_field), "is empty, expected a text") !=
          NULL);
    CHECK(strstr(read("{\"name\":\"a\\nb\"}", &name_field), "control character") !=
          NULL);
    CHECK(strstr(read("{\"name\":7}", &name_field), "name (line 1") != NULL);
    CHECK_TEXT(read("{\"note\":\"\"}", &note_field), "nothing");
    CHECK_TEXT(read("{\"note\":\"abcdef\"}", &note_field), "abcd");
    CHECK_TEXT(read("{\"note\":\"abc\xc3\xa9\"}", &note_field), "abc"); /* whole ones */
}
