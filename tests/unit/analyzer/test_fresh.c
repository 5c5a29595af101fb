/* tests of analyzer/fresh */
#include "analyzer/fresh.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { PIVOT = 10020, END = 11820 };

static const struct windows_rule usual = {.before = {1800000},
                                          .settle = {300000},
                                          .looks = {{600000}, {1800000}, {3600000}},
                                          .n_looks = 3};
static struct made_change made;
static struct match busy[] = {{.text = "cpu.busy"}}, star[] = {{.text = "*"}};
static char percent[] = "%";

static struct rule rule_for(struct match *pattern, enum worse worse)
{
    return (struct rule){
        .pattern = {1, pattern},
        .unit = percent,
        .worse = worse,
        .needs = {.points = 0.6, .hosts = 0.8},
        .attention = {.set = true, .q = 0.05, .effect = 0.1, .delta = 5},
        .must_handle = {.set = true, .q = 0.01, .effect = 0.3, .delta = 15}};
}

/* Measured and graded alone: n new hosts and k old ones. */
struct seen {
    struct level level;
    struct member member[64], control[64];
    struct lineup lineup;
    double room[4096];
};
static struct seen s;

static void look(struct made_panel *m, const struct rule *rule, int n, int k,
                 int64_t ends)
{
    struct panel *p = made_panel_done(m);
    CHECK(align(make_change(&made, "pay", n, PIVOT, PIVOT), NULL, 0, p, &usual,
                (instant){ends * 1000}, &s.lineup, NULL) == 0);
    for (int i = 0; i < n + k; i++) {
        const struct unit *u = series_unit(&s.lineup, made_name(i), "pay");
        struct member one = {i < n ? &s.lineup.slot[i] : NULL, u,
                             (uint32_t)series_metric(u, "cpu.busy")};
        *(i < n ? &s.member[i] : &s.control[i - n]) = one;
        CHECK(i >= n || s.lineup.slot[i].fresh);
    }
    struct level_case lc = {.lineup = &s.lineup,
                            .rule = rule,
                            .metric = "cpu.busy",
                            .member = s.member,
                            .n_members = (size_t)n,
                            .control = s.control,
                            .n_controls = (size_t)k,
                            .room = s.room};
    CHECK(fresh_measure(&lc, &s.level, NULL) == 0);
    CHECK(level_grade(&s.level, 1, NULL) == 0);
}

static void done(struct made_panel **m)
{
    level_free(&s.level);
    lineup_free(&s.lineup);
    made_panel_free(m);
}

/* Old hosts differ by a percent or two of 30. */
static void old_hosts(struct made_panel *m, int from, int to)
{
    for (int i = from; i < to; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, 30 + i % 3 * 0.3,
                   30 + i % 3 * 0.3, 2, 1);
}

static void new_host(struct made_panel *m, int i, double level)
{
    made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, level, level, 2, 1);
    made_gap(m, made_host(made_name(i), "pay"), "cpu.busy", 0, PIVOT);
}

TEST(new_hosts_like_the_old_ones_are_fine)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_BOTH);
    for (int i = 0; i < 4; i++)
        new_host(m, i, 30.2);
    old_hosts(m, 4, 10);
    look(m, &r, 4, 6, END);
    CHECK(s.level.fresh && s.level.has_group);
    CHECK_INT(s.level.n_judged, 4);
    CHECK_INT(s.level.n_controls, 6);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(s.level.host[i].score.grade, GRADE_OK);
        CHECK(fabs(s.level.host[i].score.z) < 4);
    }
    done(&m);
}

TEST(new_hosts_that_work_twice_as_hard_must_be_handled)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    for (int i = 0; i < 4; i++)
        new_host(m, i, 60);
    old_hosts(m, 4, 10);
    look(m, &r, 4, 6, END);
    const struct score *g = &s.level.group;
    CHECK(g->base == BASE_OLD && g->compared);
    CHECK_INT(g->grade, GRADE_MUST_HANDLE);
    CHECK(g->z > 20 && g->p < 0.001);
    CHECK_NEAR(g->before, 30.3, 0.6); /* of the old ones, in the same minutes */
    CHECK_NEAR(g->after, 60, 0.6);
    CHECK_NEAR(g->effect, 1, 0.05);
    CHECK_NEAR(g->delta, 30, 1);
    CHECK_NEAR(g->control_before, 30.3, 0.6);
    done(&m);
}

TEST(one_new_host_out_of_line_is_found_by_itself)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    for (int i = 0; i < 5; i++)
        new_host(m, i, i == 2 ? 48 : 30);
    old_hosts(m, 5, 12);
    look(m, &r, 5, 7, END);
    CHECK(s.level.host[2].score.grade != GRADE_OK);
    CHECK(s.level.host[1].score.grade == GRADE_OK);
    /* it tells in the mean of all, too, but that is its doing */
    CHECK(s.level.group.after < 35);
    done(&m);
}

