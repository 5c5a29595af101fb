/* tests of analyzer/layers: hosts with three days of past, a daily wave and shared
 * shocks */
#include "analyzer/layers.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdio.h>

enum { CHANGED = 8, OTHERS = 8, HOSTS = CHANGED + OTHERS, METRICS = 3 };
enum { PIVOT = 1000000020, HOT_FROM = PIVOT - 1800, HOT_ROWS = 61, PAST_ROWS = 4320 };

static const struct windows_rule half_hour = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct made_change made;
static struct match star[] = {{.text = "*"}};
static struct rule rule = {.id = "all", .pattern = {1, star}};
static struct ruleset rules = {.n = 1, .rule = &rule};

static const char *const metric[METRICS] = {"m0", "m1", "m2"};

/* What is put in after the pivot: m1 of all changed hosts, m2 of the first one. */
struct effect {
    double all, one, shock;
    double before; /* m0 of the first host, in the ten minutes before the pivot; 0: none
                    */
};

static double value(int host, int m, int64_t at, const struct effect *e, uint64_t *seed)
{
    double wave = 1 + 0.4 * sin(2 * M_PI * (double)(at % 86400) / 86400);
    double v = (20 + 3 * host + 10 * m) * wave * (1 + 0.04 * made_noise(seed));
    if (at >= PIVOT && host < CHANGED && m == 1)
        v *= e->all;
    if (at >= PIVOT && host == 0 && m == 2)
        v *= e->one;
    if (at >= PIVOT - 600 && at < PIVOT && host == 0 && m == 0 && e->before > 0)
        v *= e->before;
    return at >= PIVOT ? v * e->shock : v;
}

static struct made_panel *hosts_with_past(const struct effect *e, int others)
{
    static char name[HOSTS][16];
    struct made_panel *m = made_panel_new(HOT_FROM, 60, HOT_ROWS);
    m->past_step_s = 60;
    m->past_rows = PAST_ROWS;
    for (int h = 0; h < CHANGED + others; h++) {
        snprintf(name[h], sizeof name[h], "h%02d", h);
        for (int i = 0; i < METRICS; i++) {
            uint64_t seed = made_seed(name[h], metric[i]);
            float *hot = made_series(m, made_host(name[h], "pay"), metric[i]);
            float *past = m->unit[m->n - 1].past[i];
            for (int64_t r = 0; r < PAST_ROWS; r++)
                past[r] = (float)value(h, i, HOT_FROM - (PAST_ROWS - r) * 60, e, &seed);
            for (int64_t r = 0; r < HOT_ROWS; r++)
                hot[r] = (float)value(h, i, HOT_FROM + r * 60, e, &seed);
        }
    }
    return m;
}

struct scored {
    struct lineup lineup;
    struct controls controls;
    struct series_list series;
    struct layers layers;
};

static void score(struct scored *s, struct made_panel *m)
{
    struct panel *p = made_panel_done(m);
    CHECK(align(make_change(&made, "pay", CHANGED, PIVOT, PIVOT), NULL, 0, p,
                &half_hour, (instant){(PIVOT + 1800) * 1000ll}, &s->lineup, NULL) == 0);
    CHECK(control_choose(&s->lineup, &s->controls, NULL) == 0);
    CHECK(series_list(&s->lineup, &rules, ruleset_for_series, &s->series, NULL) == 0);
    for (size_t i = 0; i < s->series.n; i++)
        s->series.at[i].rule = &rule;
    CHECK(layers_score(&s->lineup, &s->controls, &s->series, &s->layers, NULL) == 0);
}

static void forget(struct scored *s)
{
    layers_free(&s->layers);
    series_list_free(&s->series);
    controls_free(&s->controls);
    lineup_free(&s->lineup);
}

static const struct layer_score *group(const struct scored *s, int m)
{
    for (size_t i = 0; i < s->series.n; i++)
        if (strcmp(s->series.at[i].metric, metric[m]) == 0)
            return &s->layers.group[i];
    test_fail(__FILE__, __LINE__, "no series %s", metric[m]);
}

static const struct layer_score *host(const struct scored *s, int m, size_t i)
{
    for (size_t k = 0; k < s->series.n; k++)
        if (strcmp(s->series.at[k].metric, metric[m]) == 0)
            return &s->layers.host[s->series.at[k].member - s->series.member + i];
    test_fail(__FILE__, __LINE__, "no series %s", metric[m]);
}

TEST(a_shift_of_all_hosts_stands_out_in_the_group_and_nothing_else_does)
{
    const struct effect e = {.all = 1.2, .one = 1, .shock = 1};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    struct scored s;
    score(&s, m);
    CHECK(group(&s, 1)->known && group(&s, 1)->z > 8);
    CHECK_NEAR(group(&s, 1)->effect, 0.2, 0.03);
    CHECK(group(&s, 1)->moments > 100 && group(&s, 1)->moments_like == 0);
    CHECK(fabs(group(&s, 0)->z) < 3.5 && fabs(group(&s, 2)->z) < 3.5);
    CHECK(group(&s, 1)->p <= layers_group_bar(&s.layers, 0.01));
    CHECK(group(&s, 0)->p > layers_group_bar(&s.layers, 0.01));
    forget(&s);
}

