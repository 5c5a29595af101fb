/* tests of analyzer/level */
#include "analyzer/level.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct match star[] = {{.text = "*"}}, busy[] = {{.text = "cpu.busy"}};
static char percent[] = "%";

static struct rule rule_for(struct match *pattern)
{
    return (struct rule){
        .pattern = {1, pattern},
        .unit = percent,
        .worse = WORSE_UP,
        .needs = {.points = 0.6, .hosts = 0.8},
        .attention = {.set = true, .q = 0.05, .effect = 0.1, .delta = 5},
        .must_handle = {.set = true, .q = 0.01, .effect = 0.3, .delta = 15}};
}

/* Measured and graded alone: n changed hosts and k others, all of one metric. */
struct seen {
    struct level level;
    struct member member[64], control[64];
    struct lineup lineup;
    double room[4096];
};

static void look(struct seen *s, struct made_panel *m, const struct rule *rule, int n,
                 int k)
{
    struct panel *p = made_panel_done(m);
    CHECK(align(make_change(&made, "pay", n, 10000, 10000), NULL, 0, p, &usual,
                (instant){11800000}, &s->lineup, NULL) == 0);
    for (int i = 0; i < n + k; i++) {
        const struct unit *u = series_unit(&s->lineup, made_name(i), "pay");
        struct member one = {i < n ? &s->lineup.slot[i] : NULL, u,
                             (uint32_t)series_metric(u, "cpu.busy")};
        *(i < n ? &s->member[i] : &s->control[i - n]) = one;
    }
    struct level_case lc = {.lineup = &s->lineup,
                            .rule = rule,
                            .metric = "cpu.busy",
                            .member = s->member,
                            .n_members = (size_t)n,
                            .control = s->control,
                            .n_controls = (size_t)k,
                            .room = s->room};
    CHECK(level_measure(&lc, &s->level, NULL) == 0);
    CHECK(level_grade(&s->level, 1, NULL) == 0);
}

static void done(struct seen *s, struct made_panel **m)
{
    level_free(&s->level);
    lineup_free(&s->lineup);
    made_panel_free(m);
}

static void fill(struct made_panel *m, int from, int to, double before, double after)
{
    for (int i = from; i < to; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 10000, before + i,
                   after + i, 2, 1);
}

static struct seen s;

TEST(a_jump_of_all_changed_hosts_against_steady_controls_must_be_handled)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 4, 30, 60);
    fill(m, 4, 12, 30, 30);
    look(&s, m, &r, 4, 8);
    const struct score *g = &s.level.group;
    CHECK(s.level.has_group && g->base == BASE_CONTROLS);
    CHECK_INT(s.level.n_controls, 8);
    CHECK_INT(g->grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(g->before, 31.5, 0.5);
    CHECK_NEAR(g->after, 61.5, 0.5);
    CHECK_NEAR(g->control_before, g->control_after, 0.5);
    CHECK_NEAR(g->effect, 0.95, 0.05);
    CHECK_NEAR(g->delta, 29.5, 2);
    CHECK(g->z > 5 && g->p < 0.001 && !g->recovered);
    CHECK_INT(s.level.host[2].score.grade, GRADE_MUST_HANDLE);
    done(&s, &m);
}

TEST(a_jump_that_the_controls_share_is_none)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 4, 30, 60);
    fill(m, 4, 12, 30, 60);
    look(&s, m, &r, 4, 8);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(s.level.host[i].score.grade, GRADE_OK);
    done(&s, &m);
}

TEST(the_good_direction_is_no_finding)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 4, 60, 30);
    fill(m, 4, 12, 60, 60);
    look(&s, m, &r, 4, 8);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    CHECK(s.level.group.z < -5);
    r.worse = WORSE_BOTH;
    CHECK(level_grade(&s.level, 1, NULL) == 0);
    CHECK_INT(s.level.group.grade, GRADE_MUST_HANDLE);
    done(&s, &m);
}

TEST(one_host_of_many_is_found_but_wants_a_witness_for_more_than_attention)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 8, 30, 30);
    fill(m, 8, 18, 30, 30);
    made_level(m, made_host(made_name(3), "pay"), "cpu.busy", 10000, 30, 90, 2, 1);
    look(&s, m, &r, 8, 10);
    CHECK_INT(s.level.host[3].score.grade, GRADE_ATTENTION);
    for (size_t i = 0; i < 8; i++)
        CHECK(i == 3 || s.level.host[i].score.grade == GRADE_OK);
    struct level two[2] = {s.level, s.level};
    CHECK(level_grade(two, 2, NULL) == 0);
    CHECK_INT(two[0].host[3].score.grade, GRADE_MUST_HANDLE);
    done(&s, &m);
}

