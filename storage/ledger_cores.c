/* storage/ledger_cores.c - coredumps: put once, listed by time, remembered by crash.
 *
 * The whole record is kept as it was read, and beside it what it is found and judged
 * by, in one row.  The UNIQUE index of that row is also what lists run over by time.
 * Fingerprints are made on the thread that puts; what writes runs on the writing
 * thread, what reads on any. */
#include "storage/ledger_part.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- putting --- */

struct core_put {
    struct ledger_op op;
    struct core *core;
    instant received;
    struct fingerprint print;
    struct buf title, json;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

static int core_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct core_put *p = (struct core_put *)op;
    const struct core *c = p->core;
    int added = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_CORE);
    sql_bind_int(&q, c->time.ms);
    sql_bind_text(&q, c->host);
    sql_bind_int(&q, c->pid);
    sql_bind_text(&q, c->exe);
    sql_bind_text(&q, c->service);
    sql_bind_text(&q, p->print.coarse);
    sql_bind_text(&q, p->print.fine);
    sql_bind_int(&q, p->print.unsure);
    sql_bind_text(&q, buf_text(&p->title));
    sql_bind_instant(&q, p->received);
    sql_bind_text(&q, buf_text(&p->json));
    sql_bind_int(&q, c->more);
    if (sql_run(&q, &added, err) < 0)
        return -1;
    p->posted = added > 0 ? POSTED_NEW : POSTED_REPEAT;
    l->batch.cores += (uint64_t)added;
    l->batch.cores_taken += added > 0 ? 1 + (uint64_t)c->more : 0;
    return 0;
}

static void put_clear(struct core_put *p)
{
    core_free(&p->core);
    buf_free(&p->title);
    buf_free(&p->json);
}

static void core_over(struct ledger_op *op)
{
    struct core_put *p = (struct core_put *)op;
    p->done(op->err.code != 0 ? POSTED_FAILED : p->posted, &op->err, p->arg);
    put_clear(p);
    free(p);
}

/* Fills *p and takes *c over, also on failure. */
static int put_fill(struct core_put *p, struct core **c, instant received,
                    struct err *err)
{
    struct jsonw w = {.to = &p->json};
    *p = (struct core_put){.op = {.run = core_run},
                           .core = *c,
                           .received = received,
                           .print = fingerprint_make(*c),
                           .posted = POSTED_FAILED};
    *c = NULL;
    fingerprint_title(p->core, &p->title);
    core_write(p->core, NULL, &w);
    p->op.bytes = p->json.len;
    if (buf_done(&p->title) == 0 && buf_done(&p->json) == 0)
        return 0;
    return err_set(err, ENOMEM, "no memory for a coredump");
}

/* As put_fill; NULL on failure. */
static struct core_put *put_new(struct core **c, instant received, struct err *err)
{
    struct core_put *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(err, ENOMEM, "no memory for a coredump");
        core_free(c);
        return NULL;
    }
    if (put_fill(p, c, received, err) == 0)
        return p;
    put_clear(p);
    free(p);
    return NULL;
}

