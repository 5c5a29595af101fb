/* tests of rules/reader, through whole files */
#include "tests/unit/rules/make_rules.h"

TEST(defaults_of_a_file_stand_where_a_rule_says_nothing)
{
    struct ruleset *rs =
        good_rules("format: 1\n"
                   "owner: pe\n"
                   "defaults:\n"
                   "  mode: shadow\n"
                   "  weight: 3\n"
                   "  needs: {points: 90%}\n"
                   "  on: {service: \"pay-*\", kinds: config}\n"
                   "rules:\n"
                   "  - {id: a, series: x, attention: {q: 1%}}\n"
                   "  - {id: b, series: y, attention: {q: 1%}, mode: enforce,\n"
                   "     needs: {hosts: 10%}, on: {kinds: release}, owner: me}\n");
    const struct rule *a = &rs->rule[0], *b = &rs->rule[1];
    CHECK(a->shadow && !b->shadow);
    CHECK_NEAR(a->weight, 3, 0);
    CHECK_NEAR(b->weight, 3, 0);
    CHECK_NEAR(b->needs.points, 0.9, 1e-12);
    CHECK_NEAR(b->needs.hosts, 0.1, 1e-12);
    CHECK_NEAR(a->needs.hosts, 0.8, 1e-12);
    CHECK_INT(a->on.kinds, 1u << CHANGE_CONFIG);
    CHECK_INT(b->on.kinds, 1u << CHANGE_RELEASE);
    CHECK_TEXT(b->on.service.at[0].text, "pay-*");
    CHECK_TEXT(a->owner, "pe");
    CHECK_TEXT(b->owner, "me");
    struct rule_place p = rule_place(a, "mode");
    CHECK(p.origin == ORIGIN_DEFAULTS && p.line == 4 && p.column == 9);
    CHECK(rule_place(b, "mode").origin == ORIGIN_RULE);
    CHECK(rule_place(a, "owner").origin == ORIGIN_DEFAULTS);
    CHECK(rule_place(a, "needs.calls").origin == ORIGIN_LANGUAGE);
    CHECK(rule_place(a, "runbook").origin == ORIGIN_NOWHERE);
    CHECK(rule_place(a, "attention.q").line == 9);
    ruleset_free(&rs);
}

TEST(what_says_what_a_rule_is_may_not_be_a_default)
{
    check_said(
        "format: 1\n"
        "defaults: {id: a, series: x, attention: {q: 1%}, modes: shadow}\n"
        "rules: [{id: a, series: x, attention: {q: 1%}}]\n",
        "r.yml:2:12: error[E101]: defaults has no field 'id', expected one of: "
        "owner, on, worse, needs, weight, critical, mode, runbook\n"
        "r.yml:2:19: error[E101]: defaults has no field 'series', expected one of: "
        "owner, on, worse, needs, weight, critical, mode, runbook\n"
        "r.yml:2:30: error[E101]: defaults has no field 'attention', expected one "
        "of: owner, on, worse, needs, weight, critical, mode, runbook\n"
        "r.yml:2:50: error[E101]: defaults has no field 'modes', did you mean "
        "'mode'?\n");
}

TEST(ids_that_are_there_twice_are_told_with_the_first_place)
{
    check_said("format: 1\n"
               "rules:\n"
               "  - {id: b, series: x, attention: {q: 1%}}\n"
               "  - {id: a, series: x, attention: {q: 1%}}\n"
               "  - {id: b, series: x, attention: {q: 1%}}\n",
               "r.yml:5:10: error[E203]: id 'b' is taken already by r.yml:3\n");
}
