/* tests/unit/analyzer/make_bench.h - a changed service with its lineup, a verdict to
 * fill and room for one level, for the tests of telling. */
#ifndef TESTS_UNIT_ANALYZER_MAKE_BENCH_H
#define TESTS_UNIT_ANALYZER_MAKE_BENCH_H

#include "analyzer/level.h"
#include "analyzer/teller.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct match star[] = {{.text = "cpu.*"}};
static char id[] = "cpu.busy", title[] = "CPU use", percent[] = "%", advice[] = "look",
            owner[] = "pe";

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

static inline void open_bench(int hosts)
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
                           .pattern = {1, star},
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

static inline void close_bench(void)
{
    CHECK(!b.teller.failed);
    verdict_free(&b.verdict);
    controls_free(&b.controls);
    lineup_free(&b.lineup);
    made_panel_free(&b.m);
}

/* Grades host `i`. */
static inline void flag(int i, enum grade g, bool recovered)
{
    b.host[i].score.grade = g;
    b.host[i].score.recovered = recovered;
}

#endif
