/* storage/ledger_alarms.c - messages of alarms put, and put together when read.
 *
 * Messages come late, twice and out of order, so what is kept is the messages; the
 * times at which an alarm fired are made of them on reading, always the same ones.
 * What writes runs on the writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ALARM_SILENT_HOURS * 3600000 == 86400000,
               "`until` of the table says it too");

/* --- putting --- */

struct alarms_put {
    struct ledger_op op;
    struct alarm_list list;
    instant received;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

static bool is_end(const struct alarm *a)
{
    return instant_is_none(a->starts);
}

static instant at_of(const struct alarm *a)
{
    return is_end(a) ? a->ends : a->starts;
}

static void bind_key(struct sql_query *q, const struct alarm *a)
{
    sql_bind_text(q, a->fingerprint);
    sql_bind_int(q, at_of(a).ms);
    sql_bind_int(q, is_end(a));
    sql_bind_instant(q, a->ends);
    sql_bind_int(q, a->said.ms);
}

static int add_alarm(struct ledger *l, const struct alarm *a, instant received,
                     int *ret_added, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_ALARM);
    bind_key(&q, a);
    sql_bind_text(&q, a->name);
    sql_bind_text(&q, a->host);
    sql_bind_text(&q, a->service);
    sql_bind_text(&q, a->severity);
    sql_bind_text(&q, a->labels);
    sql_bind_text(&q, a->text);
    sql_bind_text(&q, a->source);
    sql_bind_instant(&q, received);
    return sql_run(&q, ret_added, err);
}

/* What a repeat may tell anew; the smaller of two texts stays, whichever came first. */
static int renew_alarm(struct ledger *l, const struct alarm *a, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_RENEW_ALARM);
    bind_key(&q, a);
    sql_bind_text(&q, a->severity);
    sql_bind_text(&q, a->labels);
    sql_bind_text(&q, a->text);
    return sql_run(&q, NULL, err);
}

static int alarms_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct alarms_put *p = (struct alarms_put *)op;
    int news = 0;
    for (size_t i = 0; i < p->list.n; i++) {
        int added = 0;
        if (add_alarm(l, p->list.at[i], p->received, &added, err) < 0 ||
            (added == 0 && renew_alarm(l, p->list.at[i], err) < 0))
            return -1;
        news += added;
    }
    p->posted = news > 0 ? POSTED_NEW : POSTED_REPEAT;
    l->batch.alarms += (uint64_t)news;
    l->batch.alarms_taken += (uint64_t)news;
    return 0;
}

static void alarms_over(struct ledger_op *op)
{
    struct alarms_put *p = (struct alarms_put *)op;
    p->done(op->err.code != 0 ? POSTED_FAILED : p->posted, &op->err, p->arg);
    alarm_list_free(&p->list);
    free(p);
}

static void put_fill(struct alarms_put *p, struct alarm_list *list, instant received)
{
    *p = (struct alarms_put){.op = {.run = alarms_run},
                             .list = *list,
                             .received = received,
                             .posted = POSTED_FAILED};
    p->op.bytes = list->n * 256; /* about; only so that a commit is no larger than meant
                                  */
    *list = (struct alarm_list){0};
}

