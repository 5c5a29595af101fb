/* tests/test.h - a test is a function; writing it is registering it.
 *
 * Names are sentences: TEST(a_sample_at_the_pivot_counts_as_after).  cmocka runs them;
 * it is met in test.c only, which also holds main.  --list and name patterns as
 * arguments choose tests. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void test_add(const char *name, void (*run)(void));
_Noreturn void test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the test as skipped, with the reason printed. */
_Noreturn void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A fresh directory, removed after the test. */
const char *test_dir(void);
/* The recorded data's folder with `name` behind it; skips the test when it is missing.
 * AFTERCHECK_DATA names the folder, else it is looked for beside the checkout. */
const char *test_data(const char *name);

#define TEST(name)                                                                     \
    static void name(void);                                                            \
    __attribute__((constructor)) static void name##_add(void)                          \
    {                                                                                  \
        test_add(#name, name);                                                         \
    }                                                                                  \
    static void name(void)

#define CHECK(cond)                                                                    \
    do {                                                                               \
        if (!(cond))                                                                   \
            test_fail(__FILE__, __LINE__, "%s", #cond);                                \
    } while (0)
#define CHECK_INT(got, want)                                                           \
    do {                                                                               \
        long long got_ = (got), want_ = (want);                                        \
        if (got_ != want_)                                                             \
            test_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #got, got_,     \
                      want_);                                                          \
    } while (0)
#define CHECK_TEXT(got, want)                                                          \
    do {                                                                               \
        const char *got_ = (got), *want_ = (want);                                     \
        if (got_ == NULL || strcmp(got_, want_) != 0)                                  \
            test_fail(__FILE__, __LINE__, "%s is\n  '%s', expected\n  '%s'", #got,     \
                      got_ != NULL ? got_ : "(null)", want_);                          \
    } while (0)
#define CHECK_NEAR(got, want, within)                                                  \
    do {                                                                               \
        double got_ = (got), want_ = (want);                                           \
        if (!(fabs(got_ - want_) <= (within)))                                         \
            test_fail(__FILE__, __LINE__, "%s is %.12g, expected %.12g", #got, got_,   \
                      want_);                                                          \
    } while (0)

#endif
