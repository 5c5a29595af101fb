/* tests of analyzer/watch */
#include "analyzer/watch.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

/* Hosts h00 to h03 are changed at second PIVOT, h04 to h09 are not. */
enum { PIVOT = 40000000 };

static const struct windows_rule usual = {
    .before = {1800000},
    .settle = {300000},
    .looks = {{600000}, {1800000}},
    .n_looks = 2,
    .late = {90000},
};

struct scene {
    struct made_change made;
    struct made_panel *panel;
    struct lineup lineup;
    struct controls controls;
    struct watch watch;
};

static void set_up(struct scene *s, int changed, int64_t ends)
{
    *s = (struct scene){0};
    make_change(&s->made, "pay", changed, PIVOT, PIVOT);
    s->panel = made_panel_new(PIVOT - 7200, 60, 200);
    for (int i = 0; i < 10; i++)
        made_level(s->panel, made_host(made_name(i), "pay"), "cpu.busy", 0, 30, 30, 1,
                   1);
    made_panel_done(s->panel);
    CHECK(align(&s->made.change, NULL, 0, &s->panel->panel, &usual,
                (instant){ends * 1000}, &s->lineup, NULL) == 0);
    CHECK(control_choose(&s->lineup, &s->controls, NULL) == 0);
    CHECK(watch_make(&s->lineup, &s->controls, &s->watch, NULL) == 0);
}

static void tear_down(struct scene *s)
{
    watch_free(&s->watch);
    controls_free(&s->controls);
    lineup_free(&s->lineup);
    made_panel_free(&s->panel);
}

static instant at(int seconds)
{
    return (instant){(PIVOT + seconds) * 1000ll};
}

TEST(events_count_from_the_pivot_on_settle_time_included)
{
    struct scene s;
    set_up(&s, 4, PIVOT + 1800);
    const struct slot *h = watch_changed(&s.watch, "h01", NULL);
    CHECK(h != NULL);
    CHECK_INT(watch_side(h, at(-1801)), WATCH_NONE);
    CHECK_INT(watch_side(h, at(-1800)), WATCH_BEFORE);
    CHECK_INT(watch_side(h, at(-1)), WATCH_BEFORE);
    CHECK_INT(watch_side(h, at(0)), WATCH_AFTER);
    CHECK_INT(watch_side(h, at(1799)), WATCH_AFTER);
    CHECK_INT(watch_side(h, at(1800)), WATCH_NONE);
    tear_down(&s);
}

TEST(changed_hosts_unchanged_hosts_and_strangers_are_told_apart)
{
    struct scene s;
    set_up(&s, 4, PIVOT + 1800);
    CHECK(watch_changed(&s.watch, "h04", "pay") == NULL);
    CHECK(watch_control(&s.watch, "h04"));
    CHECK(!watch_control(&s.watch, "h01"));
    CHECK(watch_changed(&s.watch, "x9", "pay") == NULL); /* the change names hosts */
    CHECK(!watch_control(&s.watch, "x9"));
    CHECK_INT((long long)s.watch.n_controls, 6);
    tear_down(&s);
}

TEST(minutes_are_added_up_over_hosts)
{
    struct scene s;
    set_up(&s, 4, PIVOT + 1800);
    CHECK_INT((long long)s.watch.hosts, 4);
    CHECK_NEAR(s.watch.minutes_before, 120, 1e-9);
    CHECK_NEAR(s.watch.minutes_after, 120, 1e-9);
    CHECK_NEAR(s.watch.control_minutes, 180, 1e-9);
    CHECK_INT(s.watch.first.ms, PIVOT * 1000ll);
    CHECK_NEAR(watch_minutes(at(60), at(0)), 0, 0);
    tear_down(&s);
}

TEST(hosts_that_wait_for_the_change_are_not_watched)
{
    struct scene s;
    set_up(&s, 4, PIVOT - 60);
    CHECK(watch_changed(&s.watch, "h01", "pay") == NULL);
    CHECK_INT((long long)s.watch.hosts, 0);
    CHECK_NEAR(s.watch.minutes_after, 0, 0);
    tear_down(&s);
}

TEST(a_change_that_names_no_hosts_is_watched_on_all_of_its_service)
{
    struct scene s;
    set_up(&s, 0, PIVOT + 1800);
    CHECK_INT((long long)s.watch.hosts, 10);
    CHECK(watch_changed(&s.watch, "h04", NULL) != NULL);
    const struct slot *stranger = watch_changed(&s.watch, "x9", "pay");
    CHECK(stranger == &s.lineup.whole);
    CHECK(watch_changed(&s.watch, "x9", "web") == NULL);
    CHECK(watch_changed(&s.watch, "x9", NULL) == NULL);
    tear_down(&s);
}
