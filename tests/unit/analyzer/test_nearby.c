/* tests of analyzer/nearby: which of two changes it rather was */
#include "analyzer/nearby.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static const struct windows_rule usual = {.before = {1800000},
                                          .settle = {60000},
                                          .looks = {{600000}, {1800000}},
                                          .n_looks = 2};
static struct made_change made, other;
static const int64_t pivot = 10020;

/* This change touches h00 to h05; the other `from` to `to`, at its own second. */
struct scene {
    struct made_panel *m;
    struct lineup lineup;
    struct verdict *verdict;
};
static struct scene s;

static void open_scene(int from, int to, int64_t at)
{
    s = (struct scene){.m = made_panel_new(7980, 60, 66)};
    make_change(&other, "pay", to, at, at);
    static char id[] = "c2";
    other.change.change_id = id;
    other.change.host = other.host + from;
    other.change.n_hosts = (size_t)(to - from);
}

/* cpu.busy of a host goes from 30 to 60 at this second; 0: it stays. */
static void host_moves(int i, int64_t at)
{
    made_level(s.m, made_host(made_name(i), "pay"), "cpu.busy", at > 0 ? at : pivot, 30,
               at > 0 ? 60 : 30, 0, 1);
}

/* A finding of cpu.busy on hosts `from` to `to`. */
static const struct nearby *asked(int from, int to)
{
    const struct change *nearby = &other.change;
    CHECK(align(make_change(&made, "pay", 6, pivot, pivot), &nearby, 1,
                made_panel_done(s.m), &usual, (instant){11820000}, &s.lineup,
                NULL) == 0);
    s.verdict = verdict_new("c1");
    if (to > from) {
        struct finding *f = verdict_add(s.verdict);
        f->metric = strdup("cpu.busy");
        f->service = strdup("pay");
        f->kind = FINDING_LEVEL;
        f->grade = GRADE_MUST_HANDLE;
        f->before = 30;
        f->after = 60;
        f->delta = 30;
        f->hosts = calloc((size_t)(to - from), sizeof *f->hosts);
        for (int i = from; i < to; i++)
            f->hosts[f->n_hosts++] =
                (struct finding_host){strdup(made_name(i)), 30, 60};
    }
    CHECK(nearby_tell(&s.lineup, &nearby, 1, s.verdict, NULL) == 0);
    CHECK_INT(s.verdict->n_nearby, 1);
    return s.verdict->nearby;
}

static void close_scene(void)
{
    verdict_free(&s.verdict);
    lineup_free(&s.lineup);
    made_panel_free(&s.m);
}

TEST(without_anything_worse_a_change_nearby_is_only_named)
{
    open_scene(4, 8, pivot - 900);
    for (int i = 0; i < 8; i++)
        host_moves(i, 0);
    const struct nearby *n = asked(0, 0);
    CHECK_TEXT(n->change_id, "c2");
    CHECK_TEXT(n->because, "Changed h04, h05 15 minutes before this change.");
    CHECK(n->likelier == NULL && n->reasons == NULL);
    close_scene();
}

TEST(a_move_on_all_hosts_of_the_other_and_none_of_this_alone_is_the_others)
{
    open_scene(3, 9, pivot - 900);
    for (int i = 0; i < 9; i++)
        host_moves(i, i < 3 ? 0 : i < 6 ? pivot + 60 : pivot - 900);
    const struct nearby *n = asked(3, 6);
    CHECK_TEXT(n->likelier, NEARBY_OTHER);
    CHECK_TEXT(n->reasons,
               "c2 is the likelier cause: cpu.busy moved on 3 of 3 hosts that both "
               "changed, none of 3 hosts that only this one changed, 3 of 3 hosts that "
               "only c2 changed.");
    close_scene();
}

TEST(a_move_on_hosts_of_this_alone_and_none_of_the_other_alone_is_this_ones)
{
    open_scene(4, 9, pivot - 900);
    for (int i = 0; i < 9; i++)
        host_moves(i, i < 6 ? pivot : 0);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->likelier, NEARBY_THIS);
    CHECK_TEXT(n->reasons,
               "This change is the likelier cause, not c2: cpu.busy moved on 2 of 2 "
               "hosts that both changed, 4 of 4 hosts that only this one changed, none "
               "of 3 hosts that only c2 changed.");
    close_scene();
}

TEST(a_move_that_began_before_this_change_is_the_others)
{
    open_scene(0, 6, pivot - 600);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot - 240);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->likelier, NEARBY_OTHER);
    CHECK_TEXT(n->reasons,
               "c2 is the likelier cause: cpu.busy moved on 6 of 6 hosts that both "
               "changed; it began before this change on 6 of the 6 that moved, 4 "
               "minutes before it on h00.");
    close_scene();
}

TEST(a_move_that_was_there_when_the_other_came_is_this_ones)
{
    open_scene(0, 6, pivot + 1500);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->because, "Changed h00, h01, h02 and 3 more of the same hosts 25 "
                           "minutes after this change.");
    CHECK_TEXT(n->likelier, NEARBY_THIS);
    CHECK_TEXT(n->reasons,
               "This change is the likelier cause, not c2: cpu.busy moved on 6 of 6 "
               "hosts that both changed; it began before c2 on 6 of the 6 that moved.");
    close_scene();
}

TEST(the_same_hosts_at_the_same_time_are_not_told_apart)
{
    open_scene(0, 6, pivot);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->because,
               "Changed h00, h01, h02 and 3 more of the same hosts at the same time.");
    CHECK(n->likelier == NULL);
    CHECK_TEXT(n->reasons,
               "Nothing tells this change and c2 apart: cpu.busy moved on 6 "
               "of 6 hosts that both changed.");
    close_scene();
}

TEST(what_moved_on_hosts_of_either_alone_is_not_told_apart)
{
    open_scene(6, 9, pivot - 900);
    for (int i = 0; i < 9; i++)
        host_moves(i, i < 6 ? pivot : pivot - 900);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->because, "Changed other hosts of pay 15 minutes before this change.");
    CHECK(n->likelier == NULL);
    CHECK_TEXT(n->reasons,
               "Nothing tells this change and c2 apart: cpu.busy moved on 6 of 6 hosts "
               "that only this one changed, 3 of 3 hosts that only c2 changed.");
    close_scene();
}

TEST(a_rise_from_before_both_changes_is_neithers)
{
    open_scene(0, 6, pivot - 120);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot - 600);
    const struct nearby *n = asked(0, 6);
    CHECK(n->likelier == NULL);
    close_scene();
}

TEST(of_two_changes_of_the_same_hosts_the_move_follows_one_at_once)
{
    open_scene(0, 6, pivot + 600);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot + 660);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->likelier, NEARBY_OTHER);
    CHECK_TEXT(n->reasons, "c2 is the likelier cause: cpu.busy moved on 6 of 6 hosts "
                           "that both changed; it began 11 minutes after this change "
                           "and 1 minute after c2.");
    close_scene();
    open_scene(0, 6, pivot - 60);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot + 600);
    CHECK(asked(0, 6)->likelier == NULL); /* long after both */
    close_scene();
}

TEST(a_change_of_all_the_service_shares_all_hosts)
{
    open_scene(0, 0, pivot - 900);
    for (int i = 0; i < 6; i++)
        host_moves(i, pivot);
    const struct nearby *n = asked(0, 6);
    CHECK_TEXT(n->because, "Changed pay 15 minutes before this change.");
    CHECK_TEXT(n->reasons, "This change is the likelier cause, not c2: cpu.busy moved "
                           "on 6 of 6 hosts that both changed; it began with this "
                           "change and 15 minutes after c2.");
    close_scene();
}
