/* tests of analyzer/control */
#include "analyzer/control.h"
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

static struct made_panel *fleet(void)
{
    struct made_panel *m = made_panel_new(6000, 60, 120);
    static const char *const hosts[] = {"h00", "h01", "h02", "h03", "h04", "h05"};
    for (size_t i = 0; i < 6; i++)
        made_level(m, made_host(hosts[i], "pay"), "cpu.busy", 0, 30, 30, 1, 1);
    made_series(m, made_host("w00", "web"), "cpu.busy");
    made_panel_done(m);
    return m;
}

static void check_controls(const struct change *c, const struct change *nearby,
                           const char *want, const char *note)
{
    OWNED_MADE *m = fleet();
    struct lineup l;
    struct controls k;
    CHECK(align(c, &nearby, nearby != NULL, &m->panel, &usual, (instant){11800000}, &l,
                NULL) == 0);
    CHECK(control_choose(&l, &k, NULL) == 0);
    char got[256] = "";
    for (size_t i = 0; i < k.n; i++) {
        strcat(got, i > 0 ? " " : "");
        strcat(got, k.host[i]);
    }
    char *words = control_note(&l, &k, k.n);
    CHECK_TEXT(got, want);
    if (note != NULL)
        CHECK_TEXT(words, note);
    free(words);
    controls_free(&k);
    lineup_free(&l);
}

TEST(controls_are_the_services_hosts_that_the_change_does_not_name)
{
    check_controls(make_change(&made, "pay", 2, 10000, 10000), NULL, "h02 h03 h04 h05",
                   "4 unchanged hosts of pay: h02, h03, h04, h05; fewer than 5 to "
                   "compare with");
}

TEST(what_another_change_worked_on_is_no_control)
{
    struct change *o = make_change(&other, "web", 1, 8000, 8000);
    o->host[0].name = (char[]){"h03"};
    check_controls(make_change(&made, "pay", 2, 10000, 10000), o, "h02 h04 h05", NULL);
    o->host[0].pivot = o->host[0].done = (instant){3000000}; /* long ago */
    check_controls(make_change(&made, "pay", 2, 10000, 10000), o, "h02 h03 h04 h05",
                   NULL);
}

TEST(a_batch_to_come_is_a_control_until_its_time_comes)
{
    struct change *c = make_change(&made, "pay", 3, 10000, 10000);
    c->finished = false;
    c->end = INSTANT_NONE;
    c->batches_of = 2;
    c->host[0].batch = c->host[1].batch = 1;
    check_controls(c, NULL, "h02 h03 h04 h05", NULL);
    c->host[2].batch = 2; /* changed while the first was being watched */
    c->host[2].pivot = c->host[2].done = (instant){11000000};
    check_controls(c, NULL, "h03 h04 h05", NULL);
    c->host[2].pivot = c->host[2].done = (instant){11500000}; /* its look is to come */
    check_controls(c, NULL, "h03 h04 h05", NULL);
    c->host[2].pivot = c->host[2].done = (instant){11900000};
    check_controls(c, NULL, "h02 h03 h04 h05", NULL);
}

TEST(no_controls_says_why)
{
    check_controls(make_change(&made, "pay", 6, 10000, 10000), NULL, "",
                   "all 6 known hosts of pay were changed, by this or by another "
                   "change nearby");
    check_controls(make_change(&made, "pay", 0, 10000, 10000), NULL, "",
                   "the change names no hosts, so all of pay count as changed");
    check_controls(make_change(&made, "shop", 2, 10000, 10000), NULL, "",
                   "no host reports under service shop");
    check_controls(make_change(&made, NULL, 2, 10000, 10000), NULL, "",
                   "the change names no service, so nothing says which hosts are like "
                   "the changed ones");
}

/* --- labels --- */

/* Hosts h00, h01, ... of pay, each in the data centre and rack that it is given; ""
 * is none. */
static struct made_panel *fleet_in(const char *const *tags, size_t n)
{
    static char name[MADE_HOSTS_MAX][64];
    struct made_panel *m = made_panel_new(6000, 60, 120);
    for (size_t i = 0; i < n; i++) {
        snprintf(name[i], sizeof name[i], "cpu.busy%s", tags[i]);
        made_level(m, made_host(made_name((int)i), "pay"), name[i], 0, 30, 30, 1, 1);
    }
    made_panel_done(m);
    return m;
}

