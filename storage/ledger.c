/* storage/ledger.c - the ledger as a whole: its connections and its writing thread.
 *
 * Two connections.  The writing one belongs to the writing thread: it takes what has
 * gathered in the queue, runs it in one transaction, commits, and only then calls back.
 * A failure anywhere in a batch rolls the whole batch back and fails all of it, so
 * nobody is told of a write that is not on disk; the next batch starts afresh, and a
 * disk that was full needs no help once it has room.  The reading one is shared by all
 * other threads under its lock, each read in a transaction of its own, so what it puts
 * together belongs together.  In memory both are one connection.
 *
 * `queue` and `stats` are guarded by `lock`, a connection by its own; a thread never
 * waits for one while it holds the other. */
#include "storage/ledger_part.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the queue --- */

/* What a caller waits at until the writing thread opens it. */
struct ledger_latch {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool open;
};

static void latch_init(struct ledger_latch *l)
{
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->cond, NULL);
    l->open = false;
}

static void latch_open(struct ledger_latch *l)
{
    pthread_mutex_lock(&l->lock);
    l->open = true;
    pthread_cond_signal(&l->cond);
    pthread_mutex_unlock(&l->lock); /* from here on it may be gone */
}

static void latch_wait(struct ledger_latch *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->open)
        pthread_cond_wait(&l->cond, &l->lock);
    pthread_mutex_unlock(&l->lock);
    pthread_cond_destroy(&l->cond);
    pthread_mutex_destroy(&l->lock);
}

static void open_latch(struct ledger_op *op)
{
    latch_open(op->latch);
}

void ledger_queue_put(struct ledger *l, struct ledger_op *op)
{
    assert(!l->peek);
    pthread_mutex_lock(&l->lock);
    /* Refused ones go through the queue too, so that all are answered by one thread; it
     * skips their work. */
    if (l->waiting >= LEDGER_QUEUE_MAX)
        err_set(&op->err, EAGAIN, "the ledger: %zu writes are waiting for the disk",
                l->waiting);
    op->next = NULL;
    *l->last = op;
    l->last = &op->next;
    l->waiting++;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
}

int ledger_queue_wait(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct ledger_latch latch;
    assert(!pthread_equal(pthread_self(), l->thread)); /* it would wait for itself */
    latch_init(&latch);
    op->latch = &latch;
    op->over = open_latch;
    ledger_queue_put(l, op);
    latch_wait(&latch);
    op->latch = NULL;
    return op->err.code != 0 ? err_set(err, op->err.code, "%s", op->err.text) : 0;
}

/* Takes the next batch off the queue; NULL when the thread is to end.  The queue is
 * emptied before that. */
static struct ledger_op *queue_take(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->first == NULL && !l->stop)
        pthread_cond_wait(&l->work, &l->lock);
    struct ledger_op *batch = l->first, *end = NULL;
    size_t bytes = 0, n = 0;
    for (struct ledger_op *op = batch;
         op != NULL && n < LEDGER_BATCH_MAX &&
         (n == 0 || bytes + op->bytes <= LEDGER_BATCH_BYTES_MAX);
         op = op->next) {
        bytes += op->bytes;
        n++;
        end = op;
    }
    if (batch != NULL) {
        l->first = end->next;
        l->last = l->first != NULL ? l->last : &l->first;
        l->waiting -= n;
        end->next = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    return batch;
}

/* --- the writing thread --- */

static int batch_write(struct ledger *l, struct ledger_op *batch, struct err *err)
{
    if (sql_begin_write(l->writer->sql, err) < 0)
        return -1;
    for (struct ledger_op *op = batch; op != NULL; op = op->next) {
        if (op->err.code == 0 && op->run(l, op, err) < 0)
            return -1;
        /* some failures make SQLite roll back by itself: what followed would be written
         * one by one, outside of any transaction */
        if (!sql_in_transaction(l->writer->sql))
            return err_set(err, op->err.code, "%s",
                           op->err.code != 0 ? op->err.text
                                             : "the ledger: rolled back");
    }
    return sql_commit(l->writer->sql, err);
}

