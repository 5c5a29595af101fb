/* tests of storage/ledger's results of tests */
#include "storage/ledger.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
enum { DAY = 86400 };

static instant plus(int64_t seconds)
{
    return instant_add(NOW, span_seconds(seconds));
}

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static struct ledger *opened(void)
{
    struct err err = {0}, note = {0};
    struct ledger *l = ledger_open(":memory:", &note, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

/* A run of tests a, b, ... whose results are letters: p, f, e, s; '.' is not run. */
static enum posted put(struct ledger *l, const char *change, const char *service,
                       int64_t at, const char *results)
{
    struct err err = {0};
    struct test_run *r = test_run_new(&err);
    r->time = plus(at);
    CHECK_INT(test_run_name(r, change, service, &err), 0);
    for (size_t i = 0; results[i] != '\0'; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        if (results[i] == '.')
            continue;
        struct test *t = test_run_add(r, "smoke", "api", name, &err);
        t->result = results[i] == 'p'   ? TEST_PASS
                    : results[i] == 'f' ? TEST_FAIL
                    : results[i] == 'e' ? TEST_ERROR
                                        : TEST_SKIP;
        if (results[i] == 'f')
            CHECK_INT(test_say(t, "got 502", 7, &err), 0);
    }
    CHECK_INT(test_run_seal(r, &err), 0);
    enum posted posted = ledger_put_tests_wait(l, &r, plus(at), &err);
    CHECK(r == NULL);
    if (posted == POSTED_FAILED)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return posted;
}

static struct test_rows ask(struct ledger *l, const char *change, const char *service)
{
    struct test_ask a = {change, service, NOW, plus(3600)};
    struct test_rows rows = {0};
    struct err err = {0};
    if (ledger_tests(l, &a, &rows, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return rows;
}

TEST(a_run_posted_again_is_a_repeat)
{
    OWNED_LEDGER *l = opened();
    CHECK_INT(put(l, NULL, "pay", 0, "pf"), POSTED_NEW);
    CHECK_INT(put(l, NULL, "pay", 0, "pf"), POSTED_REPEAT);
    CHECK_INT(put(l, NULL, "pay", 1, "pf"), POSTED_NEW);
    CHECK_INT((long long)ledger_stats(l).test_runs, 2);
}

TEST(a_test_that_fails_now_is_told_with_what_it_did_before)
{
    OWNED_LEDGER *l = opened();
    put(l, NULL, "pay", -7200, "ppfs");
    put(l, NULL, "pay", -3600, "pfff");
    put(l, "8812", NULL, 60, "fefp");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 3);
    CHECK_INT((long long)rows.tests, 4);
    const struct test_row *a = &rows.row[0], *b = &rows.row[1], *c = &rows.row[2];
    CHECK_TEXT(a->name, "a");
    CHECK_TEXT(a->message, "got 502");
    CHECK(a->of_change && a->fails && !a->failed_last);
    CHECK_INT((long long)a->failed_before, 0);
    CHECK_INT((long long)a->suite_tests, 4);
    CHECK_INT(a->first.ms, NOW.ms + 60000);
    CHECK(b->failed_last && b->message == NULL);
    CHECK_INT((long long)b->failed_before, 1);
    CHECK_INT((long long)c->failed_before, 2);
    test_rows_free(&rows);
}

TEST(a_service_knows_the_runs_of_all_its_changes_and_no_others)
{
    OWNED_LEDGER *l = opened();
    struct err err = {0};
    static const char event[] =
        "{\"source\":\"d\",\"id\":\"8700\",\"kind\":\"release\",\"service\":\"pay\","
        "\"time\":\"2026-11-20T10:00:00Z\"}";
    OWNED_JSON *doc = json_parse(event, strlen(event), &err);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    CHECK_INT(change_event_read(&root, INSTANT_NONE, &e, &err), 0);
    CHECK_INT(ledger_post_wait(l, &e, NOW, &err), POSTED_NEW);
    put(l, "8700", NULL, -DAY, "p");
    put(l, NULL, "web", -60, "f");
    put(l, "8812", NULL, 60, "f");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 1);
    CHECK_INT((long long)rows.row[0].runs_before, 1);
    CHECK(!rows.row[0].failed_last);
    test_rows_free(&rows);
    /* without a service only its own runs are known */
    struct test_rows own = ask(l, "8812", NULL);
    CHECK_INT((long long)own.n, 1);
    CHECK_INT((long long)own.row[0].runs_before, 0);
    test_rows_free(&own);
    struct test_rows of_service = ask(l, "8900", "web");
    CHECK_INT((long long)of_service.n, 0);
    test_rows_free(&of_service);
}

TEST(the_last_result_says_whether_it_fails_still)
{
    OWNED_LEDGER *l = opened();
    put(l, NULL, "pay", 60, "fp");
    put(l, NULL, "pay", 120, "pf");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 2);
    CHECK(!rows.row[0].fails && rows.row[0].failed == 1 && rows.row[0].passed == 1);
    CHECK(rows.row[1].fails);
    CHECK(!rows.row[0].of_change);
    test_rows_free(&rows);
}

TEST(skipped_tests_and_results_outside_the_time_have_no_say)
{
    OWNED_LEDGER *l = opened();
    put(l, NULL, "pay", -10, "p");
    put(l, NULL, "pay", -5, "s");
    put(l, NULL, "pay", 60, "f");
    put(l, NULL, "pay", 90, "s");
    put(l, NULL, "pay", 3600, "p");
    put(l, NULL, "pay", 70, ".s");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 1);
    CHECK_INT((long long)rows.tests, 1);
    CHECK(rows.row[0].fails && rows.row[0].runs_before == 1);
    test_rows_free(&rows);
}

TEST(only_the_last_results_before_are_looked_at)
{
    OWNED_LEDGER *l = opened();
    for (int i = 0; i < 15; i++)
        put(l, NULL, "pay", -1000 + i, i < 8 ? "f" : "p");
    put(l, NULL, "pay", 60, "f");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.row[0].runs_before, TEST_MEMORY_RUNS);
    CHECK_INT((long long)rows.row[0].failed_before, 3);
    test_rows_free(&rows);
}

TEST(suites_are_counted_each_for_itself)
{
    OWNED_LEDGER *l = opened();
    struct err err = {0};
    struct test_run *r = test_run_new(&err);
    r->time = plus(60);
    CHECK_INT(test_run_name(r, NULL, "pay", &err), 0);
    for (int i = 0; i < 9; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        struct test *t = test_run_add(r, i < 3 ? "one" : "two", NULL, name, &err);
        t->result = i == 2 || i == 3 || i == 8 ? TEST_FAIL : TEST_PASS;
    }
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK_INT(ledger_put_tests_wait(l, &r, NOW, &err), POSTED_NEW);
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 3);
    CHECK_INT((long long)rows.row[0].suite_tests, 3);
    CHECK_INT((long long)rows.row[1].suite_tests, 6);
    CHECK_INT((long long)rows.row[2].suite_tests, 6);
    test_rows_free(&rows);
}

TEST(results_of_over_thirty_days_are_not_looked_at)
{
    OWNED_LEDGER *l = opened();
    put(l, NULL, "pay", -31 * DAY, "ppp");
    put(l, NULL, "pay", -29 * DAY, "pp");
    put(l, NULL, "pay", 60, "fff");
    struct test_rows rows = ask(l, "8812", "pay");
    CHECK_INT((long long)rows.n, 3);
    CHECK_INT((long long)rows.row[1].runs_before, 1);
    CHECK_INT((long long)rows.row[2].runs_before, 0);
    test_rows_free(&rows);
}
