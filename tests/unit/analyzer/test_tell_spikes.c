/* tests of analyzer/tell_spikes: the sentence and the numbers */
#include "analyzer/tell_spikes.h"
#include "tests/unit/analyzer/make_bench.h"

TEST(each_side_is_one_finding_with_its_hosts)
{
    b = (struct bench){.m = made_panel_new(7980, 60, 64)};
    for (int i = 0; i < 4; i++)
        made_level(b.m, made_host(made_name(i), "pay"), "queue", 10020, 30, 30, 0, 1);
    CHECK(align(make_change(&made, "pay", 4, 10020, 10020), NULL, 0,
                made_panel_done(b.m), &usual, (instant){11820000}, &b.lineup,
                NULL) == 0);
    b.verdict = verdict_new("c1");
    b.teller = (struct teller){&b.lineup, &b.controls, b.verdict, false};
    b.rule = (struct rule){.id = id, .title = title};
    struct member m[4];
    struct spike at[4];
    for (int i = 0; i < 4; i++) {
        m[i] = (struct member){&b.lineup.slot[i],
                               series_unit(&b.lineup, made_name(i), "pay"), 0};
        at[i] = (struct spike){.member = &m[i],
                               .n = 8 + i,
                               .of = 25,
                               .above = i != 2,
                               .level = 30,
                               .peak = i != 2 ? 300 : 3,
                               .first = {10380000 + i},
                               .z = 6 + i,
                               .p = 1e-4,
                               .moments = 140,
                               .controls = 3,
                               .grade = i == 3 ? GRADE_OK : GRADE_ATTENTION};
    }
    struct spikes all = {.rule = &b.rule,
                         .metric = "queue",
                         .service = "pay",
                         .n_asked = 4,
                         .n = 4,
                         .at = at};
    tell_spikes(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, 2);
    const struct finding *f = &b.verdict->findings[0];
    CHECK_INT(f->kind, FINDING_SPIKE);
    CHECK_INT(f->grade, GRADE_ATTENTION);
    CHECK_INT(f->n_hosts, 2);
    CHECK_TEXT(f->hosts[0].name, "h01"); /* the worst comes first */
    CHECK_NEAR(f->before, 30, 1e-9);
    CHECK_NEAR(f->after, 300, 1e-9);
    CHECK_NEAR(f->z, 7, 1e-9);
    CHECK_INT(f->first_seen.ms, 10380000);
    CHECK_TEXT(
        f->because,
        "On 2 of 4 changed hosts, queue was far above its usual level in 9 of 25 "
        "points after the change (on the worst of them); these points are at 300 on "
        "average, and the level before was 30. Of 140 ordinary moments of the day "
        "before, 0 had as many, and 0 of 3 unchanged hosts had half as many.");
    f = &b.verdict->findings[1];
    CHECK_TEXT(f->host, "h02");
    CHECK_NEAR(f->after, 3, 1e-9);
    close_bench();
}

TEST(what_was_not_graded_is_not_told)
{
    b = (struct bench){.verdict = verdict_new("c1")};
    b.teller = (struct teller){&b.lineup, &b.controls, b.verdict, false};
    struct spike one = {.n = 9, .of = 25, .above = true};
    struct spikes all = {.rule = &b.rule, .metric = "queue", .n = 1, .at = &one};
    tell_spikes(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, 0);
    verdict_free(&b.verdict);
}