static void stats_add(struct ledger_stats *to, const struct ledger_stats *more)
{
    to->events += more->events;
    to->changes += more->changes;
    to->verdicts += more->verdicts;
    to->parcels_waiting += more->parcels_waiting; /* wraps for fewer, as it should */
    to->parcels_sent += more->parcels_sent;
    to->parcels_dead += more->parcels_dead;
    to->notes += more->notes;
    to->cores += more->cores; /* wrap, too */
    to->alarms += more->alarms;
    to->test_runs += more->test_runs;
    to->cores_taken += more->cores_taken;
    to->alarms_taken += more->alarms_taken;
    to->test_runs_taken += more->test_runs_taken;
    to->cores_pruned += more->cores_pruned;
    to->alarms_pruned += more->alarms_pruned;
    to->test_runs_pruned += more->test_runs_pruned;
    to->commits += more->commits;
    to->commit_rows += more->commit_rows;
}

/* All of the batch or nothing; counts only what is held. */
static void batch_run(struct ledger *l, struct ledger_op *batch)
{
    struct err err = {0};
    l->batch = (struct ledger_stats){.commits = 1};
    pthread_mutex_lock(&l->writer->lock);
    int rc = batch_write(l, batch, &err);
    if (rc < 0)
        sql_rollback(l->writer->sql);
    pthread_mutex_unlock(&l->writer->lock);
    for (struct ledger_op *op = batch; op != NULL; op = op->next) {
        l->batch.commit_rows++;
        if (rc < 0)
            err_set(&op->err, err.code, "%s", err.text);
    }
    pthread_mutex_lock(&l->lock);
    if (rc == 0)
        stats_add(&l->stats, &l->batch);
    pthread_mutex_unlock(&l->lock);
}

static void *write_all(void *arg)
{
    struct ledger *l = arg;
    for (struct ledger_op *op; (op = queue_take(l)) != NULL;) {
        batch_run(l, op);
        for (struct ledger_op *next; op != NULL; op = next) {
            next = op->next; /* `over` gives it away */
            op->over(op);
        }
    }
    return NULL;
}

/* --- reading --- */

int ledger_read_begin(struct ledger *l, struct err *err)
{
    pthread_mutex_lock(&l->reader->lock);
    if (sql_begin_read(l->reader->sql, err) == 0)
        return 0;
    pthread_mutex_unlock(&l->reader->lock);
    return -1;
}

void ledger_read_end(struct ledger *l)
{
    if (sql_in_transaction(l->reader->sql))
        sql_commit(l->reader->sql, NULL);
    pthread_mutex_unlock(&l->reader->lock);
}

int ledger_list_room(void **at, size_t n, size_t item, struct err *err)
{
    if (n != 0 && (n & (n - 1)) != 0)
        return 0; /* room is made at the powers of two */
    void *more = reallocarray(*at, n == 0 ? 1 : 2 * n, item);
    if (more == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    *at = more;
    return 0;
}

int ledger_copy_text(const char *text, char **ret_copy, struct err *err)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return *ret_copy != NULL ? 0 : err_set(err, ENOMEM, "no memory for a text");
}

/* --- opening and closing --- */

static int count_held(struct ledger *l, struct err *err)
{
    struct ledger_stats *s = &l->stats;
    const struct {
        enum ledger_stmt which;
        int state;
        uint64_t *into;
    } counts[] = {{DO_COUNT_EVENTS, -1, &s->events},
                  {DO_COUNT_CHANGES, -1, &s->changes},
                  {DO_COUNT_VERDICTS, -1, &s->verdicts},
                  {DO_COUNT_CORES, -1, &s->cores},
                  {DO_COUNT_ALARMS, -1, &s->alarms},
                  {DO_COUNT_TEST_RUNS, -1, &s->test_runs},
                  {DO_COUNT_NOTES, -1, &s->notes},
                  {DO_COUNT_PARCELS, 0, &s->parcels_waiting},
                  {DO_COUNT_PARCELS, 1, &s->parcels_sent},
                  {DO_COUNT_PARCELS, 2, &s->parcels_dead}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct sql_query q = sql_start(l->writer->sql, counts[i].which);
        if (counts[i].state >= 0)
            sql_bind_int(&q, counts[i].state);
        *counts[i].into = sql_row(&q) ? (uint64_t)sql_int(&q, 0) : 0;
        if (sql_end(&q, err) < 0)
            return -1;
    }
    return 0;
}

