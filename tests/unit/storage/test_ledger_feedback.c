/* tests of storage/ledger's marks of readers, and of looking into a ledger */
#include "storage/ledger.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static const char *path(void)
{
    static char text[256];
    static int n;
    snprintf(text, sizeof text, "%s/feedback-%d.db", test_dir(), ++n);
    return text;
}

static struct ledger *opened(const char *at)
{
    struct err err = {0}, note = {0};
    struct ledger *l = ledger_open(at, &note, &err);
    CHECK(l != NULL && note.code == 0);
    return l;
}

static void post(struct ledger *l)
{
    static const char json[] = "{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\","
                               "\"kind\":\"release\",\"service\":\"pay\","
                               "\"time\":\"2026-11-21T10:00:00Z\"}";
    struct err err = {0};
    OWNED_JSON *doc = json_parse(json, sizeof json - 1, &err);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    CHECK_INT(change_event_read(&root, INSTANT_NONE, &e, &err), 0);
    CHECK_INT(ledger_post_wait(l, &e, INSTANT_NONE, &err), POSTED_NEW);
}

static enum posted mark(struct ledger *l, const char *change, const char *rule,
                        const char *by, bool useful, struct err *err)
{
    struct feedback *f = feedback_new(change, rule, by);
    CHECK(f != NULL);
    f->useful = useful;
    f->at = (instant){1795255200000};
    enum posted end = ledger_put_feedback_wait(l, &f, err);
    CHECK(f == NULL);
    return end;
}

TEST(a_reader_has_one_mark_for_a_change_and_a_rule)
{
    struct err err = {0};
    OWNED_LEDGER *l = opened(path());
    post(l);
    CHECK_INT(mark(l, "c1", "b", "li", true, &err), POSTED_NEW);
    CHECK_INT(mark(l, "c1", "b", "li", true, &err), POSTED_REPEAT);
    CHECK_INT(mark(l, "c1", "b", "li", false, &err), POSTED_NEW);
    CHECK_INT(mark(l, "c1", "b", "wu", true, &err), POSTED_NEW);
    CHECK_INT(mark(l, "c1", "a", "li", true, &err), POSTED_NEW);
    struct feedbacks got = {0};
    CHECK_INT(ledger_feedback(l, "c1", &got, &err), 0);
    CHECK_INT(got.n, 3);
    CHECK_TEXT(got.at[0]->rule, "a");
    CHECK_TEXT(got.at[1]->by, "li");
    CHECK(!got.at[1]->useful && got.at[2]->useful);
    CHECK_INT(got.at[2]->at.ms, 1795255200000);
    feedbacks_free(&got);
    CHECK_INT(ledger_feedback(l, "c2", &got, &err), 0);
    CHECK_INT(got.n, 0);
}

TEST(a_mark_of_no_change_is_refused_and_so_is_one_too_many)
{
    struct err err = {0};
    OWNED_LEDGER *l = opened(path());
    CHECK_INT(mark(l, "c1", "a", "li", true, &err), POSTED_FAILED);
    CHECK_INT(err.code, ENOENT);
    post(l);
    err = (struct err){0};
    for (int i = 0; i < LEDGER_FEEDBACK_MAX; i++) {
        char by[20];
        snprintf(by, sizeof by, "r%d", i);
        CHECK_INT(mark(l, "c1", "a", by, true, &err), POSTED_NEW);
    }
    CHECK_INT(mark(l, "c1", "a", "r1", false, &err), POSTED_NEW);
    CHECK_INT(mark(l, "c1", "a", "one more", true, &err), POSTED_FAILED);
    CHECK_INT(err.code, EDQUOT);
}

TEST(a_ledger_that_is_open_can_be_looked_into)
{
    struct err err = {0};
    const char *at = path();
    {
        OWNED_LEDGER *none = ledger_peek(at, &err);
        CHECK(none == NULL);
        CHECK_INT(err.code, ENOENT);
    }
    err = (struct err){0};
    OWNED_LEDGER *l = opened(at);
    post(l);
    OWNED_LEDGER *on = ledger_peek(at, &err);
    CHECK_TEXT(err.text, "");
    CHECK(on != NULL);
    OWNED_CHANGE *c = ledger_change(on, "c1", &err);
    CHECK(c != NULL);
    /* what is committed later is seen */
    CHECK_INT(mark(l, "c1", "a", "li", true, &err), POSTED_NEW);
    struct feedbacks got = {0};
    CHECK_INT(ledger_feedback(on, "c1", &got, &err), 0);
    CHECK_INT(got.n, 1);
    feedbacks_free(&got);
}

TEST(what_is_no_ledger_is_not_looked_into)
{
    struct err err = {0};
    const char *at = path();
    FILE *f = fopen(at, "w");
    CHECK(f != NULL);
    for (int i = 0; i < 1000; i++)
        fputs("no ledger at all\n", f);
    fclose(f);
    CHECK(ledger_peek(at, &err) == NULL);
    CHECK_INT(err.code, EBADMSG);
}
