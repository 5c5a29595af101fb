/* storage/ledger_outbox.c - which verdicts are to be told, and the mails that tell
 * them.
 *
 * A parcel's key stays when its bytes are gone, so it cannot be put again; who puts it,
 * and in which transaction, is in storage/ledger_notes.c.  What writes runs on the
 * writing thread, what reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what is untold --- */

static int untold_take(struct sql_query *q, struct untold **list, size_t *n,
                       struct err *err)
{
    void *at = *list;
    if (ledger_list_room(&at, *n, sizeof **list, err) < 0)
        return -1;
    *list = at;
    struct untold *u = &(*list)[*n];
    if (ledger_copy_text(sql_text(q, 0), &u->change_id, err) < 0)
        return -1;
    u->revision = (int)sql_int(q, 1);
    u->final = sql_int(q, 2) != 0;
    ++*n;
    return 0;
}

int ledger_untold(struct ledger *l, size_t limit, struct untold **ret_untold,
                  size_t *ret_n, struct err *err)
{
    struct untold *list = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_UNTOLD);
    sql_bind_int(&q, (int64_t)limit);
    int rc = 0;
    while (rc == 0 && sql_row(&q))
        rc = untold_take(&q, &list, &n, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc < 0) {
        ledger_untold_free(&list, n);
        return -1;
    }
    *ret_untold = list;
    *ret_n = n;
    return 0;
}

void ledger_untold_free(struct untold **untold, size_t n)
{
    for (size_t i = 0; *untold != NULL && i < n; i++)
        free((*untold)[i].change_id);
    free(*untold);
    *untold = NULL;
}

/* --- parcels put --- */

int ledger_parcel_add(struct ledger *l, const struct parcel *p, struct err *err)
{
    int added = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_PARCEL);
    sql_bind_text(&q, p->key);
    sql_bind_text(&q, p->change_id);
    sql_bind_int(&q, p->revision);
    sql_bind_text(&q, p->audience);
    sql_bind_text(&q, p->message_id);
    sql_bind_text(&q, p->recipients);
    sql_bind_bytes(&q, p->bytes, p->n_bytes);
    sql_bind_int(&q, p->tries);
    sql_bind_int(&q, p->made.ms);
    sql_bind_int(&q, p->due.ms);
    sql_bind_text(&q, p->last_error);
    if (sql_run(&q, &added, err) < 0)
        return -1;
    l->batch.parcels_waiting += (uint64_t)added;
    return 0;
}

int ledger_parcels_check(const struct parcel *parcels, size_t n, size_t *ret_bytes,
                         struct err *err)
{
    *ret_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct parcel *p = &parcels[i];
        if (p->key == NULL || p->change_id == NULL || p->audience == NULL ||
            p->message_id == NULL || p->recipients == NULL)
            return err_set(err, EINVAL, "parcel %zu lacks a text it needs", i);
        *ret_bytes += p->n_bytes;
    }
    return 0;
}

/* --- parcels on their way --- */

static void parcel_clear(struct parcel *p)
{
    free(p->key);
    free(p->change_id);
    free(p->audience);
    free(p->message_id);
    free(p->recipients);
    free(p->bytes);
    free(p->last_error);
}

static int parcel_fill(struct sql_query *q, struct parcel *p, struct err *err)
{
    *p = (struct parcel){.no = sql_int(q, 0),
                         .revision = (int)sql_int(q, 3),
                         .tries = (int)sql_int(q, 8),
                         .made = sql_instant(q, 9),
                         .due = sql_instant(q, 10)};
    const void *bytes = sql_bytes(q, 7, &p->n_bytes);
    p->bytes =
        malloc(p->n_bytes + 1); /* ends in a NUL for the convenience of readers */
    if (p->bytes == NULL || (bytes == NULL && p->n_bytes > 0))
        return err_set(err, ENOMEM, "no memory for a mail");
    if (p->n_bytes > 0)
        memcpy(p->bytes, bytes, p->n_bytes);
    p->bytes[p->n_bytes] = '\0';
    if (sql_text(q, 11) != NULL &&
        ledger_copy_text(sql_text(q, 11), &p->last_error, err) < 0)
        return -1;
    return ledger_copy_text(sql_text(q, 1), &p->key, err) < 0 ||
                   ledger_copy_text(sql_text(q, 2), &p->change_id, err) < 0 ||
                   ledger_copy_text(sql_text(q, 4), &p->audience, err) < 0 ||
                   ledger_copy_text(sql_text(q, 5), &p->message_id, err) < 0 ||
                   ledger_copy_text(sql_text(q, 6), &p->recipients, err) < 0
               ? -1
               : 0;
}

int ledger_due(struct ledger *l, instant now, size_t limit, struct parcel **ret_parcels,
               size_t *ret_n, struct err *err)
{
    struct parcel *list = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_DUE);
    sql_bind_int(&q, now.ms);
    sql_bind_int(&q, (int64_t)limit);
    int rc = 0;
    while (rc == 0 && sql_row(&q)) {
        void *at = list;
        rc = ledger_list_room(&at, n, sizeof *list, err);
        list = at;
        if (rc == 0)
            rc = parcel_fill(&q, &list[n++], err);
    }
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc < 0) {
        parcels_free(&list, n);
        return -1;
    }
    *ret_parcels = list;
    *ret_n = n;
    return 0;
}

void parcels_free(struct parcel **parcels, size_t n)
{
    for (size_t i = 0; *parcels != NULL && i < n; i++)
        parcel_clear(&(*parcels)[i]);
    free(*parcels);
    *parcels = NULL;
}

instant ledger_next_due(struct ledger *l)
{
    if (ledger_read_begin(l, NULL) < 0)
        return INSTANT_FAR;
    struct sql_query q = sql_start(l->reader->sql, DO_NEXT_DUE);
    instant due = sql_row(&q) ? sql_instant(&q, 0) : INSTANT_NONE;
    sql_end(&q, NULL);
    ledger_read_end(l);
    return instant_is_none(due) ? INSTANT_FAR : due;
}

struct parcel_ending {
    struct ledger_op op;
    int64_t no;
    enum parcel_end end;
    instant due, now;
    const char *error;
};

static int parcel_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    static const int states[] = {
        [PARCEL_SENT] = 1, [PARCEL_RETRY] = 0, [PARCEL_DEAD] = 2};
    struct parcel_ending *p = (struct parcel_ending *)op;
    int found = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_END_PARCEL);
    sql_bind_int(&q, p->no);
    sql_bind_int(&q, states[p->end]);
    sql_bind_int(&q, p->end == PARCEL_RETRY ? p->due.ms : p->now.ms);
    sql_bind_text(&q, p->error);
    sql_bind_instant(&q, p->end == PARCEL_RETRY ? INSTANT_NONE : p->now);
    if (sql_run(&q, &found, err) < 0)
        return -1;
    if (found == 0)
        err_set(&op->err, ENOENT, "no parcel %lld is waiting", (long long)p->no);
    else if (p->end != PARCEL_RETRY)
        l->batch.parcels_waiting--;
    l->batch.parcels_sent += found > 0 && p->end == PARCEL_SENT;
    l->batch.parcels_dead += found > 0 && p->end == PARCEL_DEAD;
    return 0;
}

int ledger_parcel(struct ledger *l, int64_t no, enum parcel_end end, instant due,
                  const char *error, instant now, struct err *err)
{
    struct parcel_ending p = {.op = {.run = parcel_run},
                              .no = no,
                              .end = end,
                              .due = due,
                              .now = now,
                              .error = error};
    return ledger_queue_wait(l, &p.op, err);
}
