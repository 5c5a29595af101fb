/* storage/ledger_verdicts.c - verdict revisions: stored once, renewed, read back.
 *
 * A revision never changes what it says; told of again, only its times, looks, charts
 * and finality move on.  The change's row carries its newest grade for the lists, in
 * the same transaction.  What writes runs on the writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

struct put {
    struct ledger_op op;
    const struct verdict *v;
    const char *json; /* v, written on the caller's thread */
};

/* The stored revision: *ret_stored is NULL when there is none. */
static int stored_verdict(struct sql *c, enum ledger_stmt which, const char *change_id,
                          int revision, struct verdict **ret_stored, struct err *err)
{
    struct sql_query q = sql_start(c, which);
    sql_bind_text(&q, change_id);
    if (which == DO_VERDICT)
        sql_bind_int(&q, revision);
    int rc = 0;
    *ret_stored = NULL;
    if (sql_row(&q)) {
        const char *json = sql_text(&q, 0);
        rc = json != NULL ? verdict_read(json, strlen(json), ret_stored, err)
                          : err_set(err, ENOMEM, "no memory for a verdict");
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

static int change_there(struct ledger *l, const char *change_id, bool *ret_there,
                        struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_CHANGE_THERE);
    sql_bind_text(&q, change_id);
    *ret_there = sql_row(&q);
    return sql_end(&q, err);
}

/* What each rule says by now, for the rules' records. */
static int verdict_said(struct ledger *l, const struct verdict *v, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_UNSAY);
    sql_bind_text(&q, v->change_id);
    if (sql_run(&q, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if (f->rule == NULL)
            continue;
        q = sql_start(l->writer->sql, DO_SAY);
        sql_bind_text(&q, v->change_id);
        sql_bind_text(&q, f->rule);
        sql_bind_int(&q,
                     f->grade == GRADE_MUST_HANDLE ? 2 : f->grade == GRADE_ATTENTION);
        if (sql_run(&q, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int verdict_store(struct ledger *l, const struct put *p, enum ledger_stmt how,
                         struct err *err)
{
    const struct verdict *v = p->v;
    struct sql_query q = sql_start(l->writer->sql, how);
    sql_bind_text(&q, v->change_id);
    sql_bind_int(&q, v->revision);
    sql_bind_int(&q, v->final);
    sql_bind_instant(&q, v->decided_at);
    sql_bind_text(&q, p->json);
    if (sql_run(&q, NULL, err) < 0)
        return -1;
    q = sql_start(l->writer->sql, DO_GRADE_CHANGE);
    sql_bind_text(&q, v->change_id);
    sql_bind_text(&q, grade_name(v->grade));
    sql_bind_int(&q, v->revision);
    sql_bind_int(&q, v->final);
    sql_bind_instant(&q, v->decided_at);
    sql_bind_instant(&q, v->slow_due);
    int newest = 0;
    if (sql_run(&q, &newest, err) < 0)
        return -1;
    return newest > 0 && how == DO_ADD_VERDICT ? verdict_said(l, v, err) : 0;
}

static int verdict_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct put *p = (struct put *)op;
    const struct verdict *v = p->v;
    OWNED_VERDICT *stored = NULL;
    bool there;
    if (change_there(l, v->change_id, &there, err) < 0)
        return -1;
    if (!there) {
        err_set(&op->err, ENOENT, "there is no change '%s' to judge", v->change_id);
        return 0;
    }
    if (stored_verdict(l->writer->sql, DO_VERDICT, v->change_id, v->revision, &stored,
                       &op->err) < 0)
        return 0; /* unreadable: a matter of this one, not of the batch */
    if (stored == NULL) {
        l->batch.verdicts++;
        return verdict_store(l, p, DO_ADD_VERDICT, err);
    }
    if (!verdict_same(stored, v)) {
        err_set(&op->err, EEXIST, "revision %d of '%s' is there and says otherwise",
                v->revision, v->change_id);
        return 0;
    }
    if (stored->final && !v->final)
        return 0;
    return verdict_store(l, p, DO_RENEW_VERDICT, err);
}

int ledger_put_verdict(struct ledger *l, const struct verdict *v, struct err *err)
{
    OWNED_BUF json = {0};
    verdict_write(v, true, &json);
    if (buf_done(&json) < 0)
        return err_set(err, ENOMEM, "no memory for a verdict");
    struct put p = {
        .op = {.run = verdict_run, .bytes = json.len}, .v = v, .json = buf_text(&json)};
    return ledger_queue_wait(l, &p.op, err);
}

static struct verdict *verdict_fetch(struct ledger *l, enum ledger_stmt which,
                                     const char *change_id, int revision,
                                     struct err *err)
{
    struct verdict *v = NULL;
    if (ledger_read_begin(l, err) < 0)
        return NULL;
    int rc = stored_verdict(l->reader->sql, which, change_id, revision, &v, err);
    ledger_read_end(l);
    if (rc == 0 && v == NULL)
        err_set(err, ENOENT, "there is no such verdict on '%s'", change_id);
    return v;
}

struct verdict *ledger_verdict(struct ledger *l, const char *change_id, struct err *err)
{
    return verdict_fetch(l, DO_VERDICT_NOW, change_id, 0, err);
}

struct verdict *ledger_revision(struct ledger *l, const char *change_id, int revision,
                                struct err *err)
{
    return verdict_fetch(l, DO_VERDICT, change_id, revision, err);
}