TEST(a_dip_that_is_over_is_recovered)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 12, 30, 30);
    for (int i = 0; i < 4; i++)
        for (int64_t t = 10320; t < 11400; t += 60)
            made_cell(m, made_host(made_name(i), "pay"), "cpu.busy", t, 80);
    look(&s, m, &r, 4, 8);
    CHECK(s.level.group.grade != GRADE_OK);
    CHECK(s.level.group.recovered);
    CHECK(s.level.host[0].score.recovered);
    done(&s, &m);
}

TEST(without_controls_a_named_metric_may_ask_for_attention_and_no_more)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 3, 30, 80);
    look(&s, m, &r, 3, 0);
    CHECK(s.level.group.base == BASE_PARTS);
    CHECK_INT(s.level.group.grade, GRADE_ATTENTION);
    CHECK(s.level.group.capped);
    CHECK(isnan(s.level.group.control_before));
    r.attention.delta = 0; /* does not say how much is too much */
    r.must_handle.delta = 0;
    CHECK(level_grade(&s.level, 1, NULL) == 0);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    done(&s, &m);
}

TEST(without_controls_and_past_a_rule_for_everything_is_silent)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(star);
    fill(m, 0, 3, 30, 80);
    look(&s, m, &r, 3, 0);
    CHECK_INT(s.level.n_judged, 0);
    CHECK_INT(s.level.host[0].why, UNJUDGED_SHORT_HISTORY);
    CHECK(!s.level.has_group);
    done(&s, &m);
}

/* Hosts beside the three changed ones, and ordinary moments like this one. */
static size_t others;
static int like;

static void look_with_habit(struct made_panel *m, const struct rule *rule,
                            size_t controls, double z)
{
    static struct layer_score habit[64];
    for (int i = 0; i < 64; i++)
        habit[i] = (struct layer_score){.known = true,
                                        .z = z,
                                        .p = z > 3 ? 1e-6 : 0.5,
                                        .move = log(80.0 / 30),
                                        .usual = NAN,
                                        .moments = 203,
                                        .moments_like = like};
    struct panel *p = made_panel_done(m);
    CHECK(align(make_change(&made, "pay", 3, 10000, 10000), NULL, 0, p, &usual,
                (instant){11800000}, &s.lineup, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        const struct unit *u = series_unit(&s.lineup, made_name(i), "pay");
        s.member[i] = (struct member){&s.lineup.slot[i], u,
                                      (uint32_t)series_metric(u, "cpu.busy")};
    }
    for (size_t i = 0; i < others; i++) {
        const struct unit *u = series_unit(&s.lineup, made_name((int)i + 3), "pay");
        s.control[i] = (struct member){NULL, u, (uint32_t)series_metric(u, "cpu.busy")};
    }
    struct level_case lc = {.lineup = &s.lineup,
                            .rule = rule,
                            .metric = "cpu.busy",
                            .member = s.member,
                            .n_members = 3,
                            .control = s.control,
                            .n_controls = others,
                            .room = s.room,
                            .host_habit = habit,
                            .group_habit = habit,
                            .habit_controls = controls};
    CHECK(level_measure(&lc, &s.level, NULL) == 0);
    CHECK(level_grade(&s.level, 1, NULL) == 0);
}

TEST(a_habit_lets_a_rule_for_everything_speak)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(star);
    fill(m, 0, 3, 30, 80);
    look_with_habit(m, &r, 0, 12);
    CHECK(s.level.group.base == BASE_HABIT);
    CHECK_INT(s.level.group.grade, GRADE_ATTENTION);
    CHECK(s.level.group.capped && s.level.group.moments == 203);
    done(&s, &m);
}

TEST(with_controls_as_well_a_habit_may_ask_for_more)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(star);
    fill(m, 0, 3, 30, 80);
    look_with_habit(m, &r, CONTROLS_LEAST, 12);
    CHECK_INT(s.level.group.grade, GRADE_MUST_HANDLE);
    done(&s, &m);
}

TEST(a_move_that_is_usual_is_no_finding_however_large)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(star);
    fill(m, 0, 3, 30, 80);
    look_with_habit(m, &r, CONTROLS_LEAST, 0.7);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    done(&s, &m);
}

TEST(hosts_that_all_answer_differently_are_no_finding)
{
    const double answers[] = {30, 30, 60, 90, 120, 120};
    struct rule r = rule_for(star);
    others = 6;
    for (int stray = 0; stray < 2; stray++) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        fill(m, 0, 3, 30, 80);
        for (int i = 0; i < 6; i++)
            fill(m, 3 + i, 4 + i, 30, stray ? answers[i] : 30);
        look_with_habit(m, &r, others, 12);
        CHECK_INT(s.level.group.grade, stray ? GRADE_OK : GRADE_MUST_HANDLE);
        CHECK_INT(s.level.host[0].score.grade, stray ? GRADE_OK : GRADE_MUST_HANDLE);
        CHECK(stray ? s.level.host[0].score.z < 3 : s.level.host[0].score.z == 12);
        done(&s, &m);
    }
    others = 0;
}

