/* tests of analyzer/judge: whole changes against the shipped rules */
#include "analyzer/judge.h"
#include "base/buf.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdio.h>

static struct made_change made, other;
static struct ruleset *rules;

static const struct ruleset *defaults(void)
{
    if (rules == NULL) {
        struct complaints c = {0};
        rules = ruleset_load(NULL, &c);
        CHECK(rules != NULL);
        complaints_free(&c);
    }
    return rules;
}

static void forget(void)
{
    ruleset_free(&rules);
}

static struct verdict *judged_at(struct made_panel *m, const struct change *c,
                                 const struct change *nearby,
                                 const struct checkpoint *at)
{
    struct verdict *v = NULL;
    struct err err = {0};
    if (m->panel.unit == NULL)
        made_panel_done(m);
    struct judge_case jc = {.rules = defaults(),
                            .change = c,
                            .nearby = &nearby,
                            .n_nearby = nearby != NULL,
                            .panel = &m->panel,
                            .checkpoint = *at,
                            .looks_done = 3,
                            .looks_all = 4};
    if (judge(&jc, &v, &err) < 0)
        test_fail(__FILE__, __LINE__, "judge: %s", err.text);
    forget();
    return v;
}

/* At the 30-minute look, the work being done at second 10020. */
static struct verdict *judged(struct made_panel *m, const struct change *c,
                              const struct change *nearby, bool final)
{
    struct checkpoint at = {
        .at = {11910000}, .ends = {11820000}, .look = {1800000}, .final = final};
    return judged_at(m, c, nearby, &at);
}

static void check_grade(const struct verdict *v, enum grade want)
{
    if (v->grade == want)
        return;
    struct buf b = {0};
    verdict_write(v, false, &b);
    test_fail(__FILE__, __LINE__, "grade is %s, expected %s: %s", grade_name(v->grade),
              grade_name(want), buf_text(&b));
}

static const struct finding *found(const struct verdict *v, const char *rule)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (strcmp(v->findings[i].rule, rule) == 0)
            return &v->findings[i];
    return NULL;
}

/* A fleet of `all` hosts with a few usual series, all quiet. */
static struct made_panel *fleet(int all)
{
    static const struct {
        const char *name;
        double level, noise;
    } usual[] = {{"cpu.busy", 30, 3},
                 {"cpu.iowait", 1, 0.3},
                 {"load.load1", 2, 0.4},
                 {"mem.used_pct", 60, 0.5},
                 {"disk.util{device=sda}", 12, 4},
                 {"my.queue", 200, 20}};
    struct made_panel *m = made_panel_new(7980, 60, 70);
    for (int i = 0; i < all; i++)
        for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
            made_level(m, made_host(made_name(i), "pay"), usual[k].name, 0,
                       usual[k].level + i % 5, usual[k].level + i % 5, usual[k].noise,
                       1);
    return m;
}

static void calls(struct made_panel *m, const char *host, double fails)
{
    struct entity e = made_edge("front", "pay", "/pay", host, "server");
    made_level(m, e, "ok 200", 10020, 100, 100 - fails, 3, 1);
    made_level(m, e, "ms", 0, 2000, 2000, 50, 1);
    for (int64_t t = 10020; t < 12180 && fails > 0; t += 60)
        made_cell(m, e, "fail 502", t, fails);
}

static struct change *release(int hosts)
{
    return make_change(&made, "pay", hosts, 10020, 10020);
}

TEST(a_quiet_change_is_ok)
{
    OWNED_MADE *m = fleet(12);
    calls(m, "", 0);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_OK);
    CHECK_INT(v->n_findings, 0);
    CHECK(v->reason == NULL && v->final);
    CHECK_INT(v->coverage.hosts, 4);
    CHECK_INT(v->coverage.hosts_judged, 4);
    CHECK_INT(v->coverage.controls, 8);
    CHECK(v->coverage.rules_judged > 5 && v->coverage.series_judged >= 24);
    CHECK_INT(v->coverage.series_not_judged, 0);
    CHECK_INT(v->decided_at.ms, 11910000);
    CHECK_INT(v->look.ms, 1800000);
    CHECK(strncmp(v->pack, "defaults ", 9) == 0);
    CHECK_TEXT(v->coverage.controls_note,
               "8 unchanged hosts of pay: h04, h05, h06, h07, h08 and 3 more");
}

