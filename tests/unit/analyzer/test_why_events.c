/* tests of analyzer/why_events: what comes one by one, asked why */
#include "analyzer/why_events.h"
#include "tests/unit/analyzer/make_why.h"

static char *text_of(const char *t)
{
    return (char *)(uintptr_t)t;
}

TEST(a_crash_is_told_with_its_counts_its_windows_and_what_is_asked_and_where)
{
    OWNED_EXPLAIN e = {0};
    struct core_row row[] = {{.time = {10100000},
                              .host = text_of("h01"),
                              .service = text_of("pay"),
                              .exe = text_of("/opt/pay"),
                              .title = text_of("SIGSEGV in parse <- main"),
                              .print = {"f0", "c0", false}}};
    cores = (struct core_facts){.n = 1, .row = row, .since = {1000}};
    explained(HEAD "  - id: crashes\n"
                   "    coredumps: true\n"
                   "    attention: {count: 1}\n"
                   "    must-handle: {count: 3, q: 1%}\n",
              "crashes", 200, &e);
    cores = (struct core_facts){0};
    check_has(&e, "crash pay, SIGSEGV in parse");
    check_has(&e, "never seen in the days known      yes");
    check_has(&e, "r.yml:6");
    check_json(&e, "\"dumps_after\":1");
    check_json(&e, "\"host\":\"h01\",\"pivot\":\"1970-01-01T02:47:00Z\",\"windows\"");
    check_json(&e, "\"must-handle\":{\"count_asked\":3,\"count_from\":\"r.yml:7\"");
    check_json(&e, "\"hosts_enough\":2,\"met\":false}");
    check_json(
        &e,
        "\"attention\":{\"count_asked\":1,\"count_from\":\"r.yml:6\",\"met\":true}");
}

TEST(an_alarm_is_told_host_by_host_against_what_the_rule_asks)
{
    OWNED_EXPLAIN e = {0};
    struct alarm_row row[] = {{.name = text_of("Slow"),
                               .host = text_of("h02"),
                               .service = text_of("pay"),
                               .severity = text_of("warning"),
                               .starts = {10200000},
                               .ends = INSTANT_NONE}};
    alarms = (struct alarm_facts){.n = 1, .row = row, .since = {1000}};
    explained(HEAD "  - id: alarms\n"
                   "    alarms: true\n"
                   "    attention: {count: 1}\n"
                   "    must-handle: {count: 9}\n",
              "alarms", 200, &e);
    alarms = (struct alarm_facts){0};
    check_has(&e, "alarm Slow");
    check_json(&e,
               "\"hosts_new\":1,\"firing\":1,\"control_hosts\":0,\"everywhere\":false");
    check_json(&e, "\"host\":\"h02\"");
    check_json(&e, "\"before\":false,\"firing\":true");
    /* one host, and none of eight unchanged ones: as good as the count */
    check_json(&e, "\"alone_from\":5,\"met\":true}");
    check_json(&e, "\"grade\":\"must-handle\"");
}

TEST(a_test_is_told_with_its_runs_before_and_since)
{
    OWNED_EXPLAIN e = {0};
    struct test_row row[] = {{.suite = text_of("smoke"),
                              .class = text_of("Refund"),
                              .name = text_of("works"),
                              .message = text_of("expected 1"),
                              .of_change = true,
                              .failed = 2,
                              .fails = true,
                              .first = {10300000},
                              .runs_before = 7,
                              .suite_tests = 12}};
    results = (struct test_rows){.n = 1, .row = row, .tests = 12};
    explained(HEAD "  - {id: broken, tests: true, attention: {count: 1}}\n", "broken",
              200, &e);
    results = (struct test_rows){0};
    check_has(&e, "suite smoke: began to fail, in results of the change itself");
    check_json(&e, "\"class\":\"Refund\",\"name\":\"works\",\"of_change\":true,"
                   "\"passed\":0,\"failed\":2,\"fails\":true");
    check_json(&e, "\"runs_before\":7,\"failed_before\":0");
    check_json(&e, "\"tests\":12,\"broken\":1");
    check_json(&e, "\"count_from\":\"r.yml:4\",\"met\":true}");
}

TEST(silence_is_told_host_by_host_with_the_rows_that_came)
{
    OWNED_EXPLAIN e = {0};
    explained(HEAD "  - {id: silent, silence: true, attention: {count: 1}}\n", "silent",
              200, &e);
    check_json(&e, "\"host\":\"h00\",\"state\":\"sends as before\"");
    check_json(&e, "\"points_before\":30,\"share_before\":1,");
    check_json(&e, "\"count_asked\":1,\"count_from\":\"r.yml:4\",\"met\":false}");
}
