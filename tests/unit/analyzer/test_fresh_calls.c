/* tests of analyzer/fresh_calls */
#include "analyzer/fresh_calls.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { PIVOT = 10020, END = 11820 };

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct lineup lineup;
static struct edges edges;
static struct fresh_calls fresh;
static struct calls calls;
static struct ruleset *rules;
static double room[4096];

static const char text[] =
    "format: 1\n"
    "rules:\n"
    "  - id: fail\n"
    "    calls: {measure: fail_share}\n"
    "    worse: up\n"
    "    ok_codes: [\"404\"]\n"
    "    attention: {q: 5%, effect: 50%, delta: 0.5%, count: 5}\n"
    "    must-handle: {q: 1%, effect: 100%, delta: 2%, count: 20}\n"
    "  - id: codes\n"
    "    calls: {measure: code_share}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 50%, delta: 0.1%, count: 5}\n"
    "  - id: time\n"
    "    calls: {measure: latency}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 20%, delta: 2}\n"
    "    must-handle: {q: 1%, effect: 100%, delta: 20}\n";

/* Calls a minute of a host; `ms` is the mean time of one. */
static void serve(struct made_panel *m, const char *host, bool old, double ok,
                  double fails, double ms)
{
    struct entity e = made_edge("front", "pay", "/pay", host, "server");
    made_level(m, e, "ok 200", 0, ok, ok, 2, 1);
    made_level(m, e, "ms", 0, ms * (ok + fails), ms * (ok + fails), 5, 1);
    for (int64_t t = old ? 7980 : PIVOT; t < END && fails > 0; t += 60)
        made_cell(m, e, "fail 502", t, fails);
    made_level(m, made_host(host, "pay"), "cpu.busy", 0, 30, 30, 1, 1);
    if (old)
        return;
    made_gap(m, e, "ok 200", 0, PIVOT);
    made_gap(m, e, "ms", 0, PIVOT);
    made_gap(m, made_host(host, "pay"), "cpu.busy", 0, PIVOT);
}

static void look(struct made_panel *m, int hosts)
{
    struct complaints c = {0};
    rules = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    CHECK(rules != NULL);
    CHECK(align(make_change(&made, "pay", hosts, PIVOT, PIVOT), NULL, 0,
                made_panel_done(m), &usual, (instant){END * 1000}, &lineup, NULL) == 0);
    CHECK(edges_list(&lineup, &edges, NULL) == 0);
    CHECK(fresh_calls_measure(&lineup, rules, &edges, &fresh, NULL) == 0);
    CHECK(calls_measure(&lineup, rules, &edges, room, &calls, NULL) == 0);
    CHECK(level_grade(calls.latency, calls.n_latency, NULL) == 0);
}

static void done(struct made_panel **m)
{
    calls_free(&calls);
    fresh_calls_free(&fresh);
    edges_free(&edges);
    lineup_free(&lineup);
    ruleset_free(&rules);
    made_panel_free(m);
}

static const struct fresh_call *of(const char *rule)
{
    for (size_t i = 0; i < fresh.n; i++)
        if (strcmp(fresh.at[i].test.rule->id, rule) == 0)
            return &fresh.at[i];
    return NULL;
}

TEST(new_hosts_whose_calls_end_like_the_old_ones_are_fine)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++)
        serve(m, made_name(i), i >= 3, 100, 2, 20);
    look(m, 3);
    CHECK_INT(edges.n, 1);
    CHECK_INT(edges.at[0].n_fresh, 3);
    CHECK_INT(edges.at[0].n_changed, 0);
    CHECK_INT(edges.at[0].n_control, 5);
    CHECK_INT(calls.n, 0); /* nothing to compare with itself */
    const struct fresh_call *c = of("fail");
    CHECK(c != NULL && c->test.judged);
    CHECK_INT(c->n, 3);
    CHECK_INT(c->n_old, 5);
    CHECK_INT(c->test.grade, GRADE_OK);
    CHECK_NEAR(c->test.before, 2.0 / 102, 0.002);
    CHECK_NEAR(c->test.after, 2.0 / 102, 0.002);
    CHECK_INT(of("codes")->test.grade, GRADE_OK);
    CHECK_INT(calls.n_latency, 1);
    CHECK(calls.latency[0].fresh && calls.latency[0].n_judged == 3);
    CHECK_INT(calls.latency[0].group.grade, GRADE_OK);
    done(&m);
}

