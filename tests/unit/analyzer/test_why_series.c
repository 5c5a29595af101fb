/* tests of analyzer/why_series: the numbers are those of the finding */
#include "analyzer/why_series.h"
#include "base/json.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static struct made_change made;

struct told {
    struct explain e;
    struct verdict *v;
    struct json_doc *doc;
};

static void tell(struct told *t, const char *rule, double after)
{
    OWNED_BUF text = {0};
    struct complaints c = {0};
    struct err err = {0};
    struct made_panel *m = made_panel_new(7980, 60, 70);
    for (int i = 0; i < 12; i++)
        made_level(m, made_host(made_name(i), "pay"), "my.queue", 10020, 200,
                   i < 4 ? after : 200, 4, 1);
    made_gap(m, made_host("h01", "pay"), "my.queue", 9000, 9300);
    buf_addf(&text, "format: 1\nrules:\n  - id: queue\n    series: my.queue\n%s", rule);
    struct ruleset *rs =
        ruleset_parse("r.yml", buf_text(&text), strlen(buf_text(&text)), &c);
    CHECK(rs != NULL);
    complaints_free(&c);
    made_panel_done(m);
    explain_begin(&t->e, "queue");
    const struct judge_case jc = {
        .rules = rs,
        .change = make_change(&made, "pay", 4, 10020, 10020),
        .panel = &m->panel,
        .checkpoint = {.at = {11910000}, .ends = {11820000}, .look = {1800000}},
        .looks_done = 3,
        .looks_all = 4,
        .explain = &t->e};
    if (judge(&jc, &t->v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(explain_end(&t->e), 0);
    t->doc = json_parse(buf_text(&t->e.json), t->e.json.len, &err);
    CHECK(t->doc != NULL);
    ruleset_free(&rs);
    made_panel_free(&m);
}

static void untell(struct told *t)
{
    explain_free(&t->e);
    verdict_free(&t->v);
    json_free(&t->doc);
}

/* "levels/0/group/p" */
static struct json_at at_path(const struct told *t, const char *path)
{
    struct json_at at = json_root(t->doc);
    char copy[200];
    snprintf(copy, sizeof copy, "%s", path);
    char *rest = copy, *step;
    while ((step = strsep(&rest, "/")) != NULL) {
        struct json_at next;
        if (step[0] >= '0' && step[0] <= '9')
            next = json_item(&at, (size_t)(step[0] - '0'));
        else if (!json_member(&at, step, &next))
            test_fail(__FILE__, __LINE__, "no %s of %s in %s", step, path,
                      buf_text(&t->e.json));
        at = next;
    }
    return at;
}

static double number(const struct told *t, const char *path)
{
    struct json_at at = at_path(t, path);
    double v = 0;
    CHECK_INT(json_number(&at, &v, NULL), 0);
    return v;
}

static const char *words(const struct told *t, const char *path)
{
    struct json_at at = at_path(t, path);
    const char *text = "";
    CHECK_INT(json_text(&at, &text, NULL), 0);
    return text;
}

TEST(the_group_has_the_numbers_of_the_finding)
{
    struct told t = {0};
    tell(&t, "    worse: up\n    attention: {effect: 20%, delta: 5, q: 5%}\n", 300);
    CHECK_INT(t.v->n_findings, 1);
    const struct finding *f = &t.v->findings[0];
    CHECK_NEAR(number(&t, "levels/0/group/before"), f->before, 1e-3);
    CHECK_NEAR(number(&t, "levels/0/group/after"), f->after, 1e-3);
    CHECK_NEAR(number(&t, "levels/0/group/control_after"), f->control_after, 1e-3);
    CHECK_NEAR(number(&t, "levels/0/group/z") / f->z, 1, 1e-5);
    CHECK_NEAR(number(&t, "levels/0/group/p") / f->p, 1, 1e-5);
    CHECK(number(&t, "levels/0/group/attention/p_bar") * 1.00001 >= f->p);
    CHECK_NEAR(number(&t, "levels/0/group/attention/delta_asked"), 5, 0);
    CHECK_TEXT(words(&t, "levels/0/group/outcome"), "the bar of attention is met");
    CHECK_NEAR(number(&t, "levels/0/controls"), 8, 0);
    /* five of thirty points are missing on one host */
    CHECK_TEXT(words(&t, "levels/0/hosts/1/host"), "h01");
    CHECK_NEAR(number(&t, "levels/0/hosts/1/points_before"), 25, 0);
    CHECK_NEAR(number(&t, "levels/0/hosts/1/points_before_missing"), 5, 0);
    CHECK_NEAR(number(&t, "levels/0/hosts/0/points_before_missing"), 0, 0);
    CHECK_TEXT(words(&t, "levels/0/hosts/0/windows/before_to"), "1970-01-01T02:47:00Z");
    untell(&t);
}

TEST(no_grade_has_its_reason)
{
    static const struct {
        const char *rule;
        double after;
        const char *why;
    } cases[] = {
        {"    worse: down\n    attention: {effect: 20%, delta: 5, q: 5%}\n", 300,
         "it moved in the good direction, or not at all"},
        {"    worse: up\n    attention: {effect: 900%, delta: 5, q: 5%}\n", 300,
         "the effect is below the rule's floor"},
        {"    worse: up\n    attention: {effect: 20%, delta: 5k, q: 5%}\n", 300,
         "the delta is below the rule's floor"},
        {"    worse: both\n    attention: {effect: 0.001%, delta: 0.0001, q: 5%}\n",
         200, "it is not unusual enough: p is above the bar"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct told t = {0};
        tell(&t, cases[i].rule, cases[i].after);
        CHECK_TEXT(words(&t, "levels/0/group/outcome"), cases[i].why);
        untell(&t);
    }
}

TEST(a_limit_is_told_point_by_point_and_a_condition_part_by_part)
{
    struct told t = {0};
    tell(&t, "    worse: up\n    limit: {above: 250, hold: 3 of 5}\n", 300);
    CHECK_TEXT(words(&t, "limits/0/hosts/0/outcome"), "broken");
    CHECK_NEAR(number(&t, "limits/0/hosts/0/over_after"), 5, 0);
    CHECK_NEAR(number(&t, "limits/0/hosts/0/over_before"), 0, 0);
    untell(&t);
    t = (struct told){0};
    tell(&t,
         "    worse: up\n    attention: {when: after > before * 1.3 and delta > 500}\n",
         300);
    CHECK_TEXT(words(&t, "limits/0/hosts/0/condition/parts/0/truth"), "true");
    CHECK_TEXT(words(&t, "limits/0/hosts/0/condition/parts/1/truth"), "false");
    CHECK_TEXT(words(&t, "limits/0/hosts/0/condition/truth"), "false");
    CHECK_NEAR(number(&t, "limits/0/hosts/0/condition/parts/1/left"), 100, 5);
    untell(&t);
}

TEST(a_bar_with_a_condition_is_not_met_by_any_move_at_all)
{
    struct told t = {0};
    tell(&t,
         "    worse: up\n    attention: {when: delta > 500}\n"
         "    must-handle: {effect: 900%, delta: 5, q: 1%}\n",
         300);
    CHECK_INT(t.v->n_findings, 0);
    CHECK_TEXT(words(&t, "levels/0/group/outcome"),
               "the effect is below the rule's floor");
    untell(&t);
}
