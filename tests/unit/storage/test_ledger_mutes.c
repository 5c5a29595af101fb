/* tests of storage/ledger's mutes */
#include "storage/ledger.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static instant plus(int64_t minutes)
{
    return (instant){NOW.ms + minutes * 60000};
}

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static struct ledger *opened(const char *path)
{
    struct err err = {0}, note = {0};
    struct ledger *l = ledger_open(path, &note, &err);
    if (l == NULL || note.code != 0)
        test_fail(__FILE__, __LINE__, "%s%s", err.text, note.text);
    return l;
}

/* Muting `rule` for `minutes` from `at` on; `begin` NULL: at once. */
static struct mute *make(const char *rule, int64_t at, const char *begin, int minutes)
{
    char json[400];
    struct err err = {0};
    struct mute *m = NULL;
    snprintf(json, sizeof json,
             "{\"rule\":\"%s\",\"kind\":\"config\",\"author\":\"li\",\"reason\":"
             "\"known\",%s%s%s\"until\":\"%dm\"}",
             rule, begin != NULL ? "\"from\":\"" : "", begin != NULL ? begin : "",
             begin != NULL ? "\"," : "", minutes);
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    if (mute_read(&root, plus(at), &m, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return m;
}

static enum posted put(struct ledger *l, const char *rule, int64_t at,
                       const char *begin, int minutes, char id[MUTE_ID_MAX])
{
    struct err err = {0};
    struct mute *m = make(rule, at, begin, minutes);
    if (id != NULL)
        snprintf(id, MUTE_ID_MAX, "%s", m->id);
    enum posted posted = ledger_put_mute_wait(l, &m, &err);
    CHECK(m == NULL);
    if (posted == POSTED_FAILED)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return posted;
}

/* The rules of the list, joined. */
static const char *listed(struct ledger *l, enum mutes_which which, int64_t at)
{
    static char text[400];
    struct err err = {0};
    OWNED_MUTES list = {0};
    if (ledger_mutes(l, which, plus(at), &list, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < list.n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? " " : "",
                              list.at[i]->rule);
    return text;
}

TEST(a_mute_comes_back_as_it_was_put_also_after_the_file_was_opened_again)
{
    char path[200], id[MUTE_ID_MAX];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/ledger.db", test_dir());
    {
        OWNED_LEDGER *l = opened(path);
        CHECK_INT(put(l, "disk.*", 0, NULL, 60, id), POSTED_NEW);
        CHECK_INT(ledger_end_mute_wait(l, id, "wu", plus(30), &err), POSTED_NEW);
    }
    OWNED_LEDGER *l = opened(path);
    OWNED_MUTE *m = ledger_mute(l, id, &err);
    CHECK(m != NULL);
    OWNED_BUF text = {0}, want = {0};
    struct jsonw w = {.to = &text};
    mute_write(m, NULL, &w);
    buf_addf(&want,
             "{\"id\":\"%s\",\"rule\":\"disk.*\",\"author\":\"li\",\"reason\":"
             "\"known\",\"kind\":\"config\",\"from\":\"2026-11-21T10:00:00Z\","
             "\"until\":\"2026-11-21T11:00:00Z\",\"made_at\":\"2026-11-21T10:00:00Z\","
             "\"ended_at\":\"2026-11-21T10:30:00Z\",\"ended_by\":\"wu\"}",
             id);
    CHECK_TEXT(buf_text(&text), buf_text(&want));
}

TEST(the_same_mute_is_a_repeat_and_once_ended_a_conflict)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    char id[MUTE_ID_MAX];
    CHECK_INT(put(l, "a", 0, NULL, 60, id), POSTED_NEW);
    CHECK_INT(put(l, "a", 0, NULL, 60, NULL), POSTED_REPEAT);
    CHECK_INT(put(l, "a", 0, NULL, 61, NULL), POSTED_NEW);
    CHECK_INT(ledger_end_mute_wait(l, id, "wu", plus(1), &err), POSTED_NEW);
    CHECK_INT(put(l, "a", 0, NULL, 60, NULL), POSTED_CONFLICT);
}

TEST(an_early_end_is_written_once)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    char id[MUTE_ID_MAX], over[MUTE_ID_MAX];
    put(l, "a", 0, NULL, 60, id);
    put(l, "b", 0, NULL, 10, over);
    CHECK_INT(ledger_end_mute_wait(l, id, "wu", plus(20), &err), POSTED_NEW);
    CHECK_INT(ledger_end_mute_wait(l, id, "zhao", plus(30), &err), POSTED_REPEAT);
    CHECK_INT(ledger_end_mute_wait(l, id, "zhao", plus(90), &err), POSTED_REPEAT);
    CHECK_INT(ledger_end_mute_wait(l, over, "zhao", plus(10), &err), POSTED_CONFLICT);
    OWNED_MUTE *m = ledger_mute(l, id, &err);
    CHECK_TEXT(m->ended_by, "wu");
    CHECK_INT(m->ended_at.ms, plus(20).ms);
    OWNED_MUTE *by_itself = ledger_mute(l, over, &err);
    CHECK(instant_is_none(by_itself->ended_at));
}

TEST(a_mute_that_is_not_there_cannot_be_ended)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    CHECK_INT(ledger_end_mute_wait(l, "m012345678901", "wu", NOW, &err), POSTED_FAILED);
    CHECK_INT(err.code, ENOENT);
    err = (struct err){0};
    CHECK_INT(ledger_end_mute_wait(l, "much-too-long-to-be-one", "wu", NOW, &err),
              POSTED_FAILED);
    CHECK_INT(err.code, ENOENT);
    err = (struct err){0};
    CHECK(ledger_mute(l, "m012345678901", &err) == NULL);
    CHECK_INT(err.code, ENOENT);
}