static int conns_open(struct ledger *l, struct err *err)
{
    l->writer->sql = sql_open(l->path, "the ledger", err);
    if (l->writer->sql == NULL || ledger_file_ready(l->writer->sql, err) < 0 ||
        ledger_file_prepare(l->writer->sql, err) < 0 || count_held(l, err) < 0)
        return -1;
    if (l->in_memory)
        return 0;
    l->reader->sql = sql_open(l->path, "the ledger", err);
    if (l->reader->sql == NULL ||
        sql_exec(l->reader->sql, "PRAGMA query_only = ON", err) < 0)
        return -1;
    return ledger_file_prepare(l->reader->sql, err);
}

static void conns_close(struct ledger *l)
{
    sql_close(&l->conns[1].sql); /* the writer last: the last one out tidies the WAL */
    sql_close(&l->conns[0].sql);
}

static int open_or_begin_anew(struct ledger *l, struct err *note, struct err *err)
{
    struct err why = {0};
    bool remains = !l->in_memory && ledger_file_is_remains(l->path, &why);
    int rc = remains ? -1 : conns_open(l, &why);
    if (rc < 0 && why.code == EBADMSG && !l->in_memory) {
        conns_close(l);
        if (ledger_file_set_aside(l->path, &why, note, err) < 0)
            return -1;
        l->stats = (struct ledger_stats){0};
        why = (struct err){0};
        rc = conns_open(l, &why);
    }
    if (rc == 0)
        return 0;
    conns_close(l);
    return err_set(err, why.code, "%s: %s", l->path, why.text);
}

static void ledger_free(struct ledger *l)
{
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    for (int i = 0; i < 2; i++)
        pthread_mutex_destroy(&l->conns[i].lock);
    free(l->path);
    free(l);
}

static struct ledger *ledger_new(const char *path)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL || (l->path = strdup(path)) == NULL) {
        free(l);
        return NULL;
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    for (int i = 0; i < 2; i++)
        pthread_mutex_init(&l->conns[i].lock, NULL);
    l->in_memory = strcmp(path, ":memory:") == 0;
    l->writer = &l->conns[0];
    l->reader = &l->conns[l->in_memory ? 0 : 1];
    l->last = &l->first;
    return l;
}

struct ledger *ledger_open(const char *path, struct err *ret_note, struct err *err)
{
    if (strcmp(path, ":memory:") != 0 && ledger_file_make(path, err) < 0)
        return NULL;
    struct ledger *l = ledger_new(path);
    if (l == NULL) {
        err_set(err, ENOMEM, "no memory for the ledger");
        return NULL;
    }
    if (open_or_begin_anew(l, ret_note, err) < 0) {
        ledger_free(l);
        return NULL;
    }
    int rc = pthread_create(&l->thread, NULL, write_all, l);
    if (rc != 0) {
        err_sys(err, rc, "the ledger's thread cannot be started");
        conns_close(l);
        ledger_free(l);
        return NULL;
    }
    pthread_setname_np(l->thread, "ledger");
    return l;
}

struct ledger *ledger_peek(const char *path, struct err *err)
{
    struct err why = {0};
    struct ledger *l = ledger_new(path);
    if (l == NULL) {
        err_set(err, ENOMEM, "no memory for the ledger");
        return NULL;
    }
    l->peek = true;
    if (access(path, F_OK) < 0)
        err_sys(&why, errno, "it cannot be opened");
    else
        l->reader->sql = sql_peek(path, "the ledger", &why);
    if (l->reader->sql != NULL && ledger_file_fits(l->reader->sql, &why) == 0 &&
        ledger_file_prepare(l->reader->sql, &why) == 0)
        return l;
    err_set(err, why.code, "%s: %s", path, why.text);
    conns_close(l);
    ledger_free(l);
    return NULL;
}

static void end_thread(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    int rc = pthread_join(l->thread, NULL);
    assert(rc == 0 && l->first == NULL);
}

void ledger_close(struct ledger **l)
{
    if (*l == NULL)
        return;
    if (!(*l)->peek)
        end_thread(*l);
    conns_close(*l);
    ledger_free(*l);
    *l = NULL;
}

struct ledger_stats ledger_stats(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    struct ledger_stats s = l->stats;
    pthread_mutex_unlock(&l->lock);
    return s;
}
