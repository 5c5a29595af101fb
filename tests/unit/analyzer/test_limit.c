/* tests of analyzer/limit */
#include "analyzer/limit.h"
#include "base/buf.h"
#include "rules/figures.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdint.h>

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static const struct rule full = {
    .limit = {.set = true, .above = true, .value = 95, .hold = 3, .of = 5}};

static struct member member[16], control[16];
static struct lineup lineup;
static double room[4096];

/* Checks n changed hosts against k others. */
static struct limit_check check_when(struct made_panel *m, const struct rule *rule,
                                     const struct bar *when, int n, int k)
{
    struct limit_check c;
    CHECK(align(make_change(&made, "pay", n, 10000, 10000), NULL, 0, made_panel_done(m),
                &usual, (instant){11800000}, &lineup, NULL) == 0);
    for (int i = 0; i < n + k; i++) {
        struct member one = {i < n ? &lineup.slot[i] : NULL,
                             series_unit(&lineup, made_name(i), "pay"), 0};
        *(i < n ? &member[i] : &control[i - n]) = one;
    }
    struct level_case lc = {.lineup = &lineup,
                            .rule = rule,
                            .metric = "cpu.busy",
                            .member = member,
                            .n_members = (size_t)n,
                            .control = control,
                            .n_controls = (size_t)k,
                            .room = room};
    CHECK(limit_check_make(&lc, when, &c, NULL) == 0);
    return c;
}

static struct limit_check check(struct made_panel *m, const struct rule *rule, int n,
                                int k)
{
    return check_when(m, rule, NULL, n, k);
}

static void done(struct limit_check *c, struct made_panel **m)
{
    limit_check_free(c);
    lineup_free(&lineup);
    made_panel_free(m);
}

static void fill(struct made_panel *m, int from, int to, double before, double after,
                 uint32_t every)
{
    for (int i = from; i < to; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10000, before, after,
                   1, every);
}

TEST(a_limit_is_broken_where_it_was_not_before)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 1, 40, 98, 1);
    fill(m, 1, 2, 98, 98, 1); /* was so already */
    fill(m, 2, 3, 40, 60, 1);
    struct limit_check c = check(m, &full, 3, 0);
    CHECK_INT(c.n, 3);
    CHECK_INT(c.n_broken, 1);
    CHECK(c.host[0].broken && !c.host[1].broken && !c.host[2].broken);
    CHECK_INT(c.host[0].over_after, 5);
    CHECK_INT(c.host[0].over_before, 0);
    CHECK_NEAR(c.host[0].after, 98, 1);
    CHECK_INT(c.host[0].first.ms, 10020000);
    done(&c, &m);
}

TEST(too_few_of_the_last_points_do_not_break_it)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 2, 40, 60, 1);
    made_cell(m, made_host("h00", "pay"), "cpu.busy", 11760 - 60, 99);
    made_cell(m, made_host("h00", "pay"), "cpu.busy", 11760 - 120, 99);
    for (int64_t t = 10500; t < 11400; t += 60) /* and it was over a while ago */
        made_cell(m, made_host("h01", "pay"), "cpu.busy", t, 99);
    struct limit_check c = check(m, &full, 2, 0);
    CHECK_INT(c.n_broken, 0);
    CHECK_INT(c.host[0].over_after, 2);
    CHECK_INT(c.host[1].over_after, 0);
    done(&c, &m);
}

TEST(what_most_controls_break_is_not_the_changes_doing)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 2, 40, 98, 1);
    fill(m, 2, 5, 40, 98, 1);
    fill(m, 5, 6, 40, 40, 1);
    struct limit_check c = check(m, &full, 2, 4);
    CHECK_INT(c.n_broken, 2);
    CHECK_INT(c.n_controls, 4);
    CHECK_INT(c.controls_over, 3);
    CHECK(c.excused);
    done(&c, &m);
}

TEST(points_every_five_minutes_can_break_it_too)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 1, 40, 98, 5);
    struct limit_check c = check(m, &full, 1, 0);
    CHECK_INT(c.n_broken, 1);
    CHECK_INT(c.host[0].n_after, 5);
    done(&c, &m);
}

