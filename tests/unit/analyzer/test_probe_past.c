/* tests of analyzer/probe_past */
#include "analyzer/probe_past.h"

#include "tests/test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A probe every minute, of the past every five; a change at minute 30 of 61. */
enum { PIVOT_S = 40000020, ROWS = 61, PAST_ROWS = 288 };

static struct probe_host host_with(struct unit *u, const struct slot *slot)
{
    static const uint32_t metric[] = {0};
    return (struct probe_host){.slot = slot,
                               .lines = {u, metric, 1},
                               .state = PROBE_FAILS,
                               .failed_past = NAN,
                               .of_past = NAN,
                               .expected = NAN,
                               .p = NAN};
}

static struct slot slot_at_pivot(void)
{
    instant pivot = {PIVOT_S * 1000ll};
    return (struct slot){
        .host = "h00",
        .state = SLOT_READY,
        .pivot = pivot,
        .frame = {
            {pivot.ms - 1800000}, pivot, {pivot.ms + 300000}, {pivot.ms + 1800000}}};
}

/* Values that pass are those above zero. */
static struct rule probe_rule(void)
{
    static struct ruleset *rules;
    static const char text[] = "format: 1\nrules:\n  - {id: up, probes: {series: up*}, "
                               "attention: {count: 1}}\n";
    struct complaints c = {0};
    if (rules == NULL)
        rules = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    CHECK(rules != NULL);
    complaints_free(&c);
    return rules->rule[0];
}

/* Every `every`-th row of the past fails, and the last `bad` rows of the windows do. */
static struct unit unit_with(int every, int bad)
{
    instant from = {(PIVOT_S - 1800) * 1000ll};
    struct unit u = {.who = {.kind = ENTITY_HOST, .host = "h00", .service = "pay"},
                     .n_metrics = 1,
                     .hot = {from, {60000}, ROWS, calloc(ROWS, sizeof(float))},
                     .past = {{from.ms - PAST_ROWS * 300000ll},
                              {300000},
                              PAST_ROWS,
                              calloc(PAST_ROWS, sizeof(float))}};
    CHECK(u.hot.cells != NULL && u.past.cells != NULL);
    for (int i = 0; i < ROWS; i++)
        u.hot.cells[i] = i < ROWS - bad;
    for (int i = 0; i < PAST_ROWS; i++)
        u.past.cells[i] = every == 0 || i % every != every - 1;
    return u;
}

static void unit_drop(struct unit *u)
{
    free(u->hot.cells);
    free(u->past.cells);
}

TEST(what_failed_before_is_counted_and_makes_failing_likely)
{
    struct slot slot = slot_at_pivot();
    struct rule r = probe_rule();
    struct unit often = unit_with(3, 10), seldom = unit_with(48, 10);
    struct probe_host a = host_with(&often, &slot), b = host_with(&seldom, &slot);
    CHECK(probe_past_score(&r, &a, NULL) == 0);
    CHECK(probe_past_score(&r, &b, NULL) == 0);
    CHECK(a.failed_past > 80 && a.of_past > 270);
    CHECK(b.failed_past > 4 && b.failed_past < 8);
    CHECK(a.p > 0.1 && b.p < 0.02);
    CHECK(a.expected > b.expected);
    unit_drop(&often);
    unit_drop(&seldom);
}

TEST(records_give_back_what_was_put_in_whatever_their_order)
{
    struct slot slot = slot_at_pivot();
    struct rule r = probe_rule();
    struct unit one = unit_with(3, 10), two = unit_with(10, 20);
    struct probe_host a = host_with(&one, &slot), b = host_with(&two, &slot);
    struct probe_host got = host_with(&one, &slot), nobody = got;
    struct err err = {0};
    OWNED_BUF records = {0};
    CHECK(probe_past_score(&r, &a, NULL) == 0);
    CHECK(probe_past_score(&r, &b, NULL) == 0);
    probe_past_give(7, &b, &records);
    probe_past_give(3, &a, &records);
    CHECK(probe_past_take(&records, 3, &got, &err) == 0);
    CHECK_NEAR(got.p, a.p, 0);
    CHECK_NEAR(got.failed_past, a.failed_past, 0);
    CHECK_NEAR(got.of_past, a.of_past, 0);
    CHECK_NEAR(got.expected, a.expected, 0);
    CHECK(probe_past_take(&records, 4, &nobody, &err) < 0);
    CHECK_INT(err.code, EBADMSG);
    CHECK(isnan(nobody.p));
    unit_drop(&one);
    unit_drop(&two);
}
