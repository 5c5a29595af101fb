/* tests of analyzer/tell_tests: which are told, and the words */
#include "analyzer/tell_tests.h"
#include "tests/unit/analyzer/make_bench.h"

static char suite[] = "smoke", class[] = "Pay", name[] = "charge",
            message[] = "expected 200";
static struct test_row row = {
    .suite = suite, .class = class, .name = name, .message = message};
static const struct test_row *rows[5] = {&row, &row, &row, &row, &row};

TEST(a_suite_is_one_finding_that_names_the_first_of_its_tests)
{
    open_bench(1);
    struct broken_suite at[] = {
        {&b.rule, BREAK_OF_CHANGE, rows, 5, 9, {10080000}, GRADE_MUST_HANDLE},
        {&b.rule, BREAK_NONE, rows, 5, 9, {10080000}, GRADE_OK}};
    struct broken_suites all = {.judged = true, .n = 2, .at = at};
    tell_tests(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_TEXT(f->metric, "failing tests of smoke");
    CHECK_NEAR(f->after, 5, 0);
    CHECK_TEXT(f->because, "5 of 9 tests of smoke fail after the change but passed in "
                           "the last run before it: Pay.charge, Pay.charge, Pay.charge "
                           "and 2 more. Pay.charge says: expected 200.");
    close_bench();
}
