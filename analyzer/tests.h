/* analyzer/tests.h - which automated tests did the change break?
 *
 * A test is broken when it passed in its last run before the change and fails in its
 * last one after.  One that failed already is not blamed on the change.  One that
 * failed now and then before is flaky, and one without any result before is new: both
 * are worth a look, no more, and a new one only when its results were posted for the
 * change itself.  Tests of one suite that broke in the same way are told together.
 * Pure. */
#ifndef ANALYZER_TESTS_H
#define ANALYZER_TESTS_H

#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum { TEST_FLAKY_LEAST = 2 }; /* failures of the last TEST_MEMORY_RUNS before */

enum break_kind {
    BREAK_OF_CHANGE,  /* results posted for the change */
    BREAK_OF_SERVICE, /* for its service */
    BREAK_FLAKY,
    BREAK_NEW,
    BREAK_RECOVERED, /* a later run passed */
    BREAK_NONE       /* it failed already */
};

/* Tests of a suite, broken in one way. */
struct broken_suite {
    const struct rule *rule;
    enum break_kind kind;
    const struct test_row **test; /* by class and name */
    size_t n;
    size_t tests; /* of the suite, that have a result after the change */
    instant first;
    enum grade grade;
};

struct broken_suites {
    bool judged; /* some test has a result after the change */
    size_t n;
    struct broken_suite *at;      /* by suite, rule and kind */
    const struct test_row **room; /* what `test` points into */
};

/* `rows` NULL: nothing is known.  They are borrowed. */
int tests_judge(const struct change *c, const struct ruleset *rs,
                const struct test_rows *rows, struct broken_suites *ret_suites,
                struct err *err);
void tests_free(struct broken_suites *b);

/* True when it meets what its rule asks for this grade. */
bool suite_meets(const struct broken_suite *s, enum grade g);

#endif
