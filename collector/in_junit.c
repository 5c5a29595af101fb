/* collector/in_junit.c - follows the elements of a JUnit file.
 *
 * Always holds: at most one test is under way, and `skip_below` is the depth of an
 * element whose inside is nobody's business.  No state between documents; any thread.
 */
#include "collector/in_junit.h"

#include "base/buf.h"
#include "base/xml.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_KEPT_MAX = 4096 }; /* of one failure's text, before it is cut */

struct junit {
    struct test_run *run;
    char *suite[XML_DEPTH_MAX + 1]; /* by depth; NULL: no suite there, or no name */
    const char *suite_else;
    bool in_test;
    int test_depth;
    int skip_below;   /* 0: none */
    bool takes_words; /* the failure being read has no message of its own */
    struct buf words;
};

static struct test *test_of(struct junit *j)
{
    return &j->run->test[j->run->n - 1];
}

/* The innermost suite that has a name. */
static const char *suite_of(const struct junit *j)
{
    for (int d = XML_DEPTH_MAX; d > 0; d--)
        if (j->suite[d] != NULL)
            return j->suite[d];
    return j->suite_else;
}

/* "0.125", "1,234.5"; -1 when it says nothing. */
static int64_t ms_of(const char *seconds)
{
    char plain[64], *end;
    size_t n = 0;
    for (const char *p = seconds != NULL ? seconds : ""; *p != '\0'; p++) {
        if (*p == ',')
            continue;
        if (n + 1 == sizeof plain || strchr("0123456789.eE+-", *p) == NULL)
            return -1;
        plain[n++] = *p;
    }
    plain[n] = '\0';
    double s = strtod(plain, &end);
    if (n == 0 || *end != '\0' || !(s >= 0 && s < 1e9))
        return -1;
    return llround(s * 1000);
}

/* --- elements --- */

static int open_suite(struct xml *x, const char *name, const char *const *attrs,
                      struct err *err)
{
    struct junit *j = xml_arg(x);
    const char *own = xml_attr(attrs, "name"), *stamp = xml_attr(attrs, "timestamp");
    instant at;
    (void)name;
    if (own != NULL && own[0] != '\0') {
        j->suite[xml_depth(x)] = strdup(own);
        if (j->suite[xml_depth(x)] == NULL)
            return err_set(err, ENOMEM, "out of memory");
    }
    /* one without a zone, as the form has it, could be hours off */
    if (instant_is_none(j->run->time) && stamp != NULL &&
        instant_parse(stamp, &at, NULL) == 0)
        j->run->time = at;
    return 0;
}

/* How some tools say that a test was not run. */
static bool not_run(const char *const *attrs)
{
    static const char *const words[] = {"notrun", "skipped", "disabled", "suppressed"};
    static const char *const where[] = {"status", "result"};
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        const char *v = xml_attr(attrs, where[i]);
        for (size_t k = 0; v != NULL && k < sizeof words / sizeof *words; k++)
            if (strcmp(v, words[k]) == 0)
                return true;
    }
    return false;
}

static int open_case(struct xml *x, const char *name, const char *const *attrs,
                     struct err *err)
{
    struct junit *j = xml_arg(x);
    const char *own = xml_attr(attrs, "name");
    if (j->in_test)
        return xml_complain(x, name, err, "stands inside another one");
    struct err why = {0};
    struct test *t = test_run_add(j->run, suite_of(j), xml_attr(attrs, "classname"),
                                  own != NULL ? own : "", &why);
    if (t == NULL && why.code == ENOMEM)
        return err_set(err, ENOMEM, "%s", why.text);
    if (t == NULL)
        return xml_complain(x, name, err, "%s", why.text);
    if (t->name[0] == '\0')
        return xml_complain(x, name, err, "has %s name",
                            own != NULL ? "an empty" : "no");
    t->ms = ms_of(xml_attr(attrs, "time"));
    if (not_run(attrs))
        t->result = TEST_SKIP;
    j->in_test = true;
    j->test_depth = xml_depth(x);
    return 0;
}

/* failure, error, skipped: the worst of them is the test's result. */
static int open_end(struct xml *x, enum test_result result, const char *const *attrs,
                    struct err *err)
{
    struct junit *j = xml_arg(x);
    const char *message = xml_attr(attrs, "message");
    struct test *t = test_of(j);
    j->skip_below = xml_depth(x);
    bool worse = result > t->result || t->result == TEST_PASS;
    if (!worse)
        return 0;
    t->result = result;
    if (message != NULL && message[0] != '\0')
        return test_say(t, message, strlen(message), err);
    j->takes_words = result != TEST_SKIP;
    buf_clear(&j->words);
    return 0;
}

static const struct {
    const char *name;
    enum test_result result;
} ends[] = {{"failure", TEST_FAIL}, {"error", TEST_ERROR}, {"skipped", TEST_SKIP}};

static int on_open(struct xml *x, const char *name, const char *const *attrs,
                   struct err *err)
{
    struct junit *j = xml_arg(x);
    bool suite = strcmp(name, "testsuite") == 0 || strcmp(name, "testsuites") == 0;
    if (j->skip_below > 0)
        return 0;
    if (xml_depth(x) == 1 && !suite)
        return xml_complain(x, name, err,
                            "is no JUnit file's root, expected testsuites or "
                            "testsuite");
    if (suite && !j->in_test)
        return open_suite(x, name, attrs, err);
    if (strcmp(name, "testcase") == 0)
        return open_case(x, name, attrs, err);
    for (size_t i = 0; j->in_test && i < sizeof ends / sizeof *ends; i++)
        if (strcmp(name, ends[i].name) == 0)
            return open_end(x, ends[i].result, attrs, err);
    j->skip_below = xml_depth(x);
    return 0;
}

static int on_close(struct xml *x, const char *name, struct err *err)
{
    struct junit *j = xml_arg(x);
    int depth = xml_depth(x), rc = 0;
    (void)name;
    if (j->skip_below > 0 && depth > j->skip_below)
        return 0;
    if (j->skip_below > 0 && j->takes_words)
        rc = buf_done(&j->words) < 0
                 ? err_set(err, ENOMEM, "out of memory")
                 : test_say(test_of(j), buf_text(&j->words), j->words.len, err);
    if (j->skip_below > 0) {
        j->skip_below = 0;
        j->takes_words = false;
        return rc;
    }
    if (j->in_test && depth == j->test_depth)
        j->in_test = false;
    free(j->suite[depth]);
    j->suite[depth] = NULL;
    return 0;
}

static int on_text(struct xml *x, const char *text, size_t n, struct err *err)
{
    struct junit *j = xml_arg(x);
    (void)err;
    if (j->takes_words && j->words.len < WORDS_KEPT_MAX)
        buf_add_n(&j->words, text, n);
    return 0;
}

int in_junit_read(const char *text, size_t n, const char *suite, struct test_run *r,
                  struct err *err)
{
    struct junit j = {.run = r, .suite_else = suite};
    struct xml_reader reader = {on_open, on_close, on_text, &j};
    int rc = xml_parse(text, n, &reader, err);
    for (int d = 0; d <= XML_DEPTH_MAX; d++)
        free(j.suite[d]);
    buf_free(&j.words);
    return rc;
}