void ledger_put_core(struct ledger *l, struct core **c, instant received,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg)
{
    struct err err = {0};
    struct core_put *p = put_new(c, received, &err);
    if (p == NULL) {
        done(POSTED_FAILED, &err, arg);
        return;
    }
    p->op.over = core_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_put_core_wait(struct ledger *l, struct core **c, instant received,
                                 struct err *err)
{
    struct core_put p;
    if (put_fill(&p, c, received, err) == 0 && ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    enum posted posted = p.posted;
    put_clear(&p);
    return posted;
}

/* --- listing --- */

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool asked_for(const struct core_ask *ask, const char *host, const char *service)
{
    if (ask->service != NULL && service != NULL && strcmp(ask->service, service) == 0)
        return true;
    return ask->n_hosts > 0 &&
           bsearch(host, ask->hosts, ask->n_hosts, sizeof *ask->hosts, by_text) != NULL;
}

static int copy_print(struct sql_query *q, int column, char to[FINGERPRINT_TEXT_MAX],
                      struct err *err)
{
    const char *text = sql_text(q, column);
    if (text == NULL)
        return err_set(err, ENOMEM, "no memory for a coredump");
    if (strlen(text) != FINGERPRINT_TEXT_MAX - 1)
        return err_set(err, EBADMSG, "the ledger: '%.40s' is no fingerprint", text);
    memcpy(to, text, FINGERPRINT_TEXT_MAX);
    return 0;
}

static int row_take(struct sql_query *q, struct core_row *row, struct err *err)
{
    const char *service = sql_text(q, 2);
    row->time = sql_instant(q, 0);
    row->print.unsure = sql_int(q, 7) != 0;
    row->more = sql_int(q, 8);
    if (ledger_copy_text(sql_text(q, 1), &row->host, err) < 0 ||
        (service != NULL && ledger_copy_text(service, &row->service, err) < 0) ||
        ledger_copy_text(sql_text(q, 3), &row->exe, err) < 0 ||
        ledger_copy_text(sql_text(q, 4), &row->title, err) < 0)
        return -1;
    if (copy_print(q, 5, row->print.coarse, err) < 0)
        return -1;
    return copy_print(q, 6, row->print.fine, err);
}

/* The latest come first, so that those beyond the most are never read. */
static int rows_read(struct ledger *l, const struct core_ask *ask,
                     struct core_row **rows, size_t *n, struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_CORES);
    sql_bind_int(&q, ask->from.ms);
    sql_bind_int(&q, ask->to.ms);
    int rc = 0;
    while (rc == 0 && *n < LEDGER_CORES_MAX && sql_row(&q)) {
        void *at = *rows;
        const char *host = sql_text(&q, 1);
        if (host != NULL && !asked_for(ask, host, sql_text(&q, 2)))
            continue;
        rc = ledger_list_room(&at, *n, sizeof **rows, err);
        *rows = at;
        if (rc < 0)
            break;
        struct core_row *row = &(*rows)[(*n)++];
        *row = (struct core_row){0};
        rc = row_take(&q, row, err);
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

int ledger_cores(struct ledger *l, const struct core_ask *ask,
                 struct core_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct core_row *rows = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = rows_read(l, ask, &rows, &n, err);
    ledger_read_end(l);
    if (rc < 0) {
        core_rows_free(&rows, n);
        return -1;
    }
    for (size_t i = 0; i < n / 2; i++) { /* the earliest first */
        struct core_row late = rows[i];
        rows[i] = rows[n - 1 - i];
        rows[n - 1 - i] = late;
    }
    *ret_rows = rows;
    *ret_n = n;
    return 0;
}

void core_rows_free(struct core_row **rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((*rows)[i].host);
        free((*rows)[i].service);
        free((*rows)[i].exe);
        free((*rows)[i].title);
    }
    free(*rows);
    *rows = NULL;
}

/* --- remembering --- */

static int past_read(struct ledger *l, instant before, struct core_past *p,
                     struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_CORE_PAST);
    sql_bind_text(&q, p->coarse);
    sql_bind_int(&q, before.ms);
    sql_bind_int(&q, before.ms - CORE_MEMORY_DAYS * (int64_t)86400000);
    int rc = 0;
    while (rc == 0 && sql_row(&q)) {
        void *at = p->day;
        rc = ledger_list_room(&at, p->n, sizeof *p->day, err);
        p->day = at;
        if (rc < 0)
            break;
        struct core_day *d = &p->day[p->n++];
        *d = (struct core_day){.day = (int)sql_int(&q, 1),
                               .dumps = (uint64_t)sql_int(&q, 2)};
        rc = ledger_copy_text(sql_text(&q, 0), &d->host, err);
        instant first = sql_instant(&q, 3);
        if (instant_is_none(p->first) || first.ms < p->first.ms)
            p->first = first;
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

int ledger_core_first_seen(struct ledger *l, const char *coarse, instant before,
                           struct core_past *ret_past, struct err *err)
{
    struct core_past past = {.first = INSTANT_NONE};
    if (strlen(coarse) != FINGERPRINT_TEXT_MAX - 1)
        return err_set(err, EINVAL, "'%.40s' is no fingerprint", coarse);
    memcpy(past.coarse, coarse, FINGERPRINT_TEXT_MAX);
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = past_read(l, before, &past, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret_past = past;
    else
        core_past_clear(&past);
    return rc;
}

void core_past_clear(struct core_past *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->day[i].host);
    free(p->day);
    *p = (struct core_past){.first = INSTANT_NONE};
}

int ledger_cores_since(struct ledger *l, instant *ret_since, struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_CORES_SINCE);
    instant since = sql_row(&q) ? sql_instant(&q, 0) : INSTANT_NONE;
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret_since = since;
    return rc;
}