TEST(what_a_host_does_now_and_then_by_itself_is_no_finding)
{
    struct rule r = rule_for(star);
    for (like = 1; like <= 10; like += 9) {
        struct made_panel *m = made_panel_new(7980, 60, 64);
        fill(m, 0, 3, 30, 80);
        look_with_habit(m, &r, CONTROLS_LEAST, 12);
        CHECK_INT(s.level.group.grade, like == 1 ? GRADE_MUST_HANDLE : GRADE_OK);
        CHECK_NEAR(s.level.group.p, like == 1 ? 1e-6 : 10.0 / 203, 1e-12);
        done(&s, &m);
    }
    like = 0;
}

TEST(one_odd_control_never_makes_a_finding)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 3, 30, 30);
    fill(m, 3, 4, 90, 20);
    look(&s, m, &r, 3, 1);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    CHECK(fabs(s.level.group.effect) < 0.1);
    done(&s, &m);
}

TEST(hosts_with_too_few_points_are_left_out_with_the_reason)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 12, 30, 30);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10500, 99999);
    made_gap(m, made_host("h01", "pay"), "cpu.busy", 0, 9700);
    look(&s, m, &r, 4, 8);
    CHECK(!s.level.host[0].judged && s.level.host[0].why == UNJUDGED_NO_DATA_AFTER);
    CHECK(!s.level.host[1].judged && s.level.host[1].why == UNJUDGED_NO_DATA_BEFORE);
    CHECK_INT(s.level.n_judged, 2);
    CHECK(!s.level.has_group); /* half of the hosts are too few */
    done(&s, &m);
}

TEST(a_flat_figure_needs_more_than_one_step_of_its_own)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(star);
    r.unit = NULL;
    r.worse = WORSE_BOTH;
    r.attention = (struct bar){.set = true, .q = 0.01, .effect = 0.2};
    for (int i = 0; i < 10; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, 0, 0, 0, 1);
    made_cell(m, made_host("h00", "pay"), "cpu.busy", 10980, 1);
    look(&s, m, &r, 2, 8);
    CHECK_INT(s.level.group.grade, GRADE_OK);
    CHECK_INT(s.level.host[0].score.grade, GRADE_OK);
    done(&s, &m);
}

TEST(figures_below_zero_are_compared_by_difference)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct rule r = rule_for(busy);
    fill(m, 0, 4, -20, 10);
    fill(m, 4, 12, -20, -20);
    look(&s, m, &r, 4, 8);
    CHECK_INT(s.level.group.grade, GRADE_MUST_HANDLE);
    CHECK_NEAR(s.level.group.delta, 30, 1.5);
    done(&s, &m);
}

TEST(the_share_of_false_findings_is_kept_over_all_series)
{
    /* 400 quiet groups of 5 hosts against 20 controls: none may be must-handle, few
     * attention. */
    enum { N = 400 };
    static struct level all[N];
    static struct seen one;
    struct rule r = rule_for(busy);
    r.attention.effect = r.attention.delta = r.must_handle.effect =
        r.must_handle.delta = 0;
    r.worse = WORSE_BOTH;
    static struct made_panel *panels[N];
    static struct lineup lineups[N];
    static struct member members[N][64], controls[N][64];
    for (int k = 0; k < N; k++) {
        panels[k] = made_panel_new(7980, 60, 64);
        uint64_t seed = 1000 + (uint64_t)k;
        for (int i = 0; i < 25; i++) {
            double walk = 0;
            for (int64_t t = 7980; t < 7980 + 64 * 60; t += 60) {
                walk = 0.8 * walk + made_noise(&seed);
                made_cell(panels[k], made_host(made_name(i), "pay"), "cpu.busy", t,
                          50 + 5 * walk);
            }
        }
        struct panel *p = made_panel_done(panels[k]);
        CHECK(align(make_change(&made, "pay", 5, 10000, 10000), NULL, 0, p, &usual,
                    (instant){11800000}, &lineups[k], NULL) == 0);
        for (int i = 0; i < 25; i++) {
            const struct unit *u = series_unit(&lineups[k], made_name(i), "pay");
            struct member m = {i < 5 ? &lineups[k].slot[i] : NULL, u, 0};
            *(i < 5 ? &members[k][i] : &controls[k][i - 5]) = m;
        }
        struct level_case lc = {.lineup = &lineups[k],
                                .rule = &r,
                                .metric = "cpu.busy",
                                .member = members[k],
                                .n_members = 5,
                                .control = controls[k],
                                .n_controls = 20,
                                .room = one.room};
        CHECK(level_measure(&lc, &all[k], NULL) == 0);
    }
    CHECK(level_grade(all, N, NULL) == 0);
    int found = 0;
    for (int k = 0; k < N; k++) {
        found += all[k].group.grade != GRADE_OK;
        for (int i = 0; i < 5; i++)
            found += all[k].host[i].score.grade != GRADE_OK;
        level_free(&all[k]);
        lineup_free(&lineups[k]);
        made_panel_free(&panels[k]);
    }
    CHECK(found <= 1);
}

