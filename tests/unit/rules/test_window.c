/* tests of rules/window, through whole files */
#include "tests/unit/rules/make_rules.h"

TEST(services_take_from_kinds_and_kinds_from_the_default)
{
    struct ruleset *rs = good_rules(
        "format: 1\n"
        "windows:\n"
        "  services:\n"
        "    \"pay-*\": {default: {settle: 2m}, config: {looks: [9m, 20m]}}\n"
        "    pay-batch: {default: {before: 1h}}\n"
        "  config: {settle: 1m}\n"
        "  default: {before: 20m, looks: [8m]}\n"
        "rules: [{id: a, series: x, attention: {q: 1%}}]\n");
    struct change api = a_change(CHANGE_CONFIG, "pay-api");
    struct change batch = a_change(CHANGE_CONFIG, "pay-batch");
    struct change web = a_change(CHANGE_CONFIG, "web"),
                  none = a_change(CHANGE_CONFIG, NULL);
    const struct windows_rule *w = ruleset_windows(rs, &api);
    CHECK_INT(w->settle.ms, 120000);
    CHECK_INT(w->before.ms, 1200000);
    CHECK_INT(w->n_looks, 2);
    w = ruleset_windows(rs, &batch);
    CHECK_INT(w->settle.ms, 60000); /* of config: the best fit alone speaks */
    CHECK_INT(w->before.ms, 3600000);
    w = ruleset_windows(rs, &web);
    CHECK_INT(w->settle.ms, 60000);
    CHECK_INT(w->looks[0].ms, 480000);
    CHECK(ruleset_windows(rs, &none) == w);
    const struct rule_file *from = NULL;
    const struct yaml_node *at =
        windows_source(&rs->windows_all, CHANGE_CONFIG, "pay-api", "settle", &from);
    CHECK(at != NULL && at->line == 4 && from == &rs->file[0]);
    at = windows_source(&rs->windows_all, CHANGE_CONFIG, "web", "before", &from);
    CHECK(at != NULL && at->line == 7);
    CHECK(windows_source(&rs->windows_all, CHANGE_OTHER, "web", "late", &from) == NULL);
    ruleset_free(&rs);
}

TEST(windows_in_force_are_those_of_the_service_for_all_kinds)
{
    struct ruleset *rs =
        good_rules("format: 1\n"
                   "windows:\n"
                   "  services:\n"
                   "    web: {release: {before: 5m}}\n"
                   "rules: [{id: a, series: x, attention: {q: 1%}}]\n");
    struct change c = a_change(CHANGE_RELEASE, "web");
    struct ruleset *in = ruleset_in_force(rs, &c, NULL);
    CHECK(in != NULL);
    CHECK_INT(in->windows[CHANGE_RELEASE].before.ms, 300000);
    CHECK_INT(in->windows[CHANGE_CONFIG].before.ms, 1800000);
    CHECK_INT(rs->windows[CHANGE_RELEASE].before.ms, 1800000);
    CHECK_INT(ruleset_windows_count(rs), 2 * CHANGE_KIND_N);
    CHECK_INT(ruleset_windows_at(rs, CHANGE_KIND_N + CHANGE_RELEASE)->before.ms,
              300000);
    CHECK_INT(ruleset_windows_at(rs, CHANGE_RELEASE)->before.ms, 1800000);
    ruleset_free(&in);
    ruleset_free(&rs);
}
