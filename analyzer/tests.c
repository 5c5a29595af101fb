/* analyzer/tests.c - tests that turned, put together by suite.  Pure, any thread. */
#include "analyzer/tests.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum break_kind kind_of(const struct test_row *r)
{
    if (r->runs_before > 0 && r->failed_last)
        return BREAK_NONE;
    if (r->runs_before == 0 && !r->of_change)
        return BREAK_NONE;
    if (!r->fails)
        return BREAK_RECOVERED;
    if (r->runs_before == 0)
        return BREAK_NEW;
    if (r->failed_before >= TEST_FLAKY_LEAST)
        return BREAK_FLAKY;
    return r->of_change ? BREAK_OF_CHANGE : BREAK_OF_SERVICE;
}

/* One test and what became of it. */
struct turn {
    const struct test_row *row;
    const struct rule *rule;
    enum break_kind kind;
};

static int by_suite(const struct turn *x, const struct turn *y)
{
    int d = strcmp(x->row->suite, y->row->suite);
    if (d == 0)
        d = strcmp(x->rule->id, y->rule->id);
    return d != 0 ? d : (int)x->kind - (int)y->kind;
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    int d = by_suite(x, y);
    if (d == 0)
        d = strcmp(x->row->class, y->row->class);
    return d != 0 ? d : strcmp(x->row->name, y->row->name);
}

/* "suite/class.name" */
static const struct rule *rule_of(const struct change *c, const struct ruleset *rs,
                                  const struct test_row *r, struct buf *room)
{
    buf_clear(room);
    buf_addf(room, "%s/%s%s%s", r->suite, r->class, r->class[0] != '\0' ? "." : "",
             r->name);
    return ruleset_for_test(rs, c, buf_text(room));
}

bool suite_meets(const struct broken_suite *s, enum grade g)
{
    const struct bar *must = &s->rule->must_handle, *look = &s->rule->attention;
    double n = (double)s->n;
    if (g == GRADE_MUST_HANDLE)
        return s->kind == BREAK_OF_CHANGE && must->set && n >= must->count;
    return look->set && n >= look->count;
}

static enum grade grade_of_suite(const struct broken_suite *s)
{
    return suite_meets(s, GRADE_MUST_HANDLE) ? GRADE_MUST_HANDLE
           : suite_meets(s, GRADE_ATTENTION) ? GRADE_ATTENTION
                                             : GRADE_OK;
}

static size_t list_turns(const struct change *c, const struct ruleset *rs,
                         const struct test_rows *rows, struct turn *turn,
                         struct buf *room)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct test_row *r = &rows->row[i];
        struct turn t = {r, rule_of(c, rs, r, room), kind_of(r)};
        if (t.rule != NULL && t.kind != BREAK_NONE)
            turn[n++] = t;
    }
    if (n > 1)
        qsort(turn, n, sizeof *turn, by_turn);
    return n;
}

static void group(const struct turn *turn, size_t n, struct broken_suites *to)
{
    for (size_t i = 0; i < n; i++) {
        const struct test_row *r = turn[i].row;
        struct broken_suite *s = &to->at[to->n > 0 ? to->n - 1 : 0];
        if (i == 0 || by_suite(&turn[i - 1], &turn[i]) != 0) {
            s = &to->at[to->n++];
            *s = (struct broken_suite){.rule = turn[i].rule,
                                       .kind = turn[i].kind,
                                       .test = &to->room[i],
                                       .tests = r->suite_tests,
                                       .first = r->first};
        }
        s->test[s->n++] = r;
        if (r->first.ms < s->first.ms)
            s->first = r->first;
    }
    for (size_t i = 0; i < to->n; i++)
        to->at[i].grade = grade_of_suite(&to->at[i]);
}

int tests_judge(const struct change *c, const struct ruleset *rs,
                const struct test_rows *rows, struct broken_suites *ret_suites,
                struct err *err)
{
    struct broken_suites b = {.judged = rows != NULL && rows->tests > 0};
    if (!b.judged) {
        *ret_suites = b;
        return 0;
    }
    OWNED_BUF room = {0};
    struct turn *turn = calloc(rows->n + 1, sizeof *turn);
    b.at = calloc(rows->n + 1, sizeof *b.at);
    b.room = calloc(rows->n + 1, sizeof *b.room);
    bool ready = turn != NULL && b.at != NULL && b.room != NULL;
    if (ready) {
        size_t n = list_turns(c, rs, rows, turn, &room);
        group(turn, n, &b);
    }
    free(turn);
    if (!ready || room.failed) {
        tests_free(&b);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_suites = b;
    return 0;
}

void tests_free(struct broken_suites *b)
{
    free(b->at);
    free(b->room);
    *b = (struct broken_suites){0};
}
