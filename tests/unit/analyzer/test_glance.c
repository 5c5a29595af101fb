/* tests of analyzer/glance */
#include "analyzer/glance.h"
#include "analyzer/spike.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { AT = 100020, HOT_FROM = AT - 1800, ROWS = 62, HOSTS = 9, CHANGED = 6 };

static const struct windows_rule half_hour = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct match star[] = {{.text = "*"}};
static char id[] = "all";
static struct rule rule = {.id = id, .pattern = {1, star}};
static struct ruleset rules = {.n = 1, .rule = &rule};

struct world {
    struct made_panel *made;
    struct made_change change;
    struct lineup lineup;
    struct series_list series;
    struct seats seats;
};

static void begin(struct world *w)
{
    w->made = made_panel_new(HOT_FROM, 60, ROWS);
    for (int h = HOSTS; h-- > 0;) {
        struct entity who = made_host(made_name(h), "pay");
        made_level(w->made, who, "steady", 0, 100, 100, 3, 1);
        made_level(w->made, who, "rare", 0, 100, 100, 3, 10);
        if (h % 2 == 0)
            made_level(w->made, who, "rises", AT, 100, 200, 3, 1);
    }
    made_gap(w->made, made_host("h01", "pay"), "steady", AT - 600, AT);
    CHECK(align(make_change(&w->change, "pay", CHANGED, AT, AT), NULL, 0,
                made_panel_done(w->made), &half_hour, (instant){(AT + 1800) * 1000},
                &w->lineup, NULL) == 0);
    CHECK(series_list(&w->lineup, &rules, ruleset_for_series, &w->series, NULL) == 0);
    for (size_t i = 0; i < w->series.n; i++)
        w->series.at[i].rule = &rule;
    CHECK(seats_of_members(&w->lineup, &w->series, &w->seats) == 0);
}

static void end(struct world *w)
{
    seats_free(&w->seats);
    series_list_free(&w->series);
    lineup_free(&w->lineup);
    made_panel_free(&w->made);
}

/* NaN is like NaN. */
static bool alike(double a, double b)
{
    return isnan(a) ? isnan(b) : a >= b && a <= b;
}

TEST(each_member_is_cut_as_it_would_be_by_itself)
{
    struct world w = {0};
    struct glances g;
    double room[ROWS];
    begin(&w);
    CHECK(glance(&w.lineup, &w.series, &w.seats, 3, &g, NULL) == 0);
    CHECK_INT((long long)w.series.n_members, 2 * CHANGED + CHANGED / 2);
    for (size_t i = 0; i < w.series.n_members; i++) {
        const struct member *m = &w.series.member[i];
        struct lane lane = lane_of(m->unit, m->metric, room);
        struct cut c = lane_cut(&lane, &m->slot->frame);
        CHECK(alike(g.cut[i].before, c.before) && alike(g.cut[i].after, c.after));
        CHECK(alike(g.cut[i].tail, c.tail) && alike(g.cut[i].least, c.least));
        CHECK_INT((long long)g.cut[i].n_before, (long long)c.n_before);
        CHECK_INT((long long)g.cut[i].n_after, (long long)c.n_after);
    }
    glances_free(&g);
    end(&w);
}

TEST(hints_tell_calm_thin_and_far_off_series_apart)
{
    struct world w = {0};
    struct glances g;
    begin(&w);
    CHECK(glance(&w.lineup, &w.series, &w.seats, 1, &g, NULL) == 0);
    for (size_t i = 0; i < w.series.n; i++) {
        const struct series *s = &w.series.at[i];
        int hint = strcmp(s->metric, "rises") == 0  ? SPIKE_SEEMS
                   : strcmp(s->metric, "rare") == 0 ? SPIKE_UNASKED
                                                    : SPIKE_NOTHING;
        for (size_t k = 0; k < s->n_members; k++)
            CHECK_INT(g.hint[(size_t)(s->member - w.series.member) + k], hint);
    }
    glances_free(&g);
    end(&w);
}

TEST(a_series_without_a_rule_is_passed_over)
{
    struct world w = {0};
    struct glances g;
    begin(&w);
    seats_free(&w.seats);
    w.series.at[0].rule = NULL;
    CHECK(seats_of_members(&w.lineup, &w.series, &w.seats) == 0);
    CHECK(glance(&w.lineup, &w.series, &w.seats, 2, &g, NULL) == 0);
    CHECK_INT((long long)g.cut[0].n_before, 0);
    CHECK_INT(g.hint[0], SPIKE_UNASKED);
    CHECK(g.cut[w.series.n_members - 1].n_before > 0);
    glances_free(&g);
    end(&w);
}
