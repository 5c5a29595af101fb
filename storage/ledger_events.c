/* storage/ledger_events.c - posting change events, and the change folded from them.
 *
 * An event is kept as it was sent, and a change is folded from its events each time it
 * is read, so that how events are put together can improve without touching the file.
 * Beside the event, a post keeps what lists and neighbours are found by (start, end,
 * service, hosts), in the same transaction; each of these is the same whatever the
 * order in which events came.  What writes runs on the writing thread, what reads on
 * any. */
#include "storage/ledger_part.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- posting --- */

struct post {
    struct ledger_op op;
    struct change_event *event;
    instant received;
    enum posted posted;
    void (*done)(enum posted posted, const char *change_id, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

static int event_compare_stored(struct ledger *l, struct post *p, struct err *err)
{
    int rc = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_EVENT_RAW);
    sql_bind_text(&q, p->event->source);
    sql_bind_text(&q, p->event->id);
    if (sql_row(&q)) {
        const char *raw = sql_text(&q, 0);
        if (raw == NULL)
            rc = err_set(err, ENOMEM, "no memory for an event");
        else
            p->posted =
                strcmp(raw, p->event->raw) == 0 ? POSTED_REPEAT : POSTED_CONFLICT;
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

static int event_add(struct ledger *l, const struct post *p, int *ret_added,
                     struct err *err)
{
    const struct change_event *e = p->event;
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_EVENT);
    sql_bind_text(&q, e->source);
    sql_bind_text(&q, e->id);
    sql_bind_text(&q, e->change_id);
    sql_bind_int(&q, e->time.ms);
    sql_bind_instant(&q, p->received);
    sql_bind_text(&q, e->raw);
    return sql_run(&q, ret_added, err);
}

static int change_add(struct ledger *l, const struct change_event *e, struct err *err)
{
    static const enum ledger_stmt how[] = {DO_ADD_CHANGE, DO_WIDEN_CHANGE};
    bool ends = e->phase == PHASE_FINISHED || e->phase == PHASE_CANCELLED;
    for (int i = 0, done = 0; i < 2 && done == 0; i++) {
        struct sql_query q = sql_start(l->writer->sql, how[i]);
        sql_bind_text(&q, e->change_id);
        sql_bind_int(&q, e->time.ms);
        sql_bind_instant(&q, ends ? e->time : INSTANT_NONE);
        if (sql_run(&q, &done, err) < 0)
            return -1;
        if (how[i] == DO_ADD_CHANGE)
            l->batch.changes += (uint64_t)done;
    }
    if (e->service == NULL)
        return 0;
    struct sql_query q = sql_start(l->writer->sql, DO_NAME_SERVICE);
    sql_bind_text(&q, e->change_id);
    sql_bind_text(&q, e->service);
    sql_bind_int(&q, e->time.ms);
    sql_bind_text(&q, e->source);
    sql_bind_text(&q, e->id);
    return sql_run(&q, NULL, err);
}

static int hosts_add(struct ledger *l, const struct change_event *e, struct err *err)
{
    for (size_t i = 0; i < e->n_hosts; i++) {
        struct sql_query q = sql_start(l->writer->sql, DO_ADD_HOST);
        sql_bind_text(&q, e->change_id);
        sql_bind_text(&q, e->host[i]);
        if (sql_run(&q, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int post_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct post *p = (struct post *)op;
    int added = 0;
    if (event_add(l, p, &added, err) < 0)
        return -1;
    if (added == 0)
        return event_compare_stored(l, p, err);
    p->posted = POSTED_NEW;
    l->batch.events++;
    return change_add(l, p->event, err) < 0 ? -1 : hosts_add(l, p->event, err);
}

static void post_over(struct ledger_op *op)
{
    struct post *p = (struct post *)op;
    enum posted posted = op->err.code != 0 ? POSTED_FAILED : p->posted;
    p->done(posted, p->event->change_id, &op->err, p->arg);
    change_event_free(&p->event);
    free(p);
}

static struct post post_of(struct change_event **e, instant received)
{
    struct post p = {.op = {.run = post_run, .bytes = strlen((*e)->raw)},
                     .event = *e,
                     .received = received,
                     .posted = POSTED_FAILED};
    *e = NULL;
    return p;
}

void ledger_post(struct ledger *l, struct change_event **e, instant received,
                 void (*done)(enum posted posted, const char *change_id,
                              const struct err *err, void *arg),
                 void *arg)
{
    struct post *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        err_set(&err, ENOMEM, "no memory for a post");
        done(POSTED_FAILED, (*e)->change_id, &err, arg);
        change_event_free(e);
        return;
    }
    *p = post_of(e, received);
    p->op.over = post_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_post_wait(struct ledger *l, struct change_event **e,
                             instant received, struct err *err)
{
    struct post p = post_of(e, received);
    if (ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    change_event_free(&p.event);
    return p.posted;
}

/* --- reading --- */

struct events {
    struct change_event **at;
    size_t n;
};

static void events_free(struct events *e)
{
    for (size_t i = 0; i < e->n; i++)
        change_event_free(&e->at[i]);
    free(e->at);
}

static int event_take(struct sql_query *q, struct events *events, struct err *err)
{
    const char *raw = sql_text(q, 0);
    void *at = events->at;
    if (raw == NULL)
        return err_set(err, ENOMEM, "no memory for an event");
    if (ledger_list_room(&at, events->n, sizeof *events->at, err) < 0)
        return -1;
    events->at = at;
    OWNED_JSON *doc = json_parse(raw, strlen(raw), err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    /* The stored time stands in where the event had none, and is within its bounds. */
    if (change_event_read(&root, sql_instant(q, 1), &events->at[events->n], err) < 0)
        return -1;
    events->n++;
    return 0;
}

struct change *ledger_change_read(struct ledger *l, const char *change_id,
                                  struct err *err)
{
    struct events events = {0};
    struct sql_query q = sql_start(l->reader->sql, DO_EVENTS_OF);
    sql_bind_text(&q, change_id);
    int rc = 0;
    while (rc == 0 && sql_row(&q))
        rc = event_take(&q, &events, err);
    struct change *c = NULL;
    if (sql_end(&q, err) < 0 || rc < 0)
        c = NULL;
    else if (events.n == 0)
        err_set(err, ENOENT, "there is no change '%s'", change_id);
    else
        c = change_fold((const struct change_event *const *)events.at, events.n, err);
    events_free(&events);
    return c;
}

struct change *ledger_change(struct ledger *l, const char *change_id, struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return NULL;
    struct change *c = ledger_change_read(l, change_id, err);
    ledger_read_end(l);
    return c;
}