TEST(failing_calls_must_be_handled_and_are_told_in_a_sentence)
{
    OWNED_MADE *m = fleet(1);
    calls(m, "", 20);
    OWNED_VERDICT *v = judged(m, release(1), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "calls.failing");
    CHECK(f != NULL && f == &v->findings[0]);
    CHECK_INT(f->kind, FINDING_SHARE);
    CHECK_TEXT(f->metric, "fail_share front->pay:/pay");
    CHECK_TEXT(f->unit, "%");
    CHECK(f->host == NULL && f->n_hosts == 0);
    CHECK_NEAR(f->after, 20, 1);
    CHECK_NEAR(f->before, 0, 0);
    CHECK_NEAR(f->events_after, 500, 0);
    CHECK_TEXT(
        f->because,
        "20.0 % of 2,502 calls front -> pay:/pay failed after the change, against 0 % "
        "of 2,996 before; 502 rose from 0 to 500 (as the server sees it).");
    CHECK_INT(f->first_seen.ms, 10020000);
    CHECK_INT(f->n_like, 0);
    CHECK_TEXT(v->findings[1].code, "502"); /* the code by itself */
    CHECK_INT(v->findings[1].with, 0);
    CHECK(f->curve.n > 50 && f->curve.n <= CURVE_POINTS_MAX);
    CHECK_INT(f->curve.step.ms, 60000);
    CHECK_NEAR(f->curve.value[0], 0, 0);
    CHECK_NEAR(f->curve.value[f->curve.n - 1], 20, 2);
    CHECK(f->advice != NULL && f->confidence > 0.999);
}

TEST(a_jump_on_all_changed_hosts_is_one_finding_with_its_hosts)
{
    OWNED_MADE *m = fleet(12);
    for (int i = 0; i < 4; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 30, 60 + i, 2,
                   1);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL);
    CHECK_INT(f->n_hosts, 4);
    CHECK_TEXT(f->hosts[0].name, "h03");
    CHECK(f->host == NULL);
    CHECK_NEAR(f->before, 30, 1);
    CHECK_NEAR(f->after, 61.5, 1);
    CHECK_NEAR(f->delta, 31.5, 1.5);
    CHECK_NEAR(f->control_before, f->control_after, 1);
    CHECK(f->curve.control != NULL);
    CHECK_INT(f->first_seen.ms, 10020000);
    CHECK(strstr(f->because, ", cpu.busy rose from ") != NULL);
    CHECK(strstr(f->because, ", while 8 unchanged hosts went from ") != NULL);
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += strcmp(v->findings[i].metric, "cpu.busy") == 0;
    CHECK_INT(n, 1);
}

/* Judged once by rules of its own. */
static void use_rules(const char *text)
{
    struct complaints c = {0};
    forget();
    rules = ruleset_parse("r.yml", text, strlen(text), &c);
    CHECK(rules != NULL);
    complaints_free(&c);
}

#define JUMP                                                                           \
    "format: 1\n"                                                                      \
    "rules:\n"                                                                         \
    "  - id: cpu\n"                                                                    \
    "    rev: 3\n"                                                                     \
    "    series: cpu.busy\n"                                                           \
    "    must-handle: {q: 1%, effect: 30%, delta: 15}\n"

TEST(overrides_exceptions_and_conditions_work_where_changes_are_judged)
{
    static const struct {
        const char *text;
        enum grade grade;
        int excepted;
        const char *rule;
    } cases[] = {
        {JUMP, GRADE_MUST_HANDLE, 0, "cpu"},
        {JUMP "    except: [{host: \"/^h0[0-3]$/\", until: 2030-01-01, reason: R}]\n",
         GRADE_NOT_JUDGED, 4, NULL},
        {JUMP "overrides: [{rule: cpu, scope: {service: p*}, set: {must-handle.effect: "
              "900%}, by: x, reason: y, until: 2030-01-01}]\n",
         GRADE_OK, 0, NULL},
        {JUMP
         "overrides: [{rule: cpu, scope: {service: web}, set: {must-handle.effect: "
         "900%}, by: x, reason: y, until: 2030-01-01}]\n",
         GRADE_MUST_HANDLE, 0, "cpu"},
        {"format: 1\nrules:\n  - id: hard\n    series: cpu.busy\n"
         "    attention: {when: ratio > 1.5 and delta > 10, hold: 3 of 5}\n",
         GRADE_ATTENTION, 0, "hard"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_MADE *m = fleet(12);
        for (int k = 0; k < 4; k++)
            made_level(m, made_host(made_name(k), "pay"), "cpu.busy", 10020, 30, 60 + k,
                       2, 1);
        use_rules(cases[i].text);
        OWNED_VERDICT *v = judged(m, release(4), NULL, true);
        check_grade(v, cases[i].grade);
        CHECK_INT(v->coverage.unjudged[UNJUDGED_EXCEPTED], cases[i].excepted);
        const struct finding *f =
            cases[i].rule != NULL ? found(v, cases[i].rule) : NULL;
        CHECK((f != NULL) == (cases[i].rule != NULL));
        if (f != NULL && strcmp(f->rule, "cpu") == 0)
            CHECK_INT(f->rev, 3);
        if (f != NULL && strcmp(f->rule, "hard") == 0)
            CHECK_TEXT(f->limit, "ratio > 1.5 and delta > 10 in 3 of 5 points");
    }
}

TEST(one_host_of_many_is_named)
{
    OWNED_MADE *m = fleet(16);
    made_level(m, made_host("h02", "pay"), "cpu.busy", 10020, 30, 80, 2, 1);
    OWNED_VERDICT *v = judged(m, release(8), NULL, true);
    check_grade(v, GRADE_ATTENTION);
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL);
    CHECK_TEXT(f->host, "h02");
    CHECK_INT(f->n_hosts, 1);
    CHECK(strstr(f->because, "On h02, cpu.busy ") != NULL);
}

