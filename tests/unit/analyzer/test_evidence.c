/* tests of analyzer/evidence, on a real ledger */
#include "analyzer/evidence.h"
#include "base/buf.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdlib.h>

/* Host h00 of pay is changed at second PIVOT, h01 is not. */
enum { PIVOT = 40000000, DAY = 86400 };

struct scene {
    struct made_change made;
    struct made_panel *panel;
    struct panel_ask ask;
    struct windows_rule windows;
    struct ledger *ledger;
    struct evidence evidence;
};

static void set_up(struct scene *s)
{
    struct err err = {0}, note = {0};
    *s = (struct scene){.windows = {.before = {1800000}}};
    make_change(&s->made, "pay", 1, PIVOT, PIVOT);
    s->panel = made_panel_new(PIVOT - 1800, 60, 60);
    for (int i = 0; i < 2; i++)
        made_series(s->panel, made_host(made_name(i), "pay"), "cpu.busy");
    made_panel_done(s->panel);
    static const char *hosts[] = {"h00"};
    s->ask = (struct panel_ask){.service = "pay",
                                .hosts = hosts,
                                .n_hosts = 1,
                                .hot_from = {(PIVOT - 1800) * 1000ll},
                                .hot_to = {(PIVOT + 1800) * 1000ll}};
    s->ledger = ledger_open(":memory:", &note, &err);
    CHECK(s->ledger != NULL);
}

static void tear_down(struct scene *s)
{
    evidence_free(&s->evidence);
    made_panel_free(&s->panel);
    ledger_close(&s->ledger);
}

static void gather(struct scene *s)
{
    struct err err = {0};
    struct evidence_ask ask = {&s->made.change, &s->windows, &s->ask, &s->panel->panel};
    if (evidence_gather(s->ledger, &ask, &s->evidence, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static struct json_doc *parsed(const char *fmt, const char *host, int seconds)
{
    char at[INSTANT_TEXT_MAX];
    struct err err = {0};
    OWNED_BUF b = {0};
    instant_text((instant){(PIVOT + seconds) * 1000ll}, at);
    buf_addf(&b, "{\"time\":\"%s\",\"host\":\"%s\",%s}", at, host, fmt);
    struct json_doc *doc = json_parse(buf_text(&b), b.len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return doc;
}

static void put_alarm(struct scene *s, const char *host, int seconds)
{
    struct err err = {0};
    OWNED_JSON *doc = parsed("\"name\":\"Down\"", host, seconds);
    struct json_at root = json_root(doc);
    struct alarm *a = NULL;
    struct alarm_list list = {0};
    CHECK_INT(alarm_read(&root, INSTANT_NONE, &a, &err), 0);
    CHECK_INT(alarm_list_add(&list, &a, &err), 0);
    CHECK_INT(ledger_put_alarms_wait(s->ledger, &list, INSTANT_NONE, &err), POSTED_NEW);
}

static void put_core(struct scene *s, const char *host, int seconds)
{
    struct err err = {0};
    OWNED_JSON *doc = parsed("\"exe\":\"/opt/pay\",\"signal\":11", host, seconds);
    struct json_at root = json_root(doc);
    struct core *c = NULL;
    CHECK_INT(core_read(&root, INSTANT_NONE, &c, &err), 0);
    CHECK_INT(ledger_put_core_wait(s->ledger, &c, INSTANT_NONE, &err), POSTED_NEW);
}

static void put_test(struct scene *s, const char *change, int seconds,
                     enum test_result result)
{
    struct err err = {0};
    struct test_run *r = test_run_new(&err);
    r->time = (instant){(PIVOT + seconds) * 1000ll};
    CHECK_INT(test_run_name(r, change, change == NULL ? "pay" : NULL, &err), 0);
    test_run_add(r, "smoke", NULL, "a", &err)->result = result;
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK_INT(ledger_put_tests_wait(s->ledger, &r, INSTANT_NONE, &err), POSTED_NEW);
}

TEST(of_an_empty_ledger_nothing_is_known)
{
    struct scene s;
    set_up(&s);
    gather(&s);
    CHECK(instant_is_none(s.evidence.cores.since));
    CHECK(instant_is_none(s.evidence.alarms.since));
    CHECK_INT((long long)s.evidence.tests.tests, 0);
    tear_down(&s);
}

TEST(events_of_changed_and_unchanged_hosts_come_with_their_past)
{
    struct scene s;
    set_up(&s);
    put_core(&s, "h01", 60);
    put_core(&s, "h00", 120);
    put_core(&s, "h00", -2 * DAY);
    put_core(&s, "h77", 60);
    put_alarm(&s, "h01", 60);
    put_alarm(&s, "h00", -DAY + 60);
    put_alarm(&s, "h77", 60);
    gather(&s);
    CHECK_INT((long long)s.evidence.cores.n, 2);
    CHECK_INT((long long)s.evidence.cores.n_pasts, 1);
    CHECK_INT(s.evidence.cores.since.ms, (PIVOT - 2 * DAY) * 1000ll);
    CHECK_INT((long long)s.evidence.alarms.n, 2);
    CHECK_TEXT(s.evidence.alarms.row[0].host, "h00");
    CHECK_INT(s.evidence.alarms.since.ms, (PIVOT - DAY + 60) * 1000ll);
    tear_down(&s);
}

TEST(tests_are_those_since_the_first_pivot)
{
    struct scene s;
    set_up(&s);
    put_test(&s, NULL, -60, TEST_PASS);
    put_test(&s, "c1", 60, TEST_FAIL);
    put_test(&s, "c1", 1900, TEST_PASS); /* after the look */
    gather(&s);
    CHECK_INT((long long)s.evidence.tests.n, 1);
    CHECK(s.evidence.tests.row[0].fails && s.evidence.tests.row[0].of_change);
    CHECK_INT((long long)s.evidence.tests.row[0].runs_before, 1);
    tear_down(&s);
}
