/* storage/ledger_tests.c - runs of tests, and which tests began to fail.
 *
 * A test's name stands once, its results by number, so that the same suite run a
 * thousand times takes little more than its results.  What writes runs on the writing
 * thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000ll

/* --- putting --- */

struct tests_put {
    struct ledger_op op;
    struct test_run *run;
    instant received;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

static int add_run(struct ledger *l, const struct tests_put *p, int *ret_added,
                   struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_TEST_RUN);
    sql_bind_text(&q, p->run->hash);
    sql_bind_int(&q, p->run->time.ms);
    sql_bind_text(&q, p->run->change_id);
    sql_bind_text(&q, p->run->service);
    sql_bind_instant(&q, p->received);
    return sql_run(&q, ret_added, err);
}

static int add_test(struct ledger *l, const char *hash, const struct test *t,
                    struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_TEST);
    sql_bind_text(&q, t->suite);
    sql_bind_text(&q, t->class);
    sql_bind_text(&q, t->name);
    if (sql_run(&q, NULL, err) < 0)
        return -1;
    q = sql_start(l->writer->sql, DO_ADD_TEST_RESULT);
    sql_bind_text(&q, hash);
    sql_bind_text(&q, t->suite);
    sql_bind_text(&q, t->class);
    sql_bind_text(&q, t->name);
    sql_bind_int(&q, (int64_t)t->result);
    sql_bind_instant(&q, t->ms < 0 ? INSTANT_NONE : (instant){t->ms});
    sql_bind_text(&q, t->message);
    return sql_run(&q, NULL, err);
}

static int tests_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct tests_put *p = (struct tests_put *)op;
    int added = 0;
    if (add_run(l, p, &added, err) < 0)
        return -1;
    p->posted = added > 0 ? POSTED_NEW : POSTED_REPEAT;
    l->batch.test_runs += (uint64_t)added;
    l->batch.test_runs_taken += (uint64_t)added;
    for (size_t i = 0; added > 0 && i < p->run->n; i++)
        if (add_test(l, p->run->hash, &p->run->test[i], err) < 0)
            return -1;
    return 0;
}

static void tests_over(struct ledger_op *op)
{
    struct tests_put *p = (struct tests_put *)op;
    p->done(op->err.code != 0 ? POSTED_FAILED : p->posted, &op->err, p->arg);
    test_run_free(&p->run);
    free(p);
}

static void put_fill(struct tests_put *p, struct test_run **r, instant received)
{
    *p = (struct tests_put){.op = {.run = tests_run},
                            .run = *r,
                            .received = received,
                            .posted = POSTED_FAILED};
    p->op.bytes = (*r)->n * 256; /* about; only so that a commit is no larger than meant
                                  */
    *r = NULL;
}