TEST(a_broken_limit_must_be_handled_even_without_controls)
{
    OWNED_MADE *m = fleet(2);
    for (int i = 0; i < 2; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 30, 99, 0.5,
                   1);
    OWNED_VERDICT *v = judged(m, release(2), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "cpu.full");
    CHECK(f != NULL);
    CHECK_INT(f->kind, FINDING_LIMIT);
    CHECK_TEXT(f->limit, "above 95 % in 3 of 5 points");
    CHECK_INT(f->n_hosts, 2);
    CHECK(strstr(f->because, "was above 95 % in 5 of the last 5 points after the "
                             "change and in 0 of the last 5 before it") != NULL);
    const struct finding *l = found(v, "cpu.busy");
    CHECK(l != NULL && l->grade == GRADE_ATTENTION); /* the level alone is capped */
}

TEST(without_controls_levels_are_attention_with_the_reason)
{
    OWNED_MADE *m = fleet(2);
    for (int i = 0; i < 2; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 30, 70, 1, 1);
    OWNED_VERDICT *v = judged(m, release(2), NULL, true);
    check_grade(v, GRADE_ATTENTION);
    CHECK(v->reason != NULL && strstr(v->reason, "ttention at most") != NULL);
    CHECK_INT(v->coverage.controls, 0);
    CHECK_INT(v->coverage.unjudged[UNJUDGED_SHORT_HISTORY], 2); /* my.queue */
    CHECK_TEXT(v->coverage.controls_note,
               "all 2 known hosts of pay were changed, by this or by another change "
               "nearby");
}

/* As fleet, with a label in every name: hosts 0 to 5 in sh1, the others in sh2; those
 * of sh2 do three times as much from the change on. */
static struct made_panel *two_centres(int all, double jump)
{
    static const char *const name[2][3] = {
        {"cpu.busy{idc=sh1}", "load.load1{idc=sh1}", "mem.used_pct{idc=sh1}"},
        {"cpu.busy{idc=sh2}", "load.load1{idc=sh2}", "mem.used_pct{idc=sh2}"}};
    static const double level[] = {30, 2, 60};
    struct made_panel *m = made_panel_new(7980, 60, 70);
    for (int i = 0; i < all; i++)
        for (size_t k = 0; k < 3; k++) {
            bool far = i >= all / 2, cpu = k == 0;
            made_level(m, made_host(made_name(i), "pay"), name[far][k], 10020, level[k],
                       level[k] * (cpu && (far || i < 4) ? jump : 1), level[k] * 0.05,
                       1);
        }
    return m;
}

TEST(hosts_of_the_same_data_centre_are_compared_with)
{
    OWNED_MADE *m = two_centres(20, 1.6);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE); /* though all of sh2 did the same */
    CHECK_INT(v->coverage.controls, 6);
    CHECK_TEXT(v->coverage.controls_note, "6 unchanged hosts of pay with idc=sh1: h04, "
                                          "h05, h06, h07, h08 and 1 more");
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL);
    CHECK_TEXT(f->metric, "cpu.busy{idc=sh1}");
    CHECK_INT(f->n_hosts, 4);
}

TEST(too_few_hosts_of_the_same_data_centre_make_it_attention_at_most)
{
    OWNED_MADE *m = two_centres(12, 1.6); /* h04 and h05 are all there are in sh1 */
    for (int i = 6; i < 12; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy{idc=sh2}", 0, 30, 30,
                   1.5, 1);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_ATTENTION);
    CHECK_INT(v->coverage.controls, 8); /* their figures have other names */
    CHECK(strstr(v->coverage.controls_note, "; only 2 of them have idc=sh1, too few, "
                                            "so all are compared with") != NULL);
    CHECK(strstr(v->reason, "ttention at most") != NULL);
}

TEST(a_change_in_two_data_centres_is_one_group)
{
    OWNED_MADE *m = two_centres(40, 1);
    struct change_host some[] = {{.name = (char[]){"h02"}},
                                 {.name = (char[]){"h03"}},
                                 {.name = (char[]){"h32"}},
                                 {.name = (char[]){"h33"}}};
    struct change *c = release(4);
    for (int i = 0; i < 4; i++) {
        some[i].pivot = some[i].done = c->start;
        made_level(m, made_host(some[i].name, "pay"),
                   i < 2 ? "cpu.busy{idc=sh1}" : "cpu.busy{idc=sh2}", 10020, 30, 60, 1,
                   1);
    }
    c->host = some;
    OWNED_VERDICT *v = judged(m, c, NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK_INT(v->n_findings, 1);
    CHECK_INT(v->findings[0].n_hosts, 4);
    CHECK_TEXT(v->findings[0].metric, "cpu.busy"); /* each calls it by another name */
    CHECK_INT(v->coverage.controls, 36);
}

TEST(a_dip_that_is_over_is_told_and_graded_ok)
{
    OWNED_MADE *m = fleet(12);
    for (int i = 0; i < 4; i++)
        for (int64_t t = 10320; t < 11400; t += 60)
            made_cell(m, made_host(made_name(i), "pay"), "cpu.busy", t, 90);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_OK);
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL && f->recovered && f->grade == GRADE_OK);
    CHECK(strstr(f->because, "; it is over again") != NULL);
}