TEST(lists_take_those_in_force_or_those_that_count_for_a_look)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    char ended[MUTE_ID_MAX];
    put(l, "past", 0, NULL, 10, NULL);
    put(l, "ended", 5, NULL, 60, ended);
    put(l, "planned", 10, "2026-11-21T11:00:00Z", 60, NULL);
    put(l, "now", 20, NULL, 60, NULL);
    CHECK_INT(ledger_end_mute_wait(l, ended, "wu", plus(40), &err), POSTED_NEW);
    CHECK_TEXT(listed(l, MUTES_ALL, 0), "planned now past ended");
    CHECK_TEXT(listed(l, MUTES_IN_FORCE, 9), "past ended");
    CHECK_TEXT(listed(l, MUTES_IN_FORCE, 30), "now ended");
    CHECK_TEXT(listed(l, MUTES_IN_FORCE, 70), "planned now");
    CHECK_TEXT(listed(l, MUTES_IN_FORCE, 120), "");
    /* a look before `now` was made is judged anew with it; an ended one counts no more
     */
    CHECK_TEXT(listed(l, MUTES_OF_LOOK, 9), "now past");
    CHECK_TEXT(listed(l, MUTES_OF_LOOK, 30), "now");
    CHECK_TEXT(listed(l, MUTES_OF_LOOK, 70), "planned now");
}

TEST(mutes_that_are_not_over_have_a_limit)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    char rule[20], id[MUTE_ID_MAX];
    for (int i = 0; i < LEDGER_MUTES_MAX; i++) {
        snprintf(rule, sizeof rule, "r%d", i);
        CHECK_INT(put(l, rule, 0, NULL, 60, id), POSTED_NEW);
    }
    struct mute *m = make("one-more", 0, NULL, 60);
    CHECK_INT(ledger_put_mute_wait(l, &m, &err), POSTED_FAILED);
    CHECK_INT(err.code, EDQUOT);
    CHECK_INT(put(l, rule, 0, NULL, 60, NULL), POSTED_REPEAT); /* is there already */
    err = (struct err){0};
    CHECK_INT(ledger_end_mute_wait(l, id, "wu", NOW, &err), POSTED_NEW);
    CHECK_INT(put(l, "one-more", 0, NULL, 60, NULL), POSTED_NEW);
    OWNED_MUTES list = {0};
    CHECK_INT(ledger_mutes(l, MUTES_ALL, NOW, &list, &err), 0);
    CHECK_INT(list.n, LEDGER_MUTES_MAX);
}
