/* tests of analyzer/edges */
#include "analyzer/edges.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct lineup lineup;
static struct edges edges;

static void list(struct made_panel *m, const char *service, int hosts)
{
    CHECK(align(make_change(&made, service, hosts, 10000, 10000), NULL, 0,
                made_panel_done(m), &usual, (instant){11800000}, &lineup, NULL) == 0);
    CHECK(edges_list(&lineup, &edges, NULL) == 0);
}

static void done(struct made_panel **m)
{
    edges_free(&edges);
    lineup_free(&lineup);
    made_panel_free(m);
}

static void steady(struct made_panel *m, struct entity e, const char *metric, double v)
{
    made_level(m, e, metric, 0, v, v, 0, 1);
}

TEST(metric_names_say_outcome_and_code)
{
    const char *code = NULL;
    CHECK(edge_metric("fail -1001", &code) == CALL_FAIL);
    CHECK_TEXT(code, "-1001");
    CHECK(edge_metric("ok 200", &code) == CALL_OK);
    CHECK(edge_metric("timeout x y", &code) == CALL_TIMEOUT);
    CHECK_TEXT(code, "x y");
    CHECK(edge_metric("ms", &code) == CALL_OTHER);
    CHECK(edge_metric("ms.max", &code) == CALL_OTHER);
}

TEST(calls_are_added_up_over_the_two_windows)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    steady(m, e, "ok 200", 10);
    made_cell(m, e, "fail 502", 10380, 4);
    made_cell(m, e, "fail 502", 9000, 3);
    made_cell(m, e, "fail 502", 10080, 9); /* while it settles */
    list(m, "pay", 1);
    CHECK_INT(edges.n, 1);
    const struct edge *g = &edges.at[0];
    CHECK_TEXT(g->name, "web->pay:/pay");
    CHECK_TEXT(g->side, "client");
    CHECK(g->inbound && !g->by_host);
    CHECK_INT(g->n_codes, 2);
    CHECK_TEXT(g->code[1].code, "502");
    CHECK_NEAR(g->code[1].changed.before, 3, 0);
    CHECK_NEAR(g->code[1].changed.after, 4, 0);
    CHECK_NEAR(g->code[0].changed.before, 290, 0); /* 29 whole minutes */
    CHECK_NEAR(g->code[0].changed.after, 240, 0);
    CHECK_NEAR(g->code[0].changed.tail, 30, 0); /* the last 3 minutes */
    CHECK_NEAR(g->calls.before, 293, 0);
    CHECK_NEAR(g->seconds.before, 29 * 60, 0);
    double parts = 0;
    for (int p = 0; p < EDGE_PARTS; p++)
        parts += g->calls.part[p];
    CHECK_NEAR(parts, 293, 1e-9);
    done(&m);
}

TEST(the_two_sides_are_never_added)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    steady(m, made_edge("web", "pay", "/pay", "", "client"), "ok 200", 10);
    steady(m, made_edge("web", "pay", "/pay", "", "server"), "ok 200", 12);
    steady(m, made_edge("app", "pay", "/pay", "", "client"), "ok 200", 1);
    steady(m, made_edge("app", "pay", "/pay", "", "server"), "ok 200", 12);
    list(m, "pay", 0);
    CHECK_INT(edges.n, 2);
    CHECK_TEXT(edges.at[0].caller, "app");
    CHECK_TEXT(edges.at[0].side, "server"); /* the client saw only a part */
    CHECK_NEAR(edges.at[0].calls.before, 12 * 29, 0);
    CHECK_TEXT(edges.at[1].side, "client");
    CHECK_NEAR(edges.at[1].calls.before, 290, 0);
    done(&m);
}

TEST(where_hosts_are_named_those_not_changed_are_the_control)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 5; i++)
        steady(m, made_edge("web", "pay", "/pay", made_name(i), "server"), "ok 200",
               10 + i);
    steady(m, made_edge("web", "pay", "/pay", "", "server"), "ok 200", 3);
    list(m, "pay", 2);
    const struct edge *g = &edges.at[0];
    CHECK(g->by_host);
    CHECK_INT(g->n_changed, 2);
    CHECK_INT(g->n_control, 3);
    CHECK_NEAR(g->calls.before, (10 + 11) * 29, 0);
    CHECK_NEAR(g->calls_control.before, (12 + 13 + 14) * 29, 0);
    struct edge_rows r;
    CHECK(edge_rows(g->changed, g->n_changed, "h01", edge_all, NULL, &r) == 0);
    CHECK_NEAR(r.value[3], 11, 0);
    edge_rows_free(&r);
    done(&m);
}

TEST(calls_of_hosts_that_are_not_changed_alone_are_none_of_the_changes)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    steady(m, made_edge("web", "pay", "/pay", "h40", "server"), "ok 200", 10);
    list(m, "pay", 2);
    CHECK_INT(edges.n, 0);
    done(&m);
}

TEST(calls_out_of_the_service_are_told_apart_from_those_into_it)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    steady(m, made_edge("pay", "bank", "/x", "", "client"), "ok 200", 10);
    steady(m, made_edge("web", "pay", "/pay", "", "client"), "ok 200", 10);
    steady(m, made_edge("web", "shop", "/", "", "client"), "ok 200", 10);
    list(m, "pay", 1);
    CHECK_INT(edges.n, 2);
    CHECK_TEXT(edges.at[0].name, "web->pay:/pay");
    CHECK_TEXT(edges.at[1].name, "pay->bank:/x");
    CHECK(!edges.at[1].inbound);
    done(&m);
}

TEST(a_change_without_a_service_is_judged_by_its_hosts_calls)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    steady(m, made_edge("web", "pay", "/pay", "h00", "server"), "ok 200", 10);
    steady(m, made_edge("web", "pay", "/pay", "h77", "server"), "ok 200", 10);
    list(m, NULL, 1);
    CHECK_INT(edges.n, 1);
    CHECK(edges.at[0].by_host);
    CHECK_INT(edges.at[0].n_control, 0);
    done(&m);
}

TEST(rows_are_zero_where_the_edge_has_data_and_nan_where_it_has_none)
{
    struct made_panel *m = made_panel_new(7980, 60, 64);
    struct entity e = made_edge("web", "pay", "/pay", "", "client");
    made_cell(m, e, "ok 200", 9000, 5);
    made_cell(m, e, "ms", 9000, 50);
    made_cell(m, e, "fail 502", 9060, 2);
    list(m, "pay", 1);
    struct edge_rows r;
    struct edge_unit u = edges.at[0].changed[0];
    CHECK(edge_rows(&u, 1, NULL, edge_all, NULL, &r) == 0);
    CHECK_NEAR(r.value[17], 5, 0);
    CHECK_NEAR(r.value[18], 2, 0);
    CHECK(isnan(r.value[16]));
    edge_rows_free(&r);
    CHECK(edge_rows_ms(&u, 1, NULL, &r) == 0);
    CHECK_NEAR(r.value[17], 50, 0);
    CHECK_NEAR(r.value[18], 0, 0);
    edge_rows_free(&r);
    done(&m);
}
