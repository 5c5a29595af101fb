/* tests of analyzer/probes, and of the findings and counts that come of it */
#include "analyzer/probes.h"

#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <math.h>
#include <stdlib.h>

/* Hosts h00 to h03 are changed at second PIVOT, the others are not; the look ends 30
 * minutes later, 5 of which are for settling. */
enum { PIVOT = 40000000, FROM = PIVOT - 1860, ROWS = 64, PAST_ROWS = 288 };

static const struct windows_rule usual = {
    .before = {1800000},
    .settle = {300000},
    .looks = {{600000}, {1800000}},
    .n_looks = 2,
    .late = {90000},
};

static const char rules_text[] =
    "format: 1\n"
    "rules:\n"
    "  - {id: up, probes: {series: probe.success*}, attention: {count: 1, q: 5%},\n"
    "     must-handle: {count: 2, q: 1%}}\n"
    "  - {id: code, probes: {series: http.result_code*, ok_when: 0},\n"
    "     attention: {count: 1, q: 5%, effect: 50%}}\n";

struct scene {
    struct made_change made;
    struct made_panel *panel;
    struct ruleset *rules;
    struct lineup lineup;
    struct controls controls;
    struct probes probes;
};

static struct scene *scene_new(void)
{
    struct scene *s = calloc(1, sizeof *s);
    struct complaints c = {0};
    CHECK(s != NULL);
    s->rules = ruleset_parse("r.yml", rules_text, sizeof rules_text - 1, &c);
    CHECK(s->rules != NULL);
    complaints_free(&c);
    make_change(&s->made, "pay", 4, PIVOT, PIVOT);
    s->panel = made_panel_new(FROM, 60, ROWS);
    s->panel->past_rows = PAST_ROWS;
    s->panel->past_step_s = 300;
    return s;
}

static void drop(struct scene **s)
{
    probes_free(&(*s)->probes);
    controls_free(&(*s)->controls);
    lineup_free(&(*s)->lineup);
    made_panel_free(&(*s)->panel);
    ruleset_free(&(*s)->rules);
    free(*s);
    *s = NULL;
}
#define OWNED_SCENE __attribute__((cleanup(drop))) struct scene

static struct entity pay(int host)
{
    return made_host(made_name(host), "pay");
}

/* Hosts [from, to) pass all along. */
static void pass(struct scene *s, int from, int to)
{
    for (int i = from; i < to; i++)
        made_level(s->panel, pay(i), "probe.success{target=x}", PIVOT, 1, 1, 0, 1);
}

/* From second `from` of the change to `to` the host's probe says so. */
static void says(struct scene *s, int host, int from, int to, double value)
{
    for (int at = from; at < to; at += 60)
        made_cell(s->panel, pay(host), "probe.success{target=x}", PIVOT + at, value);
}

/* Every `every`-th row of the past day fails on this host. */
static void past(struct scene *s, int host, int every)
{
    float *cells = made_past(s->panel, pay(host), "probe.success{target=x}");
    for (int r = 0; r < PAST_ROWS; r++)
        cells[r] = (r % every) != every - 1;
}

/* Pasts that are read in four parts come to the same. */
static void check_parts(struct scene *s)
{
    struct err err = {0};
    struct probes again = {0}, none = {0};
    OWNED_BUF pasts = {0};
    OWNED_BUF nothing = {0};
    for (uint32_t part = 4; part-- > 0;) {
        struct gather_share own = {part * GATHER_BUCKETS / 4,
                                   (part + 1) * GATHER_BUCKETS / 4};
        CHECK(probes_ask(&s->lineup, s->rules, own, &pasts, &err) == 0);
    }
    CHECK(probes_judge(&s->lineup, &s->controls, s->rules, &pasts, &again, &err) == 0);
    for (size_t i = 0; i < again.n; i++) {
        const struct probe *a = &again.at[i], *b = &s->probes.at[i];
        CHECK_INT(a->grade, b->grade);
        CHECK_INT((long long)a->n_told, (long long)b->n_told);
        for (size_t k = 0; k < a->n; k++) {
            CHECK(memcmp(&a->host[k].p, &b->host[k].p, sizeof(double)) == 0);
            CHECK(memcmp(&a->host[k].failed_past, &b->host[k].failed_past,
                         sizeof(double)) == 0);
        }
    }
    if (pasts.len > 0) /* a part that did not answer is missed */
        CHECK(probes_judge(&s->lineup, &s->controls, s->rules, &nothing, &none, &err) <
              0);
    probes_free(&again);
}

