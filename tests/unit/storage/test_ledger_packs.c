/* tests of storage/ledger's versions of the rules and records of what they said */
#include "storage/ledger.h"
#include "storage/sql.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static const instant T = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct ledger *opened(void)
{
    struct err err = {0};
    struct ledger *l = ledger_open(":memory:", NULL, &err);
    CHECK(l != NULL);
    return l;
}

static void post(struct ledger *l, const char *id, const char *time)
{
    char json[300];
    struct err err = {0};
    snprintf(json, sizeof json,
             "{\"source\":\"t\",\"id\":\"%s\",\"kind\":\"release\",\"service\":\"pay\","
             "\"time\":\"%s\"}",
             id, time);
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    CHECK_INT(change_event_read(&root, INSTANT_NONE, &e, &err), 0);
    CHECK_INT(ledger_post_wait(l, &e, INSTANT_NONE, &err), POSTED_NEW);
}

static void say(struct verdict *v, const char *rule, enum grade g)
{
    struct finding *f = verdict_add(v);
    CHECK(f != NULL);
    f->rule = strdup(rule);
    f->grade = g;
}

/* A verdict with one finding of each rule that is named. */
static void judge(struct ledger *l, const char *id, int revision, const char *a,
                  enum grade of_a, const char *b, enum grade of_b)
{
    struct err err = {0};
    OWNED_VERDICT *v = verdict_new(id);
    v->revision = revision;
    v->grade = GRADE_ATTENTION;
    v->decided_at = T;
    say(v, a, of_a);
    if (b != NULL)
        say(v, b, of_b);
    if (ledger_put_verdict(l, v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(the_version_in_force_is_the_one_put_last)
{
    struct err err = {0};
    OWNED_LEDGER *l = opened();
    CHECK(ledger_pack(l, NULL, &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    CHECK_INT(ledger_put_pack(l, "a", "{\"name\":\"n\",\"hash\":\"a\"}", T, &err), 0);
    CHECK_INT(ledger_put_pack(l, "b", "{\"name\":\"n\",\"hash\":\"b\"}",
                              (instant){T.ms + 1}, &err),
              0);
    OWNED_PACK *now = ledger_pack(l, NULL, &err);
    CHECK_TEXT(now->hash, "b");
    CHECK_INT(now->since.ms, T.ms + 1);
    /* the first one comes back */
    CHECK_INT(ledger_put_pack(l, "a", "{\"name\":\"n\",\"hash\":\"a\"}",
                              (instant){T.ms + 2}, &err),
              0);
    OWNED_PACK *again = ledger_pack(l, NULL, &err);
    CHECK_TEXT(again->hash, "a");
    OWNED_PACK *old = ledger_pack(l, "b", &err);
    CHECK_TEXT(old->hash, "b");
}

TEST(a_rules_record_counts_changes_by_what_their_newest_verdict_says)
{
    struct err err = {0};
    struct rule_records r = {0};
    OWNED_LEDGER *l = opened();
    post(l, "old", "2026-11-01T10:00:00Z");
    post(l, "c1", "2026-11-21T10:00:00Z");
    post(l, "c2", "2026-11-21T10:00:00Z");
    judge(l, "old", 1, "cpu", GRADE_MUST_HANDLE, NULL, GRADE_OK);
    judge(l, "c1", 1, "cpu", GRADE_MUST_HANDLE, "mem", GRADE_ATTENTION);
    judge(l, "c1", 2, "cpu", GRADE_ATTENTION, "cpu", GRADE_OK); /* mem takes it back */
    judge(l, "c2", 1, "cpu", GRADE_OK, "cpu", GRADE_MUST_HANDLE);
    struct feedback *f = feedback_new("c2", "cpu", "li");
    f->useful = true;
    f->at = T;
    CHECK_INT(ledger_put_feedback_wait(l, &f, &err), POSTED_NEW);
    f = feedback_new("c2", "calls", "li");
    f->at = T;
    CHECK_INT(ledger_put_feedback_wait(l, &f, &err), POSTED_NEW);
    CHECK_INT(ledger_records(l, (instant){T.ms - 86400000}, &r, &err), 0);
    CHECK_INT(r.n, 2);
    const struct rule_record *cpu = rule_records_find(&r, "cpu");
    CHECK_INT(cpu->must_handle, 1);
    CHECK_INT(cpu->attention, 1);
    CHECK_INT(cpu->fine, 0);
    CHECK_INT(cpu->useful, 1);
    const struct rule_record *calls = rule_records_find(&r, "calls");
    CHECK_INT(calls->not_useful, 1);
    CHECK_INT(calls->must_handle, 0);
    CHECK(rule_records_find(&r, "mem") == NULL);
    rule_records_free(&r);
    CHECK_INT(ledger_records(l, INSTANT_NONE, &r, &err), 0);
    CHECK_INT(rule_records_find(&r, "cpu")->must_handle, 2);
    rule_records_free(&r);
    CHECK(rule_records_find(&r, "cpu") == NULL);
}

/* Takes the file back to what it was before there were records: what later steps made
 * goes too, as they are taken again. */
static void make_old(const char *path)
{
    static const char back[] =
        "DROP TABLE packs; DROP TABLE said; DROP TABLE notes; DROP TABLE told;"
        "DROP TABLE optouts; DROP TABLE secrets; DROP INDEX parcels_by_who;"
        "DROP INDEX parcels_by_made; DROP INDEX parcels_dead;"
        "ALTER TABLE cores DROP COLUMN more;"
        "DELETE FROM migrations WHERE no > 7; PRAGMA user_version = 7;";
    struct err err = {0};
    struct sql *s = sql_open(path, "old", &err);
    CHECK(s != NULL);
    if (sql_exec(s, back, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    sql_close(&s);
}

TEST(an_older_ledgers_records_are_read_out_of_its_verdicts)
{
    struct err err = {0};
    struct rule_records r = {0};
    char path[300];
    snprintf(path, sizeof path, "%s/old.db", test_dir());
    struct ledger *l = ledger_open(path, NULL, &err);
    post(l, "c1", "2026-11-21T10:00:00Z");
    judge(l, "c1", 1, "mem", GRADE_MUST_HANDLE, NULL, GRADE_OK);
    judge(l, "c1", 2, "cpu", GRADE_ATTENTION, "cpu", GRADE_OK);
    ledger_close(&l);
    make_old(path);
    OWNED_LEDGER *again = ledger_open(path, NULL, &err);
    if (again == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(ledger_records(again, INSTANT_NONE, &r, &err), 0);
    CHECK_INT(r.n, 1);
    CHECK_INT(rule_records_find(&r, "cpu")->attention, 1);
    rule_records_free(&r);
}