TEST(hosts_that_differ_by_nature_hide_as_much)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    new_host(m, 0, 60);
    for (int i = 1; i < 7; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, 20 + 7 * i,
                   20 + 7 * i, 2, 1);
    look(m, &r, 1, 6, END);
    CHECK(s.level.host[0].judged);
    CHECK_INT(s.level.host[0].score.grade, GRADE_OK);
    done(&m);
}

TEST(load_that_all_share_is_nobodys_fault)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    for (int i = 0; i < 3; i++)
        new_host(m, i, 75);
    for (int i = 3; i < 9; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", PIVOT, 30, 75 + i % 3,
                   2, 1);
    look(m, &r, 3, 6, END);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    CHECK_NEAR(s.level.group.effect, 0, 0.05);
    done(&m);
}

TEST(three_old_hosts_are_needed_and_five_for_more_than_attention)
{
    for (int old = 2; old <= 5; old++) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        struct rule r = rule_for(busy, WORSE_UP);
        new_host(m, 0, 90);
        old_hosts(m, 1, 1 + old);
        look(m, &r, 1, old, END);
        const struct level_host *h = &s.level.host[0];
        CHECK(h->judged == (old >= 3));
        if (old < 3)
            CHECK_INT(h->why, UNJUDGED_FEW_OLD);
        else
            CHECK_INT(h->score.grade, old < 5 ? GRADE_ATTENTION : GRADE_MUST_HANDLE);
        CHECK(h->score.capped == (old == 3 || old == 4));
        done(&m);
    }
}

TEST(a_figure_is_left_alone_while_the_rule_says_so)
{
    for (int hour = 0; hour < 2; hour++) {
        struct made_panel *m = made_panel_new(7980, 60, 101);
        struct rule r = rule_for(busy, WORSE_UP);
        r.fresh_after = (span){1800000};
        new_host(m, 0, 90);
        old_hosts(m, 1, 7);
        look(m, &r, 1, 6, hour ? PIVOT + 3600 : END);
        const struct level_host *h = &s.level.host[0];
        CHECK(h->judged == (hour == 1));
        if (hour == 0) {
            CHECK_INT(h->why, UNJUDGED_YOUNG);
        } else {
            CHECK_INT(h->score.grade, GRADE_MUST_HANDLE);
            CHECK_INT(h->cut.n_after, 30); /* of the minutes since then alone */
        }
        done(&m);
    }
}

TEST(what_starts_low_and_fills_up_is_not_judged_where_less_counts_as_worse)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_BOTH);
    made_series(m, made_host("h00", "pay"), "cpu.busy");
    for (int64_t t = PIVOT; t < 11820; t += 60)
        made_cell(m, made_host("h00", "pay"), "cpu.busy", t,
                  1 + (double)(t - PIVOT) / 120);
    old_hosts(m, 1, 7);
    look(m, &r, 1, 6, END);
    CHECK(!s.level.host[0].judged);
    CHECK_INT(s.level.host[0].why, UNJUDGED_YOUNG);
    done(&m);
}

TEST(less_is_attention_at_most_where_both_ways_count_and_so_is_what_no_rule_names)
{
    for (int k = 0; k < 2; k++) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        struct rule r = rule_for(k == 0 ? busy : star, WORSE_BOTH);
        for (int i = 0; i < 2; i++)
            new_host(m, i, k == 0 ? 3 : 90);
        old_hosts(m, 2, 8);
        look(m, &r, 2, 6, END);
        CHECK_INT(s.level.group.grade, GRADE_ATTENTION);
        CHECK(s.level.group.weak && !s.level.group.capped);
        CHECK_INT(fresh_excuse_less(&s.level, 1), k == 0);
        CHECK_INT(s.level.group.grade, k == 0 ? GRADE_OK : GRADE_ATTENTION);
        done(&m);
    }
}

TEST(a_warm_up_that_is_over_is_told_as_over)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 11400, 80, 30, 1, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 0, PIVOT);
    old_hosts(m, 1, 7);
    look(m, &r, 1, 6, END);
    CHECK(s.level.host[0].judged && s.level.host[0].score.recovered);
    done(&m);
}

TEST(a_note_names_the_new_hosts_and_what_they_were_compared_with)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy, WORSE_UP);
    for (int i = 0; i < 6; i++)
        new_host(m, i, 30);
    old_hosts(m, 6, 12);
    look(m, &r, 6, 6, END);
    char *note = NULL;
    CHECK(fresh_note(&s.lineup, 6, &note) == 0);
    CHECK_TEXT(note, "6 hosts without a past (h00, h01, h02, h03, h04 and 1 more), "
                     "compared with 6 old hosts of the service in the same minutes.");
    free(note);
    CHECK(fresh_note(&s.lineup, 2, &note) == 0);
    CHECK_TEXT(
        note,
        "6 hosts without a past (h00, h01, h02, h03, h04 and 1 more), not judged: 3 "
        "old hosts of the service are needed to compare with, and 2 sent enough.");
    free(note);
    for (size_t i = 0; i < s.lineup.n_slots; i++)
        s.lineup.slot[i].fresh = false;
    CHECK(fresh_note(&s.lineup, 6, &note) == 0 && note == NULL);
    done(&m);
}
