/* tests of analyzer/calls */
#include "analyzer/calls.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct lineup lineup;
static struct edges edges;
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
    "  - id: timeouts\n"
    "    calls: {measure: timeout_share}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 50%, delta: 0.5%, count: 5}\n"
    "  - id: codes\n"
    "    calls: {measure: code_share}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 50%, delta: 0.1%, count: 5}\n"
    "    must-handle: {q: 1%, effect: 200%, delta: 1%, count: 10}\n"
    "  - id: time\n"
    "    calls: {measure: latency}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 20%, delta: 2}\n"
    "    must-handle: {q: 1%, effect: 100%, delta: 20}\n"
    "  - id: gone\n"
    "    calls: {measure: traffic}\n"
    "    worse: down\n"
    "    attention: {q: 5%, effect: 80%, count: 50}\n"
    "    must-handle: {q: 1%, effect: 98%, count: 200}\n";

static void look_by(struct made_panel *m, int hosts, const char *rules_text)
{
    struct complaints c = {0};
    rules = ruleset_parse("r.yml", rules_text, strlen(rules_text), &c);
    CHECK(rules != NULL);
    CHECK(align(make_change(&made, "pay", hosts, 10000, 10000), NULL, 0,
                made_panel_done(m), &usual, (instant){11800000}, &lineup, NULL) == 0);
    CHECK(edges_list(&lineup, &edges, NULL) == 0);
    CHECK(calls_measure(&lineup, rules, &edges, room, &calls, NULL) == 0);
    CHECK(calls_grade(&calls, true, NULL) == 0);
    CHECK(level_grade(calls.latency, calls.n_latency, NULL) == 0);
}

static void look(struct made_panel *m, int hosts)
{
    look_by(m, hosts, text);
}

static void done(struct made_panel **m)
{
    calls_free(&calls);
    edges_free(&edges);
    lineup_free(&lineup);
    ruleset_free(&rules);
    made_panel_free(m);
}

static const struct call_test *test_of(const char *rule, const char *code)
{
    for (size_t i = 0; i < calls.n; i++) {
        const struct call_test *t = &calls.test[i];
        if (strcmp(t->rule->id, rule) == 0 &&
            (code == NULL || (t->code != NULL && strcmp(t->code, code) == 0)))
            return t;
    }
    return NULL;
}

/* Calls of a metric at a mean rate a minute, with noise, from second `from` to `to`. */
static void rate(struct made_panel *m, struct entity e, const char *metric,
                 int64_t from, int64_t to, double mean, double noise)
{
    uint64_t seed = made_seed(metric, e.callee_host);
    for (int64_t t = m->from_s; t < m->from_s + 60 * (int64_t)m->rows; t += 60) {
        double v = floor(mean * (1 + noise * made_noise(&seed)) + 0.5);
        if (t >= from && t < to)
            made_cell(m, e, metric, t, v);
    }
}

static const int64_t pivot = 10020, end = 99999;

TEST(a_fifth_of_the_calls_failing_must_be_handled)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 100, 0.1);
    rate(m, e, "ok 200", pivot, end, 80, 0.1);
    rate(m, e, "fail 502", pivot, end, 20, 0.2);
    look(m, 1);
    const struct call_test *t = test_of("fail", NULL);
    CHECK(t->judged);
    CHECK_INT(t->grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(t->after, 0.2, 0.02);
    CHECK_NEAR(t->before, 0, 0);
    CHECK(t->p < 1e-6 && !t->recovered);
    CHECK_INT(test_of("codes", "502")->grade, GRADE_MUST_HANDLE);
    CHECK(test_of("codes", "502")->covered && test_of("codes", "502")->unseen);
    CHECK(test_of("codes", "200") == NULL); /* the main code says nothing */
    CHECK_INT(test_of("gone", NULL)->grade, GRADE_OK);
    done(&m);
}

TEST(a_share_that_stays_is_fine_whatever_the_traffic_does)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 400, 0.1);
    rate(m, e, "fail 502", 0, pivot, 4, 0.5);
    rate(m, e, "ok 200", pivot, end, 800, 0.1);
    rate(m, e, "fail 502", pivot, end, 8, 0.5);
    look(m, 1);
    for (size_t i = 0; i < calls.n; i++)
        CHECK_INT(calls.test[i].grade, GRADE_OK);
    done(&m);
}

