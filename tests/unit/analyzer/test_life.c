/* tests of analyzer/life */
#include "analyzer/life.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"

static const struct windows_rule usual = {
    .before = {1800000},
    .settle = {300000},
    .looks = {{600000}, {900000}, {1800000}, {3600000}},
    .n_looks = 4,
    .late = {90000},
    .unfinished = {4 * 3600000},
};

static struct made_change made;

static void check_at(const struct plan *p, size_t i, int64_t at_s, int64_t look_min,
                     bool final)
{
    CHECK(i < p->n);
    CHECK_INT(p->at[i].at.ms, at_s * 1000);
    CHECK_INT(p->at[i].look.ms, look_min * 60000);
    CHECK(p->at[i].final == final);
}

TEST(a_finished_change_has_a_checkpoint_for_each_look_and_the_last_is_final)
{
    struct plan p;
    CHECK(life_plan(make_change(&made, "pay", 2, 1000, 1060), &usual, &p) == 0);
    CHECK_INT(p.n, 4);
    check_at(&p, 0, 1060 + 600 + 90, 10, false);
    check_at(&p, 3, 1060 + 3600 + 90, 60, true);
    CHECK_INT(p.at[0].ends.ms, (1060 + 600) * 1000);
    plan_free(&p);
}

TEST(a_change_without_hosts_is_looked_at_from_its_end)
{
    struct plan p;
    CHECK(life_plan(make_change(&made, "pay", 0, 1000, 1300), &usual, &p) == 0);
    CHECK_INT(p.n, 4);
    check_at(&p, 0, 1300 + 600 + 90, 10, false);
    plan_free(&p);
}

TEST(hosts_far_apart_have_looks_of_their_own_and_those_together_share_them)
{
    struct change *c = make_change(&made, "pay", 3, 1000, 9000);
    c->host[0].done = (instant){1000000};
    c->host[1].done = (instant){1030000}; /* half a minute later: shared */
    c->host[2].done = (instant){9000000};
    struct plan p;
    CHECK(life_plan(c, &usual, &p) == 0);
    CHECK_INT(p.n, 8);
    check_at(&p, 0, 1030 + 600 + 90, 10, false);
    check_at(&p, 4, 9000 + 600 + 90, 10, false);
    check_at(&p, 7, 9000 + 3600 + 90, 60, true);
    plan_free(&p);
}

TEST(while_a_change_runs_only_its_closing_is_final)
{
    struct change *c = make_change(&made, "pay", 2, 1000, 1000);
    c->finished = false;
    c->end = INSTANT_NONE;
    struct plan p;
    CHECK(life_plan(c, &usual, &p) == 0);
    CHECK_INT(p.n, 5);
    CHECK_INT(p.looks, 4);
    CHECK_INT(plan_looks(&p, 3), 4); /* all that the hosts so far can have */
    CHECK_INT(plan_looks(&p, 4), 5);
    for (size_t i = 0; i < 4; i++)
        CHECK(!p.at[i].final);
    check_at(&p, 4, 1000 + 4 * 3600 + 90, 60, true);
    plan_free(&p);
}

TEST(hosts_of_batches_to_come_wait)
{
    struct change *c = make_change(&made, "pay", 4, 1000, 1000);
    c->finished = false;
    c->end = INSTANT_NONE;
    c->batches_of = 2;
    c->host[0].batch = c->host[1].batch = 1;
    CHECK(!life_waits(c, &c->host[0]));
    CHECK(life_waits(c, &c->host[3]));
    c->host[3].done = (instant){500000000}; /* would have looks of its own */
    struct plan p;
    CHECK(life_plan(c, &usual, &p) == 0);
    check_at(&p, 0, 1000 + 600 + 90, 10, false);
    CHECK_INT(p.n, 5);
    plan_free(&p);
    c->finished = true;
    CHECK(!life_waits(c, &c->host[3]));
}

TEST(no_look_is_left_beyond_the_closing_time)
{
    struct windows_rule w = usual;
    w.unfinished = span_seconds(1000);
    struct change *c = make_change(&made, "pay", 1, 1000, 1000);
    c->finished = false;
    c->end = INSTANT_NONE;
    struct plan p;
    CHECK(life_plan(c, &w, &p) == 0);
    CHECK_INT(p.n, 3); /* 10 and 15 minutes, then the closing */
    check_at(&p, 2, 2000 + 90, 60, true);
    plan_free(&p);
}

TEST(a_finish_long_after_the_last_batch_makes_that_time_final)
{
    struct change *c = make_change(&made, "pay", 1, 1000, 50000);
    c->host[0].batch = 1;
    c->host[0].done = (instant){1000000};
    struct plan p;
    CHECK(life_plan(c, &usual, &p) == 0);
    CHECK_INT(p.n, 4);
    check_at(&p, 3, 50000, 60, true);
    CHECK_INT(p.at[3].ends.ms, (1000 + 3600) * 1000);
    plan_free(&p);
}

TEST(a_cancelled_change_is_looked_at_once)
{
    struct change *c = make_change(&made, "pay", 2, 1000, 1700);
    c->cancelled = true;
    c->finished = false;
    c->host[0].done = c->host[1].done = (instant){1000000};
    struct plan p;
    CHECK(life_plan(c, &usual, &p) == 0);
    CHECK_INT(p.n, 1);
    check_at(&p, 0, 1700 + 90, 10, true);
    plan_free(&p);
    CHECK_TEXT(life_step(c, &usual, (instant){5000000}), "cancelled");
}

TEST(the_longest_look_that_has_ended_counts)
{
    struct change_host h = {.done = {1000000}};
    CHECK_INT(life_host_look(&h, &usual, (instant){1599999}).ms, 0);
    CHECK_INT(life_host_look(&h, &usual, (instant){1600000}).ms, 600000);
    CHECK_INT(life_host_look(&h, &usual, (instant){99000000}).ms, 3600000);
}

TEST(the_steps_of_a_life_have_names)
{
    struct change *c = make_change(&made, "pay", 2, 1000, 1060);
    CHECK_TEXT(life_step(c, &usual, (instant){999000}), "posted");
    CHECK_TEXT(life_step(c, &usual, (instant){1100000}), "settling");
    CHECK_TEXT(life_step(c, &usual, (instant){1750000}), "looked at");
    CHECK_TEXT(life_step(c, &usual, (instant){4750000}), "final");
    c->finished = false;
    c->end = INSTANT_NONE;
    CHECK_TEXT(life_step(c, &usual, (instant){1100000}), "running");
}

TEST(the_slow_look_counts_from_the_last_host)
{
    static struct made_change m;
    struct windows_rule w = usual;
    struct checkpoint at;
    struct change *c = make_change(&m, "pay", 2, 1000, 1000);
    c->host[1].done = (instant){1600000};
    CHECK(!life_slow(c, &w, 0, &at)); /* off */
    w.slow[0] = span_seconds(86400);
    w.n_slow = 1;
    CHECK(life_slow(c, &w, 0, &at));
    CHECK_INT(at.ends.ms, 1600000 + 86400000);
    CHECK_INT(at.at.ms, at.ends.ms + w.late.ms);
    CHECK_INT(at.look.ms, 86400000);
    CHECK(!life_slow(c, &w, 1, &at));
    c->finished = false;
    CHECK(!life_slow(c, &w, 0, &at));
    c->finished = true;
    w.slow[0] = w.looks[w.n_looks - 1]; /* set for another kind of change */
    CHECK(!life_slow(c, &w, 0, &at));
}
