/* storage/ledger_notes.c - what waits to be told, and what each recipient was told.
 *
 * The notes of a revision are put in the transaction that marks it as told, and a note
 * goes away in the transaction that puts the parcel which tells it: so nothing is told
 * twice or never, wherever a crash comes.  What writes runs on the writing thread, what
 * reads on any. */
#include "storage/ledger_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- writing --- */

struct notes_write {
    struct ledger_op op;
    const struct untold *told; /* of tell_run */
    const struct parcel *parcels;
    size_t n_parcels;
    const struct note *notes;
    size_t n;
    instant now;
};

static int note_drop(struct ledger *l, const struct note *note, struct err *err)
{
    int found = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_DROP_NOTE);
    sql_bind_text(&q, note->who);
    sql_bind_text(&q, note->change_id);
    if (sql_run(&q, &found, err) < 0)
        return -1;
    l->batch.notes -= (uint64_t)found;
    return 0;
}

static struct sql_query note_bound(struct ledger *l, enum ledger_stmt which,
                                   const struct note *note)
{
    struct sql_query q = sql_start(l->writer->sql, which);
    sql_bind_text(&q, note->who);
    sql_bind_text(&q, note->change_id);
    sql_bind_text(&q, note->audience);
    sql_bind_int(&q, note->revision);
    sql_bind_int(&q, note->grade);
    sql_bind_int(&q, (int64_t)note->later);
    sql_bind_int(&q, note->digest);
    sql_bind_int(&q, note->due.ms);
    return q;
}

/* One that is replaced keeps its number and when it was made. */
static int note_add(struct ledger *l, const struct note *note, struct err *err)
{
    int found = 0;
    struct sql_query q = note_bound(l, DO_RENEW_NOTE, note);
    if (sql_run(&q, &found, err) < 0)
        return -1;
    if (found > 0)
        return 0;
    q = note_bound(l, DO_ADD_NOTE, note);
    sql_bind_int(&q, note->made.ms);
    l->batch.notes++;
    return sql_run(&q, NULL, err);
}

static int notes_put(struct ledger *l, const struct notes_write *w, struct err *err)
{
    for (size_t i = 0; i < w->n; i++)
        if ((w->notes[i].dropped ? note_drop : note_add)(l, &w->notes[i], err) < 0)
            return -1;
    return 0;
}

static int tell_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    const struct notes_write *w = (struct notes_write *)op;
    int found = 0;
    struct sql_query q = sql_start(l->writer->sql, DO_TELL);
    sql_bind_text(&q, w->told->change_id);
    sql_bind_int(&q, w->told->revision);
    sql_bind_int(&q, w->told->final ? 2 : 1);
    sql_bind_instant(&q, w->now);
    if (sql_run(&q, &found, err) < 0)
        return -1;
    if (found == 0) {
        err_set(&op->err, ENOENT, "there is no revision %d of '%s' to tell",
                w->told->revision, w->told->change_id);
        return 0;
    }
    return notes_put(l, w, err);
}

static int notes_check(const struct note *notes, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (notes[i].who == NULL || notes[i].change_id == NULL ||
            notes[i].audience == NULL)
            return err_set(err, EINVAL, "note %zu lacks a text it needs", i);
    return 0;
}

int ledger_tell(struct ledger *l, const struct untold *told, const struct note *notes,
                size_t n, instant now, struct err *err)
{
    struct notes_write w = {
        .op = {.run = tell_run}, .told = told, .notes = notes, .n = n, .now = now};
    if (notes_check(notes, n, err) < 0)
        return -1;
    return ledger_queue_wait(l, &w.op, err);
}

static int told_add(struct ledger *l, const struct note *note, instant now,
                    struct err *err)
{
    struct sql_query q = sql_start(l->writer->sql, DO_ADD_TOLD);
    sql_bind_text(&q, note->change_id);
    sql_bind_text(&q, note->who);
    sql_bind_text(&q, note->audience);
    sql_bind_int(&q, note->revision);
    sql_bind_int(&q, note->grade);
    sql_bind_int(&q, (int64_t)note->later);
    sql_bind_int(&q, note->digest);
    sql_bind_int(&q, now.ms);
    return sql_run(&q, NULL, err);
}