TEST(one_new_host_whose_calls_fail_must_be_handled)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 9; i++)
        serve(m, made_name(i), i >= 4, 100, i == 1 ? 10 : 0, 20);
    look(m, 4);
    const struct fresh_call *c = of("fail");
    CHECK_INT(c->test.grade, GRADE_MUST_HANDLE);
    CHECK_INT(c->n_listed, 1);
    CHECK(c->share[1].listed && !c->share[0].listed);
    CHECK_TEXT(c->share[1].host, "h01");
    CHECK_NEAR(c->test.events_after, 250, 0); /* of this host alone */
    CHECK_NEAR(c->test.of_after, 2750, 20);
    CHECK_NEAR(c->test.events_before, 0, 0);
    CHECK_NEAR(c->test.of_before, 12500, 60); /* of five hosts at the same time */
    CHECK_NEAR(c->test.delta, 10.0 / 110, 0.001);
    CHECK(c->test.p < 1e-9 && !c->test.recovered && !c->test.covered);
    CHECK_INT(of("codes")->test.grade, GRADE_ATTENTION);
    CHECK(of("codes")->test.covered);
    done(&m);
}

TEST(when_all_new_hosts_fail_all_are_listed)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++)
        serve(m, made_name(i), i >= 3, 100, i < 3 ? 5 : 0, 20);
    look(m, 3);
    CHECK_INT(of("fail")->test.grade, GRADE_MUST_HANDLE);
    CHECK_INT(of("fail")->n_listed, 3);
    CHECK_NEAR(of("fail")->test.events_after, 375, 0);
    done(&m);
}

TEST(failures_that_the_old_hosts_have_as_well_are_not_the_new_ones)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++)
        serve(m, made_name(i), i >= 3, 100, 10, 20);
    look(m, 3);
    CHECK(of("fail")->test.judged);
    CHECK_INT(of("fail")->test.grade, GRADE_OK);
    done(&m);
}

TEST(old_hosts_that_differ_leave_room_for_new_ones_that_do)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    serve(m, made_name(0), false, 100, 12, 20);
    for (int i = 1; i < 8; i++)
        serve(m, made_name(i), true, 100, 2 * i, 20);
    look(m, 1);
    CHECK(of("fail")->test.judged);
    CHECK_INT(of("fail")->test.grade, GRADE_OK);
    done(&m);
}

TEST(two_old_hosts_or_a_handful_of_calls_are_too_few)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 3; i++)
        serve(m, made_name(i), i >= 1, 100, i == 0 ? 50 : 0, 20);
    look(m, 1);
    CHECK(!of("fail")->test.judged);
    CHECK_INT(of("fail")->test.why, UNJUDGED_FEW_OLD);
    done(&m);
    m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 6; i++)
        serve(m, made_name(i), i >= 1, i == 0 ? 1 : 100, 0, 20);
    look(m, 1);
    CHECK(!of("fail")->test.judged);
    CHECK_INT(of("fail")->test.why, UNJUDGED_FEW_CALLS);
    done(&m);
}

TEST(slow_new_hosts_are_found_by_their_mean_times)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 9; i++)
        serve(m, made_name(i), i >= 2, 100, 0, i < 2 ? 80 : 20);
    look(m, 2);
    CHECK_INT(calls.n_latency, 1);
    const struct level *l = &calls.latency[0];
    CHECK(l->fresh && l->has_group);
    CHECK_INT(l->group.grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(l->group.before, 20, 1);
    CHECK_NEAR(l->group.after, 80, 2);
    done(&m);
}

TEST(a_bad_start_that_is_over_is_told_as_over)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++)
        serve(m, made_name(i), i >= 2, 100, 0, 20);
    for (int64_t t = PIVOT; t < PIVOT + 900; t += 60)
        made_cell(m, made_edge("front", "pay", "/pay", "h00", "server"), "fail 502", t,
                  30);
    look(m, 2);
    CHECK(of("fail")->test.grade != GRADE_OK);
    CHECK(of("fail")->test.recovered);
    done(&m);
}