static const struct probe *judged(struct scene *s, size_t n)
{
    struct err err = {0};
    CHECK(align(&s->made.change, NULL, 0, made_panel_done(s->panel), &usual,
                (instant){(PIVOT + 1800) * 1000ll}, &s->lineup, NULL) == 0);
    CHECK(control_choose(&s->lineup, &s->controls, NULL) == 0);
    CHECK(probes_judge(&s->lineup, &s->controls, s->rules, NULL, &s->probes, &err) ==
          0);
    CHECK_INT((long long)s->probes.n, (long long)n);
    check_parts(s);
    return s->probes.at;
}

TEST(a_probe_that_passed_and_fails_on_two_hosts_must_be_handled)
{
    OWNED_SCENE *s = scene_new();
    pass(s, 0, 10);
    says(s, 1, 600, 1800, 0);
    says(s, 2, 1200, 1800, 0);
    const struct probe *p = judged(s, 1);
    CHECK_TEXT(p->name, "probe.success{target=x}");
    CHECK_INT((long long)p->n, 4);
    CHECK_INT((long long)p->n_judged, 4);
    CHECK_INT((long long)p->n_failing, 2);
    CHECK_INT((long long)p->n_told, 2);
    CHECK_INT((long long)p->n_controls, 6);
    CHECK_INT((long long)p->controls_failing, 0);
    CHECK_INT(p->grade, GRADE_MUST_HANDLE);
    const struct probe_host *h = &p->host[1];
    CHECK_INT(h->state, PROBE_FAILS);
    CHECK(h->n_before == 30 && h->failed_before == 0);
    CHECK(h->n_after == 25 && h->failed_after == 20);
    CHECK(h->n_last == 5 && h->failed_last == 5);
    CHECK(h->value == 0 && !probe_is_ordinary(h));
    CHECK_INT(h->first.ms, (PIVOT + 600) * 1000ll);
}

TEST(the_last_points_decide_and_one_that_passes_again_has_recovered)
{
    OWNED_SCENE *s = scene_new();
    pass(s, 0, 4);
    says(s, 0, 1620, 1800, 0); /* 3 of the last 5 */
    says(s, 1, 1680, 1800, 0); /* 2 of them */
    says(s, 2, 600, 900, 0);   /* for a while */
    says(s, 3, 60, 300, 0);    /* while it settles */
    const struct probe *p = judged(s, 1);
    CHECK_INT(p->host[0].state, PROBE_FAILS);
    CHECK_INT(p->host[1].state, PROBE_PASSES);
    CHECK_INT(p->host[2].state, PROBE_RECOVERED);
    CHECK_INT(p->host[3].state, PROBE_PASSES);
    CHECK_INT((long long)p->n_recovered, 1);
    CHECK(p->n_told == 1 && p->host[0].told && p->n_over == 1 && p->host[2].told);
    CHECK_INT(p->grade, GRADE_ATTENTION); /* one host: too few for must-handle */
}

