/* tests of storage/test_run */
#include "base/buf.h"
#include "base/names.h"
#include "storage/test_run.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct test_run *read_at(const char *text, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, strlen(text), err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct test_run *r = NULL;
    return test_run_read(&root, now, &r, err) == 0 ? r : NULL;
}

static void refused(const char *text, const char *words)
{
    struct err err = {0};
    CHECK(read_at(text, NOW, &err) == NULL);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, words);
}

TEST(a_run_is_read_and_sorted)
{
    struct err err = {0};
    OWNED_TEST_RUN *r = read_at(
        "{\"service\":\"pay\",\"time\":\"2026-11-21T09:59:00Z\",\"suite\":\"smoke\","
        "\"tests\":[{\"name\":\"refund\",\"class\":\"api\",\"result\":\"fail\",\"ms\":"
        "119.6,\"message\":\"expected 200,\\n  got 502\"},{\"name\":\"login\","
        "\"suite\":\"early\",\"result\":\"pass\"}]}",
        NOW, &err);
    CHECK(r != NULL);
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK_TEXT(r->service, "pay");
    CHECK(r->change_id == NULL);
    CHECK_INT(r->time.ms, NOW.ms - 60000);
    CHECK_INT((long long)r->n, 2);
    CHECK_TEXT(r->test[0].suite, "early");
    CHECK_TEXT(r->test[0].class, "");
    CHECK_TEXT(r->test[1].name, "refund");
    CHECK_TEXT(r->test[1].message, "expected 200, got 502");
    CHECK_INT(r->test[1].result, TEST_FAIL);
    CHECK_INT(r->test[1].ms, 120);
    CHECK_INT(r->test[0].ms, -1);
}

TEST(of_a_test_that_is_there_twice_the_worst_counts)
{
    struct err err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    static const enum test_result in[] = {TEST_PASS, TEST_ERROR, TEST_SKIP, TEST_FAIL};
    for (size_t i = 0; i < 4; i++)
        test_run_add(r, "s", "c", "t", &err)->result = in[i];
    test_run_add(r, "s", "c", "u", &err)->result = TEST_SKIP;
    test_run_add(r, "s", "c", "u", &err)->result = TEST_PASS;
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK_INT((long long)r->n, 2);
    CHECK_INT(r->test[0].result, TEST_ERROR);
    CHECK_INT(r->test[1].result, TEST_PASS);
}

static void seal_in_order(bool forth, char hash[TEST_RUN_HASH_MAX])
{
    struct err err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    r->time = NOW;
    CHECK_INT(test_run_name(r, NULL, "pay", &err), 0);
    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", forth ? i : 7 - i);
        CHECK(test_run_add(r, "s", NULL, name, &err) != NULL);
    }
    CHECK_INT(test_run_seal(r, &err), 0);
    memcpy(hash, r->hash, TEST_RUN_HASH_MAX);
}

TEST(the_hash_knows_a_run_whatever_the_order_of_its_tests)
{
    char a[TEST_RUN_HASH_MAX], b[TEST_RUN_HASH_MAX];
    struct err err = {0};
    seal_in_order(true, a);
    seal_in_order(false, b);
    CHECK_TEXT(a, b);
    OWNED_TEST_RUN *r = test_run_new(&err);
    r->time = NOW;
    CHECK_INT(test_run_seal(r, &err), 0);
    CHECK(strcmp(r->hash, a) != 0);
}

TEST(names_and_messages_are_cleaned_and_cut_between_characters)
{
    struct err err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    OWNED_BUF b = {0};
    for (int i = 0; i < TEST_NAME_MAX; i++)
        buf_add(&b, "\xc3\xbc");
    struct test *t = test_run_add(r, "\ta  b\n", NULL, buf_text(&b), &err);
    CHECK_TEXT(t->suite, "a b");
    CHECK_INT((long long)strlen(t->name), TEST_NAME_MAX);
    CHECK(utf8_valid(t->name, strlen(t->name)));
    CHECK_INT(test_say(t, "\xff\xfe", 2, &err), 0);
    CHECK(t->message == NULL);
    CHECK_INT(test_say(t, "x\xffy", 3, &err), 0);
    CHECK_TEXT(t->message, "x y");
}

TEST(a_run_has_its_most)
{
    struct err err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    for (int i = 0; i < TEST_RUN_TESTS_MAX; i++)
        CHECK(test_run_add(r, "s", NULL, "t", &err) != NULL);
    CHECK(test_run_add(r, "s", NULL, "t", &err) == NULL);
    CHECK_INT(err.code, EMSGSIZE);
}

TEST(a_run_is_about_a_change_or_a_service)
{
    struct err none = {0}, bad = {0}, err = {0};
    OWNED_TEST_RUN *r = test_run_new(&err);
    CHECK_INT(test_run_name(r, NULL, "", &none), -1);
    CHECK(strstr(none.text, "?change=ID or ?service=NAME") != NULL);
    CHECK_INT(test_run_name(r, "a\nb", NULL, &bad), -1);
    CHECK(strstr(bad.text, "change has a control character") != NULL);
    CHECK_INT(test_run_name(r, "8812", NULL, &err), 0);
    CHECK_INT(test_run_name(r, NULL, "pay", &err), 0);
    CHECK_TEXT(r->change_id, "8812");
    CHECK_TEXT(r->service, "pay");
}

TEST(bad_fields_are_refused_with_field_and_place)
{
    refused("[]", "expected an object, a run of tests");
    refused("{}", "tests (line 1, column 1): is missing");
    refused("{\"tests\":7}", "tests (line 1, column 10): expected a list");
    refused("{\"tests\":[{\"name\":\"a\",\"result\":\"pass\"},7]}", "tests[1] (line 1");
    refused("{\"tests\":[{\"result\":\"pass\"}]}", "tests[0].name (line 1, column 11): "
                                                   "is missing");
    refused("{\"tests\":[{\"name\":\" \",\"result\":\"pass\"}]}", "is empty");
    refused("{\"tests\":[{\"name\":\"a\"}]}", "tests[0].result");
    refused("{\"tests\":[{\"name\":\"a\",\"result\":\"ok\"}]}",
            "'ok', expected pass, fail, skip or error");
    refused("{\"tests\":[{\"name\":\"a\",\"result\":\"pass\",\"ms\":-1}]}",
            "tests[0].ms");
    refused("{\"service\":\"\",\"tests\":[]}", "service (line 1, column 12): is empty");
    refused("{\"time\":\"2026-11-21T10:11:00Z\",\"tests\":[]}",
            "more than 10 minutes ahead");
    struct err err = {0};
    CHECK(read_at("{\"tests\":[]}", INSTANT_NONE, &err) == NULL);
    CHECK(strstr(err.text, "needs its time") != NULL);
}

TEST(results_are_known_by_name)
{
    CHECK_INT(test_result_of("error"), TEST_ERROR);
    CHECK_INT(test_result_of("passed"), TEST_RESULT_N);
    CHECK_TEXT(test_result_name(TEST_SKIP), "skip");
}
