/* tests of analyzer/tell_limit: the sentence and the curve */
#include "analyzer/tell_limit.h"
#include "tests/unit/analyzer/make_bench.h"

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
    struct limit_host h = {&m, true, 5, 5, 5, 0, 30, 60, {10021000}, 30};
    struct limit_check check = {.rule = &b.rule,
                                .metric = "cpu.busy",
                                .service = "pay",
                                .n = 1,
                                .host = &h,
                                .n_broken = 1};
    tell_limit(&b.teller, &check);
    const struct finding *f = &b.verdict->findings[0];
    CHECK(f->curve.n > 100 && f->curve.n <= CURVE_POINTS_MAX);
    CHECK_INT(f->curve.step.ms, 9000); /* 3600 seconds in 400 points */
    CHECK_TEXT(f->because,
               "On h00, cpu.busy was above 50 in 5 of the last 5 points after the "
               "change and in 0 of the last 5 before it; it went from 30 to 60.");
    check.excused = true;
    tell_limit(&b.teller, &check);
    CHECK_INT(b.verdict->n_findings, 1);
    close_bench();
}
