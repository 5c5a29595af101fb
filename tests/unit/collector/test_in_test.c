/* tests of collector/in_test: reading; how it answers over HTTP is test_routes.c's */
#include "tests/test.h"
#include "base/buf.h"
#include "collector/in_test.h"

#include <errno.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
#define JUNIT                                                                          \
    "<testsuite timestamp=\"2026-11-21T09:58:00Z\"><testcase name=\"a\"/></testsuite>"
#define JSON "{\"tests\":[{\"name\":\"a\",\"result\":\"fail\"}]}"

static struct test_run *read_as(const char *text, struct in_test_ask ask,
                                struct err *err)
{
    ask.now = NOW;
    return in_test_read(text, strlen(text), &ask, err);
}

static struct test_run *read_ok(const char *text, struct in_test_ask ask)
{
    struct err err = {0};
    struct test_run *r = read_as(text, ask, &err);
    if (r == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT((long long)strlen(r->hash), TEST_RUN_HASH_MAX - 1);
    return r;
}

static void refused(const char *text, struct in_test_ask ask, const char *words)
{
    struct err err = {0};
    CHECK(read_as(text, ask, &err) == NULL);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, words);
}

TEST(the_first_bytes_say_the_form)
{
    struct in_test_ask ask = {.service = "pay", .suite = "smoke"};
    static const char *const bodies[] = {JUNIT, "\xef\xbb\xbf \n" JUNIT, "\n " JSON,
                                         "ok 1 - a", "<?xml version='1.0'?>" JUNIT};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        OWNED_TEST_RUN *r = read_ok(bodies[i], ask);
        CHECK_INT((long long)r->n, 1);
        CHECK_TEXT(r->test[0].name, "a");
        CHECK_TEXT(r->service, "pay");
    }
    refused("hello", ask, "JUnit XML, TAP or a JSON object");
    refused("", ask, "JUnit XML, TAP or a JSON object");
    refused("[1]", ask, "JUnit XML, TAP or a JSON object");
}

TEST(the_time_is_the_addresss_else_the_bodys_else_now)
{
    OWNED_TEST_RUN *own = read_ok(JUNIT, (struct in_test_ask){.change = "8812"});
    OWNED_TEST_RUN *now = read_ok(JSON, (struct in_test_ask){.change = "8812"});
    OWNED_TEST_RUN *said = read_ok(
        JUNIT, (struct in_test_ask){.change = "8812", .time = "2026-11-21T09:00:00Z"});
    CHECK_INT(own->time.ms, NOW.ms - 120000);
    CHECK_INT(now->time.ms, NOW.ms);
    CHECK_INT(said->time.ms, NOW.ms - 3600000);
    refused(JUNIT, (struct in_test_ask){.change = "8812", .time = "noon"}, "time: ");
    refused(JUNIT,
            (struct in_test_ask){.change = "8812", .time = "2026-11-21T10:11:00Z"},
            "ahead of the clock");
    OWNED_TEST_RUN *old =
        read_ok("<testsuite timestamp=\"1999-01-01T00:00:00Z\"><testcase name=\"a\"/>"
                "</testsuite>",
                (struct in_test_ask){.change = "8812"});
    CHECK_INT(old->time.ms, NOW.ms);
}

TEST(a_change_or_a_service_must_be_named_and_not_twice_otherwise)
{
    refused(JUNIT, (struct in_test_ask){0}, "?change=ID or ?service=NAME");
    refused(JSON, (struct in_test_ask){.change = ""}, "?change=ID or ?service=NAME");
    refused("{\"change_id\":\"1\",\"tests\":[]}", (struct in_test_ask){.change = "2"},
            "the change is '1' in the body and '2' in the address");
    OWNED_TEST_RUN *r = read_ok("{\"change_id\":\"1\",\"tests\":[]}",
                                (struct in_test_ask){.service = "pay"});
    CHECK_TEXT(r->change_id, "1");
    CHECK_TEXT(r->service, "pay");
}

TEST(a_body_of_too_many_values_is_too_long)
{
    OWNED_BUF b = {0};
    struct err err = {0};
    buf_add(&b, "{\"tests\":[0");
    for (int i = 0; i <= TEST_VALUES_MAX; i++)
        buf_add(&b, ",0");
    buf_add(&b, "]}");
    CHECK(read_as(buf_text(&b), (struct in_test_ask){.service = "pay"}, &err) == NULL);
    CHECK_INT(err.code, EMSGSIZE);
}