TEST(a_probe_that_failed_before_is_not_blamed_on_the_change)
{
    OWNED_SCENE *s = scene_new();
    pass(s, 0, 4);
    says(s, 0, -240, 1800, 0);
    for (int at = -1800; at < -120; at += 120)
        says(s, 1, at, at + 60, 0); /* less than half of the time: it passed */
    says(s, 1, 300, 1800, 0);
    for (int at = -1800; at < -300; at += 180)
        says(s, 2, at, at + 120, 0); /* more than half of it */
    says(s, 2, 300, 1800, 0);
    const struct probe *p = judged(s, 1);
    CHECK_INT(p->host[0].state, PROBE_FAILED_ALREADY);
    CHECK_INT(p->host[1].state, PROBE_FAILS);
    CHECK_INT(p->host[2].state, PROBE_FAILED_ALREADY);
    CHECK_INT(p->host[3].state, PROBE_PASSES);
}

TEST(what_fails_as_much_on_unchanged_hosts_is_nobodys_fault)
{
    OWNED_SCENE *s = scene_new(), *half = scene_new();
    pass(s, 0, 10);
    pass(half, 0, 10);
    for (int i = 0; i < 4; i++) {
        says(s, i, 300, 1800, 0);
        says(half, i, 300, 1800, 0);
    }
    for (int i = 4; i < 7; i++)
        says(s, i, 300, 1800, 0);
    says(half, 4, 300, 1800, 0);
    says(half, 5, -1800, 1800, 0); /* fails all along */
    const struct probe *p = judged(s, 1);
    CHECK(p->n_controls == 6 && p->controls_failing == 3);
    CHECK(p->excused && p->grade == GRADE_OK);
    p = judged(half, 1);
    CHECK(p->n_controls == 6 && p->controls_failing == 1);
    CHECK(!p->excused && p->grade == GRADE_MUST_HANDLE);
}

TEST(labels_of_the_result_are_not_part_of_the_probe)
{
    static const char good[] =
        "http.result_code{method=GET,result=success,server=http://x/,status_code=200}";
    static const char bad[] =
        "http.result_code{method=GET,result=timeout,server=http://x/}";
    OWNED_SCENE *s = scene_new();
    for (int i = 0; i < 10; i++)
        for (int at = -1800; at < 1800; at += 60) {
            bool fails = i < 2 && at >= 300;
            made_cell(s->panel, pay(i), fails ? bad : good, PIVOT + at, fails ? 4 : 0);
        }
    const struct probe *p = judged(s, 1);
    CHECK_TEXT(p->name, "http.result_code{method=GET,server=http://x/}");
    CHECK_INT((long long)p->n, 4);
    CHECK_INT((long long)p->n_failing, 2);
    CHECK(p->host[0].lines.n == 2 && p->host[3].lines.n == 1);
    CHECK(p->host[0].n_before == 30 && p->host[0].n_after == 25);
    CHECK(p->host[0].value == 4);
    CHECK_INT((long long)p->n_controls, 6);
    CHECK_INT(p->grade, GRADE_ATTENTION); /* 50 % of the hosts, as it asks for */
}

TEST(a_probe_that_often_fails_must_fail_more_often)
{
    OWNED_SCENE *usual_bad = scene_new(), *worse = scene_new();
    pass(usual_bad, 0, 10);
    pass(worse, 0, 10);
    for (int i = 0; i < 2; i++) {
        past(usual_bad, i, 2); /* half of the past day */
        past(worse, i, 100);
        says(usual_bad, i, 1500, 1800, 0);
        says(worse, i, 300, 1800, 0);
    }
    const struct probe *p = judged(usual_bad, 1);
    CHECK_INT(p->host[0].state, PROBE_FAILS);
    CHECK(probe_is_ordinary(&p->host[0]));
    /* of the day before the pivot, and six points of the window before */
    CHECK(p->host[0].failed_past == 141 && p->host[0].of_past == 281 + 6);
    CHECK(p->host[0].p > 0.05);
    CHECK_INT(p->grade, GRADE_OK);
    p = judged(worse, 1);
    CHECK(probe_is_ordinary(&p->host[0]) && p->host[0].p < 0.01);
    CHECK(p->host[0].expected < 0.2);
    CHECK_INT(p->grade, GRADE_MUST_HANDLE);
    CHECK_INT((long long)p->n_told, 2);
}