TEST(hosts_with_too_few_points_are_counted_not_judged)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 3, 40, 98, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10400, 99999);
    made_gap(m, made_host("h01", "pay"), "cpu.busy", 8200, 10000);
    struct limit_check c = check(m, &full, 3, 0);
    CHECK_INT(c.n, 1);
    CHECK_INT(c.without_after, 1);
    CHECK_INT(c.without_before, 1);
    done(&c, &m);
}

TEST(a_limit_below_works_the_other_way_round_and_has_words)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule low = full;
    low.limit.above = false;
    low.unit = "%";
    low.limit.value = 10;
    fill(m, 0, 1, 40, 5, 1);
    struct limit_check c = check(m, &low, 1, 0);
    CHECK_INT(c.n_broken, 1);
    struct buf b = {0};
    limit_words(&(struct limit_check){.rule = &low}, &b);
    CHECK_TEXT(buf_text(&b), "below 10 % in 3 of 5 points");
    buf_free(&b);
    done(&c, &m);
}

TEST(a_host_without_a_past_that_is_beyond_it_breaks_it)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    fill(m, 0, 2, 40, 98, 1);
    fill(m, 2, 4, 40, 40, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 0, 10000);
    struct limit_check c = check(m, &full, 1, 3);
    CHECK_INT(c.n_broken, 1);
    CHECK(isnan(c.host[0].before) && c.host[0].n_before == 0);
    CHECK_INT(c.without_before, 0);
    done(&c, &m);
}

/* A rule of one grade with a condition. */
static struct rule with_condition(const char *text, struct hold hold)
{
    struct rule r = {.id = "when"};
    size_t n, at;
    const struct condition_name *names =
        figures_of(SUBJECT_SERIES, MEASURE_LATENCY, &n);
    r.must_handle.set = true;
    r.must_handle.hold = hold;
    r.must_handle.when.text = text;
    r.must_handle.when.condition = condition_new(text, names, n, "%", &at, NULL);
    CHECK(r.must_handle.when.condition != NULL);
    return r;
}

static void forget_condition(struct rule *r)
{
    struct condition *c = (struct condition *)(uintptr_t)r->must_handle.when.condition;
    condition_free(&c);
}

TEST(a_condition_is_held_against_points_or_means_and_the_past)
{
    static const struct {
        const char *text;
        struct hold hold;
        size_t broken;
    } cases[] = {
        {"after > before * 1.3 and delta > 10", {3, 5}, 1},
        {"after > before * 3", {3, 5}, 0},
        {"ratio > 1.3", {0, 0}, 1},
        {"after > 30", {3, 5}, 0}, /* it was so before */
        {"after > 30", {0, 0}, 0},
        {"after - control > 20", {0, 0}, 1},
        {"control_before > 20 and delta > 10", {0, 0}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        struct rule r = with_condition(cases[i].text, cases[i].hold);
        fill(m, 0, 1, 40, 80, 1);
        fill(m, 1, 4, 40, 40, 1);
        struct limit_check c = check_when(m, &r, &r.must_handle, 1, 3);
        CHECK_INT(c.grade, GRADE_MUST_HANDLE);
        if (c.n_broken != cases[i].broken)
            test_fail(__FILE__, __LINE__, "%s: %zu broken", cases[i].text, c.n_broken);
        forget_condition(&r);
        done(&c, &m);
    }
}

TEST(a_condition_that_unchanged_hosts_meet_too_is_excused)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = with_condition("ratio > 1.3", (struct hold){3, 5});
    struct buf b = {0};
    fill(m, 0, 4, 40, 80, 1);
    struct limit_check c = check_when(m, &r, &r.must_handle, 1, 3);
    CHECK_INT(c.n_broken, 1);
    CHECK(c.excused && c.n_controls == 3);
    limit_words(&c, &b);
    CHECK_TEXT(buf_text(&b), "ratio > 1.3 in 3 of 5 points");
    buf_free(&b);
    forget_condition(&r);
    done(&c, &m);
}
