/* tests of storage/ledger's pruning */
#include "storage/ledger.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
enum { DAY = 86400 };
static const struct ledger_keep month = {
    {30ll * DAY * 1000}, {30ll * DAY * 1000}, {30ll * DAY * 1000}};

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

static void put_core(struct ledger *l, int pid, int64_t at)
{
    struct err err = {0};
    struct core *c = NULL;
    OWNED_BUF b = {0};
    char text[INSTANT_TEXT_MAX];
    buf_addf(&b,
             "{\"time\":\"%s\",\"host\":\"h1\",\"service\":\"pay\",\"exe\":"
             "\"/opt/pay\",\"pid\":%d,\"signal\":\"SIGSEGV\",\"frames\":["
             "{\"fn\":\"main\"}]}",
             instant_text(plus(at), text), pid);
    OWNED_JSON *doc = json_parse(buf_text(&b), b.len, &err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    CHECK(core_read(&root, INSTANT_NONE, &c, &err) == 0);
    CHECK_INT(ledger_put_core_wait(l, &c, plus(at), &err), POSTED_NEW);
}

/* An alarm that fires from some second to another. */
static void put_alarm(struct ledger *l, int64_t starts, int64_t ends)
{
    struct err err = {0};
    struct alarm_list list = {0};
    struct alarm *a = alarm_new(&err);
    a->name = strdup("DiskFull");
    a->host = strdup("h1");
    a->starts = a->said = plus(starts);
    a->ends = plus(ends);
    CHECK_INT(alarm_identify(a, &err), 0);
    CHECK_INT(alarm_list_add(&list, &a, &err), 0);
    CHECK_INT(ledger_put_alarms_wait(l, &list, NOW, &err), POSTED_NEW);
}

/* A run of `n` tests that passed, named from t`first` on. */
static void put_tests(struct ledger *l, int64_t at, int first, int n)
{
    struct err err = {0};
    struct test_run *r = test_run_new(&err);
    r->time = plus(at);
    CHECK_INT(test_run_name(r, NULL, "pay", &err), 0);
    for (int i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", first + i);
        test_run_add(r, "smoke", "", name, &err)->result = TEST_PASS;
    }
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK_INT(ledger_put_tests_wait(l, &r, plus(at), &err), POSTED_NEW);
}

static size_t step(struct ledger *l, const struct ledger_keep *keep)
{
    size_t rows = 77;
    struct err err = {0};
    if (ledger_prune(l, keep, NOW, &rows, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return rows;
}

TEST(what_is_older_than_it_is_kept_goes_and_is_counted)
{
    OWNED_LEDGER *l = opened();
    for (int i = 0; i < 3; i++) {
        put_core(l, 100 + i, -31 * DAY + i);
        put_core(l, 200 + i, -30 * DAY + i);
    }
    put_alarm(l, -40 * DAY, -31 * DAY);
    put_alarm(l, -35 * DAY, -29 * DAY); /* as old as its end */
    put_tests(l, -31 * DAY, 0, 5);
    put_tests(l, -29 * DAY, 3, 5);
    /* 3 coredumps, an alarm, 5 results, a run; then the names that are left over */
    CHECK_INT((long long)step(l, &month), LEDGER_PRUNE_MAX);
    struct ledger_stats s = ledger_stats(l);
    CHECK(s.cores == 3 && s.cores_taken == 6 && s.cores_pruned == 3);
    CHECK(s.alarms == 1 && s.alarms_taken == 2 && s.alarms_pruned == 1);
    CHECK(s.test_runs == 1 && s.test_runs_taken == 2 && s.test_runs_pruned == 1);
    CHECK_INT((long long)step(l, &month), 0);
    put_tests(l, 0, 0, 8); /* names that went and names that stayed */
    struct test_rows rows = {0};
    struct test_ask ask = {NULL, "pay", plus(-60), plus(60)};
    CHECK(ledger_tests(l, &ask, &rows, NULL) == 0);
    CHECK_INT((long long)rows.tests, 8);
    test_rows_free(&rows);
}

TEST(one_step_is_bounded_and_the_next_goes_on)
{
    OWNED_LEDGER *l = opened();
    enum { MANY = 2 * LEDGER_PRUNE_MAX + 100 };
    put_tests(l, -40 * DAY, 0, MANY);
    put_tests(l, -1 * DAY, 0, 2);
    put_core(l, 100, -31 * DAY);
    CHECK_INT((long long)step(l, &month), LEDGER_PRUNE_MAX); /* a core and 999 */
    CHECK_INT((long long)ledger_stats(l).cores, 0);
    CHECK_INT((long long)ledger_stats(l).test_runs, 2); /* it has results yet */
    CHECK_INT((long long)step(l, &month), LEDGER_PRUNE_MAX);
    CHECK_INT((long long)ledger_stats(l).test_runs, 2);
    size_t steps = 0;
    while (step(l, &month) > 0)
        CHECK(++steps < 10);
    CHECK_INT((long long)ledger_stats(l).test_runs, 1);
    CHECK(steps >= 3); /* the rest of the results, and three steps of names */
}

TEST(nothing_goes_that_is_kept_for_good)
{
    OWNED_LEDGER *l = opened();
    put_core(l, 100, -300 * DAY);
    put_alarm(l, -300 * DAY, -299 * DAY);
    put_tests(l, -300 * DAY, 0, 3);
    CHECK_INT((long long)step(l, &(struct ledger_keep){0}), 0);
    struct ledger_stats s = ledger_stats(l);
    CHECK(s.cores == 1 && s.alarms == 1 && s.test_runs == 1);
}
