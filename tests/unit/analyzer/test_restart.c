/* tests of analyzer/restart */
#include "analyzer/restart.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { PIVOT = 1000, ROWS = 240 };

/* Rows of ten seconds from second 0 on. */
static const struct windows_rule usual = {
    .before = {600000}, .settle = {120000}, .looks = {{600000}}, .n_looks = 1};
static struct made_change made;
static double room[4096];

static const char text[] = "format: 1\n"
                           "rules:\n"
                           "  - {id: load, relief: cpu.busy, on: {kinds: [scale-out]}, "
                           "attention: {effect: 33%}}\n";

static struct restarts find(struct made_panel *m, int hosts, enum change_kind kind,
                            const char *want)
{
    struct complaints c = {0};
    struct restarts r;
    char *note = NULL;
    OWNED_LINEUP l = {0};
    struct ruleset *rules = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    struct change *change = make_change(&made, "pay", hosts, PIVOT, PIVOT);
    change->kind = kind;
    CHECK(rules != NULL);
    CHECK(align(change, NULL, 0, made_panel_done(m), &usual, (instant){1600000}, &l,
                NULL) == 0);
    CHECK(restarts_find(&l, rules, room, &r, NULL) == 0);
    CHECK(restarts_note(&l, &r, &note) == 0);
    if (want == NULL)
        CHECK(note == NULL);
    else
        CHECK_TEXT(note, want);
    free(note);
    ruleset_free(&rules);
    return r;
}

static void host(struct made_panel *m, int i, int64_t from, int64_t to)
{
    struct entity who = made_host(made_name(i), "pay");
    made_level(m, who, "cpu.busy", 0, 30, 30, 5, 1);
    made_level(m, who, "load.load1", 0, 2, 2, 0.2, 1);
    made_gap(m, who, "cpu.busy", from, to);
    made_gap(m, who, "load.load1", from, to);
}

TEST(hosts_that_were_away_and_came_back_are_named_with_how_long)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    for (int i = 0; i < 14; i++)
        host(m, i, PIVOT, PIVOT + (i < 8 ? 20 : 40));
    struct restarts r = find(
        m, 14, CHANGE_BATCH_RESTART,
        "14 of 14 hosts were back within 40 seconds, half of them within 20 seconds.");
    CHECK_INT(r.n, 14);
    CHECK_INT(r.back, 14);
    CHECK_INT(r.median.ms, 20000);
    CHECK_INT(r.worst.ms, 40000);
    CHECK(r.not_back == NULL);
}

TEST(a_host_that_stays_away_is_named_as_such)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    for (int i = 0; i < 5; i++)
        host(m, i, PIVOT, i == 3 ? 99999 : PIVOT + 30);
    struct restarts r = find(
        m, 5, CHANGE_BATCH_RESTART,
        "4 of 5 hosts were back within 30 seconds; h03 was not back at this look.");
    CHECK_INT(r.away, 5);
}

TEST(a_hole_that_began_before_the_pivot_was_told_counts_as_a_whole)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    host(m, 0, PIVOT - 90, PIVOT + 10);
    find(m, 1, CHANGE_BATCH_RESTART, "1 of 1 hosts was back within 100 seconds.");
}

TEST(holes_of_another_time_and_samples_every_minute_are_no_restarts)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    host(m, 0, PIVOT - 300, PIVOT - 200);
    host(m, 1, PIVOT + 300, PIVOT + 400);
    made_level(m, made_host("h02", "pay"), "cpu.busy", 0, 30, 30, 1, 6);
    find(m, 3, CHANGE_BATCH_RESTART, "None of 3 hosts was seen to be away.");
}

TEST(a_missing_sample_among_sparse_ones_is_a_hole)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    made_level(m, made_host("h00", "pay"), "cpu.busy", 0, 30, 30, 1, 6);
    made_gap(m, made_host("h00", "pay"), "cpu.busy", PIVOT, PIVOT + 60);
    find(m, 1, CHANGE_BATCH_RESTART, "1 of 1 hosts was back within 1 minute.");
}

TEST(a_program_that_is_away_shows_in_its_calls_while_its_host_sends_on)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    for (int i = 0; i < 3; i++) {
        host(m, i, 0, 0);
        struct entity e = made_edge("front", "pay", "/pay", made_name(i), "server");
        made_level(m, e, "ok 200", 0, 100, 100, 10, 1);
        made_gap(m, e, "ok 200", PIVOT, i == 2 ? 99999 : PIVOT + 50);
    }
    struct restarts r = find(
        m, 3, CHANGE_BATCH_RESTART,
        "2 of 3 hosts were back within 50 seconds; h02 was not back at this look.");
    CHECK_INT(r.n, 3);
}

TEST(without_calls_the_load_tells)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    for (int i = 0; i < 2; i++) {
        host(m, i, 0, 0);
        for (int64_t t = PIVOT; t < PIVOT + 30; t += 10)
            made_cell(m, made_host(made_name(i), "pay"), "cpu.busy", t, 3);
    }
    find(m, 2, CHANGE_RELEASE, "2 of 2 hosts were back within 30 seconds.");
}

TEST(load_that_became_less_for_good_is_no_restart)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    host(m, 0, 0, 0);
    made_level(m, made_host("h00", "pay"), "cpu.busy", PIVOT, 30, 8, 1, 1);
    find(m, 1, CHANGE_BATCH_RESTART, "None of 1 hosts was seen to be away.");
}

TEST(a_release_is_only_said_to_restart_when_half_of_its_hosts_did)
{
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    for (int i = 0; i < 5; i++)
        host(m, i, i < 2 ? PIVOT : 0, i < 2 ? PIVOT + 20 : 0);
    find(m, 5, CHANGE_RELEASE, NULL);
}

TEST(a_host_that_is_back_when_its_batch_is_told_to_be_done_was_away_all_the_same)
{
    struct complaints c = {0};
    struct restarts r;
    OWNED_MADE *m = made_panel_new(0, 10, ROWS);
    OWNED_LINEUP l = {0};
    struct ruleset *rules = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    struct change *change = make_change(&made, "pay", 2, PIVOT - 200, PIVOT);
    for (int i = 0; i < 2; i++) {
        change->host[i].pivot = change->host[i].done = (instant){PIVOT * 1000};
        host(m, i, PIVOT - 100, PIVOT - 100 + 10 * (i + 4));
    }
    CHECK(align(change, NULL, 0, made_panel_done(m), &usual, (instant){1600000}, &l,
                NULL) == 0);
    CHECK(restarts_find(&l, rules, room, &r, NULL) == 0);
    CHECK_INT(r.away, 2);
    CHECK_INT(r.back, 2);
    CHECK_INT(r.median.ms, 40000);
    CHECK_INT(r.worst.ms, 50000);
    ruleset_free(&rules);
}
