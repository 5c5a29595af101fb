/* storage/test_run.c - results of tests, gathered from any form.
 *
 * Always holds: what stands in a run is clean text of bounded length, so nobody behind
 * it checks again.  No state, any thread. */
#include "storage/test_run.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/names.h"
#include "storage/record.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const result_names[TEST_RESULT_N] = {
#define X(id, name) [TEST_##id] = name,
    TEST_RESULTS(X)
#undef X
};

const char *test_result_name(enum test_result r)
{
    assert((unsigned)r < TEST_RESULT_N);
    return result_names[r];
}

enum test_result test_result_of(const char *name)
{
    int r = 0;
    while (r < TEST_RESULT_N && strcmp(result_names[r], name) != 0)
        r++;
    return (enum test_result)r;
}

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for test results");
}

/* --- building --- */

/* A copy of at most `most` bytes, ending with a whole character; each run of blanks and
 * of what no text may hold becomes one space, those at either end go. */
static char *clean(const char *text, size_t n, size_t most)
{
    struct buf b = {0};
    bool gap = false;
    for (size_t at = 0; at < n;) {
        size_t step = utf8_next(text + at, n - at);
        if (step == 0) { /* not UTF-8: passed over byte by byte */
            at++;
            gap = true;
            continue;
        }
        if (text[at] == ' ' || utf8_is_control(text + at, step)) {
            gap = true;
        } else {
            size_t lead = gap && b.len > 0;
            if (b.len + lead + step > most)
                break;
            if (lead > 0)
                buf_add_ch(&b, ' ');
            buf_add_n(&b, text + at, step);
            gap = false;
        }
        at += step;
    }
    return buf_give(&b);
}

static char *clean_name(const char *text)
{
    return text != NULL ? clean(text, strlen(text), TEST_NAME_MAX) : strdup("");
}

struct test_run *test_run_new(struct err *err)
{
    struct test_run *r = calloc(1, sizeof *r);
    if (r == NULL) {
        no_memory(err);
        return NULL;
    }
    r->time = INSTANT_NONE;
    return r;
}

static void test_clear(struct test *t)
{
    free(t->suite);
    free(t->class);
    free(t->name);
    free(t->message);
}

void test_run_free(struct test_run **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n; i++)
        test_clear(&(*r)->test[i]);
    free((*r)->test);
    free((*r)->change_id);
    free((*r)->service);
    free(*r);
    *r = NULL;
}

