/* storage/ledger_feedback.c - readers' marks put and listed.
 *
 * One reader has one mark for a change and a rule; a later one takes its place.  What
 * writes runs on the writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>

struct feedback_put {
    struct ledger_op op;
    struct feedback *feedback;
    enum posted posted;
    void (*done)(enum posted posted, const struct err *err,
                 void *arg); /* NULL where the caller waits */
    void *arg;
};

/* What is there: whether the change is, how many marks it has, and this reader's. */
static int look(struct ledger *l, const struct feedback *f, bool *ret_change,
                int64_t *ret_n, int *ret_useful, struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_FEEDBACK_ROOM);
    sql_bind_text(&q, f->change_id);
    *ret_n = 0;
    *ret_change = sql_row(&q);
    if (*ret_change)
        *ret_n = sql_int(&q, 0);
    if (sql_end(&q, err) < 0)
        return -1;
    q = sql_start(l->writer->sql, DO_FEEDBACK_OF);
    sql_bind_text(&q, f->change_id);
    sql_bind_text(&q, f->rule);
    sql_bind_text(&q, f->by);
    *ret_useful = sql_row(&q) ? sql_int(&q, 0) != 0 : -1;
    return sql_end(&q, err);
}

static int put_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct feedback_put *p = (struct feedback_put *)op;
    const struct feedback *f = p->feedback;
    bool change;
    int64_t n;
    int useful;
    if (look(l, f, &change, &n, &useful, err) < 0)
        return -1;
    if (!change) {
        err_set(&op->err, ENOENT, "there is no change '%.60s'", f->change_id);
        return 0;
    }
    if (useful < 0 && n >= LEDGER_FEEDBACK_MAX) {
        err_set(&op->err, EDQUOT, "the change has %d marks already",
                LEDGER_FEEDBACK_MAX);
        return 0;
    }
    p->posted = useful == (int)f->useful ? POSTED_REPEAT : POSTED_NEW;
    if (p->posted == POSTED_REPEAT)
        return 0;
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_FEEDBACK);
    sql_bind_text(&q, f->change_id);
    sql_bind_text(&q, f->rule);
    sql_bind_text(&q, f->by);
    sql_bind_int(&q, f->useful);
    sql_bind_int(&q, f->at.ms);
    return sql_run(&q, NULL, err);
}

static void put_over(struct ledger_op *op)
{
    struct feedback_put *p = (struct feedback_put *)op;
    p->done(op->err.code != 0 ? POSTED_FAILED : p->posted, &op->err, p->arg);
    feedback_free(&p->feedback);
    free(p);
}

static void put_fill(struct feedback_put *p, struct feedback **f)
{
    *p = (struct feedback_put){
        .op = {.run = put_run}, .feedback = *f, .posted = POSTED_FAILED};
    *f = NULL;
}

void ledger_put_feedback(struct ledger *l, struct feedback **f,
                         void (*done)(enum posted posted, const struct err *err,
                                      void *arg),
                         void *arg)
{
    struct feedback_put *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        err_set(&err, ENOMEM, "no memory for a mark");
        feedback_free(f);
        done(POSTED_FAILED, &err, arg);
        return;
    }
    put_fill(p, f);
    p->op.over = put_over;
    p->done = done;
    p->arg = arg;
    ledger_queue_put(l, &p->op);
}

enum posted ledger_put_feedback_wait(struct ledger *l, struct feedback **f,
                                     struct err *err)
{
    struct feedback_put p;
    put_fill(&p, f);
    if (ledger_queue_wait(l, &p.op, err) < 0)
        p.posted = POSTED_FAILED;
    feedback_free(&p.feedback);
    return p.posted;
}

static int take_one(struct sql_query *q, const char *change_id, struct feedbacks *to,
                    struct err *err)
{
    void *room = to->at;
    int rc = ledger_list_room(&room, to->n, sizeof(struct feedback *), err);
    to->at = room;
    if (rc < 0)
        return -1;
    const char *rule = sql_text(q, 0), *by = sql_text(q, 1);
    struct feedback *f =
        rule != NULL && by != NULL ? feedback_new(change_id, rule, by) : NULL;
    if (f == NULL)
        return err_set(err, ENOMEM, "no memory for a mark");
    f->useful = sql_int(q, 2) != 0;
    f->at = sql_instant(q, 3);
    to->at[to->n++] = f;
    return 0;
}

int ledger_feedback(struct ledger *l, const char *change_id, struct feedbacks *ret,
                    struct err *err)
{
    struct feedbacks list = {0};
    int rc = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_FEEDBACK);
    sql_bind_text(&q, change_id);
    while (rc == 0 && sql_row(&q))
        rc = take_one(&q, change_id, &list, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc == 0)
        *ret = list;
    else
        feedbacks_free(&list);
    return rc;
}

void feedbacks_free(struct feedbacks *list)
{
    for (size_t i = 0; i < list->n; i++)
        feedback_free(&list->at[i]);
    free(list->at);
    *list = (struct feedbacks){0};
}
