/* tests of analyzer/align */
#include "analyzer/align.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {
    .before = {1800000},
    .settle = {300000},
    .looks = {{600000}, {1800000}},
    .n_looks = 2,
    .late = {90000},
};

static struct made_change made, other;

static struct lineup aligned(const struct change *c, const struct change *nearby,
                             const struct panel *p, int64_t ends)
{
    struct lineup l;
    CHECK(align(c, &nearby, nearby != NULL, p, &usual, (instant){ends * 1000}, &l,
                NULL) == 0);
    return l;
}

static void check_frame(const struct frame *f, int64_t b0, int64_t b1, int64_t a0,
                        int64_t a1)
{
    CHECK_INT(f->before_from.ms, b0 * 1000);
    CHECK_INT(f->before_to.ms, b1 * 1000);
    CHECK_INT(f->after_from.ms, a0 * 1000);
    CHECK_INT(f->after_to.ms, a1 * 1000);
}

static const struct panel nothing;

TEST(each_host_is_laid_out_at_its_own_pivot)
{
    struct change *c = make_change(&made, "pay", 3, 10000, 12000);
    c->host[1].pivot = (instant){11000000};
    OWNED_LINEUP l = aligned(c, NULL, &nothing, 13800);
    check_frame(&lineup_slot(&l, "h00")->frame, 8200, 10000, 12300, 13800);
    check_frame(&lineup_slot(&l, "h01")->frame, 9200, 11000, 12300, 13800);
    CHECK_INT(l.n_cohorts, 2);
    CHECK(lineup_slot(&l, "h00")->cohort == lineup_slot(&l, "h02")->cohort);
    CHECK(lineup_slot(&l, "h00")->cohort != lineup_slot(&l, "h01")->cohort);
    CHECK(lineup_slot(&l, "h1") == NULL);
    check_frame(&l.whole.frame, 8200, 10000, 12300, 13800);
}

TEST(a_host_whose_look_has_not_ended_waits)
{
    struct change *c = make_change(&made, "pay", 2, 10000, 10000);
    c->host[1].pivot = c->host[1].done = (instant){10500000};
    OWNED_LINEUP l = aligned(c, NULL, &nothing, 10600);
    CHECK(l.slot[0].state == SLOT_READY);
    CHECK(l.slot[1].state == SLOT_WAITING);
    check_frame(&l.whole.frame, 8200, 10000, 10300, 10600);
}

TEST(a_younger_change_ends_the_window_after_and_an_older_one_begins_the_window_before)
{
    struct change *c = make_change(&made, "pay", 2, 10000, 10000);
    struct change *o = make_change(&other, "pay", 1, 11000, 11000);
    OWNED_LINEUP l = aligned(c, o, &nothing, 11800);
    check_frame(&l.slot[0].frame, 8200, 10000, 10300, 11000);
    check_frame(&l.slot[1].frame, 8200, 10000, 10300, 11800);
    CHECK(lineup_touched(&l, "h00", (instant){0}, (instant){11000000}));
    CHECK(!lineup_touched(&l, "h00", (instant){0}, (instant){10999000}));
    CHECK(!lineup_touched(&l, "h01", (instant){0}, (instant){99000000}));

    struct change *older = make_change(&other, "pay", 1, 8300, 8900);
    OWNED_LINEUP m = aligned(c, older, &nothing, 11800);
    check_frame(&m.slot[0].frame, 8900, 10000, 10300, 11800);
    CHECK(m.slot[0].state == SLOT_READY);
}

TEST(a_host_that_another_change_leaves_no_window_is_an_overlap)
{
    struct change *c = make_change(&made, "pay", 1, 10000, 10000);
    OWNED_LINEUP l =
        aligned(c, make_change(&other, "pay", 1, 10400, 10400), &nothing, 11800);
    CHECK(l.slot[0].state == SLOT_OVERLAP);
    OWNED_LINEUP m =
        aligned(c, make_change(&other, "pay", 0, 9000, 9900), &nothing, 11800);
    CHECK(m.slot[0].state == SLOT_OVERLAP);
}

TEST(a_change_without_hosts_takes_all_that_are_known_of_its_service)
{
    OWNED_MADE *m = made_panel_new(6000, 60, 100);
    made_series(m, made_host("b", "pay"), "cpu.busy");
    made_series(m, made_host("a", "pay"), "cpu.busy");
    made_series(m, made_host("a", ""), "cpu.busy");
    made_series(m, made_host("c", "web"), "cpu.busy");
    OWNED_LINEUP l = aligned(make_change(&made, "pay", 0, 10000, 10000), NULL,
                             made_panel_done(m), 10600);
    CHECK_INT(l.n_slots, 2);
    CHECK_TEXT(l.slot[0].host, "a");
    CHECK_TEXT(l.slot[1].host, "b");
    CHECK(!l.named);
    CHECK_INT(l.step.ms, 60000);
}

static double room[4096];

static struct lane lane_with(size_t n, double (*at)(size_t row))
{
    for (size_t r = 0; r < n; r++)
        room[r] = at(r);
    return (struct lane){{0}, {60000}, n, room};
}

static double minute_number(size_t r)
{
    return (double)r;
}