static int send_run(struct ledger *l, struct ledger_op *op, struct err *err)
{
    const struct notes_write *w = (struct notes_write *)op;
    for (size_t i = 0; i < w->n_parcels; i++)
        if (ledger_parcel_add(l, &w->parcels[i], err) < 0)
            return -1;
    for (size_t i = 0; i < w->n; i++)
        if (note_drop(l, &w->notes[i], err) < 0 ||
            (!w->notes[i].dropped && told_add(l, &w->notes[i], w->now, err) < 0))
            return -1;
    return 0;
}

int ledger_send(struct ledger *l, const struct parcel *parcels, size_t n,
                const struct note *notes, size_t n_notes, instant now, struct err *err)
{
    struct notes_write w = {.op = {.run = send_run},
                            .parcels = parcels,
                            .n_parcels = n,
                            .notes = notes,
                            .n = n_notes,
                            .now = now};
    if (ledger_parcels_check(parcels, n, &w.op.bytes, err) < 0 ||
        notes_check(notes, n_notes, err) < 0)
        return -1;
    return ledger_queue_wait(l, &w.op, err);
}

/* --- reading --- */

static void note_clear(struct note *note)
{
    free(note->who);
    free(note->audience);
    free(note->change_id);
}

void notes_free(struct note **notes, size_t n)
{
    for (size_t i = 0; *notes != NULL && i < n; i++)
        note_clear(&(*notes)[i]);
    free(*notes);
    *notes = NULL;
}

static int note_take(struct sql_query *q, struct note **list, size_t *n,
                     struct err *err)
{
    void *at = *list;
    int rc = ledger_list_room(&at, *n, sizeof **list, err);
    *list = at;
    if (rc < 0)
        return -1;
    struct note *note = &(*list)[(*n)++];
    *note = (struct note){.revision = (int)sql_int(q, 4),
                          .grade = (enum grade)sql_int(q, 5),
                          .later = (size_t)sql_int(q, 6),
                          .digest = sql_int(q, 7) != 0,
                          .made = sql_instant(q, 8),
                          .due = sql_instant(q, 9)};
    return ledger_copy_text(sql_text(q, 1), &note->who, err) < 0 ||
                   ledger_copy_text(sql_text(q, 2), &note->change_id, err) < 0 ||
                   ledger_copy_text(sql_text(q, 3), &note->audience, err) < 0
               ? -1
               : 0;
}

/* Steps a query that was bound and ends it. */
static int notes_read(struct sql_query *q, struct note **list, size_t *n,
                      struct err *err)
{
    int rc = 0;
    while (rc == 0 && sql_row(q))
        rc = note_take(q, list, n, err);
    return sql_end(q, err) < 0 ? -1 : rc;
}

static int told_take(struct sql_query *q, struct tidings *t, struct err *err)
{
    void *at = t->told;
    int rc = ledger_list_room(&at, t->n_told, sizeof *t->told, err);
    t->told = at;
    if (rc < 0)
        return -1;
    struct last_told *told = &t->told[t->n_told++];
    *told = (struct last_told){.revision = (int)sql_int(q, 2),
                               .grade = (enum grade)sql_int(q, 3),
                               .later = (size_t)sql_int(q, 4),
                               .digest = sql_int(q, 5) != 0,
                               .at = sql_instant(q, 6)};
    return ledger_copy_text(sql_text(q, 0), &told->who, err) < 0 ||
                   ledger_copy_text(sql_text(q, 1), &told->audience, err) < 0
               ? -1
               : 0;
}

int ledger_tidings(struct ledger *l, const char *change_id, struct tidings *ret,
                   struct err *err)
{
    struct tidings t = {0};
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_NOTES_OF);
    sql_bind_text(&q, change_id);
    int rc = notes_read(&q, &t.note, &t.n_notes, err);
    if (rc == 0) {
        q = sql_start(l->reader->sql, DO_TOLD_OF);
        sql_bind_text(&q, change_id);
        while (rc == 0 && sql_row(&q))
            rc = told_take(&q, &t, err);
        if (sql_end(&q, err) < 0)
            rc = -1;
    }
    ledger_read_end(l);
    if (rc == 0)
        *ret = t;
    else
        tidings_free(&t);
    return rc;
}

