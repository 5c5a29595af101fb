/* tests of rules/settle, through whole files */
#include "tests/unit/rules/make_rules.h"

TEST(amounts_become_numbers_in_the_figures_unit)
{
    struct ruleset *rs = good_rules(
        "format: 1\nrules:\n"
        "  - {id: a, series: net.rx, unit: bytes/s, attention: {delta: 20 MB/s},\n"
        "     limit: {above: 1 GB}}\n"
        "  - {id: b, calls: {measure: latency}, attention: {delta: 2s}}\n"
        "  - {id: c, calls: {measure: fail_share}, attention: {delta: 0.5%}}\n"
        "  - {id: d, series: cpu, unit: \"%\", attention: {delta: 5%}}\n");
    CHECK_NEAR(rs->rule[0].attention.delta, 20e6, 0);
    CHECK_NEAR(rs->rule[0].limit.value, 1e9, 0);
    CHECK_NEAR(rs->rule[1].attention.delta, 2000, 0);
    CHECK_NEAR(rs->rule[2].attention.delta, 0.005, 1e-12);
    CHECK_NEAR(rs->rule[3].attention.delta, 5, 0);
    ruleset_free(&rs);
}

TEST(what_does_not_go_together_is_told_once_and_all_at_once)
{
    check_said(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    silence: true\n"
        "    unit: ms\n"
        "    attention: {delta: 5, count: 1}\n"
        "  - id: b\n"
        "    calls: {measure: fail_share}\n"
        "    attention: {delta: 5}\n"
        "  - id: c\n"
        "    series: x\n"
        "    unit: ms\n"
        "    attention: {delta: 5 MB}\n"
        "    limit: {}\n",
        "r.yml:5:11: error[E202]: 'unit' goes with series and relief only, and "
        "this rule is about silence\n"
        "r.yml:6:24: error[E202]: 'delta' goes with series and calls only, and "
        "this rule is about silence\n"
        "r.yml:9:24: error[E209]: 'delta' of a share of calls is in points, "
        "expected a share with its sign such as 0.5%\n"
        "r.yml:13:24: error[E209]: 'delta' has a unit that the figure does not "
        "have: expected a number in the figure's own unit, or a unit such as "
        "bytes\n"
        "r.yml:14:12: error[E206]: 'limit' has no side, expected either above or "
        "below\n");
}

TEST(conditions_are_read_with_the_names_and_units_of_their_subject)
{
    struct ruleset *rs = good_rules(
        "format: 1\nrules:\n"
        "  - {id: a, series: x, unit: ms,\n"
        "     must-handle: {when: \"after > before * 1.3 and delta > 2s\", hold: 3 of "
        "5}}\n"
        "  - {id: b, calls: {measure: fail_share}, attention: {when: delta > 0.5% and "
        "errors >= 20}}\n");
    const struct rule *a = &rs->rule[0];
    CHECK(a->must_handle.when.condition != NULL && a->must_handle.hold.of == 5);
    CHECK(rs->rule[1].attention.when.condition != NULL);
    struct change c = a_change(CHANGE_RELEASE, "x");
    CHECK(ruleset_for_limit(rs, &c, "x", "h") == a);
    CHECK(ruleset_for_series(rs, &c, "x", "h") == NULL);
    ruleset_free(&rs);
}

TEST(a_condition_with_a_mistake_is_pointed_into)
{
    check_said(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    series: x\n"
        "    attention: {when: \"after > befor\"}\n"
        "    must-handle: {when: after >, q: 1%}\n"
        "  - id: b\n"
        "    calls: {measure: latency}\n"
        "    attention: {when: after > 1%}\n"
        "  - id: d\n"
        "    calls: {measure: fail_share}\n"
        "    attention: {when: after > 1%, hold: 3 of 5}\n"
        "  - id: c\n"
        "    series: x\n"
        "    attention: {q: 5%, hold: 3 of 5}\n",
        "r.yml:5:32: error[E110]: unknown name 'befor', did you mean 'before'?\n"
        "r.yml:6:18: error[E211]: 'must-handle' has both a condition and other "
        "figures, expected either\n"
        "r.yml:6:32: error[E110]: expected a name, a number or (, got the end\n"
        "r.yml:9:29: error[E110]: 'after' is a length of time and '1%' is a share; "
        "they cannot be compared\n"
        "r.yml:12:16: error[E202]: 'hold' does not go with fail_share, expected it "
        "with "
        "latency: shares are of the whole window\n"
        "r.yml:15:16: error[E211]: 'attention' has a hold without a condition\n");
}
