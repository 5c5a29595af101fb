/* tests/fuzz/fuzz_junit.c - strangers' bytes into the readers of test results: JUnit
 * XML, TAP and JSON, as the first bytes have it.
 *
 * What is taken is clean, bounded, sorted and without repeats. */
#include "base/names.h"
#include "collector/in_test.h"
#include "storage/record.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const instant now = {1795255200000};

static void check_text(const char *text, size_t most)
{
    size_t n = strlen(text);
    assert(n <= most && utf8_valid(text, n));
    assert(n == 0 || (text[0] != ' ' && text[n - 1] != ' '));
    for (size_t i = 0, step; i < n; i += step) {
        step = utf8_next(text + i, n - i);
        assert(!utf8_is_control(text + i, step));
    }
}

static int compare(const struct test *a, const struct test *b)
{
    int d = strcmp(a->suite, b->suite);
    if (d == 0)
        d = strcmp(a->class, b->class);
    return d != 0 ? d : strcmp(a->name, b->name);
}

static void check_run(const struct test_run *r)
{
    int64_t ahead = instant_since(r->time, now).ms;
    assert(ahead >= -RECORD_PAST_DAYS_MAX * 86400000ll);
    assert(ahead <= RECORD_FUTURE_MINUTES_MAX * 60000ll);
    assert(r->n <= TEST_RUN_TESTS_MAX && r->service != NULL);
    assert(strlen(r->hash) == TEST_RUN_HASH_MAX - 1);
    for (size_t i = 0; i < r->n; i++) {
        const struct test *t = &r->test[i];
        check_text(t->suite, TEST_NAME_MAX);
        check_text(t->class, TEST_NAME_MAX);
        check_text(t->name, TEST_NAME_MAX);
        if (t->message != NULL)
            check_text(t->message, TEST_MESSAGE_MAX);
        assert(t->name[0] != '\0' && t->ms >= -1 && t->result < TEST_RESULT_N);
        assert(i == 0 || compare(&r->test[i - 1], t) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct in_test_ask ask = {.service = "pay", .suite = "smoke", .now = now};
    struct err err = {0};
    OWNED_TEST_RUN *r = in_test_read((const char *)bytes, n, &ask, &err);
    assert((r == NULL) == (err.code != 0));
    if (r != NULL)
        check_run(r);
    return 0;
}
