/* tests of analyzer/alarms, and of the findings and counts that come of it */
#include "analyzer/alarms.h"
#include "analyzer/grade.h"
#include "analyzer/tell_alarms.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdlib.h>

/* Hosts h00 to h03 are changed at second PIVOT, h04 to h09 are not; the look ends 30
 * minutes later. */
enum { PIVOT = 40000000, HOUR = 3600, ROWS_MAX = 256, FIRING = INT32_MAX };

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
    "  - {id: bad, title: Bad, alarms: true, severity: [critical, page],\n"
    "     attention: {count: 1, q: 5%}, must-handle: {count: 2, q: 1%}}\n"
    "  - {id: other, title: Other, alarms: true, attention: {count: 1, q: 5%}}\n";

struct scene {
    struct made_change made;
    struct made_panel *panel;
    struct ruleset *rules;
    struct lineup lineup;
    struct controls controls;
    struct alarm_row row[ROWS_MAX];
    struct alarm_facts facts;
    struct new_alarms alarms;
    struct verdict *verdict;
};

static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static struct scene *scene_of(int hosts)
{
    struct scene *s = calloc(1, sizeof *s);
    struct complaints c = {0};
    CHECK(s != NULL);
    s->rules = ruleset_parse("r.yml", rules_text, sizeof rules_text - 1, &c);
    CHECK(s->rules != NULL);
    complaints_free(&c);
    make_change(&s->made, "pay", 4, PIVOT, PIVOT);
    s->panel = made_panel_new(PIVOT - 7200, 60, 200);
    for (int i = 0; i < hosts; i++)
        made_level(s->panel, made_host(made_name(i), "pay"), "cpu.busy", 0, 30, 30, 1,
                   1);
    made_panel_done(s->panel);
    CHECK(align(&s->made.change, NULL, 0, &s->panel->panel, &usual,
                (instant){(PIVOT + 1800) * 1000ll}, &s->lineup, NULL) == 0);
    CHECK(control_choose(&s->lineup, &s->controls, NULL) == 0);
    s->facts.row = s->row;
    s->facts.since = (instant){(PIVOT - 30ll * 24 * HOUR) * 1000};
    return s;
}

static void drop(struct scene **s)
{
    alarms_free(&(*s)->alarms);
    verdict_free(&(*s)->verdict);
    controls_free(&(*s)->controls);
    lineup_free(&(*s)->lineup);
    made_panel_free(&(*s)->panel);
    ruleset_free(&(*s)->rules);
    free(*s);
    *s = NULL;
}
#define OWNED_SCENE __attribute__((cleanup(drop))) struct scene

/* An alarm on host `host` (-1: of the service), in seconds from the pivot. */
static void ring(struct scene *s, const char *name, const char *severity, int host,
                 int starts, int ends)
{
    CHECK(s->facts.n < ROWS_MAX);
    s->row[s->facts.n++] = (struct alarm_row){
        .name = text(name),
        .severity = text(severity),
        .host = host >= 0 ? text(made_name(host)) : NULL,
        .service = text("pay"),
        .text = text("it is bad"),
        .starts = {(PIVOT + starts) * 1000ll},
        .ends = ends != FIRING ? (instant){(PIVOT + ends) * 1000ll} : INSTANT_NONE};
}

static const struct new_alarm *judged(struct scene *s, size_t n)
{
    struct err err = {0};
    CHECK(alarms_judge(&s->lineup, &s->controls, s->rules, &s->facts, &s->alarms,
                       &err) == 0);
    CHECK_INT((long long)s->alarms.n, (long long)n);
    return s->alarms.at;
}

static const struct finding *told(struct scene *s, size_t n)
{
    s->verdict = verdict_new("c1");
    struct teller t = {&s->lineup, &s->controls, s->verdict, false};
    tell_alarms(&t, &s->alarms);
    CHECK(!t.failed);
    CHECK_INT((long long)s->verdict->n_findings, (long long)n);
    return s->verdict->findings;
}

/* --- what is new --- */

