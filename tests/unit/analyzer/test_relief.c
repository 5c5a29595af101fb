/* tests of analyzer/relief */
#include "analyzer/relief.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { PIVOT = 10020, END = 11820 };

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct lineup lineup;
static struct controls controls;
static struct relief r;
static struct ruleset *rules;
static double room[4096];

static const char usual_text[] = "format: 1\n"
                                 "rules:\n"
                                 "  - id: no-load\n"
                                 "    on: {kinds: [scale-out]}\n"
                                 "    relief: [cpu.busy, load.*]\n"
                                 "    unit: \"%\"\n"
                                 "    attention: {effect: 33%}\n";

static const char *text = usual_text;

static void look(struct made_panel *m, int hosts, enum change_kind kind)
{
    struct complaints c = {0};
    rules = ruleset_parse("r.yml", text, strlen(text), &c);
    CHECK(rules != NULL);
    struct change *change = make_change(&made, "pay", hosts, PIVOT, PIVOT);
    change->kind = kind;
    CHECK(align(change, NULL, 0, made_panel_done(m), &usual, (instant){END * 1000},
                &lineup, NULL) == 0);
    CHECK(control_choose(&lineup, &controls, NULL) == 0);
    CHECK(relief_measure(&lineup, &controls, rules, room, &r, NULL) == 0);
}

static void done(struct made_panel **m)
{
    relief_free(&r);
    controls_free(&controls);
    lineup_free(&lineup);
    ruleset_free(&rules);
    made_panel_free(m);
}

/* `hosts` new hosts at `taken`, six old ones from `before` to `after`. */
static struct made_panel *scaled(int hosts, double taken, double before, double after)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < hosts + 6; i++) {
        struct entity who = made_host(made_name(i), "pay");
        if (i >= hosts) {
            made_level(m, who, "cpu.busy", PIVOT, before, after, 1, 1);
            continue;
        }
        made_level(m, who, "cpu.busy", 0, taken, taken, 1, 1);
        made_gap(m, who, "cpu.busy", 0, PIVOT);
    }
    return m;
}

static void serve(struct made_panel *m, int i, const char *side, double before,
                  double after)
{
    made_level(m, made_edge("front", "pay", "/pay", made_name(i), side), "ok 200",
               PIVOT, before, after, 1, 1);
}

TEST(old_hosts_that_are_relieved_are_fine)
{
    struct made_panel *m = scaled(4, 36, 60, 37);
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged);
    CHECK_TEXT(r.metric, "cpu.busy");
    CHECK_INT(r.n_old, 6);
    CHECK_INT(r.n_new, 4);
    CHECK_NEAR(r.expected, 36, 0.5);
    CHECK_NEAR(r.came, 0.96, 0.05);
    CHECK_INT(r.grade, GRADE_OK);
    char *note;
    CHECK(relief_note(&r, &note) == 0);
    CHECK(strstr(note, "The cpu.busy of 6 old hosts went from 60") == note);
    CHECK(strstr(note, "where 4 more hosts should bring 36") != NULL);
    free(note);
    done(&m);
}

TEST(new_hosts_that_take_no_load_need_attention)
{
    struct made_panel *m = scaled(4, 3, 60, 60);
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged);
    CHECK_NEAR(r.came, 0, 0.05);
    CHECK_NEAR(r.taken, 3, 0.5);
    CHECK_INT(r.grade, GRADE_ATTENTION);
    done(&m);
}

TEST(new_hosts_that_an_exception_leaves_alone_are_neither_new_nor_old)
{
    static const char but[] = "format: 1\n"
                              "rules:\n"
                              "  - id: no-load\n"
                              "    relief: cpu.busy\n"
                              "    attention: {effect: 33%}\n"
                              "    except:\n"
                              "      - {host: [h00, h01], until: 2030-01-01, "
                              "reason: standby}\n";
    struct made_panel *m = scaled(4, 3, 60, 60);
    text = but;
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged);
    CHECK_INT(r.excepted, 2);
    CHECK_INT(r.n_new, 2);
    CHECK_NEAR(r.expected, 60 * 0.75, 0.5); /* two more beside six */
    done(&m);
    m = scaled(2, 3, 60, 60); /* and none is left */
    look(m, 2, CHANGE_SCALE_OUT);
    CHECK(!r.judged);
    CHECK_INT(r.excepted, 2);
    done(&m);
    text = usual_text;
}

TEST(a_rule_for_some_hosts_compares_those_alone)
{
    static const char some[] = "format: 1\n"
                               "rules:\n"
                               "  - id: no-load\n"
                               "    on: {host: [h00, h01, h04, h05, h06]}\n"
                               "    relief: cpu.busy\n"
                               "    attention: {effect: 33%}\n";
    struct made_panel *m = scaled(4, 3, 60, 60);
    text = some;
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged);
    CHECK_INT(r.n_new, 2);
    CHECK_INT(r.n_old, 3);
    CHECK_INT(r.all_old, 3);
    CHECK_INT(r.excepted, 0);
    done(&m);
    text = usual_text;
}

TEST(load_that_grew_meanwhile_is_no_fault_of_hosts_that_carry_it)
{
    struct made_panel *m = scaled(4, 60, 60, 60);
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged && r.came < 0.1);
    CHECK_INT(r.grade, GRADE_OK);
    done(&m);
}

TEST(calls_tell_more_than_a_figure_and_hosts_without_any_take_none)
{
    struct made_panel *m = scaled(4, 36, 60, 37); /* busy with something else */
    for (int i = 4; i < 10; i++) {
        serve(m, i, "client", 600, 590);
        serve(m, i, "server", 500, 490);
    }
    serve(m, 0, "client", 0, 5);
    look(m, 4, CHANGE_SCALE_OUT);
    CHECK(r.judged && r.metric == NULL);
    CHECK_NEAR(r.before, 10, 0.1); /* a second, as the client sees it */
    CHECK(r.taken < 0.1);
    CHECK_INT(r.n_new, 4);
    CHECK_INT(r.grade, GRADE_ATTENTION);
    done(&m);
}

TEST(only_changes_that_a_rule_is_for_are_asked_and_two_old_hosts_are_too_few)
{
    struct made_panel *m = scaled(4, 3, 60, 60);
    look(m, 4, CHANGE_RELEASE);
    CHECK(r.rule == NULL && !r.judged);
    char *note;
    CHECK(relief_note(&r, &note) == 0 && note == NULL);
    done(&m);
    m = scaled(4, 3, 60, 60);
    look(m, 8, CHANGE_SCALE_OUT); /* leaves two */
    CHECK(r.rule != NULL && !r.judged);
    CHECK_INT(r.why, UNJUDGED_FEW_OLD);
    done(&m);
}