static void check_alike(struct made_panel *m, const struct change *c, size_t n,
                        bool unlike, const char *note)
{
    struct lineup l;
    struct controls k;
    CHECK(align(c, NULL, 0, &m->panel, &usual, (instant){11800000}, &l, NULL) == 0);
    CHECK(control_choose(&l, &k, NULL) == 0);
    char *words = control_note(&l, &k, k.n);
    CHECK_INT(k.n, n);
    CHECK_INT(k.unlike, unlike);
    CHECK_TEXT(words, note);
    free(words);
    controls_free(&k);
    lineup_free(&l);
}

TEST(controls_are_in_the_changed_hosts_data_centre)
{
    static const char *const tags[] = {
        "{idc=sh1}", "{idc=sh1}", "{idc=sh2}", "{idc=sh1}", "{idc=sh1}", "{idc=sh2}",
        "{idc=sh1}", "{idc=sh1}", "{idc=sh1}", "{idc=sh2}", ""};
    OWNED_MADE *m = fleet_in(tags, 11);
    struct change *c = make_change(&made, "pay", 2, 10000, 10000);
    check_alike(m, c, 5, false,
                "5 unchanged hosts of pay with idc=sh1: h03, h04, h06, h07, h08");
    struct label given = {(char[]){"idc"}, (char[]){"sh2"}};
    c->label = &given, c->n_labels = 1; /* what the change says goes first */
    check_alike(m, c, 9, true,
                "9 unchanged hosts of pay: h02, h03, h04, h05, h06 and 4 more; only 3 "
                "of them have idc=sh2, too few, so all are compared with");
    given = (struct label){(char[]){"team"}, (char[]){"a"}}; /* no host knows of it */
    check_alike(m, c, 5, false,
                "5 unchanged hosts of pay with idc=sh1: h03, h04, h06, h07, h08");
}

TEST(changed_hosts_of_several_data_centres_ask_for_none)
{
    static const char *const tags[] = {"{idc=sh1}", "{idc=sh2}", "{idc=sh2}",
                                       "{idc=sh1}", "{idc=sh1}", "{idc=sh1}",
                                       "{idc=sh1}", "{idc=sh1}"};
    OWNED_MADE *m = fleet_in(tags, 8);
    check_alike(m, make_change(&made, "pay", 2, 10000, 10000), 6, false,
                "6 unchanged hosts of pay: h02, h03, h04, h05, h06 and 1 more");
}

TEST(a_rack_that_nobody_asked_for_is_given_up_first)
{
    static const char *const tags[] = {
        "{idc=sh1,rack=1}", "{idc=sh1,rack=1}", "{idc=sh1,rack=1}", "{idc=sh1,rack=2}",
        "{idc=sh1,rack=2}", "{idc=sh1,rack=3}", "{idc=sh1,rack=3}", "{idc=sh2,rack=1}"};
    OWNED_MADE *m = fleet_in(tags, 8);
    struct change *c = make_change(&made, "pay", 2, 10000, 10000);
    check_alike(m, c, 5, false,
                "5 unchanged hosts of pay with idc=sh1: h02, h03, h04, h05, h06");
    struct label given = {(char[]){"rack"}, (char[]){"1"}};
    c->label = &given, c->n_labels = 1;
    check_alike(m, c, 6, true,
                "6 unchanged hosts of pay: h02, h03, h04, h05, h06 and 1 more; only 1 "
                "of them has idc=sh1, rack=1, too few, so all are compared with");
}

TEST(a_host_that_is_dead_is_no_control)
{
    static const char *const tags[] = {"", "", "", "", "", "", "", ""};
    OWNED_MADE *m = fleet_in(tags, 8);
    for (int i = 2; i < 8; i++) {
        check_alike(m, make_change(&made, "pay", 2, 10000, 10000), (size_t)(8 - i),
                    false,
                    i == 2   ? "6 unchanged hosts of pay: h02, h03, h04, h05, h06 and "
                               "1 more"
                    : i == 3 ? "5 unchanged hosts of pay: h03, h04, h05, h06, h07"
                    : i == 4 ? "4 unchanged hosts of pay: h04, h05, h06, h07; fewer "
                               "than 5 to compare with"
                    : i == 5 ? "3 unchanged hosts of pay: h05, h06, h07; fewer than 5 "
                               "to compare with"
                    : i == 6 ? "2 unchanged hosts of pay: h06, h07; fewer than 5 to "
                               "compare with"
                             : "1 unchanged host of pay: h07; fewer than 5 to compare "
                               "with");
        struct unit *u = &m->panel.unit[i];
        for (uint32_t r = 0; r < u->hot.rows; r++)
            if (6000 + 60 * (int64_t)r >= 10000)
                u->hot.cells[r] = NAN;
    }
    check_alike(m, make_change(&made, "pay", 2, 10000, 10000), 0, false,
                "the 6 unchanged hosts of pay sent nothing after the change");
}
