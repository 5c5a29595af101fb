/* storage/test_run.h - the results of one run of automated tests.
 *
 * Whatever form they came in - JUnit XML, TAP, JSON - they become this: a list of tests
 * by suite, class and name, each with how it ended.  A test that is there several times
 * (run again, run with other arguments under the same name) is there once, with the
 * worst of its results. */
#ifndef STORAGE_TEST_RUN_H
#define STORAGE_TEST_RUN_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TEST_RUN_BYTES_MAX = 8 << 20,
    TEST_RUN_TESTS_MAX = 20000,
    TEST_NAME_MAX = 500, /* longer names and messages are cut */
    TEST_MESSAGE_MAX = 300,
    TEST_RUN_HASH_MAX = 33, /* 32 hex digits and a NUL */
};

/* From harmless to bad: the worse of two is the larger. */
#define TEST_RESULTS(X)                                                                \
    X(SKIP, "skip")                                                                    \
    X(PASS, "pass")                                                                    \
    X(FAIL, "fail")                                                                    \
    X(ERROR, "error")
#define X(id, name) TEST_##id,
enum test_result { TEST_RESULTS(X) TEST_RESULT_N };
#undef X
const char *test_result_name(enum test_result r);
/* TEST_RESULT_N: there is no such result. */
enum test_result test_result_of(const char *name);

struct test {
    char *suite, *class, *name; /* suite and class may be "", never NULL */
    enum test_result result;
    int64_t ms;    /* -1: not given */
    char *message; /* the first of a failure's words; NULL: none */
};

struct test_run {
    char *change_id, *service; /* at least one is set */
    instant time;
    size_t n;
    struct test *test; /* after test_run_seal: sorted by suite, class and name */
    char hash[TEST_RUN_HASH_MAX];
};

struct test_run *test_run_new(struct err *err);
void test_run_free(struct test_run **r);
#define OWNED_TEST_RUN __attribute__((cleanup(test_run_free))) struct test_run

/* Adds a test (texts are copied, cut and cleaned: NULL is ""), good until the next is
 * added.  NULL with EMSGSIZE beyond TEST_RUN_TESTS_MAX, with ENOMEM. */
struct test *test_run_add(struct test_run *r, const char *suite, const char *class,
                          const char *name, struct err *err);
/* Replaces the name, cut and cleaned. */
int test_rename(struct test *t, const char *name, struct err *err);
/* Sets or replaces the message, cut and cleaned. */
int test_say(struct test *t, const char *text, size_t n, struct err *err);

/* Says whom the run is about: texts that are NULL or "" count as not given.  -1 when
 * neither is, or one is no name. */
int test_run_name(struct test_run *r, const char *change_id, const char *service,
                  struct err *err);

/* Sorts, folds repeats and makes the hash: two runs of the same hash are the same. */
int test_run_seal(struct test_run *r, struct err *err);

/* Reads a run as JSON, not sealed yet:
 *
 *     {"service": "pay", "time": "2026-11-21T10:04:00Z", "suite": "smoke",
 *      "tests": [{"name": "refund", "class": "api", "result": "fail", "ms": 120,
 *                 "message": "expected 200, got 502"}]}
 *
 * `change_id` and `service` may be left out where the caller knows them.  `now` stands
 * in for a missing time and bounds it (with `now` none, as in replay, any time is taken
 * but must be given).  null counts as absent, unknown fields are passed over.  -1 with
 * field and place. */
int test_run_read(const struct json_at *v, instant now, struct test_run **ret_run,
                  struct err *err);

#endif