TEST(a_critical_alarm_new_on_two_hosts_must_be_handled)
{
    OWNED_SCENE *s = scene_of(6);
    ring(s, "Down", "critical", 1, 240, FIRING);
    ring(s, "Down", "critical", 2, 360, FIRING);
    const struct new_alarm *a = judged(s, 1);
    CHECK_INT(a->grade, GRADE_MUST_HANDLE);
    const struct finding *f = told(s, 1);
    CHECK_INT(f->kind, FINDING_ALARM);
    CHECK_TEXT(f->metric, "alarm Down");
    CHECK_INT((long long)f->n_hosts, 2);
    CHECK_INT(f->first_seen.ms, (PIVOT + 240) * 1000ll);
    CHECK_TEXT(f->because,
               "Alarm Down (critical) began on 2 of 4 changed hosts, first 4 minutes "
               "after the change; it did not fire there in the 30 minutes before it, "
               "and is new on none of 2 unchanged hosts; it did not begin there in the "
               "24 hours before the change. It says: it is bad.");
}

TEST(on_one_host_it_must_be_handled_only_when_five_unchanged_ones_lack_it)
{
    OWNED_SCENE *few = scene_of(8), *enough = scene_of(9);
    ring(few, "Down", "page", 1, 240, FIRING);
    ring(enough, "Down", "page", 1, 240, FIRING);
    CHECK_INT(judged(few, 1)->grade, GRADE_ATTENTION);
    CHECK_INT(judged(enough, 1)->grade, GRADE_MUST_HANDLE);
}

TEST(any_other_severity_is_for_attention)
{
    OWNED_SCENE *s = scene_of(10);
    for (int h = 0; h < 4; h++) {
        ring(s, "Slow", "warning", h, 240, FIRING);
        ring(s, "Odd", NULL, h, 240, FIRING);
    }
    const struct new_alarm *a = judged(s, 2);
    CHECK_INT(a[0].grade, GRADE_ATTENTION);
    CHECK_INT(a[1].grade, GRADE_ATTENTION);
    CHECK_TEXT(a[0].example->name, "Odd");
}

TEST(what_fired_before_is_not_blamed_on_the_change)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Down", "critical", 0, -600, FIRING); /* fires all along */
    ring(s, "Down", "critical", 1, -600, -300);   /* came and went, and came again */
    ring(s, "Down", "critical", 1, 300, FIRING);
    ring(s, "Down", "critical", 2, -5000, -1700); /* ended inside the window before */
    ring(s, "Down", "critical", 2, 300, FIRING);
    judged(s, 0);
    told(s, 0);
}

TEST(what_ended_before_the_window_before_is_new_again)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Down", "critical", 1, -90000, -88000); /* more than a day ago */
    ring(s, "Down", "critical", 1, 300, FIRING);
    CHECK_INT(judged(s, 1)->grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(s->alarms.at[0].begun_past, 0, 0);
}

TEST(a_worse_severity_of_the_same_name_is_an_alarm_of_its_own)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Disk", "warning", 1, -600, FIRING);
    ring(s, "Disk", "critical", 1, 300, FIRING);
    const struct new_alarm *a = judged(s, 1);
    CHECK_TEXT(a->rule->id, "bad");
    CHECK_INT(a->grade, GRADE_MUST_HANDLE);
}

/* --- against unchanged hosts --- */

TEST(as_new_on_unchanged_hosts_it_is_nobodys_fault)
{
    OWNED_SCENE *s = scene_of(10);
    for (int h = 0; h < 10; h++)
        ring(s, "Net", "critical", h, 240, FIRING);
    CHECK_INT(judged(s, 1)->grade, GRADE_OK);
    CHECK_INT((long long)s->alarms.at[0].control_hosts, 6);
    told(s, 0);
}

TEST(much_newer_on_changed_hosts_it_is_told_with_the_others)
{
    OWNED_SCENE *s = scene_of(10);
    for (int h = 0; h < 4; h++)
        ring(s, "Net", "critical", h, 240, FIRING);
    ring(s, "Net", "critical", 7, 240, FIRING);
    CHECK_INT(judged(s, 1)->grade, GRADE_MUST_HANDLE);
    CHECK(strstr(told(s, 1)->because, "is new on 1 of 6 unchanged hosts") != NULL);
}

TEST(alarms_of_unchanged_hosts_alone_are_not_told)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Net", "critical", 7, 240, FIRING);
    judged(s, 0);
}

/* --- ordinary times --- */

/* Begins every so many seconds of the day before, on all changed hosts in turn. */
static void ring_daily(struct scene *s, const char *name, int every)
{
    for (int i = 1; i * every < 86400 && i < 200; i++)
        if (i * every > 1800)
            ring(s, name, "critical", i % 4, -i * every, -i * every + 30);
}

