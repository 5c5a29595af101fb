#include "analyzer/trial_data.h"
#include "tests/unit/analyzer/make_trial.h"

#include <math.h>

enum { AT = 1767607200 }; /* 2026-01-05T10:00:00Z */

static double cell(const struct trial_data *d, struct entity who, const char *metric,
                   int64_t second)
{
    instant at = {(AT + second) * 1000};
    struct block *b = windows_cut(d->windows, windows_find(d->windows, &who), at,
                                  (instant){at.ms + 1000});
    uint32_t number = windows_find_metric(d->windows, metric);
    double v = NAN;
    CHECK(b != NULL);
    for (uint32_t i = 0; i < b->n_metrics; i++)
        if (b->metric[i] == number)
            v = b->cells[i];
    block_free(&b);
    return v;
}

static struct entity a_host(const char *host)
{
    return (struct entity){ENTITY_HOST, host, "pay", "", "", "", "", "", ""};
}

static void make(const char *fields, struct trial_data *d)
{
    struct err err = {0};
    struct trial_file *f = made_trial(fields);
    struct ruleset *rs = made_rules(RULE_CPU);
    if (trial_data_make(&f->tests.at[0], rs, d, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    ruleset_free(&rs);
    trial_file_free(&f);
}

TEST(points_lie_around_the_change)
{
    OWNED_TRIAL_DATA d = {0};
    make(CHANGE "    series:\n"
                "      - {metric: cpu.busy, before: 1x2 2x1, after: 3 4 5}\n"
                "    expect: []\n",
         &d);
    CHECK(isnan(cell(&d, a_host("h1"), "cpu.busy", -240)));
    CHECK(cell(&d, a_host("h1"), "cpu.busy", -180) == 1);
    CHECK(cell(&d, a_host("h1"), "cpu.busy", -60) == 2);
    CHECK(cell(&d, a_host("h2"), "cpu.busy", 0) == 3);
    CHECK(cell(&d, a_host("h2"), "cpu.busy", 120) == 5);
    CHECK(isnan(cell(&d, a_host("h2"), "cpu.busy", 180)));
    CHECK_INT(d.end.ms, (AT + 180) * 1000ll);
}

TEST(values_without_an_end_fill_a_day_before_and_the_looks_after)
{
    OWNED_TRIAL_DATA d = {0};
    make(CHANGE "    series:\n"
                "      - {metric: cpu.busy, before: 7}\n"
                "    expect: []\n",
         &d);
    CHECK(cell(&d, a_host("h1"), "cpu.busy", -86400) == 7);
    CHECK(isnan(cell(&d, a_host("h1"), "cpu.busy", -86460)));
    CHECK(cell(&d, a_host("h1"), "cpu.busy", 3540) == 7);
    CHECK(isnan(cell(&d, a_host("h1"), "cpu.busy", 3600)));
}

TEST(calls_become_counts_and_times_of_their_edge)
{
    OWNED_TRIAL_DATA d = {0};
    struct entity edge = {ENTITY_EDGE, "", "", "web", "pay", "/x", "", "", "client"};
    make(CHANGE
         "    calls:\n"
         "      - {caller: web, iface: /x, code: 0, before: 200x2, after: 100x2, "
         "ms: 20, ms_after: 40}\n"
         "      - {caller: web, iface: /x, code: -1, outcome: fail, before: 1x2}\n"
         "    expect: []\n",
         &d);
    CHECK(cell(&d, edge, "ok 0", -60) == 200);
    CHECK(cell(&d, edge, "ms", -60) == 4000);
    CHECK(cell(&d, edge, "ok 0", 60) == 100);
    CHECK(cell(&d, edge, "ms", 60) == 4000);
    CHECK(cell(&d, edge, "fail -1", 0) == 1);
}

TEST(calls_and_their_times_may_begin_at_different_points)
{
    OWNED_TRIAL_DATA d = {0};
    struct entity edge = {ENTITY_EDGE, "", "", "web", "pay", "", "", "", "client"};
    make(CHANGE "    calls:\n"
                "      - {caller: web, before: 200x2, ms: 10x3 30x1}\n"
                "    expect: []\n",
         &d);
    CHECK(isnan(cell(&d, edge, "ok 0", -180)));
    CHECK(isnan(cell(&d, edge, "ms", -180)));
    CHECK(cell(&d, edge, "ms", -120) == 2000);
    CHECK(cell(&d, edge, "ms", -60) == 6000);
    CHECK(cell(&d, edge, "ms", 60) == 6000);
}

TEST(the_change_and_what_happened_are_in_the_ledger)
{
    OWNED_TRIAL_DATA d = {0};
    struct err err = {0};
    instant since;
    make("    change: {kind: config, service: pay, hosts: [h1], takes: 5m, "
         "labels: {idc: sh1}}\n"
         "    coredumps:\n"
         "      - {exe: /srv/pay, at: 3m, times: 2, frames: [parse, main]}\n"
         "    alarms:\n"
         "      - {name: Full, at: -1h, ends: 2m}\n"
         "    tests:\n"
         "      - {name: pays, result: fail, at: 10m}\n"
         "    expect: []\n",
         &d);
    OWNED_CHANGE *c = ledger_change(d.ledger, TRIAL_CHANGE_ID, &err);
    CHECK(c != NULL && c->kind == CHANGE_CONFIG && c->finished);
    CHECK_INT(c->start.ms, AT * 1000ll);
    CHECK_INT(c->end.ms, (AT + 300) * 1000ll);
    CHECK_TEXT(c->label[0].value, "sh1");
    CHECK(ledger_cores_since(d.ledger, &since, &err) == 0);
    CHECK_INT(since.ms, (AT + 180) * 1000ll);
    CHECK(ledger_alarms_since(d.ledger, &since, &err) == 0);
    CHECK_INT(since.ms, (AT - 3600) * 1000ll);
}

TEST(what_the_service_would_refuse_is_refused)
{
    struct trial_data d;
    struct err err = {0};
    struct trial_file *f =
        made_trial(CHANGE "    coredumps:\n"
                          "      - {exe: /srv/pay, signal: BANG, at: 3m}\n"
                          "    expect: []\n");
    struct ruleset *rs = made_rules(RULE_CPU);
    CHECK(trial_data_make(&f->tests.at[0], rs, &d, &err) == -1);
    CHECK(strncmp(err.text, "coredump: signal", 16) == 0);
    ruleset_free(&rs);
    trial_file_free(&f);
}
