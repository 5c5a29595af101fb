/* storage/ledger_mutes.c - mutes put, ended early and listed.
 *
 * A mute is never deleted and never changed, but for its early end, which is written
 * once: who muted what, and who took it back, can be looked up for as long as the
 * ledger is kept.  What writes runs on the writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- putting --- */

struct mute_put {
    struct ledger_op op;
    struct mute *mute;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

/* How many are in force at `now` or will be. */
static int count_open(struct ledger *l, instant now, int64_t *ret_n, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_COUNT_MUTES);
    sql_bind_int(&q, now.ms);
    *ret_n = sql_row(&q) ? sql_int(&q, 0) : 0;
    return sql_end(&q, err);
}

/* Whether one of this id is there, and whether it was ended early. */
static int find(struct ledger *l, const char *id, bool *ret_there, bool *ret_ended,
                struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_MUTE_END);
    sql_bind_text(&q, id);
    *ret_there = sql_row(&q);
    *ret_ended = *ret_there && !instant_is_none(sql_instant(&q, 1));
    return sql_end(&q, err);
}

static int add(struct ledger *l, const struct mute *m, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_MUTE);
    sql_bind_text(&q, m->id);
    sql_bind_text(&q, m->rule);
    sql_bind_text(&q, m->service);
    sql_bind_text(&q, m->host);
    sql_bind_text(&q, m->metric);
    sql_bind_text(&q, m->kind != CHANGE_KIND_N ? change_kind_name(m->kind) : NULL);
    sql_bind_text(&q, m->author);
    sql_bind_text(&q, m->reason);
    sql_bind_int(&q, m->from.ms);
    sql_bind_int(&q, m->until.ms);
    sql_bind_int(&q, m->made_at.ms);
    return sql_run(&q, NULL, err);
}

static int put_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct mute_put *p = (struct mute_put *)op;
    bool there = false, ended = false;
    int64_t n = 0;
    if (find(l, p->mute->id, &there, &ended, err) < 0 ||
        count_open(l, p->mute->made_at, &n, err) < 0)
        return -1;
    if (there) {
        p->posted = ended ? POSTED_CONFLICT : POSTED_REPEAT;
        return 0;
    }
    if (n >= LEDGER_MUTES_MAX) {
        err_set(&op->err, EDQUOT, "%d mutes are in force or to come, end some first",
                LEDGER_MUTES_MAX);
        return 0;
    }
    p->posted = POSTED_NEW;
    return add(l, p->mute, err);
}

static void put_over(struct ledger_op *op)
{
    struct mute_put *p = (struct mute_put *)op;
    p->done(op->err.code != 0 ? POSTED_FAILED : p->posted, &op->err, p->arg);
    mute_free(&p->mute);
    free(p);
}

static void put_fill(struct mute_put *p, struct mute **m)
{
    *p = (struct mute_put){.op = {.run = put_run}, .mute = *m, .posted = POSTED_FAILED};
    *m = NULL;
}

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a mute");
}

void ledger_put_mute(struct ledger *l, struct mute **m,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg)
{
    struct mute_put *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        no_memory(&err);
        mute_free(m);
        done(POSTED_FAILED, &err, arg);
        return;
    }
    put_fill(p, m);
    p->op.over = put_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_put_mute_wait(struct ledger *l, struct mute **m, struct err *err)
{
    struct mute_put p;
    put_fill(&p, m);
    if (ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    mute_free(&p.mute);
    return p.posted;
}

/* --- ending early --- */

struct mute_stop {
    struct ledger_op op;
    char id[MUTE_ID_MAX];
    char *by;
    instant now;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err, void *arg);
    void *arg;
};

static int stop_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct mute_stop *s = (struct mute_stop *)op;
    struct sql_query q = sql_start(l->writer->sql, DO_MUTE_END);
    sql_bind_text(&q, s->id);
    bool there = sql_row(&q);
    bool over = there && sql_int(&q, 0) <= s->now.ms;
    bool ended = there && !instant_is_none(sql_instant(&q, 1));
    if (sql_end(&q, err) < 0)
        return -1;
    if (!there)
        err_set(&op->err, ENOENT, "there is no mute '%s'", s->id);
    s->posted = ended ? POSTED_REPEAT : over ? POSTED_CONFLICT : POSTED_NEW;
    if (!there || s->posted != POSTED_NEW)
        return 0;
    q = sql_start(l->writer->sql, DO_END_MUTE);
    sql_bind_text(&q, s->id);
    sql_bind_int(&q, s->now.ms);
    sql_bind_text(&q, s->by);
    return sql_run(&q, NULL, err);
}

static void stop_over(struct ledger_op *op)
{
    struct mute_stop *s = (struct mute_stop *)op;
    s->done(op->err.code != 0 ? POSTED_FAILED : s->posted, &op->err, s->arg);
    free(s->by);
    free(s);
}