struct test *test_run_add(struct test_run *r, const char *suite, const char *class,
                          const char *name, struct err *err)
{
    if (r->n == TEST_RUN_TESTS_MAX) {
        err_set(err, EMSGSIZE, "more than %d tests in one run; send it in parts",
                TEST_RUN_TESTS_MAX);
        return NULL;
    }
    if ((r->n & (r->n - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        struct test *more =
            reallocarray(r->test, r->n > 0 ? 2 * r->n : 1, sizeof *more);
        if (more == NULL) {
            no_memory(err);
            return NULL;
        }
        r->test = more;
    }
    struct test *t = &r->test[r->n];
    *t = (struct test){.suite = clean_name(suite),
                       .class = clean_name(class),
                       .name = clean_name(name),
                       .result = TEST_PASS,
                       .ms = -1};
    if (t->suite == NULL || t->class == NULL || t->name == NULL) {
        test_clear(t);
        no_memory(err);
        return NULL;
    }
    r->n++;
    return t;
}

int test_rename(struct test *t, const char *name, struct err *err)
{
    char *copy = clean_name(name);
    if (copy == NULL)
        return no_memory(err);
    free(t->name);
    t->name = copy;
    return 0;
}

int test_say(struct test *t, const char *text, size_t n, struct err *err)
{
    char *message = clean(text, n, TEST_MESSAGE_MAX);
    if (message == NULL)
        return no_memory(err);
    free(t->message);
    t->message = message;
    if (message[0] == '\0') {
        free(message);
        t->message = NULL;
    }
    return 0;
}

static int take_name(const char *what, const char *text, char **to, struct err *err)
{
    struct err why = {0};
    if (text == NULL || text[0] == '\0')
        return 0;
    if (name_check(text, strlen(text), &why) < 0)
        return err_set(err, EINVAL, "%s %s", what, why.text);
    char *copy = strdup(text);
    if (copy == NULL)
        return no_memory(err);
    free(*to);
    *to = copy;
    return 0;
}

int test_run_name(struct test_run *r, const char *change_id, const char *service,
                  struct err *err)
{
    if (take_name("change", change_id, &r->change_id, err) < 0 ||
        take_name("service", service, &r->service, err) < 0)
        return -1;
    if (r->change_id == NULL && r->service == NULL)
        return err_set(err, EINVAL,
                       "neither a change nor a service is named: say ?change=ID or "
                       "?service=NAME");
    return 0;
}

/* --- sealing --- */

static int by_test(const void *a, const void *b)
{
    const struct test *x = a, *y = b;
    int d = strcmp(x->suite, y->suite);
    if (d == 0)
        d = strcmp(x->class, y->class);
    return d != 0 ? d : strcmp(x->name, y->name);
}

/* The worse result first, then by its words, so that the order of arrival does not
 * show. */
static int by_result(const void *a, const void *b)
{
    const struct test *x = a, *y = b;
    int d = by_test(x, y);
    if (d == 0)
        d = (int)y->result - (int)x->result;
    if (d == 0)
        d = strcmp(x->message != NULL ? x->message : "",
                   y->message != NULL ? y->message : "");
    return d != 0 ? d : (x->ms > y->ms) - (x->ms < y->ms);
}

static void fold(struct test_run *r)
{
    size_t n = 0;
    if (r->n == 0)
        return;
    qsort(r->test, r->n, sizeof *r->test, by_result);
    for (size_t i = 0; i < r->n; i++) {
        if (n > 0 && by_test(&r->test[n - 1], &r->test[i]) == 0)
            test_clear(&r->test[i]);
        else
            r->test[n++] = r->test[i];
    }
    r->n = n;
}

static void add_part(struct buf *b, const char *text)
{
    buf_add(b, text != NULL ? text : "");
    buf_add_ch(b, '\0'); /* no text holds one */
}

int test_run_seal(struct test_run *r, struct err *err)
{
    OWNED_BUF b = {0};
    char hex[SHA256_HEX_MAX];
    fold(r);
    add_part(&b, r->change_id);
    add_part(&b, r->service);
    buf_addf(&b, "%lld", (long long)r->time.ms);
    for (size_t i = 0; i < r->n; i++) {
        const struct test *t = &r->test[i];
        add_part(&b, t->suite);
        add_part(&b, t->class);
        add_part(&b, t->name);
        add_part(&b, test_result_name(t->result));
        add_part(&b, t->message);
    }
    if (buf_done(&b) < 0)
        return no_memory(err);
    sha256_hex(b.data, b.len, hex);
    memcpy(r->hash, hex, sizeof r->hash - 1);
    r->hash[sizeof r->hash - 1] = '\0';
    return 0;
}

/* --- JSON --- */

static int read_text(const struct json_at *v, const char *key, const char **ret_text,
                     struct err *err)
{
    struct json_at m;
    *ret_text = NULL;
    return json_member(v, key, &m) ? json_text(&m, ret_text, err) : 0;
}

static int read_result(const struct json_at *v, enum test_result *ret_result,
                       struct err *err)
{
    static const char expected[] = "expected pass, fail, skip or error";
    struct json_at m;
    const char *text;
    if (!json_member(v, "result", &m))
        return json_complain(&m, err, "is missing, %s", expected);
    if (json_text(&m, &text, err) < 0)
        return -1;
    *ret_result = test_result_of(text);
    return *ret_result < TEST_RESULT_N
               ? 0
               : json_complain(&m, err, "is '%.40s', %s", text, expected);
}

static int read_ms(const struct json_at *v, int64_t *ret_ms, struct err *err)
{
    struct json_at m;
    double ms;
    if (!json_member(v, "ms", &m))
        return 0;
    if (json_number(&m, &ms, err) < 0)
        return -1;
    if (!(ms >= 0 && ms < 1e12))
        return json_complain(&m, err, "is %g, expected milliseconds, 0 or more", ms);
    *ret_ms = (int64_t)(ms + 0.5);
    return 0;
}

static int read_test(const struct json_at *v, const char *suite, struct test_run *r,
                     struct err *err)
{
    struct json_at m;
    const char *name, *class, *own, *message;
    enum test_result result;
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, a test's result");
    if (read_text(v, "name", &name, err) < 0 ||
        read_text(v, "class", &class, err) < 0 ||
        read_text(v, "suite", &own, err) < 0 ||
        read_text(v, "message", &message, err) < 0 || read_result(v, &result, err) < 0)
        return -1;
    struct test *t = test_run_add(r, own != NULL ? own : suite, class, name, err);
    if (t == NULL)
        return -1;
    if (t->name[0] == '\0') {
        bool there = json_member(v, "name", &m);
        return json_complain(&m, err, "is %s, expected the test's name",
                             there ? "empty" : "missing");
    }
    t->result = result;
    if (read_ms(v, &t->ms, err) < 0)
        return -1;
    return message != NULL ? test_say(t, message, strlen(message), err) : 0;
}

static int read_whom(const struct json_at *v, const char *key, char **to,
                     struct err *err)
{
    struct json_at m;
    const char *text;
    struct err why = {0};
    if (!json_member(v, key, &m))
        return 0;
    if (json_text(&m, &text, err) < 0)
        return -1;
    if (name_check(text, strlen(text), &why) < 0)
        return json_complain(&m, err, "%s", why.text);
    *to = strdup(text);
    return *to != NULL ? 0 : no_memory(err);
}

static int read_all(const struct json_at *v, instant now, struct test_run *r,
                    struct err *err)
{
    struct json_at m;
    const char *suite;
    if (read_whom(v, "change_id", &r->change_id, err) < 0 ||
        read_whom(v, "service", &r->service, err) < 0 ||
        record_own_time(v, "a recorded run", now, &r->time, err) < 0 ||
        read_text(v, "suite", &suite, err) < 0)
        return -1;
    if (!json_member(v, "tests", &m))
        return json_complain(&m, err, "is missing, expected a list of tests");
    if (json_kind(&m) != JSON_KIND_LIST)
        return json_complain(&m, err, "expected a list of tests");
    for (size_t i = 0; i < json_count(&m); i++) {
        struct json_at item = json_item(&m, i);
        if (read_test(&item, suite, r, err) < 0)
            return -1;
    }
    return 0;
}

int test_run_read(const struct json_at *v, instant now, struct test_run **ret_run,
                  struct err *err)
{
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, a run of tests");
    struct test_run *r = test_run_new(err);
    if (r == NULL)
        return -1;
    if (read_all(v, now, r, err) < 0) {
        test_run_free(&r);
        return -1;
    }
    *ret_run = r;
    return 0;
}