TEST(a_silent_host_among_others_that_send_is_found)
{
    OWNED_MADE *m = fleet(12);
    for (size_t u = 0; u < m->n; u++)
        for (size_t i = 0; i < m->unit[u].n; i++)
            if (strcmp(m->unit[u].who.host, "h01") == 0)
                for (uint32_t r = 35; r < m->rows; r++)
                    m->unit[u].cells[i][r] = NAN;
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE); /* a quarter of the changed hosts */
    const struct finding *f = found(v, "host.silent");
    CHECK(f != NULL);
    CHECK_TEXT(f->host, "h01");
    CHECK_INT(f->kind, FINDING_SILENT);
    CHECK_TEXT(f->because,
               "Nothing came from h01 between 5 minutes and 30 minutes after the "
               "change, though it sent before it; 11 other hosts kept sending.");
    CHECK_INT(f->first_seen.ms, (7980 + 35 * 60) * 1000);
    CHECK_INT(v->coverage.hosts_judged, 3);
}

TEST(when_all_fall_silent_nothing_is_judged)
{
    OWNED_MADE *m = fleet(12);
    for (size_t u = 0; u < m->n; u++)
        for (size_t i = 0; i < m->unit[u].n; i++)
            for (uint32_t r = 35; r < m->rows; r++)
                m->unit[u].cells[i][r] = NAN;
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_NOT_JUDGED);
    CHECK_INT(v->n_findings, 0);
    CHECK_TEXT(v->reason,
               "Only 0 of 4 changed hosts could be judged: 4 sent nothing after it.");
    CHECK_INT(v->coverage.unjudged[UNJUDGED_FEW_HOSTS], 4);
}

TEST(too_few_hosts_with_samples_are_not_ok)
{
    OWNED_MADE *m = fleet(3);
    OWNED_VERDICT *v = judged(m, release(8), NULL, true);
    check_grade(v, GRADE_NOT_JUDGED);
    CHECK_TEXT(v->reason, "Only 3 of 8 changed hosts could be judged: 5 had too few "
                          "samples before the change.");
    forget();
}