void ledger_put_alarms(struct ledger *l, struct alarm_list *list, instant received,
                       void (*done)(enum posted posted, const struct err *err,
                                    void *arg),
                       void *arg)
{
    struct alarms_put *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        err_set(&err, ENOMEM, "no memory for an alarm");
        alarm_list_free(list);
        done(POSTED_FAILED, &err, arg);
        return;
    }
    put_fill(p, list, received);
    p->op.over = alarms_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_put_alarms_wait(struct ledger *l, struct alarm_list *list,
                                   instant received, struct err *err)
{
    struct alarms_put p;
    put_fill(&p, list, received);
    if (ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    alarm_list_free(&p.list);
    return p.posted;
}

/* --- reading messages --- */

struct message {
    char *fingerprint;
    instant at, until;
    bool is_end;
    bool ended; /* the sender told the end */
    struct alarm_row row;
};

static void row_clear(struct alarm_row *r)
{
    char *texts[] = {r->name, r->host, r->service, r->severity, r->labels, r->text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}

static void messages_free(struct message *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(m[i].fingerprint);
        row_clear(&m[i].row);
    }
    free(m);
}

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool asked_for(const struct alarm_ask *ask, const char *host,
                      const char *service)
{
    if (ask->service != NULL && service != NULL && strcmp(ask->service, service) == 0)
        return true;
    return host != NULL && ask->n_hosts > 0 &&
           bsearch(host, ask->hosts, ask->n_hosts, sizeof *ask->hosts, by_text) != NULL;
}

static int copy_column(struct sql_query *q, int column, char **to, struct err *err)
{
    const char *text = sql_text(q, column);
    return text != NULL ? ledger_copy_text(text, to, err) : 0;
}

static int message_take(struct sql_query *q, struct message *m, struct err *err)
{
    struct alarm_row *r = &m->row;
    m->at = sql_instant(q, 1);
    m->is_end = sql_int(q, 2) != 0;
    m->ended = sql_int(q, 3) == 0;
    m->until = sql_instant(q, 4);
    if (ledger_copy_text(sql_text(q, 0), &m->fingerprint, err) < 0 ||
        ledger_copy_text(sql_text(q, 5), &r->name, err) < 0 ||
        copy_column(q, 6, &r->host, err) < 0 || copy_column(q, 7, &r->service, err) < 0)
        return -1;
    if (copy_column(q, 8, &r->severity, err) < 0 ||
        copy_column(q, 9, &r->labels, err) < 0)
        return -1;
    return copy_column(q, 10, &r->text, err);
}

/* The latest come first, so that those beyond the most are never read. */
static int messages_read(struct ledger *l, const struct alarm_ask *ask,
                         struct message **list, size_t *n, struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_ALARMS);
    sql_bind_int(&q, ask->from.ms);
    sql_bind_int(&q, ask->to.ms);
    int rc = 0;
    while (rc == 0 && *n < LEDGER_ALARMS_MAX && sql_row(&q)) {
        void *at = *list;
        if (!asked_for(ask, sql_text(&q, 6), sql_text(&q, 7)))
            continue;
        rc = ledger_list_room(&at, *n, sizeof **list, err);
        *list = at;
        if (rc < 0)
            break;
        struct message *m = &(*list)[(*n)++];
        *m = (struct message){0};
        rc = message_take(&q, m, err);
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

/* --- putting them together --- */

/* By alarm, then time; what begins at an instant comes before what ends at it. */
static int by_alarm(const void *a, const void *b)
{
    const struct message *x = a, *y = b;
    int d = strcmp(x->fingerprint, y->fingerprint);
    if (d != 0)
        return d;
    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? -1 : 1;
    return (int)x->is_end - (int)y->is_end;
}

/* Makes the messages of one alarm into the times it fired: those of the rows at
 * `rows`, whose texts are moved out of the messages.  Gives how many there are. */
static size_t fold(struct message *m, size_t n, instant to, struct alarm_row *rows)
{
    size_t made = 0;
    struct message *last = NULL; /* the one that rows[made - 1] ends by */
    for (size_t i = 0; i < n; i++) {
        bool on = last != NULL && m[i].at.ms <= last->until.ms;
        if (m[i].is_end && on) {
            last->until = m[i].at;
            last->ended = true;
        } else if (!m[i].is_end && on) {
            /* what was not known to end goes on; a told end counts if it is later */
            if (m[i].until.ms >= last->until.ms || !m[i].ended) {
                last->until = m[i].until;
                last->ended = m[i].ended;
            }
        } else if (!m[i].is_end) {
            rows[made] = m[i].row;
            m[i].row = (struct alarm_row){0};
            rows[made].starts = m[i].at;
            last = &m[i];
            made++;
        }
        if (last != NULL)
            rows[made - 1].ends = last->until.ms < to.ms ? last->until : INSTANT_NONE;
    }
    return made;
}

static int texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int by_start(const void *a, const void *b)
{
    const struct alarm_row *x = a, *y = b;
    if (x->starts.ms != y->starts.ms)
        return x->starts.ms < y->starts.ms ? -1 : 1;
    int d = strcmp(x->name, y->name);
    if (d == 0)
        d = texts(x->host, y->host);
    if (d == 0)
        d = texts(x->service, y->service);
    if (d == 0)
        d = texts(x->labels, y->labels);
    if (d == 0)
        d = texts(x->text, y->text);
    return d != 0 ? d : (x->ends.ms > y->ends.ms) - (x->ends.ms < y->ends.ms);
}

/* Lets go of those that were over before the list begins. */
static size_t drop_past(struct alarm_row *rows, size_t n, instant from)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!instant_is_none(rows[i].ends) && rows[i].ends.ms < from.ms)
            row_clear(&rows[i]);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static int fold_all(struct message *m, size_t n, const struct alarm_ask *ask,
                    struct alarm_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct alarm_row *rows = calloc(n + 1, sizeof *rows);
    size_t made = 0;
    if (rows == NULL)
        return err_set(err, ENOMEM, "no memory for a list of alarms");
    if (n > 0)
        qsort(m, n, sizeof *m, by_alarm);
    for (size_t i = 0, from = 0; i < n; from = i) {
        while (i < n && strcmp(m[i].fingerprint, m[from].fingerprint) == 0)
            i++;
        made += fold(m + from, i - from, ask->to, rows + made);
    }
    made = drop_past(rows, made, ask->from);
    if (made > 0)
        qsort(rows, made, sizeof *rows, by_start);
    *ret_rows = rows;
    *ret_n = made;
    return 0;
}

int ledger_alarms(struct ledger *l, const struct alarm_ask *ask,
                  struct alarm_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct message *list = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = messages_read(l, ask, &list, &n, err);
    ledger_read_end(l);
    if (rc == 0)
        rc = fold_all(list, n, ask, ret_rows, ret_n, err);
    messages_free(list, n);
    return rc;
}

void alarm_rows_free(struct alarm_row **rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        row_clear(&(*rows)[i]);
    free(*rows);
    *rows = NULL;
}

int ledger_alarms_since(struct ledger *l, instant *ret_since, struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_ALARMS_SINCE);
    instant since = sql_row(&q) ? sql_instant(&q, 0) : INSTANT_NONE;
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret_since = since;
    return rc;
}
