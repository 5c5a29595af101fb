/* tests of analyzer/slow_look: what is gathered and how it is put into a verdict; what
 * it finds is tested in test_slow */
#include "analyzer/slow_look.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdlib.h>

static struct made_change made;
static const struct checkpoint day = {
    .at = {1086490000}, .ends = {1086400000}, .look = {86400000}, .final = true};

TEST(days_before_the_first_host_are_gathered_and_the_last_hour_from_the_windows)
{
    struct panel_ask ask;
    struct change *c = make_change(&made, "pay", 2, 1000000, 1000000);
    c->host[1].pivot.ms -= 5000;
    CHECK(slow_look_ask(c, &day, true, &ask, NULL) == 0);
    CHECK_INT(ask.hot_to.ms, 1086400000);
    CHECK_INT(ask.hot_from.ms, 1086400000 - 3600000);
    CHECK_INT(ask.hot_from.ms - ask.past.ms, 999995000 - 8 * INT64_C(86400000));
    CHECK(ask.far);
    CHECK_INT(ask.n_hosts, 2);
    free((void *)(uintptr_t)ask.hosts);
    CHECK(slow_look_ask(c, &day, false, &ask, NULL) == 0); /* long since */
    CHECK_INT(ask.hot_from.ms, ask.hot_to.ms);
    free((void *)(uintptr_t)ask.hosts);
    CHECK_INT(slow_look_reach(c, &day).ms, 999995000 - 86400000);
}

static struct verdict *look_at_nothing(const struct verdict *before)
{
    struct complaints complaints = {0};
    struct ruleset *rules = ruleset_load(NULL, &complaints);
    OWNED_MADE *m = made_panel_new(1000000, 300, 10);
    struct verdict *v = NULL;
    CHECK(rules != NULL);
    made_panel_done(m);
    struct slow_case sc = {.rules = rules,
                           .change = make_change(&made, "pay", 1, 1000000, 1000000),
                           .panel = &m->panel,
                           .at = day,
                           .verdict = before};
    CHECK(slow_look(&sc, &v, NULL) == 0);
    ruleset_free(&rules);
    complaints_free(&complaints);
    return v;
}

TEST(a_look_at_nothing_says_what_the_verdict_said_and_why_there_was_no_look)
{
    OWNED_VERDICT *before = verdict_new("c1");
    before->grade = GRADE_NOT_JUDGED;
    before->reason = strdup("nobody knows");
    before->final = true;
    OWNED_VERDICT *v = look_at_nothing(before);
    CHECK(verdict_same(before, v));
    CHECK_TEXT(v->reason, "nobody knows");
    CHECK_TEXT(v->coverage.slow_note, "not looked again 24 hours after: no series of "
                                      "the changed hosts is known");
}

TEST(findings_of_an_earlier_try_at_the_same_look_go_and_all_others_stay)
{
    OWNED_VERDICT *before = verdict_new("c1");
    before->grade = GRADE_ATTENTION;
    static const int64_t later[] = {0, 86400000, 21600000};
    for (int i = 0; i < 3; i++) {
        struct finding *f = verdict_add(before);
        f->with = FINDING_LEADS;
        f->grade = GRADE_ATTENTION;
        f->metric = strdup("cpu.busy");
        f->later.ms = later[i];
    }
    OWNED_VERDICT *v = look_at_nothing(before);
    CHECK_INT(v->n_findings, 2);
    CHECK(v->findings[0].later.ms != 86400000 && v->findings[1].later.ms != 86400000);
}