TEST(thin_coverage_does_not_hide_what_must_be_handled)
{
    OWNED_MADE *m = fleet(3);
    calls(m, "", 30);
    OWNED_VERDICT *v = judged(m, release(8), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK(strstr(v->reason, "Only 3 of 8 changed hosts") == v->reason);
}

TEST(a_change_that_nobody_finished_or_that_was_cancelled_is_not_ok)
{
    OWNED_MADE *m = fleet(12);
    struct change *c = release(4);
    c->finished = false;
    c->end = INSTANT_NONE;
    OWNED_VERDICT *running = judged(m, c, NULL, false);
    check_grade(running, GRADE_OK); /* so far */
    OWNED_VERDICT *closed = judged(m, c, NULL, true);
    check_grade(closed, GRADE_NOT_JUDGED);
    CHECK_TEXT(closed->reason, "No event said that the change was finished.");
    CHECK_INT(closed->coverage.unjudged[UNJUDGED_NO_FINISH], 1);
    c->cancelled = true;
    OWNED_VERDICT *cancelled = judged(m, c, NULL, true);
    check_grade(cancelled, GRADE_NOT_JUDGED);
    CHECK_TEXT(cancelled->reason, "The change was cancelled.");
}

TEST(a_change_of_nothing_known_is_not_judged)
{
    OWNED_MADE *m = fleet(2);
    struct change *c = make_change(&made, "shop", 0, 10020, 10020);
    OWNED_VERDICT *v = judged(m, c, NULL, true);
    check_grade(v, GRADE_NOT_JUDGED);
    CHECK_INT(v->coverage.unjudged[UNJUDGED_NO_HOSTS], 1);
    struct panel none = {.n = 0};
    struct judge_case jc = {.rules = defaults(),
                            .change = release(2),
                            .panel = &none,
                            .checkpoint = {{1}, {11820000}, {1800000}, true}};
    OWNED_VERDICT *w = NULL;
    CHECK(judge(&jc, &w, NULL) == 0);
    check_grade(w, GRADE_NOT_JUDGED);
    forget();
}

TEST(a_change_that_names_only_a_service_is_judged_on_the_services_own_series)
{
    OWNED_MADE *m = fleet(3);
    calls(m, "", 25);
    struct entity own = made_host("", "pay");
    own.kind = ENTITY_SERVICE;
    made_level(m, own, "cpu.busy", 10020, 30, 99, 0.5, 1);
    OWNED_VERDICT *v =
        judged(m, make_change(&made, "pay", 0, 10020, 10020), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK(found(v, "calls.failing") != NULL);
    const struct finding *f = found(v, "cpu.full");
    CHECK(f != NULL && f->host == NULL && f->n_hosts == 0);
    CHECK_INT(v->coverage.hosts, 3);
}

TEST(another_change_nearby_is_named_and_its_minutes_are_left_out)
{
    OWNED_MADE *m = fleet(12);
    for (int i = 0; i < 4; i++) /* bad only since the other change */
        for (int64_t t = 11400; t < 12180; t += 60)
            made_cell(m, made_host(made_name(i), "pay"), "cpu.busy", t, 90);
    struct change *o = make_change(&other, "pay", 4, 11400, 11400);
    static char id[] = "c2";
    o->change_id = id;
    OWNED_VERDICT *v = judged(m, release(4), o, true);
    check_grade(v, GRADE_OK);
    CHECK_INT(v->n_nearby, 1);
    CHECK_TEXT(v->nearby[0].change_id, "c2");
    CHECK_TEXT(
        v->nearby[0].because,
        "Changed h00, h01, h02 and 1 more of the same hosts 23 minutes after this "
        "change.");
}

TEST(a_rule_in_shadow_is_told_and_never_counts)
{
    OWNED_MADE *m = fleet(1);
    calls(m, "", 20);
    for (size_t i = 0; i < defaults()->n; i++)
        if (rules->rule[i].subject == SUBJECT_CALLS)
            rules->rule[i].shadow = true;
    OWNED_VERDICT *v = judged(m, release(1), NULL, true);
    check_grade(v, GRADE_OK);
    const struct finding *f = found(v, "calls.failing");
    CHECK(f != NULL && f->grade == GRADE_OK);
    CHECK(strstr(f->because, "The rule is in shadow: this would be must-handle.") !=
          NULL);
}

TEST(windows_of_seconds_work_like_windows_of_minutes)
{
    OWNED_MADE *m = made_panel_new(10000, 1, 120);
    struct entity e = made_edge("front", "pay", "/", "", "client");
    made_level(m, e, "ok 200", 10060, 80, 64, 3, 1);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 5, 5, 1, 1);
    for (int64_t t = 10060; t < 10120; t++)
        made_cell(m, e, "fail 503", t, 16);
    made_panel_done(m);
    struct windows_rule *w = &((struct ruleset *)(uintptr_t)defaults())->windows[0];
    *w = (struct windows_rule){.before = span_seconds(30),
                               .settle = span_seconds(3),
                               .looks = {span_seconds(10), span_seconds(25)},
                               .n_looks = 2,
                               .late = span_seconds(2),
                               .unfinished = span_seconds(600)};
    struct change *c = make_change(&made, "pay", 1, 10060, 10060);
    struct judge_case jc = {.rules = rules,
                            .change = c,
                            .panel = &m->panel,
                            .checkpoint = {{10087000}, {10085000}, {25000}, true}};
    OWNED_VERDICT *v = NULL;
    CHECK(judge(&jc, &v, NULL) == 0);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "calls.failing");
    CHECK(f != NULL);
    CHECK_INT(f->first_seen.ms, 10060000);
    CHECK_NEAR(f->after, 20, 1);
    forget();
}

TEST(what_to_gather_reaches_from_the_first_hosts_window_to_the_looks_end)
{
    struct change *c = release(3);
    c->host[1].pivot = (instant){9000000};
    struct checkpoint at = {{11910000}, {11820000}, {1800000}, true};
    struct panel_ask ask;
    CHECK(judge_ask(defaults(), c, &at, &ask, NULL) == 0);
    CHECK_TEXT(ask.service, "pay");
    CHECK_INT(ask.n_hosts, 3);
    CHECK_TEXT(ask.hosts[2], "h02");
    CHECK(ask.edges);
    CHECK_INT(ask.hot_from.ms, (9000 - 1800) * 1000);
    CHECK_INT(ask.hot_to.ms, 11820000);
    free((void *)(uintptr_t)ask.hosts);
    forget();
}

/* --- the order of things never shows --- */

static uint64_t dice;

static size_t throw(size_t n)
{
    dice = dice * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(dice >> 33) % n;
}

#define SHUFFLE(array, n)                                                              \
    for (size_t i_ = (n); i_ > 1; i_--) {                                              \
        size_t k_ = throw(i_);                                                         \
        __typeof__((array)[0]) t_ = (array)[i_ - 1];                                   \
        (array)[i_ - 1] = (array)[k_];                                                 \
        (array)[k_] = t_;                                                              \
    }

