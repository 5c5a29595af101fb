#include "programs/gate.h"

#include "tests/test.h"

static struct gate_answer read(const char *json)
{
    struct gate_answer a;
    struct err err = {0};
    if (gate_read(json, strlen(json), &a, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

TEST(a_verdict_is_settled_when_final_or_bad_or_all_looks_are_done)
{
    CHECK(read("{\"grade\":\"ok\",\"final\":true,\"revision\":1}").settled);
    CHECK(read("{\"grade\":\"must-handle\",\"final\":false,\"revision\":1}").settled);
    CHECK(read("{\"grade\":\"ok\",\"final\":false,\"revision\":1,"
               "\"looks_done\":4,\"looks_all\":4}")
              .settled);
    CHECK(!read("{\"grade\":\"ok\",\"final\":false,\"revision\":1,"
                "\"looks_done\":3,\"looks_all\":4}")
               .settled);
    CHECK(!read("{\"grade\":\"not-judged\",\"final\":false,\"revision\":0}").settled);
}

TEST(without_a_look_there_is_no_verdict)
{
    struct gate_answer a = read("{\"grade\":\"ok\",\"final\":false,\"revision\":0}");
    CHECK_INT(gate_exit_code(&a), GRADE_NOT_JUDGED);
    CHECK(instant_is_none(a.decided_at));
    a = read("{\"grade\":\"attention\",\"final\":false,\"revision\":2,"
             "\"decided_at\":\"2026-11-21T10:00:00Z\"}");
    CHECK_INT(gate_exit_code(&a), 1);
    CHECK_INT(a.decided_at.ms, 1795255200000);
}

TEST(the_first_finding_that_is_not_muted_says_why)
{
    CHECK_TEXT(read("{\"grade\":\"ok\",\"final\":true,\"revision\":1,\"findings\":["
                    "{\"because\":\"a\",\"muted\":{}},{\"because\":\"b\"}]}")
                   .because,
               "b");
    CHECK_TEXT(read("{\"grade\":\"ok\",\"final\":true,\"revision\":1,\"findings\":[],"
                    "\"reason\":\"c\"}")
                   .because,
               "c");
}

TEST(what_is_no_verdict_is_told)
{
    struct gate_answer a;
    struct err err = {0};
    CHECK_INT(gate_read("{\"grade\":\"fine\"}", 16, &a, &err), -1);
    CHECK(strstr(err.text, "no grade") != NULL);
    CHECK_INT(gate_read("<html>", 6, &a, NULL), -1);
}

TEST(the_last_batch_ends_when_its_last_host_is_done)
{
    instant last;
    const char json[] =
        "{\"change\":{\"hosts\":["
        "{\"name\":\"a\",\"done\":\"2026-11-21T10:00:05Z\",\"batch\":1},"
        "{\"name\":\"b\",\"done\":\"2026-11-21T10:00:00Z\",\"batch\":2},"
        "{\"name\":\"c\",\"done\":\"2026-11-21T11:00:00Z\",\"batch\":0}"
        "]}}";
    CHECK_INT(gate_read_batches(json, strlen(json), &last, NULL), 0);
    CHECK_INT(last.ms, 1795255205000);
    CHECK_INT(gate_read_batches("{\"change\":{}}", 13, &last, NULL), 0);
    CHECK(instant_is_none(last));
}
