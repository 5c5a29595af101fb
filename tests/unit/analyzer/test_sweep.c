/* tests of analyzer/sweep: what comes out of references, hosts and groups */
#include "analyzer/sweep.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdlib.h>

enum { CHANGED = 6, OTHERS = 6, ROWS = 121, PIVOT = 12000, FROM = PIVOT - 3600 };
enum { LATER = 600 }; /* seconds from the first host's change to the second half's */

static const struct windows_rule windows = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct match star[] = {{.text = "*"}};
static char id[] = "all";
static struct rule rule = {.id = id, .pattern = {1, star}};
static struct ruleset rules = {.n = 1, .rule = &rule};

struct world {
    struct made_panel *made;
    struct made_change change;
    struct lineup lineup;
    struct controls controls;
    struct series_list series;
    struct timeline line;
    struct yardstick *yardstick, *of_controls;
    struct chosen chosen[4];
    uint32_t *hosts;
    float member[CHANGED][ROWS + 1], group[ROWS + 1]; /* what came out */
    struct sweep_group what;
    size_t members, groups;
};

static void on_member(void *arg, struct sweep_hand *hand, size_t series, size_t member,
                      const float *v)
{
    struct world *w = arg;
    (void)hand, (void)series;
    memcpy(w->member[member], v, w->line.strip.n * sizeof *v);
    w->members++;
}

static void on_group(void *arg, struct sweep_hand *hand, size_t series,
                     const struct sweep_group *group, const float *v)
{
    struct world *w = arg;
    (void)hand, (void)series;
    memcpy(w->group, v, w->line.strip.n * sizeof *v);
    w->what = *group;
    w->groups++;
}

/* All hosts have a level of their own and share a shock in minute 20; the changed ones
 * are twice as high from their pivots on. */
static struct sweep_case begin(struct world *w, int others, int later)
{
    *w = (struct world){.made = made_panel_new(FROM, 60, ROWS)};
    struct change *c = make_change(&w->change, "pay", CHANGED, PIVOT, PIVOT);
    for (int h = CHANGED / 2; h < CHANGED; h++)
        c->host[h].pivot.ms = c->host[h].done.ms += later * 1000ll;
    for (int h = 0; h < CHANGED + others; h++) {
        float *v = made_series(w->made, made_host(made_name(h), "pay"), "m");
        for (int r = 0; r < ROWS; r++) {
            double up = h < CHANGED && (FROM + r * 60) * 1000ll >= c->host[h].pivot.ms;
            v[r] = (float)((100 + 10 * h) * (r == 20 ? 1.5 : 1) * (1 + up));
        }
    }
    CHECK(align(c, NULL, 0, made_panel_done(w->made), &windows,
                (instant){(PIVOT + later + 1800) * 1000ll}, &w->lineup, NULL) == 0);
    CHECK(control_choose(&w->lineup, &w->controls, NULL) == 0);
    CHECK(series_list(&w->lineup, &rules, ruleset_for_series, &w->series, NULL) == 0);
    CHECK_INT((long long)w->series.n, 1);
    w->series.at[0].rule = &rule;
    w->line = timeline_of(&w->lineup);
    w->yardstick = calloc(CHANGED, sizeof *w->yardstick);
    CHECK(w->yardstick != NULL);
    CHECK(sweep_choose(&w->lineup, &w->controls, &w->series, w->chosen, &w->hosts,
                       &w->of_controls, NULL) == 0);
    return (struct sweep_case){.lineup = &w->lineup,
                               .controls = &w->controls,
                               .series = &w->series,
                               .line = &w->line,
                               .threads = 1,
                               .learn = true,
                               .member = w->yardstick,
                               .chosen = w->chosen,
                               .on_member = on_member,
                               .on_group = on_group,
                               .arg = w};
}

static void end(struct world *w)
{
    free(w->yardstick);
    free(w->of_controls);
    free(w->hosts);
    series_list_free(&w->series);
    controls_free(&w->controls);
    lineup_free(&w->lineup);
    made_panel_free(&w->made);
}

TEST(what_the_others_did_is_taken_off)
{
    static struct world w;
    struct sweep_case c = begin(&w, OTHERS, 0);
    CHECK(sweep_run(&c, NULL) == 0);
    CHECK_INT((long long)w.members, CHANGED);
    CHECK_INT((long long)w.chosen[0].n, OTHERS);
    CHECK_NEAR(w.member[2][20], 0, 1e-3); /* the shock is everybody's */
    CHECK_NEAR(w.member[2][70], log(2.0), 0.02);
    end(&w);
}

TEST(the_group_is_counted_from_each_hosts_own_pivot)
{
    static struct world w;
    struct sweep_case c = begin(&w, OTHERS, LATER);
    CHECK(sweep_run(&c, NULL) == 0);
    CHECK_INT((long long)w.groups, 1);
    CHECK_INT((long long)w.what.hosts, CHANGED);
    CHECK_INT((long long)w.what.pivot, 60);
    CHECK_NEAR(w.group[59], 0, 1e-3);
    CHECK_NEAR(w.group[60], log(2.0), 0.02); /* all at once */
    end(&w);
}

TEST(without_controls_hosts_are_set_against_each_other_and_the_group_stands_alone)
{
    static struct world w;
    struct sweep_case c = begin(&w, 0, 0);
    CHECK(sweep_run(&c, NULL) == 0);
    CHECK_NEAR(w.member[2][70], 0, 1e-3);
    CHECK_NEAR(w.group[70], log(2.0), 0.02);
    CHECK_NEAR(w.group[20], log(1.5), 0.02);
    end(&w);
}

TEST(a_sweep_of_found_yardsticks_gives_the_same_rows)
{
    static struct world w;
    static float had[CHANGED][ROWS + 1];
    struct sweep_case c = begin(&w, OTHERS, LATER);
    CHECK(sweep_run(&c, NULL) == 0);
    memcpy(had, w.member, sizeof had);
    c.learn = false;
    c.threads = 3;
    CHECK(sweep_run(&c, NULL) == 0);
    CHECK(memcmp(had, w.member, sizeof had) == 0);
    end(&w);
}

TEST(sums_of_another_case_are_refused)
{
    static struct world w;
    struct sweep_case c = begin(&w, OTHERS, 0);
    struct err err = {0};
    size_t from, to;
    struct sweep *s = sweep_open(&c, &err);
    CHECK(sweep_next(s, &from, &to, &err) == 1);
    sweep_controls(s, (struct gather_share){0, GATHER_BUCKETS});
    OWNED_BUF b = {0};
    sweep_give(s, (struct gather_share){0, GATHER_BUCKETS}, &b);
    CHECK(sweep_take(s, b.data, b.len, &err) == 0);
    CHECK(sweep_take(s, b.data, b.len - 1, &err) == -1);
    b.data[0] = 9; /* there is no such series */
    err = (struct err){0};
    CHECK(sweep_take(s, b.data, b.len, &err) == -1);
    sweep_free(&s);
    end(&w);
}
