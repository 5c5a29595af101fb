/* tests of analyzer/series */
#include "analyzer/series.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{600000}}, .n_looks = 1};
static struct made_change made;

static const struct rule rules[] = {{.rev = 1}, {.rev = 1}};
static int asked;

static const struct rule *ask(const struct ruleset *rs, const struct change *c,
                              const char *metric, const char *host)
{
    (void)rs, (void)c;
    asked++;
    if (host != NULL && strcmp(host, "h01") == 0 && rs->n > 0)
        return &rules[1];
    return strcmp(metric, "cpu.busy") == 0 ? &rules[0] : NULL;
}

static struct made_panel *fleet(void)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    made_series(m, made_host("h02", "pay"), "cpu.busy");
    made_series(m, made_host("h00", "pay"), "mem.used_pct");
    made_series(m, made_host("h00", "pay"), "cpu.busy");
    made_series(m, made_host("h01", "pay"), "cpu.busy");
    made_series(m, made_host("h01", ""), "cpu.busy");
    struct entity service = made_host("", "pay");
    service.kind = ENTITY_SERVICE;
    made_series(m, service, "cpu.busy");
    made_panel_done(m);
    return m;
}

TEST(a_group_is_one_metric_of_one_label_on_all_changed_hosts)
{
    OWNED_MADE *m = fleet();
    struct ruleset none = {.n = 0};
    OWNED_LINEUP l = {0};
    OWNED_SERIES s = {0};
    CHECK(align(make_change(&made, "pay", 2, 10000, 10000), NULL, 0, &m->panel, &usual,
                (instant){10600000}, &l, NULL) == 0);
    asked = 0;
    CHECK(series_list(&l, &none, ask, &s, NULL) == 0);
    CHECK_INT(s.n, 4);
    CHECK_TEXT(s.at[0].service, "");
    CHECK_INT(s.at[0].n_members, 1);
    CHECK_TEXT(s.at[1].metric, "cpu.busy");
    CHECK_INT(s.at[1].n_members, 2);
    CHECK_TEXT(s.at[1].member[0].slot->host, "h00");
    CHECK_TEXT(s.at[1].member[1].slot->host, "h01");
    CHECK(s.at[1].rule == &rules[0]);
    CHECK_TEXT(s.at[2].metric, "mem.used_pct");
    CHECK(s.at[2].rule == NULL);
    CHECK(s.at[3].whole);
    CHECK_INT(asked, 3); /* not host by host */
    CHECK_INT(s.rows, 64);
}

TEST(a_rule_for_some_hosts_makes_a_group_of_its_own)
{
    OWNED_MADE *m = fleet();
    struct match host = {.text = "h01"};
    struct rule mine = {.on.host = {1, &host}};
    struct ruleset rs = {.n = 1, .rule = &mine, .has_host_rules = true};
    OWNED_LINEUP l = {0};
    OWNED_SERIES s = {0};
    CHECK(align(make_change(&made, "pay", 2, 10000, 10000), NULL, 0, &m->panel, &usual,
                (instant){10600000}, &l, NULL) == 0);
    CHECK(series_list(&l, &rs, ask, &s, NULL) == 0);
    CHECK_INT(s.n, 5);
    CHECK(s.at[1].rule == &rules[0] && s.at[1].n_members == 1);
    CHECK(s.at[2].rule == &rules[1] && s.at[2].n_members == 1);
}

TEST(units_and_metrics_are_found_by_name)
{
    OWNED_MADE *m = fleet();
    OWNED_LINEUP l = {0};
    CHECK(align(make_change(&made, "pay", 2, 10000, 10000), NULL, 0, &m->panel, &usual,
                (instant){10600000}, &l, NULL) == 0);
    const struct unit *u = series_unit(&l, "h00", "pay");
    CHECK(u != NULL);
    CHECK_INT(series_metric(u, "mem.used_pct"), 1);
    CHECK_INT(series_metric(u, "mem"), -1);
    CHECK(series_unit(&l, "h00", "") == NULL);
    CHECK(series_unit(&l, "h9", "pay") == NULL);
}

TEST(hosts_without_a_past_have_a_list_of_their_own)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    struct ruleset none = {.n = 0};
    OWNED_LINEUP l = {0};
    OWNED_SERIES old = {0};
    OWNED_SERIES new = {0};
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_level(m, made_host("h01", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h01", "pay"), "cpu.busy", 0, 10000);
    struct entity service = made_host("", "pay");
    service.kind = ENTITY_SERVICE;
    made_level(m, service, "cpu.busy", 0, 1, 1, 0, 1);
    CHECK(align(make_change(&made, "pay", 2, 10000, 10000), NULL, 0, made_panel_done(m),
                &usual, (instant){10600000}, &l, NULL) == 0);
    CHECK(series_list(&l, &none, ask, &old, NULL) == 0);
    CHECK(series_list_fresh(&l, &none, ask, &new, NULL) == 0);
    CHECK_INT(old.n, 2);
    CHECK_INT(old.at[0].n_members, 1);
    CHECK_TEXT(old.at[0].member[0].slot->host, "h00");
    CHECK(old.at[1].whole);
    CHECK_INT(new.n, 1);
    CHECK_INT(new.at[0].n_members, 1);
    CHECK_TEXT(new.at[0].member[0].slot->host, "h01");
}

TEST(the_same_texts_at_other_addresses_are_one_group)
{
    static char cpu[3][16] = {"cpu.busy", "cpu.busy", "cpu.busy"};
    static char pay[3][8] = {"pay", "pay", "pay"};
    static const char *const host[] = {"h02", "h00", "h01"};
    struct made_panel *m = made_panel_new(7980, 60, 64);
    OWNED_LINEUP l = {0};
    OWNED_SERIES s = {0};
    struct ruleset none = {.n = 0};
    for (int i = 0; i < 3; i++) {
        made_series(m, made_host(host[i], pay[i]), cpu[i]);
        made_series(m, made_host(host[i], pay[i]), "a.first");
    }
    made_panel_done(m);
    CHECK(align(make_change(&made, "pay", 3, 10000, 10000), NULL, 0, &m->panel, &usual,
                (instant){10600000}, &l, NULL) == 0);
    CHECK(series_list(&l, &none, ask, &s, NULL) == 0);
    CHECK_INT(s.n, 2);
    CHECK_TEXT(s.at[0].metric, "a.first");
    CHECK_TEXT(s.at[1].metric, "cpu.busy");
    CHECK(s.at[1].rule == &rules[0]);
    CHECK_INT(s.at[1].n_members, 3);
    for (int i = 0; i < 3; i++)
        CHECK_TEXT(s.at[1].member[i].slot->host, made_name(i));
    made_panel_free(&m);
}