TEST(a_shock_that_everybody_has_is_taken_off)
{
    const struct effect e = {.all = 1, .one = 1, .shock = 2};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    struct scored s;
    score(&s, m);
    for (int i = 0; i < METRICS; i++)
        CHECK(fabs(group(&s, i)->z) < 3.5);
    CHECK_INT((long long)s.layers.controls[0], OTHERS);
    forget(&s);
}

TEST(one_host_out_of_many_stands_out_in_the_host_layer)
{
    const struct effect e = {.all = 1, .one = 2, .shock = 1};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    struct scored s;
    score(&s, m);
    CHECK(host(&s, 2, 0)->z > 8);
    CHECK_NEAR(host(&s, 2, 0)->effect, 1, 0.15);
    for (size_t i = 1; i < CHANGED; i++)
        CHECK(fabs(host(&s, 2, i)->z) < 4.5);
    CHECK(host(&s, 2, 0)->p <= layers_host_bar(&s.layers, 0.01));
    forget(&s);
}

TEST(trouble_that_ended_with_the_change_is_none_of_its_doing)
{
    const struct effect e = {.all = 1, .one = 1, .shock = 1, .before = 20};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    struct scored s;
    score(&s, m);
    CHECK(host(&s, 0, 0)->z < -8 && host(&s, 0, 0)->returned);
    CHECK_NEAR(host(&s, 0, 0)->p, 1, 0);
    CHECK(host(&s, 0, 0)->p > layers_host_bar(&s.layers, 0.05));
    forget(&s);
}

TEST(without_controls_the_group_stands_alone_and_hosts_among_themselves)
{
    const struct effect e = {.all = 1, .one = 2, .shock = 1.5};
    OWNED_MADE *m = hosts_with_past(&e, 0);
    struct scored s;
    score(&s, m);
    CHECK_INT((long long)s.layers.controls[0], 0);
    CHECK(group(&s, 0)->z > 8); /* the shock: nobody can take it off */
    CHECK(fabs(host(&s, 0, 3)->z) < 4.5);
    CHECK(host(&s, 2, 0)->z > 8);
    forget(&s);
}

TEST(without_a_past_nothing_is_known)
{
    const struct effect e = {.all = 2, .one = 2, .shock = 1};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    m->past_rows = 120;
    struct scored s;
    score(&s, m);
    CHECK(!group(&s, 1)->known && !host(&s, 2, 0)->known);
    CHECK_INT((long long)s.layers.n_group_p, 0);
    forget(&s);
}

static bool same(const struct layer_score *a, const struct layer_score *b)
{
    return a->known == b->known && a->recovered == b->recovered &&
           memcmp(&a->z, &b->z, sizeof a->z) == 0 &&
           memcmp(&a->p, &b->p, sizeof a->p) == 0 &&
           memcmp(&a->effect, &b->effect, sizeof a->effect) == 0 &&
           a->moments_like == b->moments_like;
}

TEST(the_order_of_units_does_not_show)
{
    const struct effect e = {.all = 1.1, .one = 1.5, .shock = 1.3};
    OWNED_MADE *m = hosts_with_past(&e, OTHERS);
    struct scored a, b;
    score(&a, m);
    struct made_unit first = m->unit[0];
    struct unit built = m->panel.unit[0];
    m->unit[0] = m->unit[HOSTS - 1];
    m->unit[HOSTS - 1] = first;
    m->panel.unit[0] = m->panel.unit[HOSTS - 1];
    m->panel.unit[HOSTS - 1] = built;
    struct panel *p = &m->panel;
    CHECK(align(&made.change, NULL, 0, p, &half_hour,
                (instant){(PIVOT + 1800) * 1000ll}, &b.lineup, NULL) == 0);
    CHECK(control_choose(&b.lineup, &b.controls, NULL) == 0);
    CHECK(series_list(&b.lineup, &rules, ruleset_for_series, &b.series, NULL) == 0);
    for (size_t i = 0; i < b.series.n; i++)
        b.series.at[i].rule = &rule;
    CHECK(layers_score(&b.lineup, &b.controls, &b.series, &b.layers, NULL) == 0);
    CHECK_INT((long long)a.layers.n_members, (long long)b.layers.n_members);
    for (size_t i = 0; i < a.layers.n_members; i++)
        CHECK(same(&a.layers.host[i], &b.layers.host[i]));
    for (size_t i = 0; i < a.layers.n; i++)
        CHECK(same(&a.layers.group[i], &b.layers.group[i]));
    forget(&a);
    forget(&b);
}
