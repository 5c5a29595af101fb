/* tests of analyzer/tests, and of the findings and counts that come of it */
#include "analyzer/grade.h"
#include "analyzer/tell_tests.h"
#include "analyzer/tests.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"

#include <stdlib.h>

enum { PIVOT = 40000000, ROWS_MAX = 16 };

static const char rules_text[] =
    "format: 1\n"
    "rules:\n"
    "  - {id: t, title: Tests, tests: true, attention: {count: 1},\n"
    "     must-handle: {count: 1}}\n"
    "  - {id: nightly, title: Nightly, tests: true, names: nightly/*,\n"
    "     attention: {count: 2}}\n";

struct scene {
    struct made_change made;
    struct ruleset *rules;
    struct lineup lineup;
    struct test_row row[ROWS_MAX];
    struct test_rows rows;
    struct broken_suites suites;
    struct verdict *verdict;
};

static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static struct scene *scene(void)
{
    struct scene *s = calloc(1, sizeof *s);
    struct complaints c = {0};
    CHECK(s != NULL);
    s->rules = ruleset_parse("r.yml", rules_text, sizeof rules_text - 1, &c);
    CHECK(s->rules != NULL);
    complaints_free(&c);
    s->lineup.change = make_change(&s->made, "pay", 1, PIVOT, PIVOT);
    s->rows = (struct test_rows){.row = s->row, .tests = 40};
    return s;
}

static void drop(struct scene **s)
{
    tests_free(&(*s)->suites);
    verdict_free(&(*s)->verdict);
    ruleset_free(&(*s)->rules);
    free(*s);
    *s = NULL;
}
#define OWNED_SCENE __attribute__((cleanup(drop))) struct scene

/* A test that fails now; passed in its last 10 runs before. */
static struct test_row *failing(struct scene *s, const char *suite, const char *name)
{
    CHECK(s->rows.n < ROWS_MAX);
    struct test_row *r = &s->row[s->rows.n++];
    *r = (struct test_row){.suite = text(suite),
                           .class = text("api"),
                           .name = text(name),
                           .message = text("got 502"),
                           .of_change = true,
                           .failed = 1,
                           .fails = true,
                           .first = {(PIVOT + 60) * 1000ll},
                           .runs_before = 10,
                           .suite_tests = 20};
    return r;
}

static const struct broken_suite *judged(struct scene *s, size_t n)
{
    CHECK(tests_judge(&s->made.change, s->rules, &s->rows, &s->suites, NULL) == 0);
    CHECK_INT((long long)s->suites.n, (long long)n);
    return s->suites.at;
}

static const struct finding *told(struct scene *s, size_t n)
{
    s->verdict = verdict_new("c1");
    struct teller t = {&s->lineup, NULL, s->verdict, false};
    tell_tests(&t, &s->suites);
    CHECK(!t.failed);
    CHECK_INT((long long)s->verdict->n_findings, (long long)n);
    return s->verdict->findings;
}

TEST(a_test_that_passed_before_and_fails_after_must_be_handled)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "refund");
    CHECK_INT(judged(s, 1)->grade, GRADE_MUST_HANDLE);
    const struct finding *f = told(s, 1);
    CHECK_INT(f->kind, FINDING_TEST);
    CHECK_TEXT(f->metric, "failing tests of smoke");
    CHECK_TEXT(f->service, "pay");
    CHECK_NEAR(f->after, 1, 0);
    CHECK_INT(f->first_seen.ms, (PIVOT + 60) * 1000ll);
    CHECK_TEXT(f->because,
               "1 of 20 tests of smoke fails after the change but passed in the last "
               "run before it: api.refund. api.refund says: got 502.");
}

TEST(for_the_service_it_is_for_attention)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "refund")->of_change = false;
    CHECK_INT(judged(s, 1)->grade, GRADE_ATTENTION);
    told(s, 1);
}

TEST(a_test_that_failed_already_is_not_blamed)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "refund")->failed_last = true;
    judged(s, 0);
    CHECK(s->suites.judged);
    told(s, 0);
}

