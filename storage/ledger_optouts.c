/* storage/ledger_optouts.c - who wants no more mails of an audience, the key that links
 * in mails are signed with, and what could not be delivered.
 *
 * The key is made with its table and never leaves the file.  What writes runs on the
 * writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct optout_put {
    struct ledger_op op;
    const char *who, *audience;
    bool off;
    instant now;
};

static int put_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    const struct optout_put *p = (struct optout_put *)op;
    struct sql_query q = sql_start(l->writer->sql, DO_PUT_OPTOUT);
    sql_bind_text(&q, p->who);
    sql_bind_text(&q, p->audience);
    sql_bind_int(&q, p->off);
    sql_bind_int(&q, p->now.ms);
    return sql_run(&q, NULL, err);
}

int ledger_put_optout(struct ledger *l, const char *who, const char *audience, bool off,
                      instant now, struct err *err)
{
    struct optout_put p = {.op = {.run = put_run},
                           .who = who,
                           .audience = audience,
                           .off = off,
                           .now = now};
    return ledger_queue_wait(l, &p.op, err);
}

static int take(struct sql_query *q, struct optouts *to, struct err *err)
{
    void *room = to->at;
    int rc = ledger_list_room(&room, to->n, sizeof *to->at, err);
    to->at = room;
    if (rc < 0)
        return -1;
    struct optout *o = &to->at[to->n++];
    *o = (struct optout){0};
    return ledger_copy_text(sql_text(q, 0), &o->who, err) < 0 ||
                   ledger_copy_text(sql_text(q, 1), &o->audience, err) < 0
               ? -1
               : 0;
}

int ledger_optouts(struct ledger *l, struct optouts *ret, struct err *err)
{
    struct optouts list = {0};
    int rc = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_OPTOUTS);
    while (rc == 0 && sql_row(&q))
        rc = take(&q, &list, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc == 0)
        *ret = list;
    else
        optouts_free(&list);
    return rc;
}

void optouts_free(struct optouts *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->at[i].who);
        free(list->at[i].audience);
    }
    free(list->at);
    *list = (struct optouts){0};
}

static int by_both(const void *x, const void *y)
{
    const struct optout *a = x, *b = y;
    int d = strcmp(a->who, b->who);
    return d != 0 ? d : strcmp(a->audience, b->audience);
}

bool optouts_hold(const struct optouts *list, const char *who, const char *audience)
{
    struct optout key = {(char *)(uintptr_t)who, (char *)(uintptr_t)audience};
    return list != NULL && list->n > 0 &&
           bsearch(&key, list->at, list->n, sizeof key, by_both) != NULL;
}

int ledger_mail_key(struct ledger *l, unsigned char ret_key[LEDGER_KEY_BYTES],
                    struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    size_t n = 0;
    struct sql_query q = sql_start(l->reader->sql, DO_MAIL_KEY);
    const void *bytes = sql_row(&q) ? sql_bytes(&q, 0, &n) : NULL;
    if (bytes != NULL && n == LEDGER_KEY_BYTES)
        memcpy(ret_key, bytes, n);
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    if (rc == 0 && n != LEDGER_KEY_BYTES)
        rc = err_set(err, EBADMSG, "the ledger: the key for links is missing");
    return rc;
}

int ledger_dead(struct ledger *l, instant since, struct dead_mails *ret,
                struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    *ret = (struct dead_mails){0};
    struct sql_query q = sql_start(l->reader->sql, DO_DEAD);
    sql_bind_int(&q, since.ms);
    if (sql_row(&q)) {
        const char *who = sql_text(&q, 1), *why = sql_text(&q, 2);
        ret->n = (size_t)sql_int(&q, 0);
        snprintf(ret->who, sizeof ret->who, "%s", who != NULL ? who : "");
        snprintf(ret->why, sizeof ret->why, "%s", why != NULL ? why : "");
    }
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    return rc;
}
