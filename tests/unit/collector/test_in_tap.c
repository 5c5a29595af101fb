/* tests of collector/in_tap */
#include "collector/in_tap.h"
#include "tests/test.h"

static struct test_run *read_ok(const char *text)
{
    struct err err = {0};
    struct test_run *r = test_run_new(&err);
    CHECK(in_tap_is(text, strlen(text)));
    if (in_tap_read(text, strlen(text), "smoke", r, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

TEST(results_names_and_directives_are_read)
{
    OWNED_TEST_RUN *r = read_ok("TAP version 13\r\n1..6\r\nok 1 - login\r\n"
                                "not ok 2 - refund # got 502\r\n# a note\r\n"
                                "ok 3 pay # SKIP no network\r\nnot ok 4 - x # todo\r\n"
                                "ok\r\nnot ok 6\r\n");
    CHECK_INT((long long)r->n, 6);
    const struct test *t = r->test;
    CHECK_TEXT(t[0].name, "login");
    CHECK_TEXT(t[0].suite, "smoke");
    CHECK_INT(t[0].result, TEST_PASS);
    CHECK_TEXT(t[1].name, "refund # got 502");
    CHECK_INT(t[1].result, TEST_FAIL);
    CHECK_TEXT(t[2].name, "pay");
    CHECK_INT(t[2].result, TEST_SKIP);
    CHECK_INT(t[3].result, TEST_SKIP);
    CHECK_TEXT(t[4].name, "test 5");
    CHECK_INT(t[4].result, TEST_PASS);
    CHECK_TEXT(t[5].name, "test 6");
}

TEST(a_name_that_holds_nothing_to_read_is_the_tests_number)
{
    static const char text[] = "ok 1 - \x01\x7f\nnot ok 2 - \0x\nok 3 - \xff # skip\n";
    struct err err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    CHECK_INT(in_tap_read(text, sizeof text - 1, NULL, r, &err), 0);
    CHECK_INT((long long)r->n, 3);
    CHECK_TEXT(r->test[0].name, "test 1");
    CHECK_TEXT(r->test[1].name, "test 2");
    CHECK_TEXT(r->test[2].name, "test 3");
    CHECK_INT(r->test[2].result, TEST_SKIP);
}

TEST(subtests_yaml_and_other_lines_are_passed_over)
{
    OWNED_TEST_RUN *r = read_ok("hello\n    ok 1 - inner\n    not ok 2\n"
                                "not ok 1 - outer\n  ---\n  ok: no\n  ...\nokay\n1..1");
    CHECK_INT((long long)r->n, 1);
    CHECK_TEXT(r->test[0].name, "outer");
}

TEST(planned_tests_that_are_missing_are_an_error)
{
    OWNED_TEST_RUN *r = read_ok("1..3\nok 1 - a\n");
    CHECK_INT((long long)r->n, 2);
    CHECK_INT(r->test[1].result, TEST_ERROR);
    CHECK_TEXT(r->test[1].message, "3 were planned, 1 have a result");
}

TEST(a_bail_out_is_an_error_and_the_end)
{
    OWNED_TEST_RUN *r = read_ok("1..3\nok 1 - a\nBail out! no database\nok 2\n");
    CHECK_INT((long long)r->n, 2);
    CHECK_INT(r->test[1].result, TEST_ERROR);
    CHECK_TEXT(r->test[1].message, "no database");
}

TEST(other_text_is_not_taken_for_tap)
{
    CHECK(!in_tap_is("hello\nokay\n", 11));
    CHECK(!in_tap_is("", 0));
    CHECK(!in_tap_is("1..x", 4));
    CHECK(in_tap_is("1..0 # SKIP all", 15));
    CHECK(in_tap_is("\nok", 3));
}