/* --- the wider rates: levels made by hand, of 50 hosts and 20 figures --- */

enum { FIGURES = 20, HOSTS = 50 };

struct many {
    struct rule rule;
    struct level level[FIGURES];
    struct level_host host[FIGURES][HOSTS];
    struct member member[HOSTS];
    struct slot slot[HOSTS];
};

/* Nothing moved by more than a tenth of quiet moments show. */
static void make_quiet(struct many *q)
{
    *q = (struct many){.rule = rule_for(star)};
    q->rule.worse = WORSE_BOTH;
    q->rule.attention.delta = q->rule.must_handle.delta = 0;
    for (size_t k = 0; k < HOSTS; k++)
        q->member[k].slot = &q->slot[k];
    for (size_t i = 0; i < FIGURES; i++) {
        const struct score quiet = {
            .base = BASE_HABIT, .compared = true, .move = 0.4, .effect = 0.5, .p = 0.1};
        q->level[i] = (struct level){.rule = &q->rule,
                                     .n = HOSTS,
                                     .host = q->host[i],
                                     .n_judged = HOSTS,
                                     .has_group = true,
                                     .group = quiet};
        q->level[i].group.group = true;
        for (size_t k = 0; k < HOSTS; k++)
            q->host[i][k] = (struct level_host){
                .member = &q->member[k], .judged = true, .score = quiet};
    }
}

/* Too usual for the rule's 5 % over 1000 tests, not for six times as much. */
static void stir(struct many *q, size_t figure, size_t host, double move)
{
    q->host[figure][host].score.p = 3e-4;
    q->host[figure][host].score.move = move;
}

static size_t hosts_found(const struct many *q)
{
    size_t n = 0;
    for (size_t i = 0; i < FIGURES; i++)
        for (size_t k = 0; k < HOSTS; k++)
            n += q->host[i][k].score.grade != GRADE_OK;
    return n;
}

static struct many many;

TEST(hosts_that_move_the_same_way_stand_for_each_other)
{
    make_quiet(&many);
    for (size_t k = 0; k < 3; k++)
        stir(&many, 7, 10 * k, 0.4);
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(hosts_found(&many), 3);
    CHECK_INT(many.host[7][20].score.grade, GRADE_ATTENTION);
    CHECK(many.host[7][20].score.together && !many.host[7][1].score.together);
}

TEST(hosts_that_move_apart_do_not)
{
    make_quiet(&many);
    stir(&many, 7, 0, 0.4);
    stir(&many, 7, 1, -0.4); /* the other way */
    stir(&many, 8, 2, 0.4);  /* another figure */
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(hosts_found(&many), 0);
}

TEST(hosts_whose_move_is_over_stand_for_nobody)
{
    make_quiet(&many);
    for (size_t k = 0; k < 3; k++)
        stir(&many, 7, k, 0.4);
    many.host[7][0].score.recovered = many.host[7][1].score.recovered = true;
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(hosts_found(&many), 0);
}

/* Where much has moved, the rate lets much through: two of fifty hosts are then what
 * chance brings. */
TEST(as_many_hosts_as_chance_brings_do_not_stand_for_each_other)
{
    make_quiet(&many);
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < HOSTS; k++)
            many.host[i][k].score.p = 1e-6;
    for (size_t k = 0; k < 2; k++) {
        stir(&many, 15, k, 0.4);
        many.host[15][k].score.p = 0.009;
    }
    many.rule.attention.q = 0.005;
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(hosts_found(&many), 8 * HOSTS);
}

TEST(all_hosts_as_one_are_held_against_a_wider_rate_when_their_habit_is_known)
{
    make_quiet(&many);
    many.level[3].group.p = 0.008; /* 5 % of 20 tests asks for 0.0025 */
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(many.level[3].group.grade, GRADE_ATTENTION);
    make_quiet(&many);
    for (size_t i = 0; i < FIGURES; i++)
        many.level[i].group.base = BASE_CONTROLS;
    many.level[3].group.p = 0.008;
    CHECK(level_grade(many.level, FIGURES, NULL) == 0);
    CHECK_INT(many.level[3].group.grade, GRADE_OK);
}
