/* tests of analyzer/seats */
#include "analyzer/seats.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { HOSTS = 20, CHANGED = 8 };

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
    struct controls controls;
    struct series_list series;
};

/* Every host has a and b; every second one has c, too. */
static void begin(struct world *w)
{
    w->made = made_panel_new(8220, 60, 61);
    for (int h = HOSTS; h-- > 0;) {
        made_level(w->made, made_host(made_name(h), "pay"), "b", 0, 1, 1, 0.1, 1);
        made_level(w->made, made_host(made_name(h), "pay"), "a", 0, 1, 1, 0.1, 1);
        if (h % 2 == 0)
            made_level(w->made, made_host(made_name(h), "pay"), "c", 0, 1, 1, 0.1, 1);
    }
    CHECK(align(make_change(&w->change, "pay", CHANGED, 10020, 10020), NULL, 0,
                made_panel_done(w->made), &half_hour, (instant){11820000}, &w->lineup,
                NULL) == 0);
    CHECK(control_choose(&w->lineup, &w->controls, NULL) == 0);
    CHECK(series_list(&w->lineup, &rules, ruleset_for_series, &w->series, NULL) == 0);
    for (size_t i = 0; i < w->series.n; i++)
        w->series.at[i].rule = &rule;
}

static void end(struct world *w)
{
    series_list_free(&w->series);
    controls_free(&w->controls);
    lineup_free(&w->lineup);
    made_panel_free(&w->made);
}

TEST(each_member_has_one_entry_at_its_units_seat)
{
    struct world w = {0};
    struct seats s;
    begin(&w);
    CHECK(seats_of_members(&w.lineup, &w.series, &s) == 0);
    CHECK_INT((long long)s.n, CHANGED);
    size_t entries = 0;
    for (size_t i = 0; i < s.n; i++)
        for (size_t k = 0; k < s.at[i].n; k++, entries++) {
            const struct seat_entry *e = &s.entry[s.at[i].first + k];
            CHECK(w.series.member[e->place].unit == s.at[i].unit);
            CHECK_TEXT(s.at[i].unit->metric[e->metric], w.series.at[e->series].metric);
            CHECK(k == 0 || e->series > e[-1].series);
        }
    CHECK_INT((long long)entries, CHANGED * 2 + CHANGED / 2);
    seats_free(&s);
    end(&w);
}

TEST(seats_lie_by_bucket_and_then_by_host)
{
    struct world w = {0};
    struct seats s;
    begin(&w);
    CHECK(seats_of_members(&w.lineup, &w.series, &s) == 0);
    for (size_t b = 0; b < GATHER_BUCKETS; b++)
        for (size_t i = s.bucket[b]; i < s.bucket[b + 1]; i++) {
            CHECK(gather_bucket(s.at[i].unit->who.host) == b);
            CHECK(i == s.bucket[b] ||
                  strcmp(s.at[i - 1].unit->who.host, s.at[i].unit->who.host) < 0);
        }
    CHECK_INT((long long)s.bucket[GATHER_BUCKETS], (long long)s.n);
    seats_free(&s);
    end(&w);
}

TEST(a_series_without_a_rule_has_no_seat)
{
    struct world w = {0};
    struct seats s;
    begin(&w);
    for (size_t i = 0; i < w.series.n; i++)
        w.series.at[i].rule = NULL;
    CHECK(seats_of_members(&w.lineup, &w.series, &s) == 0);
    CHECK_INT((long long)s.n, 0);
    seats_free(&s);
    end(&w);
}

TEST(controls_have_the_entries_that_they_were_chosen_for)
{
    struct world w = {0};
    struct seats s;
    struct chosen chosen[3];
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5}, even[] = {0, 2, 4};
    begin(&w);
    CHECK_INT((long long)w.series.n, 3);
    chosen[0] = (struct chosen){6, all, NULL};
    chosen[1] = (struct chosen){0, NULL, NULL};
    chosen[2] = (struct chosen){3, even, NULL};
    CHECK(seats_of_controls(&w.lineup, &w.controls, &w.series, chosen, 0, 3, &s) == 0);
    CHECK_INT((long long)s.n, 6);
    size_t a = 0, c = 0;
    for (size_t i = 0; i < s.n; i++)
        for (size_t k = 0; k < s.at[i].n; k++) {
            const struct seat_entry *e = &s.entry[s.at[i].first + k];
            CHECK(chosen[e->series].host[e->place] == s.at[i].control);
            CHECK_TEXT(s.at[i].unit->who.host, w.controls.host[s.at[i].control]);
            a += e->series == 0;
            c += e->series == 2;
        }
    CHECK_INT((long long)a, 6);
    CHECK_INT((long long)c, 3);
    seats_free(&s);
    end(&w);
}

TEST(entries_of_a_part_of_the_series_can_be_picked_out)
{
    struct world w = {0};
    struct seats s;
    size_t n;
    begin(&w);
    CHECK(seats_of_members(&w.lineup, &w.series, &s) == 0);
    const struct seat_entry *e = seat_entries(&s, &s.at[0], 1, 2, &n);
    CHECK_INT((long long)n, 1);
    CHECK_INT(e->series, 1);
    seat_entries(&s, &s.at[0], 3, 9, &n);
    CHECK_INT((long long)n, 0);
    seats_free(&s);
    end(&w);
}
