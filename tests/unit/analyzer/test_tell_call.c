/* tests of analyzer/tell_call: the words, in percent or calls a second */
#include "analyzer/tell_call.h"
#include "tests/unit/analyzer/make_bench.h"

static char name[] = "web->pay:charge";
static struct code codes[] = {
    {.outcome = CALL_OK, .code = "0", .changed = {.before = 990, .after = 700}},
    {.outcome = CALL_FAIL, .code = "-1001", .changed = {.before = 10, .after = 300}},
};
static const struct edge edge = {.caller = "web",
                                 .callee = "pay",
                                 .iface = "charge",
                                 .side = "client",
                                 .inbound = true,
                                 .name = name,
                                 .n_codes = 2,
                                 .code = codes};

static struct call_test test_of(enum measure m)
{
    return (struct call_test){.edge = &edge,
                              .rule = &b.rule,
                              .measure = m,
                              .judged = true,
                              .events_before = 10,
                              .events_after = 300,
                              .of_before = 1000,
                              .of_after = 1000,
                              .before = 0.01,
                              .after = 0.3,
                              .control_before = NAN,
                              .control_after = NAN,
                              .effect = 29,
                              .delta = 0.29,
                              .p = 1e-9,
                              .grade = GRADE_MUST_HANDLE};
}

TEST(a_share_of_failures_is_told_in_percent_with_the_code_that_rose_most)
{
    open_bench(2);
    struct call_test one = test_of(MEASURE_FAIL_SHARE);
    struct calls all = {.n = 1, .test = &one};
    tell_call(&b.teller, &one, &all);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_INT(f->kind, FINDING_SHARE);
    CHECK_TEXT(f->metric, "fail_share web->pay:charge");
    CHECK_TEXT(f->unit, "%");
    CHECK_NEAR(f->after, 30, 1e-9);
    CHECK_NEAR(f->of_after, 1000, 0);
    CHECK_TEXT(
        f->because,
        "30.0 % of 1,000 calls web -> pay:charge failed after the change, against 1.0 "
        "% of 1,000 before; -1001 rose from 10 to 300 (as the client sees it).");
    close_bench();
}

TEST(traffic_is_told_in_calls_a_second)
{
    open_bench(2);
    struct call_test one = test_of(MEASURE_TRAFFIC);
    one.before = 5;
    one.after = 0.1;
    one.delta = -4.9;
    struct calls all = {.n = 1, .test = &one};
    tell_call(&b.teller, &one, &all);
    const struct finding *f = b.verdict->findings;
    CHECK_INT(f->kind, FINDING_TRAFFIC);
    CHECK_TEXT(f->unit, "/s");
    CHECK_NEAR(f->after, 0.1, 0);
    CHECK(isnan(f->of_after));
    CHECK_TEXT(f->because, "Calls web -> pay:charge fell from 5/s to 0.1/s: 10 before "
                           "the change, 300 after it (as the client sees it).");
    close_bench();
}

TEST(new_hosts_calls_are_told_against_those_of_the_old)
{
    open_bench(2);
    struct fresh_share share[] = {
        {"h00", &b.lineup.slot[0], 300, 1000, 10, 1000, 0, 0, 10, 0.29, 1e-9, true},
        {"h01", &b.lineup.slot[1], 9, 1000, 10, 1000, 0, 0, 10, 0, 1, false}};
    struct fresh_call one = {test_of(MEASURE_FAIL_SHARE), 2, share, 1, 6};
    struct fresh_calls all = {1, &one};
    tell_call_fresh(&b.teller, &one, &all);
    const struct finding *f = b.verdict->findings;
    CHECK(f->fresh);
    CHECK_TEXT(f->host, "h00");
    CHECK_TEXT(
        f->because,
        "30.0 % of 1,000 calls web -> pay:charge to the new host h00 failed, against "
        "1.0 % of 1,000 to 6 old hosts in the same minutes (as the client sees it).");
    close_bench();
}
