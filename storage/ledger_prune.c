/* storage/ledger_prune.c - lets go of single events that are older than they are kept.
 *
 * What must hold: one step deletes, and looks at, a bounded number of rows, so that
 * writes that come in meanwhile wait no longer than for any other commit.  A run of
 * tests goes when its last result has gone, the name of a test when no run has it any
 * more: names are swept in steps of their own, for as long as runs go.  Runs on the
 * writing thread. */
#include "storage/ledger_part.h"

#include <errno.h>

struct prune {
    struct ledger_op op;
    struct ledger_keep keep;
    instant now;
    size_t rows;
};

/* Deletes what is older than `age`, as far as the step has room; *ret_rows are added to
 * the step's. */
static int drop(struct ledger *l, struct prune *p, enum ledger_stmt which, span age,
                int *ret_rows, struct err *err)
{
    *ret_rows = 0;
    if (age.ms <= 0 || p->rows >= LEDGER_PRUNE_MAX)
        return 0;
    struct sql_query q = sql_start(l->writer->sql, which);
    sql_bind_int(&q, p->now.ms - age.ms);
    sql_bind_int(&q, (int64_t)(LEDGER_PRUNE_MAX - p->rows));
    if (sql_run(&q, ret_rows, err) < 0)
        return -1;
    p->rows += (size_t)*ret_rows;
    return 0;
}

/* The next names of tests that nobody has a result of; from the start when all were
 * looked at. */
static int sweep_names(struct ledger *l, struct prune *p, struct err *err)
{
    int64_t from = l->swept_tests, to = 0;
    int n = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_TEST_NO);
    sql_bind_int(&q, from);
    sql_bind_int(&q, LEDGER_PRUNE_MAX);
    if (sql_row(&q))
        to = sql_int(&q, 0); /* 0: there is none */
    if (sql_end(&q, err) < 0)
        return -1;
    l->swept_tests = to;
    if (to == 0) {
        l->sweeping = false;
        return 0;
    }
    q = sql_start(l->writer->sql, DO_DROP_TESTS);
    sql_bind_int(&q, from);
    sql_bind_int(&q, to);
    if (sql_run(&q, &n, err) < 0)
        return -1;
    p->rows = LEDGER_PRUNE_MAX; /* there may be more */
    return 0;
}

static int prune_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct prune *p = (struct prune *)op;
    int cores, alarms, results, runs;
    p->rows = 0;
    if (drop(l, p, DO_DROP_CORES, p->keep.cores, &cores, err) < 0 ||
        drop(l, p, DO_DROP_ALARMS, p->keep.alarms, &alarms, err) < 0 ||
        drop(l, p, DO_DROP_TEST_RESULTS, p->keep.tests, &results, err) < 0 ||
        drop(l, p, DO_DROP_TEST_RUNS, p->keep.tests, &runs, err) < 0)
        return -1;
    l->batch.cores -= (uint64_t)cores;
    l->batch.alarms -= (uint64_t)alarms;
    l->batch.test_runs -= (uint64_t)runs;
    l->batch.cores_pruned += (uint64_t)cores;
    l->batch.alarms_pruned += (uint64_t)alarms;
    l->batch.test_runs_pruned += (uint64_t)runs;
    l->sweeping |= runs > 0;
    return l->sweeping && p->rows < LEDGER_PRUNE_MAX ? sweep_names(l, p, err) : 0;
}

int ledger_prune(struct ledger *l, const struct ledger_keep *keep, instant now,
                 size_t *ret_rows, struct err *err)
{
    struct prune p = {.op = {.run = prune_run}, .keep = *keep, .now = now};
    int rc = ledger_queue_wait(l, &p.op, err);
    *ret_rows = rc == 0 ? p.rows : 0;
    return rc;
}
