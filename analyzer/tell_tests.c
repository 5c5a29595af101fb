/* analyzer/tell_tests.c - broken tests as findings, one a suite.  Pure, any thread. */
#include "analyzer/tell_tests.h"
#include "analyzer/words.h"

static void say_test(struct buf *b, const struct test_row *r)
{
    buf_addf(b, "%s%s%s", r->class, r->class[0] != '\0' ? "." : "", r->name);
}

static const struct {
    const char *one, *many; /* what they do */
    const char *rest;
} break_words[] = {
    [BREAK_OF_CHANGE] = {"fails after the change", "fail after the change",
                         "but passed in the last run before it"},
    [BREAK_OF_SERVICE] = {"fails after the change", "fail after the change",
                          "but passed in the last run before it (results of the "
                          "service, not posted for this change)"},
    [BREAK_FLAKY] = {"fails after the change", "fail after the change",
                     "but passed in the last run before it, having failed now and then "
                     "earlier"},
    [BREAK_NEW] = {"fails after the change", "fail after the change",
                   "without an earlier result to compare with"},
    [BREAK_RECOVERED] = {"failed after the change", "failed after the change",
                         "in a run before the last"},
};

static void say_suite(struct buf *b, const struct broken_suite *s)
{
    size_t named = s->n < TELL_TESTS_NAMED ? s->n : TELL_TESTS_NAMED;
    const struct test_row *first = s->test[0];
    buf_addf(b, "%zu of %zu tests", s->n, s->tests);
    if (first->suite[0] != '\0')
        buf_addf(b, " of %s", first->suite);
    buf_addf(
        b, " %s %s: ", s->n == 1 ? break_words[s->kind].one : break_words[s->kind].many,
        break_words[s->kind].rest);
    for (size_t i = 0; i < named; i++) {
        buf_add(b, i > 0 ? ", " : "");
        say_test(b, s->test[i]);
    }
    if (s->n > named)
        buf_addf(b, " and %zu more", s->n - named);
    if (first->message == NULL)
        return;
    buf_add(b, ". ");
    say_test(b, first);
    buf_addf(b, " says: %s", first->message);
}

static void tell_suite(struct teller *t, const struct broken_suite *s)
{
    struct finding *f =
        teller_begin(t, s->rule, FINDING_TEST, s->grade, s->kind == BREAK_RECOVERED);
    if (f == NULL)
        return;
    const char *suite = s->test[0]->suite;
    struct buf metric = {0}, words = {0};
    buf_addf(&metric, "failing tests%s%s", suite[0] != '\0' ? " of " : "", suite);
    f->metric = teller_give(t, &metric);
    f->service = teller_copy(t, t->lineup->change->service);
    f->before = 0;
    f->after = (double)s->n;
    f->delta = f->after;
    f->first_seen = s->first;
    say_suite(&words, s);
    teller_end(t, f, &words, s->rule, s->grade);
}

void tell_tests(struct teller *t, const struct broken_suites *s)
{
    size_t told = 0;
    for (size_t i = 0; i < s->n && told < TELL_SUITES_MAX; i++) {
        if (s->at[i].grade == GRADE_OK)
            continue;
        tell_suite(t, &s->at[i]);
        told++;
    }
}
