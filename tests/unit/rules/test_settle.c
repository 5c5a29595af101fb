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