static int stop_fill(struct mute_stop *s, const char *id, const char *by, instant now,
                     struct err *err)
{
    *s = (struct mute_stop){
        .op = {.run = stop_run}, .by = strdup(by), .now = now, .posted = POSTED_FAILED};
    /* a longer one is none of ours, and cut it is none either */
    snprintf(s->id, sizeof s->id, "%s", strlen(id) < sizeof s->id ? id : "");
    return s->by != NULL ? 0 : no_memory(err);
}

void ledger_end_mute(struct ledger *l, const char *id, const char *by, instant now,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg)
{
    struct err err = {0};
    struct mute_stop *s = calloc(1, sizeof *s);
    if (s == NULL || stop_fill(s, id, by, now, &err) < 0) {
        no_memory(&err);
        free(s);
        done(POSTED_FAILED, &err, arg);
        return;
    }
    s->op.over = stop_over;
    s->done = done;
    s->arg = arg;
    ledger_queue_put(l, &s->op);
}

enum posted ledger_end_mute_wait(struct ledger *l, const char *id, const char *by,
                                 instant now, struct err *err)
{
    struct mute_stop s;
    if (stop_fill(&s, id, by, now, err) < 0)
        return POSTED_FAILED;
    if (ledger_queue_wait(l, &s.op, err) < 0)
        s.posted = POSTED_FAILED;
    free(s.by);
    return s.posted;
}

/* --- reading --- */

static int copy_column(struct sql_query *q, int column, char **to, struct err *err)
{
    const char *text = sql_text(q, column);
    return text != NULL ? ledger_copy_text(text, to, err) : 0;
}

static int take(struct sql_query *q, struct mute *m, struct err *err)
{
    char **const texts[] = {&m->rule,   &m->service, &m->host,
                            &m->metric, &m->author,  &m->reason};
    static const int columns[] = {1, 2, 3, 4, 6, 7};
    const char *id = sql_text(q, 0), *kind = sql_text(q, 5);
    snprintf(m->id, sizeof m->id, "%s", id != NULL ? id : "");
    m->kind = kind != NULL ? change_kind_of(kind) : CHANGE_KIND_N;
    m->from = sql_instant(q, 8);
    m->until = sql_instant(q, 9);
    m->made_at = sql_instant(q, 10);
    m->ended_at = sql_instant(q, 11);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (copy_column(q, columns[i], texts[i], err) < 0)
            return -1;
    if (copy_column(q, 12, &m->ended_by, err) < 0)
        return -1;
    return m->author != NULL && m->reason != NULL ? 0 : no_memory(err);
}

static struct mute *take_row(struct sql_query *q, struct err *err)
{
    struct mute *m = calloc(1, sizeof *m);
    if (m == NULL)
        no_memory(err);
    else if (take(q, m, err) < 0)
        mute_free(&m);
    return m;
}

static bool is_asked(const struct mute *m, enum mutes_which which, instant at)
{
    switch (which) {
    case MUTES_IN_FORCE:
        return mute_in_force(m, at);
    case MUTES_OF_LOOK:
        return mute_counts(m, at);
    default:
        return true;
    }
}

/* One row into the list, unless it is not asked for. */
static int take_one(struct sql_query *q, enum mutes_which which, instant at,
                    struct mutes *to, struct err *err)
{
    void *room = to->at;
    OWNED_MUTE *m = take_row(q, err);
    if (m == NULL)
        return -1;
    if (!is_asked(m, which, at))
        return 0;
    int rc = ledger_list_room(&room, to->n, sizeof(struct mute *), err);
    to->at = room;
    if (rc < 0)
        return -1;
    to->at[to->n++] = m;
    m = NULL;
    return 0;
}

int ledger_mutes(struct ledger *l, enum mutes_which which, instant at,
                 struct mutes *ret_mutes, struct err *err)
{
    struct mutes list = {0};
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_MUTES);
    sql_bind_int(&q, which == MUTES_ALL ? INT64_MIN : at.ms);
    int rc = 0;
    while (rc == 0 && list.n < LEDGER_MUTES_MAX && sql_row(&q))
        rc = take_one(&q, which, at, &list, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc == 0)
        *ret_mutes = list;
    else
        mutes_free(&list);
    return rc;
}

void mutes_free(struct mutes *list)
{
    for (size_t i = 0; i < list->n; i++)
        mute_free(&list->at[i]);
    free(list->at);
    *list = (struct mutes){0};
}

struct mute *ledger_mute(struct ledger *l, const char *id, struct err *err)
{
    struct mute *m = NULL;
    if (ledger_read_begin(l, err) < 0)
        return NULL;
    struct sql_query q = sql_start(l->reader->sql, DO_MUTE);
    sql_bind_text(&q, id);
    bool there = sql_row(&q);
    if (there)
        m = take_row(&q, err);
    if (sql_end(&q, err) < 0)
        mute_free(&m);
    else if (!there)
        err_set(err, ENOENT, "there is no mute '%.60s'", id);
    ledger_read_end(l);
    return m;
}
