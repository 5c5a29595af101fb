/* tests of rules/override, through whole files */
#include "tests/unit/rules/make_rules.h"

#define RULES                                                                          \
    "format: 1\n"                                                                      \
    "rules:\n"                                                                         \
    "  - {id: a, series: x, unit: \"%\", attention: {effect: 10%}, limit: {above: "    \
    "9}}\n"                                                                            \
    "  - {id: b, silence: true, attention: {count: 1}}\n"                              \
    "overrides:\n"
#define WHO ", by: li, reason: R-1, until: 2026-12-31}\n"

static const instant in_december = {1796000000000}, in_january = {1798761600000};

TEST(an_override_speaks_for_its_services_until_its_day_has_ended)
{
    struct ruleset *rs = good_rules(
        RULES
        "  - {rule: a, scope: {service: \"pay-*\"}, set: {attention.effect: 50%}" WHO
        "  - {rule: a, scope: {service: pay-x}, set: {limit.above: 97%, "
        "mode: shadow}" WHO);
    struct change x = a_change(CHANGE_RELEASE, "pay-x");
    struct change web = a_change(CHANGE_RELEASE, "web");
    x.start = web.start = in_december;
    struct ruleset *in = ruleset_in_force(rs, &x, NULL);
    CHECK_INT(in->n, 2);
    const struct rule *r = &in->rule[0];
    CHECK_NEAR(r->attention.effect, 0.5, 1e-12);
    CHECK_NEAR(r->limit.value, 97, 0);
    CHECK(r->shadow);
    CHECK_INT(r->n_overrides, 2);
    struct rule_place p = rule_place(r, "limit.above");
    CHECK(p.origin == ORIGIN_OVERRIDE && p.line == 7);
    CHECK_TEXT(p.by->by, "li");
    CHECK(rule_place(r, "limit.hold").origin == ORIGIN_LANGUAGE);
    CHECK(ruleset_for_series(in, &x, "x", "h") == r);
    ruleset_free(&in);
    in = ruleset_in_force(rs, &web, NULL);
    CHECK_NEAR(in->rule[0].attention.effect, 0.1, 1e-12);
    CHECK_INT(in->rule[0].n_overrides, 0);
    ruleset_free(&in);
    x.start = in_january; /* 2027-01-01T00:00:00Z */
    in = ruleset_in_force(rs, &x, NULL);
    CHECK_NEAR(in->rule[0].attention.effect, 0.1, 1e-12);
    ruleset_free(&in);
    x.start.ms--;
    in = ruleset_in_force(rs, &x, NULL);
    CHECK_NEAR(in->rule[0].attention.effect, 0.5, 1e-12);
    ruleset_free(&in);
    ruleset_free(&rs);
}

TEST(two_overrides_of_one_field_for_services_that_may_be_the_same_are_an_error)
{
    check_said(
        RULES
        "  - {rule: a, scope: {service: \"pay-*\"}, set: {attention.effect: 50%}" WHO
        "  - {rule: a, scope: {service: \"*-batch\"}, set: {attention: {effect: "
        "20%}}" WHO
        "  - {rule: a, scope: {service: \"web-*\"}, set: {attention.effect: 60%}" WHO,
        "r.yml:7:50: error[E303]: 'attention' of rule 'a' is overridden already in "
        "r.yml:6:48 for services that may be the same, expected one override for "
        "each\n"
        "r.yml:8:48: error[E303]: 'attention.effect' of rule 'a' is overridden "
        "already in r.yml:7:50 for services that may be the same, expected one "
        "override for each\n");
}

TEST(scopes_that_cannot_meet_may_set_the_same_field)
{
    struct ruleset *rs = good_rules(
        RULES
        "  - {rule: a, scope: {service: web, kinds: config}, set: {weight: 2}" WHO
        "  - {rule: a, scope: {service: web, kinds: release}, set: {weight: 3}" WHO
        "  - {rule: a, scope: {service: pay, labels: {idc: a}}, set: {weight: 4}" WHO
        "  - {rule: a, scope: {service: pay, labels: {idc: b}}, set: {weight: 5}" WHO);
    struct label label = {.key = (char *)(uintptr_t) "idc",
                          .value = (char *)(uintptr_t) "b"};
    struct change c = a_change(CHANGE_RELEASE, "pay");
    c.label = &label;
    c.n_labels = 1;
    struct ruleset *in = ruleset_in_force(rs, &c, NULL);
    CHECK_NEAR(in->rule[0].weight, 5, 0);
    ruleset_free(&in);
    ruleset_free(&rs);
}

TEST(an_override_is_checked_with_its_rule)
{
    check_said(
        RULES "  - {rule: aa, scope: {service: x}, set: {weight: 2}" WHO
              "  - {rule: a, scope: {service: x}, set: {id: c, attention.effct: 1%}" WHO
              "  - {rule: a, scope: {service: x}, set: {limit.below: 5}" WHO
              "  - {rule: b, scope: {service: x}, set: {attention.q: 1%}" WHO
              "  - {rule: a, scope: {host: x}, set: {weight: x}" WHO
              "  - {rule: a, scope: {}, set: {}" WHO,
        "r.yml:6:12: error[E301]: there is no rule 'aa' to override\n"
        "r.yml:7:42: error[E302]: 'id' cannot be overridden: it says what the rule "
        "is\n"
        "r.yml:7:49: error[E101]: grade has no field 'effct', did you mean "
        "'effect'?\n"
        "r.yml:8:41: error[E304]: this makes rule 'a' (r.yml:3) wrong: 'limit' has "
        "both sides, expected either above or below\n"
        "r.yml:9:42: error[E202]: 'attention.q' goes with series, calls, "
        "coredumps, alarms and probes only, and rule 'b' is about silence\n"
        "r.yml:10:29: error[E302]: an override is for services, not for hosts: "
        "expected service, kinds or labels\n"
        "r.yml:10:47: error[E104]: 'weight' is 'x', expected a number such as 2 or "
        "0.5\n"
        "r.yml:11:31: error[E103]: 'set' must be a map from paths of fields, such "
        "as must-handle.effect, to their values\n");
}