static struct made_panel *busy_panel(void)
{
    struct made_panel *m = fleet(20);
    for (int i = 0; i < 6; i++) {
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 30, 60 + 3 * i,
                   2, 1);
        made_level(m, made_host(made_name(i), ""), "net.rx_bytes{iface=eth0}", 10020,
                   1000, 3000, 50, 1);
        calls(m, made_name(i), 10);
    }
    for (int i = 6; i < 12; i++)
        calls(m, made_name(i), 1);
    made_level(m, made_host("h02", "pay"), "disk.util{device=sda}", 10020, 20, 99, 0.5,
               1);
    return m;
}

TEST(shuffling_units_hosts_and_changes_gives_the_same_bytes)
{
    OWNED_MADE *m = busy_panel();
    struct panel *p = made_panel_done(m);
    struct change *c = release(6);
    struct change *o = make_change(&other, "pay", 2, 5000, 5000), twin = *o;
    static char id[] = "c2", id3[] = "c3";
    o->change_id = id;
    twin.change_id = id3;
    struct change *nearby[] = {o, &twin};
    struct buf first = {0}, again = {0};
    for (int round = 0; round < 25; round++) {
        struct judge_case jc = {
            .rules = defaults(),
            .change = c,
            .nearby = (const struct change *const *)nearby,
            .n_nearby = 2,
            .panel = p,
            .checkpoint = {{11910000}, {11820000}, {1800000}, true}};
        struct verdict *v = NULL;
        CHECK(judge(&jc, &v, NULL) == 0);
        CHECK(v->n_findings >= 4);
        buf_clear(&again);
        verdict_write(v, true, round == 0 ? &first : &again);
        verdict_free(&v);
        if (round > 0)
            CHECK_TEXT(buf_text(&again), buf_text(&first));
        SHUFFLE(p->unit, p->n);
        SHUFFLE(c->host, c->n_hosts);
        SHUFFLE(nearby, 2);
    }
    buf_free(&first);
    buf_free(&again);
    forget();
}

TEST(quiet_changes_are_hardly_ever_flagged)
{
    /* 60 quiet changes of noisy, drifting hosts: 12 changed, 12 controls, 6 series. */
    int flagged = 0;
    for (int k = 0; k < 60; k++) {
        OWNED_MADE *m = made_panel_new(7980, 60, 70);
        static const char *const names[] = {"cpu.busy",           "load.load1",
                                            "my.queue",           "mem.used_pct",
                                            "net.rx{iface=eth0}", "x"};
        dice = 77 + (uint64_t)k;
        for (size_t s = 0; s < 6; s++) {
            double shock = (double) throw(100) / 50; /* the whole fleet's */
            for (int i = 0; i < 24; i++) {
                double walk = 0;
                for (uint32_t r = 0; r < m->rows; r++) {
                    walk = 0.9 * walk + ((double) throw(2001) - 1000) / 1000;
                    double v = 40 + 3 * walk + (r > 40 ? 10 * shock : 0);
                    made_cell(m, made_host(made_name(i), "pay"), names[s],
                              7980 + 60 * (int64_t)r, v);
                }
            }
        }
        OWNED_VERDICT *v = judged(m, release(12), NULL, true);
        flagged += v->grade != GRADE_OK;
        CHECK(v->grade != GRADE_MUST_HANDLE);
    }
    CHECK(flagged <= 3);
}

/* --- hosts without a past, and restarts --- */

/* A fleet whose first hosts began to send with the change, at `level` of cpu.busy. */
static struct made_panel *grown(int new, int all, double level)
{
    struct made_panel *m = fleet(all);
    for (int i = 0; i < new; i++) {
        struct entity who = made_host(made_name(i), "pay");
        made_level(m, who, "cpu.busy", 0, level, level, 3, 1);
        made_level(m, who, "mem.used_pct", 0, 15, 15, 1, 1); /* empty as yet */
        for (size_t k = 0; k < m->unit[i].n; k++)
            made_gap(m, who, m->unit[i].name[k], 0, 10020);
    }
    return m;
}

static struct change *scale_out(int hosts)
{
    struct change *c = release(hosts);
    c->kind = CHANGE_SCALE_OUT;
    return c;
}

/* The old hosts' load falls from 50 to this. */
static void relieve(struct made_panel *m, int from, int all, double after)
{
    for (int i = from; i < all; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 50, after, 3,
                   1);
}

TEST(new_hosts_that_do_like_the_old_ones_are_ok_and_judged)
{
    OWNED_MADE *m = grown(4, 12, 34);
    relieve(m, 4, 12, 34);
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_OK);
    CHECK_INT(v->n_findings, 0);
    CHECK_INT(v->coverage.hosts_judged, 4);
    CHECK_INT(v->coverage.controls, 8);
    CHECK_TEXT(v->coverage.fresh_note,
               "4 hosts without a past (h00, h01, h02, h03), compared with 8 old hosts "
               "of the service in the same minutes.");
    CHECK(strstr(v->coverage.relief_note, "The cpu.busy of 8 old hosts went from ") ==
          v->coverage.relief_note);
    CHECK(v->coverage.restart_note == NULL);
    /* memory is left alone, and said to be */
    CHECK_INT(v->coverage.unjudged[UNJUDGED_YOUNG], 4);
    CHECK_INT(v->coverage.unjudged[UNJUDGED_NO_DATA_BEFORE], 0);
}