TEST(business_codes_are_no_failures_but_a_new_one_is_a_code)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, end, 100, 0.1);
    rate(m, e, "fail 404", pivot, end, 20, 0.1);
    look(m, 1);
    CHECK_INT(test_of("fail", NULL)->grade, GRADE_OK);
    CHECK_NEAR(test_of("fail", NULL)->after, 0, 0);
    CHECK_INT(test_of("codes", "404")->grade, GRADE_MUST_HANDLE);
    CHECK(!test_of("codes", "404")->covered);
    done(&m);
}

TEST(a_good_code_that_becomes_common_is_attention_at_most)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 100, 0.1);
    rate(m, e, "ok 200", pivot, end, 60, 0.1);
    rate(m, e, "ok 302", pivot, end, 40, 0.1);
    look(m, 1);
    CHECK_INT(test_of("codes", "302")->grade, GRADE_ATTENTION);
    done(&m);
}

TEST(good_codes_that_take_the_place_of_failures_are_fine)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 50, 0.1);
    rate(m, e, "ok 201", 0, pivot, 25, 0.1);
    rate(m, e, "fail 502", 0, pivot, 100, 0.1);
    rate(m, e, "ok 200", pivot, end, 100, 0.1);
    rate(m, e, "ok 201", pivot, end, 50, 0.1);
    look(m, 1);
    for (size_t i = 0; i < calls.n; i++)
        CHECK_INT(calls.test[i].grade, GRADE_OK);
    done(&m);
}

TEST(a_share_that_swings_by_itself_is_forgiven)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, end, 100, 0.1);
    for (int k = 0; k < 64; k++) /* bursts of failures every 15 minutes, all along */
        made_cell(m, e, "fail 502", 7980 + 60 * k, k % 15 < 5 ? 30 : 1);
    look(m, 1);
    CHECK(test_of("fail", NULL)->judged);
    CHECK(test_of("fail", NULL)->grade != GRADE_MUST_HANDLE);
    done(&m);
}

TEST(unchanged_hosts_that_fail_as_well_excuse_the_changed_ones)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++) {
        struct entity e = made_edge("web", "pay", "/pay", made_name(i), "server");
        rate(m, e, "ok 200", 0, end, 100, 0.1);
        rate(m, e, "fail 502", 0, pivot, 2, 0.2);
        rate(m, e, "fail 502", pivot, end, 20, 0.2);
    }
    look(m, 2);
    const struct call_test *t = test_of("fail", NULL);
    CHECK_INT(t->grade, GRADE_OK);
    CHECK_NEAR(t->control_after, 20.0 / 120, 0.02);
    done(&m);
}

TEST(failures_that_are_over_are_recovered)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, end, 100, 0.1);
    rate(m, e, "fail 502", pivot, 11000, 40, 0.1);
    look(m, 1);
    const struct call_test *t = test_of("fail", NULL);
    CHECK_INT(t->grade, GRADE_MUST_HANDLE);
    CHECK(t->recovered);
    done(&m);
}

TEST(few_calls_are_not_judged)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    made_cell(m, e, "ok 200", 9000, 20);
    made_cell(m, e, "fail 502", 11000, 20);
    made_cell(m, e, "ms", 11000, 20);
    look(m, 1);
    for (size_t i = 0; i < calls.n; i++) {
        CHECK(!calls.test[i].judged);
        CHECK_INT(calls.test[i].why, UNJUDGED_FEW_CALLS);
    }
    CHECK_INT(calls.latency_few, 1);
    done(&m);
}

TEST(traffic_that_stops_is_gone_unless_nothing_at_all_is_heard)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 100, 0.1);
    look(m, 1);
    CHECK_INT(test_of("gone", NULL)->grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(test_of("gone", NULL)->effect, -1, 1e-9);
    CHECK(calls_grade(&calls, false, NULL) == 0);
    CHECK(!test_of("gone", NULL)->judged);
    CHECK_INT(test_of("gone", NULL)->why, UNJUDGED_NO_DATA_AFTER);
    done(&m);
}

TEST(a_caller_in_bursts_is_not_gone_between_them)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 8220, 8520, 1000, 0.1);
    rate(m, e, "ok 200", 9600, 9900, 1000, 0.1);
    look(m, 1);
    CHECK_INT(test_of("gone", NULL)->grade, GRADE_OK);
    done(&m);
}

