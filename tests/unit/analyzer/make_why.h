/* tests/unit/analyzer/make_why.h - a judgement that is asked why. */
#ifndef TESTS_UNIT_ANALYZER_MAKE_WHY_H
#define TESTS_UNIT_ANALYZER_MAKE_WHY_H

#include "analyzer/why.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static struct made_change made;

#define HEAD "format: 1\npack: test\nrules:\n"
#define QUEUE                                                                          \
    "  - id: queue\n"                                                                  \
    "    series: my.queue\n"                                                           \
    "    worse: up\n"                                                                  \
    "    attention: {effect: 20%, delta: 5, q: 5%}\n"

/* Twelve hosts, of which the first four are changed: my.queue goes to `after` there. */
static struct made_panel *fleet(double after)
{
    struct made_panel *m = made_panel_new(7980, 60, 70);
    for (int i = 0; i < 12; i++)
        made_level(m, made_host(made_name(i), "pay"), "my.queue", 10020, 200,
                   i < 4 ? after : 200, 4, 1);
    struct entity e = made_edge("front", "pay", "/pay", "", "server");
    made_level(m, e, "ok 200", 10020, 100, 80, 3, 1);
    for (int64_t t = 10020; t < 12180; t += 60)
        made_cell(m, e, "fail 502", t, 20);
    return m;
}

/* Evidence beside samples, for tests that set some. */
static struct core_facts cores;
static struct alarm_facts alarms;
static struct test_rows results;

static void judge_it(const char *text, double after, struct explain *e,
                     struct verdict **ret)
{
    struct made_panel *m = fleet(after);
    struct complaints c = {0};
    struct err err = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    CHECK(rs != NULL);
    complaints_free(&c);
    made_panel_done(m);
    const struct judge_case jc = {
        .rules = rs,
        .change = make_change(&made, "pay", 4, 10020, 10020),
        .panel = &m->panel,
        .checkpoint = {.at = {11910000}, .ends = {11820000}, .look = {1800000}},
        .cores = cores.n > 0 ? &cores : NULL,
        .alarms = alarms.n > 0 ? &alarms : NULL,
        .tests = results.n > 0 ? &results : NULL,
        .looks_done = 3,
        .looks_all = 4,
        .explain = e};
    if (judge(&jc, ret, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    ruleset_free(&rs);
    made_panel_free(&m);
}

/* Explains `rule` of these rules; gives the text, for the test to free. */
static void explained(const char *rules, const char *rule, double after,
                      struct explain *e)
{
    OWNED_VERDICT *v = NULL;
    explain_begin(e, rule);
    judge_it(rules, after, e, &v);
    CHECK_INT(explain_end(e), 0);
}

static void check_has(const struct explain *e, const char *words)
{
    if (strstr(buf_text(&e->text), words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is not in:\n%s", words, buf_text(&e->text));
}

static void check_json(const struct explain *e, const char *words)
{
    if (strstr(buf_text(&e->json), words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is not in:\n%s", words, buf_text(&e->json));
}

#endif