TEST(a_flaky_test_is_for_attention_at_most)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "a")->failed_before = 1;
    failing(s, "smoke", "b")->failed_before = TEST_FLAKY_LEAST;
    const struct broken_suite *b = judged(s, 2);
    CHECK_INT(b[0].kind, BREAK_OF_CHANGE);
    CHECK_INT(b[0].grade, GRADE_MUST_HANDLE);
    CHECK_INT(b[1].kind, BREAK_FLAKY);
    CHECK_INT(b[1].grade, GRADE_ATTENTION);
    CHECK(strstr(told(s, 2)[1].because, "having failed now and then earlier: api.b") !=
          NULL);
}

TEST(without_a_result_before_it_is_new_and_only_the_changes_own_is_told)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "a")->runs_before = 0;
    struct test_row *b = failing(s, "smoke", "b");
    b->runs_before = 0;
    b->of_change = false;
    CHECK_INT(judged(s, 1)->kind, BREAK_NEW);
    CHECK_INT(s->suites.at[0].grade, GRADE_ATTENTION);
    CHECK_INT((long long)s->suites.at[0].n, 1);
    CHECK(strstr(told(s, 1)->because, "without an earlier result") != NULL);
}

TEST(what_passes_again_in_a_later_run_is_told_as_recovered)
{
    OWNED_SCENE *s = scene();
    failing(s, "smoke", "a")->fails = false;
    CHECK_INT(judged(s, 1)->kind, BREAK_RECOVERED);
    const struct finding *f = told(s, 1);
    CHECK(f->recovered);
    CHECK_INT(f->grade, GRADE_OK);
}

TEST(tests_of_a_suite_are_told_together_in_their_order)
{
    OWNED_SCENE *s = scene();
    static const char *const names[] = {"e", "c", "a", "d", "b"};
    for (int i = 0; i < 5; i++)
        failing(s, "smoke", names[i])->first.ms -= i;
    failing(s, "", "z")->message = NULL;
    const struct broken_suite *b = judged(s, 2);
    CHECK_TEXT(b[0].test[0]->name, "z");
    CHECK_INT((long long)b[1].n, 5);
    CHECK_INT(b[1].first.ms, (PIVOT + 60) * 1000ll - 4);
    const struct finding *f = told(s, 2);
    CHECK_TEXT(f[0].metric, "failing tests");
    CHECK_TEXT(f[0].because, "1 of 20 tests fails after the change but passed in the "
                             "last run before it: api.z.");
    CHECK(strstr(f[1].because, "5 of 20 tests of smoke fail") != NULL);
    CHECK(strstr(f[1].because, ": api.a, api.b, api.c and 2 more. api.a says: got") !=
          NULL);
}

TEST(rules_may_be_for_some_tests_and_ask_for_more_of_them)
{
    OWNED_SCENE *s = scene();
    failing(s, "nightly", "a");
    CHECK_INT(judged(s, 1)->grade, GRADE_OK);
    told(s, 0);
    OWNED_SCENE *two = scene();
    failing(two, "nightly", "a");
    failing(two, "nightly", "b");
    CHECK_INT(judged(two, 1)->grade, GRADE_ATTENTION);
}

TEST(without_results_nothing_is_judged)
{
    OWNED_SCENE *s = scene();
    s->rows.tests = 0;
    judged(s, 0);
    CHECK(!s->suites.judged);
    CHECK(tests_judge(&s->made.change, s->rules, NULL, &s->suites, NULL) == 0);
    CHECK(!s->suites.judged);
    struct coverage cover = {0};
    struct tally t;
    CHECK(tally_make(&t, s->rules, &s->made.change, &cover, NULL) == 0);
    tally_tests(&t, &s->suites);
    CHECK_INT(t.rule[0], TALLY_UNMET);
    s->suites.judged = true;
    tally_tests(&t, &s->suites);
    CHECK_INT(t.rule[0], TALLY_JUDGED);
    tally_free(&t);
}