TEST(mean_times_are_judged_as_levels)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 8; i++) {
        struct entity e = made_edge("web", "pay", "/pay", made_name(i), "server");
        rate(m, e, "ok 200", 0, end, 100, 0.1);
        rate(m, e, "ms", 0, pivot, 2000, 0.05);
        rate(m, e, "ms", pivot, end, i < 2 ? 8000 : 2000, 0.05);
    }
    look(m, 2);
    CHECK_INT(calls.n_latency, 1);
    const struct score *g = &calls.latency[0].group;
    CHECK_INT(g->grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(g->before, 20, 1);
    CHECK_NEAR(g->after, 80, 4);
    CHECK_NEAR(g->control_after, 20, 1);
    done(&m);
}

TEST(mean_times_without_controls_are_attention_at_most)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, end, 100, 0.1);
    rate(m, e, "ms", 0, pivot, 2000, 0.05);
    rate(m, e, "ms", pivot, end, 8000, 0.05);
    look(m, 1);
    CHECK_INT(calls.n_latency, 1);
    CHECK_INT(calls.latency[0].host[0].score.grade, GRADE_ATTENTION);
    CHECK(calls.latency[0].host[0].score.capped);
    done(&m);
}

TEST(ignored_codes_are_not_counted_and_normal_ones_are_no_failures)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 100, 0.1);
    rate(m, e, "ok 200", pivot, end, 60, 0.1);
    rate(m, e, "fail CANCELLED", pivot, end, 20, 0.2);
    rate(m, e, "fail 404", pivot, end, 20, 0.2);
    look_by(m, 1,
            "format: 1\n"
            "codes: {pay: {ok: \"404\", ignore: CANCEL*}}\n"
            "rules:\n"
            "  - {id: fail, calls: {measure: fail_share}, worse: up,\n"
            "     attention: {q: 5%, effect: 50%, delta: 0.5%, count: 5}}\n"
            "  - {id: codes, calls: {measure: code_share}, worse: up,\n"
            "     attention: {q: 5%, effect: 50%, delta: 0.1%, count: 5}}\n");
    const struct call_test *t = test_of("fail", NULL);
    CHECK(t->judged);
    CHECK_INT(t->grade, GRADE_OK);
    CHECK_NEAR(t->events_after, 0, 0);
    /* of 30 minutes less the settle time: 80 calls a minute are left */
    CHECK_NEAR(t->of_after / t->of_before, 0.8 * 25 / 30, 0.05);
    CHECK(test_of("codes", "404") == NULL && test_of("codes", "CANCELLED") == NULL);
    done(&m);
}

TEST(ignored_codes_are_none_of_the_calls_that_a_rule_needs)
{
    static const char needs[] =
        "format: 1\n"
        "codes: {pay: {ignore: CANCEL*}}\n"
        "rules:\n"
        "  - {id: fail, calls: {measure: fail_share}, needs: {calls: 500},\n"
        "     attention: {q: 5%, effect: 50%, delta: 0.5%, count: 5}}\n"
        "  - {id: time, calls: {measure: latency}, needs: {calls: 500},\n"
        "     attention: {q: 5%, effect: 20%, delta: 2}}\n";
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    for (int ignored = 0; ignored < 2; ignored++) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        rate(m, e, "ok 200", 0, end, 10, 0); /* 300 in half an hour */
        rate(m, e, ignored ? "fail CANCELLED" : "ok 204", 0, end, 30, 0);
        rate(m, e, "ms", 0, end, 400, 0);
        look_by(m, 1, needs);
        CHECK(test_of("fail", NULL)->judged == !ignored);
        CHECK_INT(calls.latency_few, ignored);
        done(&m);
    }
}

TEST(conditions_speak_for_calls)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    rate(m, e, "ok 200", 0, pivot, 100, 0.1);
    rate(m, e, "ok 200", pivot, end, 80, 0.1);
    rate(m, e, "fail 502", pivot, end, 20, 0.2);
    look_by(m, 1,
            "format: 1\n"
            "rules:\n"
            "  - {id: fail, calls: {measure: fail_share}, worse: up,\n"
            "     attention: {when: delta > 0.5% and errors >= 20},\n"
            "     must-handle: {when: after > 50%}}\n");
    CHECK_INT(test_of("fail", NULL)->grade, GRADE_ATTENTION);
    done(&m);
}