void ledger_put_tests(struct ledger *l, struct test_run **r, instant received,
                      void (*done)(enum posted posted, const struct err *err,
                                   void *arg),
                      void *arg)
{
    struct tests_put *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        err_set(&err, ENOMEM, "no memory for test results");
        test_run_free(r);
        done(POSTED_FAILED, &err, arg);
        return;
    }
    put_fill(p, r, received);
    p->op.over = tests_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_put_tests_wait(struct ledger *l, struct test_run **r,
                                  instant received, struct err *err)
{
    struct tests_put p;
    put_fill(&p, r, received);
    if (ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    test_run_free(&p.run);
    return p.posted;
}

/* --- what came since --- */

/* Reading on: the test under way and the suite it is in. */
struct story {
    struct test_rows *to;
    struct test_row now;
    int64_t *number; /* of the tests in `to`, for the look at what was before */
    int64_t test;    /* under way; 0: none yet */
    size_t suite_tests, suite_from;
};

static void row_clear(struct test_row *r)
{
    char *texts[] = {r->suite, r->class, r->name, r->message};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}

static int end_test(struct story *s, struct err *err)
{
    struct test_rows *to = s->to;
    if (s->test == 0)
        return 0;
    to->tests++;
    s->suite_tests++;
    if (s->now.failed == 0 || to->n == LEDGER_TESTS_MAX) {
        to->left_out += s->now.failed > 0;
        row_clear(&s->now);
        s->now = (struct test_row){0};
        return 0;
    }
    void *rows = to->row, *numbers = s->number;
    int rc = ledger_list_room(&rows, to->n, sizeof *to->row, err);
    to->row = rows;
    if (rc == 0)
        rc = ledger_list_room(&numbers, to->n, sizeof *s->number, err);
    s->number = numbers;
    if (rc < 0)
        return -1;
    s->number[to->n] = s->test;
    to->row[to->n++] = s->now;
    s->now = (struct test_row){0};
    return 0;
}

static void end_suite(struct story *s)
{
    for (; s->suite_from < s->to->n; s->suite_from++)
        s->to->row[s->suite_from].suite_tests = s->suite_tests;
    s->suite_tests = 0;
}

static int begin_test(struct story *s, struct sql_query *q, struct err *err)
{
    const char *suite = sql_text(q, 0);
    bool same =
        s->now.suite != NULL && suite != NULL && strcmp(s->now.suite, suite) == 0;
    if (end_test(s, err) < 0)
        return -1;
    if (!same)
        end_suite(s);
    s->test = sql_int(q, 3);
    s->now = (struct test_row){.first = INSTANT_NONE};
    if (ledger_copy_text(suite, &s->now.suite, err) < 0 ||
        ledger_copy_text(sql_text(q, 1), &s->now.class, err) < 0)
        return -1;
    return ledger_copy_text(sql_text(q, 2), &s->now.name, err);
}

static int take_result(struct story *s, struct sql_query *q, struct err *err)
{
    struct test_row *r = &s->now;
    const char *message = sql_text(q, 5);
    if (s->test != sql_int(q, 3) && begin_test(s, q, err) < 0)
        return -1;
    r->fails = sql_int(q, 4) >= TEST_FAIL;
    r->passed += !r->fails;
    r->failed += r->fails;
    if (!r->fails)
        return 0;
    r->of_change |= sql_int(q, 7) != 0;
    if (instant_is_none(r->first))
        r->first = sql_instant(q, 6);
    free(r->message);
    r->message = NULL;
    return message != NULL ? ledger_copy_text(message, &r->message, err) : 0;
}

static void bind_ask(struct sql_query *q, const struct test_ask *ask, instant from,
                     instant to)
{
    sql_bind_text(q, ask->change_id);
    sql_bind_text(q, ask->service);
    sql_bind_int(q, from.ms);
    sql_bind_int(q, to.ms);
}

static int read_since(struct ledger *l, const struct test_ask *ask, struct story *s,
                      struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_TESTS_SINCE);
    bind_ask(&q, ask, ask->since, ask->to);
    int rc = 0;
    while (rc == 0 && sql_row(&q))
        rc = take_result(s, &q, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    if (rc == 0)
        rc = end_test(s, err);
    end_suite(s);
    return rc;
}

/* --- and what was before --- */

static int read_before(struct ledger *l, const struct test_ask *ask, int64_t test,
                       struct test_row *row, struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_TEST_BEFORE);
    instant from = {ask->since.ms - TEST_MEMORY_DAYS * DAY_MS};
    bind_ask(&q, ask, from, ask->since);
    sql_bind_int(&q, test);
    sql_bind_int(&q, TEST_MEMORY_RUNS);
    while (sql_row(&q)) {
        bool failed = sql_int(&q, 0) >= TEST_FAIL;
        if (row->runs_before++ == 0)
            row->failed_last = failed;
        row->failed_before += failed;
    }
    return sql_end(&q, err);
}

int ledger_tests(struct ledger *l, const struct test_ask *ask,
                 struct test_rows *ret_rows, struct err *err)
{
    struct test_rows rows = {0};
    struct story s = {.to = &rows};
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = read_since(l, ask, &s, err);
    for (size_t i = 0; rc == 0 && i < rows.n; i++)
        rc = read_before(l, ask, s.number[i], &rows.row[i], err);
    ledger_read_end(l);
    row_clear(&s.now);
    free(s.number);
    if (rc == 0)
        *ret_rows = rows;
    else
        test_rows_free(&rows);
    return rc;
}

void test_rows_free(struct test_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        row_clear(&rows->row[i]);
    free(rows->row);
    *rows = (struct test_rows){0};
}
