/* tests of collector/in_junit */
#include "base/buf.h"
#include "collector/in_junit.h"
#include "tests/test.h"

#include <errno.h>

static struct test_run *read_text(const char *text, const char *suite, struct err *err)
{
    struct test_run *r = test_run_new(err);
    if (in_junit_read(text, strlen(text), suite, r, err) < 0)
        test_run_free(&r);
    return r;
}

static struct test_run *read_ok(const char *text)
{
    struct err err = {0};
    struct test_run *r = read_text(text, NULL, &err);
    if (r == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

static void refused(const char *text, const char *words)
{
    struct err err = {0};
    CHECK(read_text(text, NULL, &err) == NULL);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, words);
}

/* As pytest writes it. */
static const char pytest[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><testsuites><testsuite name=\"pytest\" "
    "errors=\"1\" failures=\"1\" skipped=\"1\" tests=\"4\" time=\"0.041\" "
    "timestamp=\"2026-11-21T09:58:00.000000+00:00\" hostname=\"ci\">"
    "<testcase classname=\"tests.test_pay\" name=\"test_refund[eur]\" time=\"0.012\" />"
    "<testcase classname=\"tests.test_pay\" name=\"test_charge\" time=\"0.020\">"
    "<failure message=\"assert 502 == 200\">def test_charge():\n&gt; assert x\n"
    "</failure></testcase>"
    "<testcase classname=\"tests.test_pay\" name=\"test_db\" time=\"0\">"
    "<error>  failed on setup\n with no db</error><system-out>noise</system-out>"
    "</testcase>"
    "<testcase classname=\"tests.test_pay\" name=\"test_slow\" time=\"\">"
    "<skipped type=\"pytest.skip\" message=\"slow\">x</skipped></testcase>"
    "</testsuite></testsuites>";

TEST(a_file_of_pytest_is_read)
{
    OWNED_TEST_RUN *r = read_ok(pytest);
    CHECK_INT((long long)r->n, 4);
    const struct test *t = r->test;
    CHECK_TEXT(t[0].suite, "pytest");
    CHECK_TEXT(t[0].class, "tests.test_pay");
    CHECK_TEXT(t[0].name, "test_refund[eur]");
    CHECK_INT(t[0].result, TEST_PASS);
    CHECK_INT(t[0].ms, 12);
    CHECK_INT(t[1].result, TEST_FAIL);
    CHECK_TEXT(t[1].message, "assert 502 == 200");
    CHECK_INT(t[2].result, TEST_ERROR);
    CHECK_TEXT(t[2].message, "failed on setup with no db");
    CHECK_INT(t[3].result, TEST_SKIP);
    CHECK_TEXT(t[3].message, "slow");
    CHECK_INT(t[3].ms, -1);
    CHECK_INT(r->time.ms, 1795255080000);
}

TEST(a_timestamp_without_a_zone_is_not_believed)
{
    OWNED_TEST_RUN *r = read_ok("<testsuite timestamp=\"2026-11-21T09:58:00\">"
                                "<testcase name=\"a\"/></testsuite>");
    CHECK(instant_is_none(r->time));
}

TEST(suites_lie_inside_one_another_and_the_innermost_named_counts)
{
    OWNED_TEST_RUN *r =
        read_ok("<testsuites name=\"all\"><testsuite><testcase name=\"a\"/></testsuite>"
                "<testsuite name=\"one\"><testsuite name=\"two\"><testcase name=\"b\"/>"
                "</testsuite><testcase name=\"c\"/></testsuite></testsuites>");
    CHECK_INT((long long)r->n, 3);
    CHECK_TEXT(r->test[0].suite, "all");
    CHECK_TEXT(r->test[1].suite, "two");
    CHECK_TEXT(r->test[2].suite, "one");
}

TEST(where_no_suite_has_a_name_the_address_gives_it)
{
    struct err err = {0};
    OWNED_TEST_RUN *r =
        read_text("<testsuite><testcase name=\"a\"/></testsuite>", "smoke", &err);
    CHECK(r != NULL);
    CHECK_TEXT(r->test[0].suite, "smoke");
}

TEST(earlier_tries_output_and_what_else_there_is_are_passed_over)
{
    OWNED_TEST_RUN *r = read_ok(
        "<testsuite name=\"s\"><properties><property name=\"testcase\" value=\"1\"/>"
        "</properties><testcase name=\"a\" time=\"1,234.5\"><flakyFailure "
        "message=\"once\"><failure/></flakyFailure><system-out><![CDATA[<failure/>]]>"
        "</system-out></testcase><x><testcase name=\"b\"/></x></testsuite>");
    CHECK_INT((long long)r->n, 1);
    CHECK_INT(r->test[0].result, TEST_PASS);
    CHECK_INT(r->test[0].ms, 1234500);
}

TEST(what_was_not_run_has_no_result)
{
    OWNED_TEST_RUN *r = read_ok(
        "<testsuite><testcase name=\"a\" status=\"notrun\"/><testcase name=\"b\" "
        "status=\"run\" result=\"suppressed\"/><testcase name=\"c\" status=\"run\" "
        "result=\"completed\"/></testsuite>");
    CHECK_INT(r->test[0].result, TEST_SKIP);
    CHECK_INT(r->test[1].result, TEST_SKIP);
    CHECK_INT(r->test[2].result, TEST_PASS);
}

TEST(the_worst_of_several_ends_counts_with_its_words)
{
    OWNED_TEST_RUN *r = read_ok(
        "<testsuite><testcase name=\"a\"><failure message=\"one\"/><failure "
        "message=\"two\"/><error message=\"three\"/><skipped/></testcase></testsuite>");
    CHECK_INT(r->test[0].result, TEST_ERROR);
    CHECK_TEXT(r->test[0].message, "three");
}

TEST(what_is_no_junit_file_is_refused_with_its_place)
{
    refused("<html><testcase name=\"a\"/></html>",
            "<html> (line 1, column 1): is no JUnit file's root");
    refused("<testcase name=\"a\"/>", "is no JUnit file's root");
    refused("<testsuite>\n<testcase/></testsuite>",
            "<testcase> (line 2, column 1): has no name");
    refused("<testsuite><testcase name=\" \"/></testsuite>", "has an empty name");
    refused("<testsuite><testcase name=\"a\"><testcase name=\"b\"/></testcase>"
            "</testsuite>",
            "stands inside another one");
    refused("<testsuite><testcase name=\"a\"></testsuite>", "mismatched tag");
    refused("<!DOCTYPE x><testsuite/>", "DOCTYPE");
}

TEST(too_many_tests_are_refused)
{
    OWNED_BUF b = {0};
    struct err err = {0};
    buf_add(&b, "<testsuite>");
    for (int i = 0; i <= TEST_RUN_TESTS_MAX; i++)
        buf_add(&b, "<testcase name=\"a\"/>");
    buf_add(&b, "</testsuite>");
    CHECK(read_text(buf_text(&b), NULL, &err) == NULL);
    CHECK(strstr(err.text, "more than 20000 tests in one run") != NULL);
}
