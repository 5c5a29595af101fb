/* tests of analyzer/findings: folding, order and words */
#include "analyzer/findings.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static char id[] = "cpu.busy", title[] = "CPU use", star[] = "cpu.*", percent[] = "%",
            advice[] = "look", owner[] = "pe";

/* A changed service with its lineup, a verdict to fill and room for one level. */
struct bench {
    struct made_panel *m;
    struct lineup lineup;
    struct controls controls;
    struct verdict *verdict;
    struct teller teller;
    struct rule rule;
    struct member member[16];
    struct level_host host[16];
    struct level level;
};
static struct bench b;

static void open_bench(int hosts)
{
    b = (struct bench){.m = made_panel_new(7980, 60, 70)};
    for (int i = 0; i < hosts + 5; i++)
        made_level(b.m, made_host(made_name(i), "pay"), "cpu.busy", 10020, 30,
                   i < hosts ? 60 + i : 30, 0, 1);
    CHECK(align(make_change(&made, "pay", hosts, 10020, 10020), NULL, 0,
                made_panel_done(b.m), &usual, (instant){11820000}, &b.lineup,
                NULL) == 0);
    CHECK(control_choose(&b.lineup, &b.controls, NULL) == 0);
    b.verdict = verdict_new("c1");
    b.teller = (struct teller){&b.lineup, &b.controls, b.verdict, false};
    b.rule = (struct rule){.id = id,
                           .title = title,
                           .advice = advice,
                           .owner = owner,
                           .unit = percent,
                           .pattern = {star},
                           .n_patterns = 1,
                           .weight = 2};
    b.level = (struct level){.rule = &b.rule,
                             .metric = "cpu.busy",
                             .service = "pay",
                             .n = (size_t)hosts,
                             .host = b.host,
                             .n_judged = (size_t)hosts,
                             .n_controls = 5};
    for (int i = 0; i < hosts; i++) {
        b.member[i] = (struct member){&b.lineup.slot[i],
                                      series_unit(&b.lineup, made_name(i), "pay"), 0};
        b.host[i] = (struct level_host){.member = &b.member[i],
                                        .judged = true,
                                        .cut = {.before = 30, .after = 60 + i},
                                        .score = {.base = BASE_CONTROLS,
                                                  .compared = true,
                                                  .before = 30,
                                                  .after = 60 + i,
                                                  .control_before = 30,
                                                  .control_after = 30,
                                                  .move = 0.7 + 0.01 * i,
                                                  .expected = 30,
                                                  .effect = 1 + i / 30.0,
                                                  .usual = NAN,
                                                  .z = 9,
                                                  .p = 1e-6}};
    }
}

static void close_bench(void)
{
    CHECK(!b.teller.failed);
    verdict_free(&b.verdict);
    controls_free(&b.controls);
    lineup_free(&b.lineup);
    made_panel_free(&b.m);
}

static void flag(int i, enum grade g, bool recovered)
{
    b.host[i].score.grade = g;
    b.host[i].score.recovered = recovered;
}

TEST(what_is_fine_is_not_told)
{
    open_bench(3);
    findings_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 0);
    close_bench();
}

TEST(one_figure_on_many_hosts_is_one_finding_worst_host_first)
{
    open_bench(4);
    flag(0, GRADE_ATTENTION, false);
    flag(2, GRADE_MUST_HANDLE, false);
    flag(3, GRADE_ATTENTION, false);
    findings_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = &b.verdict->findings[0];
    CHECK_INT(f->grade, GRADE_MUST_HANDLE);
    CHECK_INT(f->n_hosts, 3);
    CHECK_TEXT(f->hosts[0].name, "h03");
    CHECK_TEXT(f->hosts[2].name, "h00");
    CHECK(f->host == NULL);
    CHECK_NEAR(f->after, (60 + 62 + 63) / 3.0, 1e-9);
    CHECK_TEXT(f->because,
               "cpu.busy rose from 30 % to 61.7 % (+106 % against the unchanged hosts) "
               "on 3 of 4 changed hosts, while 5 unchanged hosts went from 30 % to 30 "
               "%");
    CHECK_TEXT(f->advice, "look");
    CHECK_TEXT(f->owner, "pe");
    close_bench();
}

