/* tests/unit/storage/test_mute.c - mutes, read, written, and when they are in force. */
#include "storage/mute.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static instant plus(int64_t minutes)
{
    return (instant){NOW.ms + minutes * 60000};
}

static struct mute *mute_at(const char *json, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(json, strlen(json), err);
    struct mute *m = NULL;
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    CHECK((mute_read(&root, now, &m, err) < 0) == (m == NULL));
    return m;
}

static struct mute *mute(const char *json)
{
    struct err err = {0};
    struct mute *m = mute_at(json, NOW, &err);
    if (m == NULL)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return m;
}

static void refused(const char *json, const char *words)
{
    struct err err = {0};
    OWNED_MUTE *m = mute_at(json, NOW, &err);
    if (m != NULL)
        test_fail(__FILE__, __LINE__, "%s was taken", json);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "%s: '%s' does not say '%s'", json, err.text,
                  words);
}

#define WHO        "\"author\":\"li\",\"reason\":\"disk is replaced\""
#define WITH(more) "{\"rule\":\"disk.*\"," WHO "," more "}"
#define UNTIL(t)   "\"until\":\"" t "\""

TEST(a_full_mute_is_read_and_written)
{
    OWNED_MUTE *m =
        mute("{\"rule\":\"calls.*\",\"service\":\"pay\",\"host\":\"h?\","
             "\"metric\":\"cpu.*\",\"kind\":\"scale-out\"," WHO ","
             "\"from\":\"2026-11-21T11:00:00Z\"," UNTIL("2026-11-22T10:00:00Z") "}");
    CHECK_TEXT(m->rule, "calls.*");
    CHECK_TEXT(m->service, "pay");
    CHECK_TEXT(m->host, "h?");
    CHECK_TEXT(m->metric, "cpu.*");
    CHECK_INT(m->kind, CHANGE_SCALE_OUT);
    CHECK_INT(m->from.ms, plus(60).ms);
    CHECK_INT(m->until.ms, plus(24 * 60).ms);
    CHECK_INT(m->made_at.ms, NOW.ms);
    CHECK(instant_is_none(m->ended_at) && m->ended_by == NULL);
    CHECK_INT(strlen(m->id), 13);
    m->ended_at = plus(90);
    m->ended_by = strdup("wu");
    OWNED_BUF text = {0}, want = {0};
    struct jsonw w = {.to = &text};
    mute_write(m, NULL, &w);
    buf_addf(&want,
             "{\"id\":\"%s\",\"rule\":\"calls.*\",\"service\":\"pay\",\"host\":\"h?\","
             "\"metric\":\"cpu.*\"," WHO ",\"kind\":\"scale-out\","
             "\"from\":\"2026-11-21T11:00:00Z\",\"until\":\"2026-11-22T10:00:00Z\","
             "\"made_at\":\"2026-11-21T10:00:00Z\","
             "\"ended_at\":\"2026-11-21T11:30:00Z\",\"ended_by\":\"wu\"}",
             m->id);
    CHECK_TEXT(buf_text(&text), buf_text(&want));
}

TEST(a_mute_begins_now_and_may_end_after_a_length_of_time)
{
    OWNED_MUTE *m = mute(WITH(UNTIL("2h")));
    CHECK_INT(m->from.ms, NOW.ms);
    CHECK_INT(m->until.ms, plus(120).ms);
    CHECK(m->service == NULL && m->host == NULL && m->metric == NULL);
    CHECK_INT(m->kind, CHANGE_KIND_N);
    OWNED_MUTE *later = mute(WITH("\"from\":\"2026-11-21T12:00:00Z\"," UNTIL("2h")));
    CHECK_INT(later->until.ms, plus(240).ms);
}

TEST(the_same_mute_sent_again_has_the_same_id)
{
    struct err err = {0};
    OWNED_MUTE *a = mute(WITH(UNTIL("2026-11-21T12:00:00Z")));
    OWNED_MUTE *b = mute_at(WITH(UNTIL("2026-11-21T12:00:00Z")), plus(1), &err);
    OWNED_MUTE *later = mute(WITH(UNTIL("2026-11-21T13:00:00Z")));
    OWNED_MUTE *from =
        mute(WITH("\"from\":\"2026-11-21T10:00:00Z\"," UNTIL("2026-11-21T12:00:00Z")));
    OWNED_MUTE *other = mute("{\"host\":\"disk.*\"," WHO "," UNTIL(
        "2026-11-21T12:00:00Z") "}"); /* the same text in another field */
    CHECK_TEXT(a->id, b->id);
    CHECK(strcmp(a->id, later->id) != 0);
    CHECK(strcmp(a->id, from->id) != 0);
    CHECK(strcmp(a->id, other->id) != 0);
}

