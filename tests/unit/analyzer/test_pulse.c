/* tests of analyzer/pulse */
#include "analyzer/pulse.h"
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
static struct made_change made;

struct seen {
    enum pulse_state state[8];
    size_t good, fresh, silent, asked, others, calling;
    bool anyone;
    instant last;
};

static struct seen take(struct made_panel *m, const struct change *c)
{
    struct lineup l;
    struct controls k;
    struct pulses p;
    made_panel_done(m);
    CHECK(align(c, NULL, 0, &m->panel, &usual, (instant){11800000}, &l, NULL) == 0);
    CHECK(control_choose(&l, &k, NULL) == 0);
    CHECK(pulses_take(&l, &k, 0.6, &p, NULL) == 0);
    struct seen s = {.good = p.good,
                     .fresh = p.fresh,
                     .silent = p.silent,
                     .asked = p.asked,
                     .others = p.others,
                     .calling = p.calling,
                     .anyone = p.anyone,
                     .last = p.n > 0 ? p.at[0].last : INSTANT_NONE};
    for (size_t i = 0; i < p.n && i < 8; i++)
        s.state[i] = p.at[i].state;
    pulses_free(&p);
    controls_free(&k);
    lineup_free(&l);
    return s;
}

TEST(a_host_that_sends_on_has_a_good_pulse_and_one_that_stops_is_silent)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10020, 99999);
    made_level(m, made_host("h01", "pay"), "cpu.busy", 0, 1, 1, 0, 5);
    made_level(m, made_host("h02", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h02", "pay"), "cpu.busy", 10400, 11200);
    made_level(m, made_host("h04", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    struct seen s = take(m, make_change(&made, "pay", 4, 10000, 10000));
    CHECK_INT(s.state[0], PULSE_SILENT);
    CHECK_INT(s.state[1], PULSE_GOOD);
    CHECK_INT(s.state[2], PULSE_THIN_AFTER);
    CHECK_INT(s.state[3], PULSE_NONE_BEFORE); /* never heard of */
    CHECK_INT(s.good, 1);
    CHECK_INT(s.silent, 1);
    CHECK_INT(s.asked, 4);
    CHECK_INT(s.others, 1);
    CHECK(s.anyone);
    CHECK_INT(s.last.ms, 10020000);
}

TEST(all_units_of_a_host_and_the_calls_it_reports_make_its_pulse)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10020, 99999);
    made_level(m, made_host("h00", ""), "load.load1", 0, 1, 1, 0, 1);
    made_level(m, made_edge("web", "pay", "/pay", "h01", "server"), "ok 200", 0, 9, 9,
               0, 1);
    made_level(m, made_edge("web", "pay", "/pay", "h02", "client"), "ok 200", 0, 9, 9,
               0, 1);
    struct seen s = take(m, make_change(&made, "pay", 3, 10000, 10000));
    CHECK_INT(s.state[0], PULSE_GOOD);
    CHECK_INT(s.state[1], PULSE_GOOD);
    CHECK_INT(s.state[2], PULSE_NONE_BEFORE); /* what others say of it is not its own */
}

TEST(a_host_whose_figures_stop_is_silent_though_its_calls_go_on)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10020, 99999);
    made_level(m, made_edge("web", "pay", "/pay", "h00", "server"), "ok 200", 0, 9, 9,
               0, 1);
    struct seen s = take(m, make_change(&made, "pay", 1, 10000, 10000));
    CHECK_INT(s.state[0], PULSE_SILENT);
    CHECK_INT(s.calling, 1);
}

TEST(when_nobody_sends_any_more_that_is_known)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10020, 99999);
    struct seen s = take(m, make_change(&made, "pay", 1, 10000, 10000));
    CHECK(!s.anyone);
    CHECK_INT(s.others, 0);
    CHECK_INT(s.state[0], PULSE_SILENT);
}

TEST(a_host_that_comes_back_and_goes_away_for_good_is_silent)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 3; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 10860, 99999);
    made_gap(m, made_host("h02", "pay"), "cpu.busy", 10860, 99999);
    struct seen s = take(m, make_change(&made, "pay", 2, 10000, 10000));
    CHECK_INT(s.state[0], PULSE_SILENT);
    CHECK_INT(s.state[1], PULSE_GOOD);
    CHECK_INT(s.last.ms, 10860000);
    CHECK_INT(s.others, 0); /* h02 did not keep sending either */
}

TEST(a_host_without_a_past_that_sends_is_told_apart)
{
    OWNED_MADE *m = made_panel_new(7980, 60, 64);
    for (int i = 0; i < 4; i++)
        made_level(m, made_host(made_name(i), "pay"), "cpu.busy", 0, 1, 1, 0, 1);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", 0, 10000);
    made_gap(m, made_host("h01", "pay"), "cpu.busy", 0, 10000);
    made_gap(m, made_host("h01", "pay"), "cpu.busy", 10100, 99999);
    struct seen s = take(m, make_change(&made, "pay", 3, 10000, 10000));
    CHECK_INT(s.state[0], PULSE_FRESH);
    CHECK_INT(s.state[1], PULSE_SILENT); /* it did come up, and went away again */
    CHECK_INT(s.state[2], PULSE_GOOD);
    CHECK_INT(s.fresh, 1);
    CHECK_INT(s.good, 1);
}