TEST(without_enough_unchanged_hosts_a_rate_is_for_attention_at_most)
{
    OWNED_SCENE *s = scene_new();
    pass(s, 0, 8);
    for (int i = 0; i < 2; i++) {
        past(s, i, 100);
        says(s, i, 300, 1800, 0);
    }
    const struct probe *p = judged(s, 1);
    CHECK_INT((long long)p->n_controls, 4);
    CHECK_INT(p->grade, GRADE_ATTENTION);
}

TEST(a_probe_that_is_over_everywhere_or_often_is_not_told)
{
    OWNED_SCENE *s = scene_new(), *often = scene_new();
    pass(s, 0, 10);
    pass(often, 0, 10);
    for (int i = 0; i < 10; i++)
        says(s, i, 600, 900, 0);
    past(often, 0, 2);
    says(often, 0, 600, 900, 0);
    const struct probe *p = judged(s, 1);
    CHECK(p->n_recovered == 4 && p->controls_recovered == 6 && p->n_over == 0);
    p = judged(often, 1);
    CHECK(p->n_recovered == 1 && p->n_over == 0 && p->grade == GRADE_OK);
}

TEST(too_few_points_on_either_side_are_not_judged)
{
    OWNED_SCENE *s = scene_new();
    pass(s, 0, 4);
    made_level(s->panel, pay(0), "cpu.busy", PIVOT, 1, 1, 0, 1); /* it has a past */
    made_gap(s->panel, pay(0), "probe.success{target=x}", FROM, PIVOT - 120);
    made_gap(s->panel, pay(1), "probe.success{target=x}", PIVOT + 420, PIVOT + 1980);
    says(s, 0, 300, 1800, 0);
    says(s, 1, 300, 420, 0);
    const struct probe *p = judged(s, 1);
    CHECK_INT(p->host[0].state, PROBE_NONE_BEFORE);
    CHECK_INT(p->host[1].state, PROBE_NONE_AFTER);
    CHECK_INT((long long)p->n_judged, 2);
    CHECK_INT(p->grade, GRADE_OK);
}

TEST(a_host_without_a_past_fails_when_the_old_ones_do_not)
{
    OWNED_SCENE *s = scene_new(), *all = scene_new();
    for (int k = 0; k < 2; k++) {
        struct scene *to = k == 0 ? s : all;
        pass(to, 0, 10);
        for (int i = 0; i < 4; i++)
            made_gap(to->panel, pay(i), "probe.success{target=x}", FROM, PIVOT);
        says(to, 1, 0, 1800, 0);
        says(to, 2, 0, 1800, 0);
        says(to, 3, 0, 1200, 0); /* takes its time to start */
    }
    for (int i = 4; i < 10; i++) /* these have failed for long */
        says(all, i, -1800, 1800, 0);
    const struct probe *p = judged(s, 1);
    CHECK(p->host[0].slot->fresh);
    CHECK_INT(p->host[0].state, PROBE_PASSES);
    CHECK_INT(p->host[1].state, PROBE_FAILS);
    CHECK_INT(p->host[3].state, PROBE_PASSES);
    CHECK_INT(p->grade, GRADE_MUST_HANDLE);
    p = judged(all, 1);
    CHECK(p->excused && p->grade == GRADE_OK);
}

TEST(the_services_own_probe_needs_no_host)
{
    OWNED_SCENE *s = scene_new();
    struct entity whole = {ENTITY_SERVICE, "", "pay", "", "", "", "", "", ""};
    for (int i = 0; i < 10; i++)
        made_series(s->panel, pay(i), "cpu.busy");
    made_level(s->panel, whole, "probe.success{target=lb}", PIVOT + 300, 1, 0, 0, 1);
    const struct probe *p = judged(s, 1);
    CHECK(p->whole && p->n == 1 && p->n_failing == 1 && p->n_controls == 0);
    CHECK_INT(p->grade, GRADE_ATTENTION); /* the rule asks for two hosts */
}