TEST(what_is_missing_wrong_or_unknown_is_named_with_its_place)
{
    refused("[]", "expected an object");
    refused("{" WHO "," UNTIL("2h") "}", "at least one of rule, service, host");
    refused("{\"rule\":null," WHO "," UNTIL("2h") "}", "at least one of");
    refused("{\"rule\":\"\"," WHO "," UNTIL("2h") "}", "rule (line 1, column 9)");
    refused("{\"rule\":\"a\",\"reason\":\"b\"," UNTIL("2h") "}", "author (line 1");
    refused("{\"rule\":\"a\",\"author\":\"b\"," UNTIL("2h") "}", "reason (line 1");
    refused(WITH("\"host\":7," UNTIL("2h")), "host (line 1, column");
    refused(WITH("\"host\":\"a\\u0007b\"," UNTIL("2h")), "control character");
    refused(WITH("\"kind\":\"relase\"," UNTIL("2h")), "there is no kind 'relase'");
    refused(WITH("\"hots\":\"h1\"," UNTIL("2h")), "did you mean 'host'?");
    refused(WITH("\"colour\":\"red\"," UNTIL("2h")), "colour (line 1, column");
    refused(WITH("\"id\":\"m1\"," UNTIL("2h")), "there is no such field");
}

TEST(an_end_is_required_and_bounded)
{
    refused(WITH("\"host\":\"h1\""), "until (line 1, column 1): is missing");
    refused(WITH(UNTIL("soon")), "is 'soon', expected a time such as");
    refused(WITH("\"until\":7200"), "until (line 1");
    refused(WITH(UNTIL("2026-11-21T10:00:00Z")), "is not in the future");
    refused(WITH(UNTIL("0")), "is not in the future");
    refused(WITH("\"from\":\"2026-11-21T12:00:00Z\"," UNTIL("2026-11-21T11:00:00Z")),
            "is not after from");
    refused(WITH(UNTIL("91d")), "until (line 1");
    refused(WITH(UNTIL("91d")), "is more than 90 days ahead");
    refused(WITH(UNTIL("100000w")), "is more than 90 days ahead");
    refused(WITH(UNTIL("2027-02-19T10:00:00.001Z")), "is more than 90 days ahead");
    OWNED_MUTE *longest = mute(WITH(UNTIL("90d")));
    CHECK_INT(longest->until.ms - NOW.ms, 90 * 86400000ll);
    refused(WITH("\"from\":\"2026-10-20T10:00:00Z\"," UNTIL("60d")),
            "from (line 1, column");
    refused(WITH("\"from\":\"2027-03-20T10:00:00Z\"," UNTIL("2h")),
            "from (line 1, column");
}

TEST(a_mute_is_in_force_from_its_begin_up_to_its_end)
{
    OWNED_MUTE *m = mute(WITH("\"from\":\"2026-11-21T11:00:00Z\"," UNTIL("1h")));
    CHECK(!mute_in_force(m, plus(59)));
    CHECK(mute_in_force(m, plus(60)));
    CHECK(mute_in_force(m, plus(119)));
    CHECK(!mute_in_force(m, plus(120)));
    m->ended_at = plus(90);
    CHECK(mute_in_force(m, plus(89)));
    CHECK(!mute_in_force(m, plus(90)));
    CHECK_INT(mute_end(m).ms, plus(90).ms);
    m->ended_at = INSTANT_NONE;
    CHECK_INT(mute_end(m).ms, plus(120).ms);
}

TEST(a_mute_made_for_now_counts_for_the_look_before_it_a_planned_one_does_not)
{
    OWNED_MUTE *now = mute(WITH(UNTIL("1h")));
    CHECK(mute_counts(now, plus(-20)));
    CHECK(mute_counts(now, plus(59)));
    CHECK(!mute_counts(now, plus(60)));
    OWNED_MUTE *planned = mute(WITH("\"from\":\"2026-11-21T11:00:00Z\"," UNTIL("1h")));
    CHECK(!mute_counts(planned, plus(59)));
    CHECK(mute_counts(planned, plus(60)));
    planned->ended_at = plus(90); /* taken back: it counts for none any more */
    CHECK(!mute_counts(planned, plus(60)));
}

static void end_refused(const char *json, const char *words)
{
    struct err err = {0};
    char *by = NULL;
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    CHECK_INT(mute_read_end(&root, &by, &err), -1);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "%s: '%s'", json, err.text);
}

TEST(who_ends_a_mute_has_a_name)
{
    struct err err = {0};
    char *by = NULL;
    OWNED_JSON *doc = json_parse("{\"by\":\"wu\"}", 11, &err);
    struct json_at root = json_root(doc);
    CHECK_INT(mute_read_end(&root, &by, &err), 0);
    CHECK_TEXT(by, "wu");
    free(by);
    end_refused("{}", "by (line 1, column 1): is missing");
    end_refused("{\"by\":\"\"}", "is empty");
    end_refused("{\"author\":\"wu\"}", "author (line 1");
    end_refused("\"wu\"", "expected an object");
}
