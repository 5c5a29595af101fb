/* tests of analyzer/tell_level: folding, figures and words */
#include "analyzer/rank.h"
#include "analyzer/tell_level.h"
#include "tests/unit/analyzer/make_bench.h"

TEST(what_is_fine_is_not_told)
{
    open_bench(3);
    tell_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 0);
    close_bench();
}

TEST(one_figure_on_many_hosts_is_one_finding_worst_host_first)
{
    open_bench(4);
    flag(0, GRADE_ATTENTION, false);
    flag(2, GRADE_MUST_HANDLE, false);
    flag(3, GRADE_ATTENTION, false);
    tell_level(&b.teller, &b.level, NULL);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = &b.verdict->findings[0];
    CHECK_INT(f->grade, GRADE_MUST_HANDLE);
    CHECK_INT(f->n_hosts, 3);
    CHECK_TEXT(f->hosts[0].name, "h03");
    CHECK_TEXT(f->hosts[2].name, "h00");
    CHECK(f->host == NULL);
    CHECK_NEAR(f->after, (60 + 62 + 63) / 3.0, 1e-9);
    CHECK_TEXT(
        f->because,
        "On 3 of 4 changed hosts, cpu.busy rose from 30 % to 61.7 % (+106 % against "
        "the unchanged hosts), while 5 unchanged hosts went from 30 % to 30 %.");
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
    tell_level(&b.teller, &b.level, NULL);
    rank_findings(b.verdict);
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
    tell_level(&b.teller, &b.level, NULL);
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
    tell_level(&b.teller, &b.level, NULL);
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
    tell_level(&b.teller, &b.level, NULL);
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
    tell_level(&b.teller, &b.level, NULL);
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
