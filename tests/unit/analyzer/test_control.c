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
        made_series(m, made_host(hosts[i], "pay"), "cpu.busy");
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