TEST(a_new_host_that_works_too_hard_is_found_against_the_old_ones)
{
    OWNED_MADE *m = grown(4, 12, 34);
    relieve(m, 4, 12, 34);
    for (int k = 0; k < 2; k++) /* a second figure is its witness */
        made_level(m, made_host("h02", "pay"),
                   k == 0 ? "cpu.busy" : "disk.util{device=sda}", 0, 90, 90, 3, 1);
    made_gap(m, made_host("h02", "pay"), "cpu.busy", 0, 10020);
    made_gap(m, made_host("h02", "pay"), "disk.util{device=sda}", 0, 10020);
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL && f->fresh);
    CHECK_TEXT(f->host, "h02");
    CHECK_NEAR(f->before, 34, 1);
    CHECK_NEAR(f->after, 90, 1);
    CHECK_NEAR(f->control_before, 50, 1);
    CHECK_INT(f->first_seen.ms, 10020000);
    CHECK(strstr(f->because, "On the new host h02, ") != NULL);
    CHECK(strstr(f->because, "on 8 old hosts in the same minutes (+") != NULL);
    CHECK(f->curve.n > 20 && f->curve.control != NULL);
}

TEST(new_hosts_that_take_no_load_are_told_once_with_numbers)
{
    OWNED_MADE *m = grown(4, 12, 2);
    relieve(m, 4, 12, 50);
    for (int i = 0; i < 4; i++) { /* has less to do, both ways */
        made_level(m, made_host(made_name(i), "pay"), "my.queue", 0, 3, 3, 1, 1);
        made_gap(m, made_host(made_name(i), "pay"), "my.queue", 0, 10020);
    }
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_ATTENTION);
    CHECK_INT(v->n_findings, 1);
    const struct finding *f = found(v, "scale.no-load");
    CHECK(f != NULL && f->kind == FINDING_RELIEF);
    CHECK_INT(f->n_hosts, 4);
    CHECK_INT(f->n_like, 1);
    CHECK(strstr(f->because, "4 new hosts have a cpu.busy of ") == f->because);
    CHECK(strstr(f->because, "; had the new ones taken their share, these would have "
                             "gone from ") != NULL);
    CHECK_NEAR(f->before, 50, 1);
    CHECK_NEAR(f->after, 50, 1);
}

TEST(new_hosts_beside_two_old_ones_are_not_judged)
{
    OWNED_MADE *m = grown(4, 6, 34);
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_NOT_JUDGED);
    CHECK_INT(v->coverage.hosts_judged, 0);
    CHECK(v->coverage.unjudged[UNJUDGED_FEW_OLD] >= 4);
    CHECK_TEXT(v->reason, "Only 0 of 4 changed hosts could be judged: 4 have no past "
                          "and fewer than 3 old hosts to be compared with.");
    CHECK(strstr(v->coverage.fresh_note, "not judged") != NULL);
}

TEST(replaced_hosts_of_a_release_are_judged_beside_those_that_stayed)
{
    OWNED_MADE *m = grown(2, 12, 30);
    made_level(m, made_host("h03", "pay"), "cpu.busy", 10020, 30, 80, 3, 1);
    made_level(m, made_host("h03", "pay"), "load.load1", 10020, 2, 20, 1, 1);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK_INT(v->coverage.hosts_judged, 4);
    const struct finding *f = found(v, "cpu.busy");
    CHECK(f != NULL && !f->fresh);
    CHECK_TEXT(f->host, "h03");
    CHECK(v->coverage.fresh_note != NULL && v->coverage.relief_note == NULL);
}

/* A check of each host's health, that fails on one from some second on. */
static void probes(struct made_panel *m, int all, int fails_on, int64_t since)
{
    for (int i = 0; i < all; i++)
        made_level(m, made_host(made_name(i), "pay"), "probe.success{target=self}",
                   since, 1, i == fails_on ? 0 : 1, 0, 1);
}

TEST(a_new_host_that_never_answers_its_probe_must_be_handled)
{
    OWNED_MADE *m = grown(4, 12, 34);
    relieve(m, 4, 12, 34);
    probes(m, 12, 2, 0);
    for (int i = 0; i < 4; i++)
        made_gap(m, made_host(made_name(i), "pay"), "probe.success{target=self}", 0,
                 10020);
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK_INT(v->n_findings, 1);
    const struct finding *f = found(v, "probes.failing");
    CHECK(f != NULL && f->kind == FINDING_PROBE);
    CHECK_TEXT(f->host, "h02");
    CHECK(strstr(f->because, ", a host without a past; it did so on none of 8 "
                             "unchanged hosts") != NULL);
}