TEST(directions_and_recovered_ones_are_told_apart)
{
    open_bench(4);
    flag(0, GRADE_ATTENTION, false);
    flag(1, GRADE_ATTENTION, true);
    flag(2, GRADE_ATTENTION, false);
    b.host[2].score.move = -1;
    b.host[2].cut.after = 10;
    b.host[2].score.effect = -0.67;
    findings_level(&b.teller, &b.level, NULL);
    findings_rank(b.verdict);
    CHECK_INT(b.verdict->n_findings, 3);
    const struct finding *f = b.verdict->findings;
    CHECK(f[0].grade == GRADE_ATTENTION && f[1].grade == GRADE_ATTENTION);
    CHECK(f[2].grade == GRADE_OK && f[2].recovered);
    CHECK_TEXT(f[2].host, "h01");
    close_bench();
}

TEST(the_groups_finding_swallows_those_of_its_hosts)
{
    open_bench(4);
    for (int i = 0; i < 4; i++)
        flag(i, GRADE_ATTENTION, false);
    b.level.has_group = true;
    b.level.group = b.host[1].score;
    b.level.group.grade = GRADE_MUST_HANDLE;
    findings_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 1);
    CHECK_INT(b.verdict->findings[0].n_hosts, 4);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_MUST_HANDLE);
    close_bench();
}

TEST(a_mean_that_one_host_moved_is_that_hosts_story)
{
    open_bench(6);
    for (int i = 0; i < 5; i++)
        b.host[i].score.move = 0.01;
    flag(5, GRADE_ATTENTION, false);
    b.level.has_group = true;
    b.level.group = b.host[5].score;
    b.level.group.move = 0.12;
    b.level.group.grade = GRADE_MUST_HANDLE;
    findings_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 1);
    CHECK_TEXT(b.verdict->findings[0].host, "h05");
    CHECK_NEAR(b.verdict->findings[0].after, 65, 0);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_MUST_HANDLE);
    close_bench();
}

TEST(a_groups_figures_are_those_of_the_hosts_it_lists)
{
    open_bench(
        2); /* one of two moved the mean: it is told alone, with its own figures */
    b.host[0].score.move = 0.01;
    b.host[0].cut.after = 30;
    flag(1, GRADE_ATTENTION, false);
    b.level.has_group = true;
    b.level.group = b.host[1].score;
    b.level.group.move = 0.35;
    b.level.group.after = 45;
    b.level.group.grade = GRADE_MUST_HANDLE;
    findings_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 1);
    CHECK_TEXT(b.verdict->findings[0].host, "h01");
    CHECK_NEAR(b.verdict->findings[0].after, 61, 0);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_MUST_HANDLE);
    close_bench();
}

TEST(the_curve_is_the_mean_of_the_hosts_and_of_the_controls)
{
    open_bench(2);
    struct member controls[5];
    for (int i = 0; i < 5; i++)
        controls[i] =
            (struct member){NULL, series_unit(&b.lineup, made_name(2 + i), "pay"), 0};
    b.level.control = controls;
    b.level.n_control_members = 5;
    flag(0, GRADE_ATTENTION, false);
    flag(1, GRADE_ATTENTION, false);
    findings_level(&b.teller, &b.level, NULL);
    const struct curve *c = &b.verdict->findings[0].curve;
    CHECK_INT(c->from.ms, 8220000);
    CHECK_INT(c->step.ms, 60000);
    CHECK_INT(c->n, 60);
    CHECK_NEAR(c->value[0], 30, 1e-6);
    CHECK_NEAR(c->value[59], 60.5, 1e-6);
    CHECK_NEAR(c->control[59], 30, 1e-6);
    CHECK_INT(b.verdict->findings[0].first_seen.ms, 10020000);
    close_bench();
}