TEST(an_alarm_of_ordinary_times_must_come_more_often)
{
    OWNED_SCENE *usual_times = scene_of(10), *more = scene_of(10);
    ring_daily(usual_times, "Flap", 600);
    for (int i = 0; i < 4; i++)
        ring(usual_times, "Flap", "critical", i % 4, 100 + 300 * i, 150 + 300 * i);
    CHECK_INT(judged(usual_times, 1)->grade, GRADE_OK);
    CHECK(usual_times->alarms.at[0].begun_past > 130);
    CHECK(usual_times->alarms.at[0].p > 0.05);
    ring_daily(more, "Flap", 1200);
    for (int i = 0; i < 40; i++)
        ring(more, "Flap", "critical", i % 4, 60 + 40 * i, 80 + 40 * i);
    ring(more, "Flap", "critical", 1, 1780, FIRING);
    CHECK_INT(judged(more, 1)->grade, GRADE_MUST_HANDLE);
    CHECK(more->alarms.at[0].p < 0.01);
    const struct finding *f = told(more, 1);
    CHECK(strstr(f->because, "it began there 70 times in the 24 hours before") != NULL);
    CHECK(strstr(f->because, "would be usual after it") != NULL);
}

TEST(an_alarm_of_ordinary_times_must_come_at_least_three_times)
{
    OWNED_SCENE *twice = scene_of(10), *often = scene_of(10);
    ring(twice, "Rare", "critical", 1, -7000, -6000);
    ring(often, "Rare", "critical", 1, -7000, -6000);
    for (int h = 0; h < 4; h++) {
        if (h < 2)
            ring(twice, "Rare", "critical", h, 300, FIRING);
        ring(often, "Rare", "critical", h, 300, FIRING);
    }
    CHECK_INT(judged(twice, 1)->grade, GRADE_OK);
    CHECK_INT(judged(often, 1)->grade, GRADE_MUST_HANDLE);
}

/* --- ends, services, silence --- */

TEST(what_is_over_again_is_told_as_recovered)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Down", "critical", 1, 30, 200); /* the restart itself */
    ring(s, "Down", "critical", 2, 40, 210);
    CHECK(judged(s, 1)->recovered);
    const struct finding *f = told(s, 1);
    CHECK_INT(f->grade, GRADE_OK);
    CHECK(f->recovered && strstr(f->because, "; it is over again") != NULL);
}

TEST(an_alarm_of_the_service_itself_is_for_attention)
{
    OWNED_SCENE *s = scene_of(10);
    ring(s, "Errors", "critical", -1, 600, FIRING);
    const struct new_alarm *a = judged(s, 1);
    CHECK(a->of_service);
    CHECK_INT(a->grade, GRADE_ATTENTION);
    const struct finding *f = told(s, 1);
    CHECK(f->host == NULL && f->n_hosts == 0);
    CHECK(strstr(f->because, "Alarm Errors (critical) began for pay, first 10 minutes "
                             "after") != NULL);
}

TEST(the_order_of_rows_makes_no_difference)
{
    OWNED_SCENE *a = scene_of(10), *b = scene_of(10);
    static const int host[] = {3, 1, 2, -1, 7, 1};
    for (int i = 0; i < 6; i++) {
        ring(a, i % 2 ? "A" : "B", "critical", host[i], 100 + i, FIRING);
        ring(b, (5 - i) % 2 ? "A" : "B", "critical", host[5 - i], 105 - i, FIRING);
    }
    judged(a, 3);
    judged(b, 3);
    told(a, 3);
    told(b, 3);
    OWNED_BUF x = {0}, y = {0};
    verdict_write(a->verdict, true, &x);
    verdict_write(b->verdict, true, &y);
    CHECK_TEXT(buf_text(&x), buf_text(&y));
}

TEST(without_any_alarm_ever_nothing_is_judged)
{
    OWNED_SCENE *s = scene_of(10);
    s->facts.since = INSTANT_NONE;
    judged(s, 0);
    CHECK(!s->alarms.judged);
    struct coverage cover = {0};
    struct tally t;
    CHECK(tally_make(&t, s->rules, &s->made.change, &cover, NULL) == 0);
    tally_alarms(&t, &s->alarms);
    CHECK_INT(t.rule[0], TALLY_UNMET);
    s->alarms.judged = true;
    tally_alarms(&t, &s->alarms);
    CHECK_INT(t.rule[0], TALLY_JUDGED);
    tally_free(&t);
    struct new_alarms none = {0};
    CHECK(alarms_judge(&s->lineup, &s->controls, s->rules, NULL, &none, NULL) == 0);
    CHECK(!none.judged);
}