TEST(calls_that_fail_on_a_new_host_are_found_against_the_old_ones)
{
    OWNED_MADE *m = grown(4, 12, 34);
    relieve(m, 4, 12, 34);
    for (int i = 0; i < 12; i++) {
        struct entity e = made_edge("front", "pay", "/pay", made_name(i), "server");
        made_level(m, e, "ok 200", 0, 100, i == 1 ? 80 : 100, 3, 1);
        made_level(m, e, "ms", 0, 2000, 2000, 50, 1);
        for (int64_t t = 10020; t < 12180 && i == 1; t += 60)
            made_cell(m, e, "fail 502", t, 20);
        for (size_t k = 0; k < 2 && i < 4; k++)
            made_gap(m, e, k == 0 ? "ok 200" : "ms", 0, 10020);
    }
    OWNED_VERDICT *v = judged(m, scale_out(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "calls.failing");
    CHECK(f != NULL && f->fresh);
    CHECK_TEXT(f->host, "h01");
}

TEST(memory_of_new_hosts_is_judged_once_they_are_old_enough)
{
    /* full from the start: nothing at 30 minutes, a finding at 60 */
    for (int late = 0; late < 2; late++) {
        OWNED_MADE *m = made_panel_new(7980, 60, 110);
        for (int i = 0; i < 12; i++) {
            struct entity who = made_host(made_name(i), "pay");
            double full = i < 4 ? 96 : 60 + i % 5;
            made_level(m, who, "cpu.busy", 0, 34, 34, 3, 1);
            made_level(m, who, "mem.used_pct", 0, full, full, 0.5, 1);
            for (size_t k = 0; k < m->unit[i].n && i < 4; k++)
                made_gap(m, who, m->unit[i].name[k], 0, 10020);
        }
        int64_t minutes = late ? 60 : 30;
        struct checkpoint at = {.at = {10020000 + minutes * 60000 + 90000},
                                .ends = {10020000 + minutes * 60000},
                                .look = {minutes * 60000},
                                .final = late};
        OWNED_VERDICT *v = judged_at(m, scale_out(4), NULL, &at);
        CHECK((found(v, "mem.used") != NULL) == (late == 1));
        CHECK_INT(v->coverage.unjudged[UNJUDGED_YOUNG], late ? 0 : 4);
    }
}

TEST(a_probe_that_fails_with_a_release_is_no_level_but_a_finding_of_its_own)
{
    OWNED_MADE *m = fleet(12);
    probes(m, 12, 1, 10020);
    OWNED_VERDICT *v = judged(m, release(4), NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    CHECK_INT(v->n_findings, 1);
    const struct finding *f = found(v, "probes.failing");
    CHECK(f != NULL);
    CHECK_TEXT(f->host, "h01");
    CHECK(f->before == 0 && f->after == 100);
}

TEST(a_hard_limit_holds_for_new_hosts_too)
{
    OWNED_MADE *m = grown(1, 8, 99);
    OWNED_VERDICT *v = judged(m, scale_out(1), NULL, true);
    const struct finding *f = found(v, "cpu.full");
    CHECK(f != NULL && f->grade == GRADE_MUST_HANDLE);
    CHECK(isnan(f->before));
    CHECK(strstr(f->because, "(a host without a past); it is 9") != NULL);
}

TEST(a_restart_is_named_and_its_hole_is_no_finding)
{
    OWNED_MADE *m = fleet(12);
    for (int i = 0; i < 4; i++)
        for (size_t k = 0; k < m->unit[i].n; k++)
            made_gap(m, made_host(made_name(i), "pay"), m->unit[i].name[k], 10020,
                     10020 + 60 * (i + 1));
    struct change *c = release(4);
    c->kind = CHANGE_BATCH_RESTART;
    OWNED_VERDICT *v = judged(m, c, NULL, true);
    check_grade(v, GRADE_OK);
    CHECK_INT(v->n_findings, 0);
    CHECK_TEXT(
        v->coverage.restart_note,
        "4 of 4 hosts were back within 4 minutes, half of them within 2 minutes.");
}

TEST(a_host_that_comes_back_from_a_restart_and_goes_away_for_good_is_found)
{
    OWNED_MADE *m = fleet(12);
    for (size_t k = 0; k < m->unit[1].n; k++) {
        made_gap(m, made_host("h01", "pay"), m->unit[1].name[k], 10020, 10080);
        made_gap(m, made_host("h01", "pay"), m->unit[1].name[k], 10620, 99999);
    }
    struct change *c = release(4);
    c->kind = CHANGE_BATCH_RESTART;
    OWNED_VERDICT *v = judged(m, c, NULL, true);
    check_grade(v, GRADE_MUST_HANDLE);
    const struct finding *f = found(v, "restart.not-back");
    CHECK(f != NULL);
    CHECK_TEXT(f->host, "h01");
    CHECK_TEXT(f->because, "Nothing came from h01 any more since 10 minutes after the "
                           "change; 11 other hosts kept sending.");
}
