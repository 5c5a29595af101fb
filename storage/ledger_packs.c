/* storage/ledger_packs.c - versions of the rules kept and read back, and how often each
 * rule spoke.  What writes runs on the writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pack_put {
    struct ledger_op op;
    const char *hash, *json;
    instant now;
};

static int put_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    struct pack_put *p = (struct pack_put *)op;
    struct sql_query q = sql_start(l->writer->sql, DO_PUT_PACK);
    sql_bind_text(&q, p->hash);
    sql_bind_int(&q, p->now.ms);
    sql_bind_text(&q, p->json);
    return sql_run(&q, NULL, err);
}

int ledger_put_pack(struct ledger *l, const char *hash, const char *json, instant now,
                    struct err *err)
{
    struct pack_put p = {.op = {.run = put_run, .bytes = strlen(json)},
                         .hash = hash,
                         .json = json,
                         .now = now};
    return ledger_queue_wait(l, &p.op, err);
}

struct pack *ledger_pack(struct ledger *l, const char *hash, struct err *err)
{
    struct pack *p = NULL;
    if (ledger_read_begin(l, err) < 0)
        return NULL;
    struct sql_query q =
        sql_start(l->reader->sql, hash != NULL ? DO_PACK : DO_PACK_NOW);
    int rc = 0;
    if (hash != NULL)
        sql_bind_text(&q, hash);
    if (sql_row(&q)) {
        const char *json = sql_text(&q, 0);
        rc = json != NULL ? pack_read(json, strlen(json), &p, err)
                          : err_set(err, ENOMEM, "no memory for rules");
        if (p != NULL)
            p->since = sql_instant(&q, 1);
    }
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc < 0)
        pack_free(&p);
    else if (p == NULL)
        err_set(err, ENOENT, "there is no such version of the rules");
    return p;
}

/* --- records --- */

/* The rule's record, made when it is not there yet; the list stays sorted, as `rule`
 * comes in order.  NULL when memory is short. */
static struct rule_record *record_of(struct rule_records *r, const char *rule,
                                     struct err *err)
{
    size_t at = 0;
    while (at < r->n && strcmp(r->at[at].rule, rule) < 0)
        at++;
    if (at < r->n && strcmp(r->at[at].rule, rule) == 0)
        return &r->at[at];
    void *room = r->at;
    struct rule_record new = {0};
    int rc = ledger_list_room(&room, r->n, sizeof *r->at, err);
    r->at = room;
    if (rc < 0 || ledger_copy_text(rule, &new.rule, err) < 0)
        return NULL;
    memmove(&r->at[at + 1], &r->at[at], (r->n - at) * sizeof *r->at);
    r->at[at] = new;
    r->n++;
    return &r->at[at];
}

static int take_records(struct ledger *l, enum ledger_stmt which, instant since,
                        struct rule_records *to, struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, which);
    sql_bind_int(&q, since.ms);
    int rc = 0;
    while (rc == 0 && sql_row(&q)) {
        const char *rule = sql_text(&q, 0);
        struct rule_record *r = rule != NULL ? record_of(to, rule, err) : NULL;
        if (r == NULL) {
            rc = err_set(err, ENOMEM, "no memory for records");
        } else if (which == DO_RECORDS) {
            r->must_handle = (uint64_t)sql_int(&q, 1);
            r->attention = (uint64_t)sql_int(&q, 2);
            r->fine = (uint64_t)sql_int(&q, 3);
        } else {
            r->useful = (uint64_t)sql_int(&q, 1);
            r->not_useful = (uint64_t)sql_int(&q, 2);
        }
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

int ledger_records(struct ledger *l, instant since, struct rule_records *ret,
                   struct err *err)
{
    struct rule_records list = {0};
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = take_records(l, DO_RECORDS, since, &list, err);
    if (rc == 0)
        rc = take_records(l, DO_MARKS, since, &list, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret = list;
    else
        rule_records_free(&list);
    return rc;
}

void rule_records_free(struct rule_records *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->at[i].rule);
    free(r->at);
    *r = (struct rule_records){0};
}

static int by_rule(const void *key, const void *record)
{
    return strcmp(key, ((const struct rule_record *)record)->rule);
}

const struct rule_record *rule_records_find(const struct rule_records *r,
                                            const char *rule)
{
    return r->n > 0 ? bsearch(rule, r->at, r->n, sizeof *r->at, by_rule) : NULL;
}