void tidings_free(struct tidings *t)
{
    notes_free(&t->note, t->n_notes);
    for (size_t i = 0; i < t->n_told; i++) {
        free(t->told[i].who);
        free(t->told[i].audience);
    }
    free(t->told);
    *t = (struct tidings){0};
}

int ledger_notes(struct ledger *l, const char *who, bool digest, instant until,
                 struct note **ret_notes, size_t *ret_n, struct err *err)
{
    struct note *list = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_NOTES);
    sql_bind_text(&q, who);
    sql_bind_int(&q, digest);
    sql_bind_int(&q, until.ms);
    int rc = notes_read(&q, &list, &n, err);
    ledger_read_end(l);
    if (rc < 0) {
        notes_free(&list, n);
        return -1;
    }
    *ret_notes = list;
    *ret_n = n;
    return 0;
}

static int queue_take(struct sql_query *q, struct note_queue **list, size_t *n,
                      struct err *err)
{
    void *at = *list;
    int rc = ledger_list_room(&at, *n, sizeof **list, err);
    *list = at;
    if (rc < 0)
        return -1;
    struct note_queue *queue = &(*list)[(*n)++];
    *queue = (struct note_queue){.n = (size_t)sql_int(q, 1),
                                 .n_due = (size_t)sql_int(q, 2),
                                 .first = sql_instant(q, 3),
                                 .last = sql_instant(q, 4)};
    return ledger_copy_text(sql_text(q, 0), &queue->who, err);
}

int ledger_note_queues(struct ledger *l, bool digest, instant now, instant soon,
                       struct note_queue **ret_queues, size_t *ret_n, struct err *err)
{
    struct note_queue *list = NULL;
    size_t n = 0;
    int rc = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_NOTE_QUEUES);
    sql_bind_int(&q, digest);
    sql_bind_int(&q, now.ms);
    sql_bind_int(&q, soon.ms);
    while (rc == 0 && sql_row(&q))
        rc = queue_take(&q, &list, &n, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc < 0) {
        note_queues_free(&list, n);
        return -1;
    }
    *ret_queues = list;
    *ret_n = n;
    return 0;
}

void note_queues_free(struct note_queue **queues, size_t n)
{
    for (size_t i = 0; *queues != NULL && i < n; i++)
        free((*queues)[i].who);
    free(*queues);
    *queues = NULL;
}

instant ledger_next_note(struct ledger *l, bool digest, instant now)
{
    if (ledger_read_begin(l, NULL) < 0)
        return INSTANT_FAR;
    struct sql_query q = sql_start(l->reader->sql, DO_NEXT_NOTE);
    sql_bind_int(&q, digest);
    sql_bind_int(&q, now.ms);
    instant due = sql_row(&q) ? sql_instant(&q, 0) : INSTANT_NONE;
    sql_end(&q, NULL);
    ledger_read_end(l);
    return instant_is_none(due) ? INSTANT_FAR : due;
}

int ledger_mails(struct ledger *l, const char *who, instant since, size_t *ret_n,
                 struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q =
        sql_start(l->reader->sql, who != NULL ? DO_MAILS_TO : DO_MAILS_ALL);
    if (who != NULL)
        sql_bind_text(&q, who);
    sql_bind_int(&q, since.ms);
    size_t n = sql_row(&q) ? (size_t)sql_int(&q, 0) : 0;
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret_n = n;
    return rc;
}

int ledger_last_mail(struct ledger *l, const char *who, const char *audience,
                     instant *ret_made, struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_LAST_MAIL);
    sql_bind_text(&q, who);
    sql_bind_text(&q, audience);
    instant made = sql_row(&q) ? sql_instant(&q, 0) : INSTANT_NONE;
    int rc = sql_end(&q, err);
    ledger_read_end(l);
    if (rc == 0)
        *ret_made = made;
    return rc;
}