TEST(a_curve_never_has_more_points_than_a_chart_can_take)
{
    b = (struct bench){.m = made_panel_new(7980, 1, 4000)};
    made_level(b.m, made_host("h00", "pay"), "cpu.busy", 10020, 30, 60, 0, 1);
    CHECK(align(make_change(&made, "pay", 1, 10020, 10020), NULL, 0,
                made_panel_done(b.m), &usual, (instant){11820000}, &b.lineup,
                NULL) == 0);
    b.verdict = verdict_new("c1");
    b.teller = (struct teller){&b.lineup, &b.controls, b.verdict, false};
    b.rule = (struct rule){
        .id = id, .title = title, .limit = {true, true, 50, 3, 5, GRADE_MUST_HANDLE}};
    struct member m = {&b.lineup.slot[0], series_unit(&b.lineup, "h00", "pay"), 0};
    struct limit_host h = {&m, true, 5, 5, 5, 0, 30, 60, {10021000}};
    struct limit_check check = {.rule = &b.rule,
                                .metric = "cpu.busy",
                                .service = "pay",
                                .n = 1,
                                .host = &h,
                                .n_broken = 1};
    findings_limit(&b.teller, &check);
    const struct finding *f = &b.verdict->findings[0];
    CHECK(f->curve.n > 100 && f->curve.n <= CURVE_POINTS_MAX);
    CHECK_INT(f->curve.step.ms, 9000); /* 3600 seconds in 400 points */
    CHECK_TEXT(f->because, "cpu.busy on h00 was above 50 in 5 of the last 5 points "
                           "after the change, in 0 of the last 5 before it; it went "
                           "from 30 to 60");
    check.excused = true;
    findings_limit(&b.teller, &check);
    CHECK_INT(b.verdict->n_findings, 1);
    close_bench();
}

TEST(silence_is_a_finding_only_while_others_are_heard)
{
    open_bench(3);
    struct pulse at[3];
    for (int i = 0; i < 3; i++)
        at[i] = (struct pulse){.slot = &b.lineup.slot[i],
                               .state = i == 1 ? PULSE_SILENT : PULSE_GOOD,
                               .cut = {.n_before = 30},
                               .last = {10050000}};
    struct pulses p = {.n = 3, .at = at, .good = 2, .silent = 1, .asked = 3};
    b.rule.attention = (struct bar){.set = true, .count = 1};
    b.rule.must_handle = (struct bar){.set = true, .count = 1, .effect = 0.5};
    findings_silence(&b.teller, &b.rule, &p);
    CHECK_INT(b.verdict->n_findings, 1);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_ATTENTION); /* a third, not a half */
    CHECK_INT(b.verdict->findings[0].first_seen.ms, 10050000);
    b.rule.must_handle.effect = 0.2;
    findings_silence(&b.teller, &b.rule, &p);
    CHECK_INT(b.verdict->findings[1].grade, GRADE_MUST_HANDLE);
    p.calling = 1; /* its agent is gone, the host is not */
    findings_silence(&b.teller, &b.rule, &p);
    CHECK_INT(b.verdict->findings[2].grade, GRADE_ATTENTION);
    CHECK(strstr(b.verdict->findings[2].because, "calls are still reported") != NULL);
    p.good = 0;
    findings_silence(&b.teller, &b.rule, &p);
    CHECK_INT(b.verdict->n_findings, 3);
    close_bench();
}

TEST(findings_are_ranked_by_grade_then_weight)
{
    struct verdict *v = verdict_new("c");
    static const struct {
        enum grade grade;
        double weight, effect;
    } in[] = {{GRADE_OK, 9, 1},          {GRADE_ATTENTION, 1, 1},
              {GRADE_MUST_HANDLE, 1, 1}, {GRADE_ATTENTION, 5, 1},
              {GRADE_ATTENTION, 5, 9},   {GRADE_MUST_HANDLE, 2, NAN}};
    for (size_t i = 0; i < 6; i++) {
        struct finding *f = verdict_add(v);
        f->grade = in[i].grade;
        f->weight = in[i].weight;
        f->effect = in[i].effect;
    }
    findings_rank(v);
    static const double want[] = {2, 1, 5, 5, 1, 9};
    for (size_t i = 0; i < 6; i++)
        CHECK_NEAR(v->findings[i].weight, want[i], 0);
    CHECK_NEAR(v->findings[2].effect, 9, 0);
    verdict_free(&v);
}