static double every_fifth(size_t r)
{
    return r % 5 == 2 ? 10 : NAN;
}

static double half_lost(size_t r)
{
    return r * 2654435761u % 1000 < 500 ? 10 : NAN;
}

TEST(a_row_belongs_to_a_window_only_as_a_whole)
{
    struct lane l = lane_with(100, minute_number);
    size_t from, to;
    lane_rows(&l, (instant){60000}, (instant){180000}, &from, &to);
    CHECK_INT(from, 1);
    CHECK_INT(to, 3);
    lane_rows(&l, (instant){60001}, (instant){179999}, &from, &to);
    CHECK_INT(from, 2);
    CHECK_INT(to, 2);
    lane_rows(&l, (instant){-60000}, (instant){99000000}, &from, &to);
    CHECK_INT(from, 0);
    CHECK_INT(to, 100);
}

static const struct frame half_hour = {{0}, {1800000}, {2100000}, {3600000}};

TEST(a_lane_is_cut_into_its_two_means)
{
    struct lane l = lane_with(100, minute_number);
    struct cut c = lane_cut(&l, &half_hour);
    CHECK_NEAR(c.before, 14.5, 1e-12);
    CHECK_NEAR(c.after, 47, 1e-12);
    CHECK_NEAR(c.tail, 58, 1e-12); /* 57, 58, 59 */
    CHECK_NEAR(c.least, 1, 0);
    CHECK_INT(c.n_before, 30);
    CHECK_INT(c.n_after, 25);
    CHECK(cut_enough(&c, 1));
    CHECK(!c.falls);
}

TEST(points_every_five_minutes_are_not_called_missing)
{
    struct lane l = lane_with(100, every_fifth);
    struct cut c = lane_cut(&l, &half_hour);
    CHECK_INT(c.n_before, 6);
    CHECK_NEAR(c.share_before, 1, 0);
    CHECK_NEAR(c.share_after, 1, 0);
    CHECK(cut_enough(&c, 0.6));
}

TEST(lost_points_are_missed)
{
    struct lane l = lane_with(100, half_lost);
    struct cut c = lane_cut(&l, &half_hour);
    CHECK(c.share_before < 0.75 && c.share_before > 0.25);
    CHECK(!cut_enough(&c, 0.9));
    struct lane none = {{0}, {60000}, 0, room};
    c = lane_cut(&none, &half_hour);
    CHECK(isnan(c.before) && isnan(c.after) && isnan(c.tail));
    CHECK(!cut_enough(&c, 0));
}

TEST(the_window_before_falls_into_parts)
{
    struct lane l = lane_with(100, minute_number);
    double part[6];
    lane_parts(&l, &half_hour, 6, part);
    for (int i = 0; i < 6; i++)
        CHECK_NEAR(part[i], i * 5 + 2, 1e-12);
}

/* Hosts of 64 minutes from second 7980 on; `from` is their first sample's time. */
static void send_from(struct made_panel *m, const char *host, int64_t from)
{
    made_level(m, made_host(host, "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host(host, "pay"), "cpu.busy", 0, from);
}

TEST(a_host_that_began_to_send_with_the_change_is_without_a_past)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    send_from(m, "h00", 10020); /* after its pivot */
    send_from(m, "h01", 9500);  /* some minutes before: it was being set up */
    send_from(m, "h02", 7980);
    send_from(m, "h04", 7980);
    OWNED_LINEUP l = aligned(make_change(&made, "pay", 4, 10000, 10000), NULL,
                             made_panel_done(m), 11800);
    CHECK(l.slot[0].fresh && l.slot[1].fresh);
    CHECK(!l.slot[2].fresh);
    CHECK(!l.slot[3].fresh); /* never heard of: nothing says that it is new */
}

TEST(a_host_that_was_away_in_its_window_before_has_a_past)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    m->past_rows = 10;
    m->past_step_s = 300;
    send_from(m, "h00", 10020);
    send_from(m, "h01", 7980);
    m->unit[0].past[0][3] = 1;
    OWNED_LINEUP l = aligned(make_change(&made, "pay", 1, 10000, 10000), NULL,
                             made_panel_done(m), 11800);
    CHECK(!l.slot[0].fresh);
}

TEST(nobody_is_new_when_all_recording_began_shortly_before)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    send_from(m, "h00", 9500);
    send_from(m, "h01", 9500);
    OWNED_LINEUP l = aligned(make_change(&made, "pay", 1, 10000, 10000), NULL,
                             made_panel_done(m), 11800);
    CHECK(!l.slot[0].fresh);
}

TEST(a_mean_over_a_stretch_knows_how_much_of_it_was_there)
{
    double v[] = {1, 2, NAN, 4}, share = 0;
    struct lane lane = {{0}, {1000}, 4, v};
    CHECK_NEAR(lane_mean(&lane, (instant){1000}, (instant){4000}, &share), 3, 1e-12);
    CHECK_NEAR(share, 2.0 / 3, 1e-12);
    CHECK(isnan(lane_mean(&lane, (instant){2000}, (instant){3000}, &share)));
    CHECK_NEAR(share, 0, 0);
}
