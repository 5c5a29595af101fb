/* tests of analyzer/slow_panel */
#include "analyzer/slow_panel.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static struct made_change made;

static struct slow_panel panel_of(struct made_panel *m, const struct change *c)
{
    struct slow_panel s;
    struct err err = {0};
    made_panel_done(m);
    CHECK(slow_panel_make(&m->panel, c, (instant){10000000}, (instant){7000000},
                          (instant){12000000}, (span){900000}, &s, &err) == 0);
    return s;
}

TEST(rows_are_means_and_one_begins_at_the_pivot)
{
    OWNED_MADE *m = made_panel_new(6400, 100, 60); /* to 12400 */
    float *cells = made_series(m, made_host("h00", "pay"), "cpu.busy");
    for (int r = 0; r < 60; r++)
        cells[r] = (float)r;
    for (int r = 36; r < 45; r++) /* the row of the pivot */
        cells[r] = r == 40 ? 7 : NAN;
    struct slow_panel s = panel_of(m, make_change(&made, "pay", 1, 10000, 10000));
    CHECK_INT(s.panel.n, 1);
    const struct track *t = &s.panel.unit[0].hot;
    CHECK_INT(t->from.ms, 6400000);
    CHECK_INT(t->rows, 7);
    CHECK_NEAR(t->cells[0], 4, 1e-6); /* of 0 to 8 */
    CHECK_NEAR(t->cells[3], 31, 1e-6);
    CHECK_NEAR(t->cells[4], 7, 1e-6); /* what is missing is left out */
    CHECK_INT(s.panel.hot_to.ms, 6400000 + 7 * 900000);
    slow_panel_free(&s);
}

TEST(past_and_hot_rows_are_one_track_and_sums_are_of_one_length)
{
    struct made_panel *m = made_panel_new(9100, 100, 30);
    m->past_step_s = 300, m->past_rows = 9; /* 6400 to 9100 */
    struct entity who = made_host("h00", "pay");
    float *mean = made_series(m, who, "cpu.busy"), *sum = made_series(m, who, "reqs");
    for (int r = 0; r < 30; r++)
        mean[r] = 50, sum[r] = 10;
    for (int r = 0; r < 9; r++) {
        m->unit[0].past[0][r] = 40;
        m->unit[0].past[1][r] = 30; /* in 300 s what is 10 in 100 s */
    }
    made_panel_done(m);
    m->panel.unit[0].merge[1] = MERGE_SUM;
    struct slow_panel s;
    CHECK(slow_panel_make(&m->panel, make_change(&made, "pay", 1, 10000, 10000),
                          (instant){10000000}, (instant){7000000}, (instant){12000000},
                          (span){900000}, &s, NULL) == 0);
    const struct track *t = &s.panel.unit[0].hot;
    for (int r = 0; r < 6; r++) {
        CHECK_NEAR(t->cells[2 * r], r < 3 ? 40 : 50, 1e-6);
        CHECK_NEAR(t->cells[2 * r + 1], 10, 1e-6);
    }
    slow_panel_free(&s);
    made_panel_free(&m);
}

TEST(of_very_many_hosts_a_part_is_taken_and_counted)
{
    static char name[MADE_UNITS_MAX][8];
    OWNED_MADE *m = made_panel_new(9000, 100, 20);
    static struct change_host host[450];
    struct change *c = make_change(&made, "pay", 1, 10000, 10000);
    for (unsigned i = 0; i < 500; i++) {
        snprintf(name[i], sizeof name[i], "n%03u", i % 1000);
        made_level(m, made_host(name[i], "pay"), "cpu.busy", 0, 1, 1, 0, 1);
        if (i < 450)
            host[i] = (struct change_host){
                .name = name[i], .pivot = c->start, .done = c->start};
    }
    c->host = host, c->n_hosts = 450;
    struct slow_panel s = panel_of(m, c);
    CHECK_INT(s.changed, 450);
    CHECK_INT(s.changed_taken, 150); /* every third */
    CHECK_INT(s.panel.n, 200);       /* and all 50 others */
    CHECK_TEXT(s.panel.unit[1].who.host, "n003");
    slow_panel_free(&s);
}

TEST(only_series_of_hosts_are_taken)
{
    OWNED_MADE *m = made_panel_new(9000, 100, 20);
    struct entity service = made_host("", "pay");
    service.kind = ENTITY_SERVICE;
    made_series(m, service, "cpu.busy");
    made_series(m, made_edge("a", "b", "c", "h00", "server"), "ok 0");
    struct slow_panel s = panel_of(m, make_change(&made, "pay", 1, 10000, 10000));
    CHECK_INT(s.panel.n, 0);
    CHECK_INT(s.changed, 0);
    slow_panel_free(&s);
}
