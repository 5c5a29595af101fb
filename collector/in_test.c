/* collector/in_test.c - results of tests on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it, holding the number of tests as its id. */
#include "collector/in_test.h"

#include "base/json.h"
#include "collector/in_junit.h"
#include "collector/in_tap.h"
#include "collector/posting.h"
#include "storage/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- reading --- */

static int same(const char *what, const char *body, const char *address,
                struct err *err)
{
    if (body == NULL || address == NULL || address[0] == '\0' ||
        strcmp(body, address) == 0)
        return 0;
    return err_set(err, EINVAL,
                   "the %s is '%.60s' in the body and '%.60s' in the address", what,
                   body, address);
}

static struct test_run *read_json(const char *text, size_t n,
                                  const struct in_test_ask *ask, struct err *err)
{
    if (json_values_most(text, n) > TEST_VALUES_MAX) {
        err_set(err, EMSGSIZE,
                "more than %d JSON values in one request; send it in "
                "parts",
                TEST_VALUES_MAX);
        return NULL;
    }
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    struct test_run *r = NULL;
    if (test_run_read(&root, ask->now, &r, err) < 0)
        return NULL;
    if (same("change", r->change_id, ask->change, err) < 0 ||
        same("service", r->service, ask->service, err) < 0)
        test_run_free(&r);
    return r;
}

static struct test_run *read_other(const char *text, size_t n, bool xml,
                                   const struct in_test_ask *ask, struct err *err)
{
    struct test_run *r = test_run_new(err);
    if (r == NULL)
        return NULL;
    int rc = xml ? in_junit_read(text, n, ask->suite, r, err)
                 : in_tap_read(text, n, ask->suite, r, err);
    if (rc < 0)
        test_run_free(&r);
    return r;
}

static struct test_run *read_any(const char *text, size_t n,
                                 const struct in_test_ask *ask, struct err *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark is no content */
    size_t at = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    while (at < n && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    bool utf16 = n >= 2 &&
                 (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
    if (utf16 || (at < n && text[at] == '<'))
        return read_other(utf16 ? text : text + at, utf16 ? n : n - at, true, ask, err);
    if (at < n && text[at] == '{')
        return read_json(text, n, ask, err);
    if (in_tap_is(text, n))
        return read_other(text, n, false, ask, err);
    err_set(err, EINVAL,
            "expected results of tests as JUnit XML, TAP or a JSON object");
    return NULL;
}

/* The address's time, else the body's, else now. */
static int set_time(struct test_run *r, const struct in_test_ask *ask, struct err *err)
{
    struct err why = {0};
    if (ask->time == NULL || ask->time[0] == '\0') {
        if (instant_is_none(r->time) || !record_is_near(r->time, ask->now))
            r->time = ask->now;
        return 0;
    }
    if (instant_parse(ask->time, &r->time, &why) < 0)
        return err_set(err, EINVAL, "time: %s", why.text);
    return record_is_near(r->time, ask->now)
               ? 0
               : err_set(err, EINVAL,
                         "time: is more than %d days ago or %d minutes ahead of the "
                         "clock here",
                         RECORD_PAST_DAYS_MAX, RECORD_FUTURE_MINUTES_MAX);
}

struct test_run *in_test_read(const char *text, size_t n, const struct in_test_ask *ask,
                              struct err *err)
{
    struct test_run *r = read_any(text, n, ask, err);
    if (r == NULL)
        return NULL;
    if (test_run_name(r, ask->change, ask->service, err) < 0 ||
        set_time(r, ask, err) < 0 || test_run_seal(r, err) < 0)
        test_run_free(&r);
    return r;
}

/* --- serving --- */

static void post(struct httpd_req *r, struct ledger *ledger, instant now)
{
    size_t n;
    char tests[24];
    const char *text = httpd_body(r, &n);
    struct in_test_ask ask = {.change = httpd_query(r, "change"),
                              .service = httpd_query(r, "service"),
                              .suite = httpd_query(r, "suite"),
                              .time = httpd_query(r, "time"),
                              .now = now};
    struct err err = {0};
    OWNED_TEST_RUN *run = in_test_read(text, n, &ask, &err);
    if (run == NULL) {
        unsigned status = err.code == ENOMEM ? 503 : err.code == EMSGSIZE ? 413 : 400;
        httpd_fail(r, status, "%s", err.text);
        return;
    }
    snprintf(tests, sizeof tests, "%zu", run->n);
    struct posting *p = posting_park(r, "run of tests", tests, NULL, NULL);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_put_tests(ledger, &run, now, posting_end, p);
}

void in_test_serve(struct httpd_req *r, struct ledger *ledger, instant now)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL) {
        post(r, ledger, now);
        return;
    }
    if (!posting_over(r, p, &end))
        return;
    const struct posting_words words = {.status = 202,
                                        .key = "tests",
                                        .id = posting_id(p),
                                        .is_number = true,
                                        .word =
                                            end == POSTED_NEW ? "accepted" : "repeat"};
    posting_answer(r, &words, NULL, NULL);
}
