/* storage/ledger_part.h - what the ledger's parts share; nobody else includes it.
 *
 * ledger.c has the writing thread and the lives of the connections, ledger_file.c what
 * is in the file, and the other parts what is written and read: ledger_events.c,
 * ledger_lists.c, ledger_verdicts.c, ledger_cores.c, ledger_alarms.c, ledger_tests.c,
 * ledger_prune.c, ledger_mutes.c, ledger_feedback.c, ledger_notes.c, ledger_optouts.c,
 * ledger_outbox.c, ledger_packs.c.
 */
#ifndef STORAGE_LEDGER_PART_H
#define STORAGE_LEDGER_PART_H

#include "storage/ledger.h"
#include "storage/ledger_sql.h"
#include "storage/sql.h"

#include <pthread.h>

struct ledger_conn {
    struct sql *sql;
    pthread_mutex_t lock; /* held by the thread that uses `sql` */
};

struct ledger {
    char *path;
    bool in_memory;
    bool peek; /* no writer, no thread */
    struct ledger_conn conns[2];
    struct ledger_conn *writer, *reader; /* the same one in memory */
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows, but for `batch` */
    pthread_cond_t work;
    struct ledger_op *first, **last;
    size_t waiting;
    bool stop;
    struct ledger_stats stats;

    /* the writing thread's own */
    struct ledger_stats batch; /* what the batch under way adds */
    bool sweeping;       /* runs of tests went: names may have no result any more */
    int64_t swept_tests; /* names up to this number were looked at */
};

/* --- writing (ledger.c) --- */

/* A write on its way.  `run` works inside the batch's transaction: -1 fails the batch;
 * a plain "no" is written to `op->err` before anything is changed, with 0.  `over` is
 * called once, after the commit or the failure; it owns the operation from then on. */
struct ledger_op {
    struct ledger_op *next;
    int (*run)(struct ledger *l, struct ledger_op *op, struct err *err);
    void (*over)(struct ledger_op *op);
    size_t bytes;
    struct err err;
    struct ledger_latch *latch; /* ledger_queue_wait's */
};

/* Takes `op` on; `over` comes on the writing thread. */
void ledger_queue_put(struct ledger *l, struct ledger_op *op);
/* The same with a caller that waits: sets `over` itself.  0 or -1 with *err; `op` is
 * the caller's again. */
int ledger_queue_wait(struct ledger *l, struct ledger_op *op, struct err *err);

/* --- reading (ledger.c) --- */

/* A read transaction on the reading connection, which is the caller's until the end. */
int ledger_read_begin(struct ledger *l, struct err *err);
void ledger_read_end(struct ledger *l);

/* Makes room for item `n` of a list that grows by one; *at is moved by reallocation. */
int ledger_list_room(void **at, size_t n, size_t item, struct err *err);
/* NULL counts as no memory: it is what a text column gives then. */
int ledger_copy_text(const char *text, char **ret_copy, struct err *err);

/* --- events (ledger_events.c) --- */

/* Inside a read: the change folded from its events; NULL with ENOENT when there is
 * none. */
struct change *ledger_change_read(struct ledger *l, const char *change_id,
                                  struct err *err);

/* --- parcels (ledger_outbox.c) --- */

/* Inside a write; one whose key is there is left alone. */
int ledger_parcel_add(struct ledger *l, const struct parcel *p, struct err *err);
/* EINVAL when one lacks a text it needs. */
int ledger_parcels_check(const struct parcel *parcels, size_t n, size_t *ret_bytes,
                         struct err *err);

/* --- the file (ledger_file.c) --- */

/* Makes it when it is not there, for this user alone. */
int ledger_file_make(const char *path, struct err *err);
/* What SQLite would take for an empty file, overwriting what is left without a word: an
 * empty one beside a log that is not, and one too short to be any.  Then *why says so
 * with EBADMSG. */
bool ledger_file_is_remains(const char *path, struct err *why);
/* Renames the file and its log, and says so in *note. */
int ledger_file_set_aside(const char *path, const struct err *why, struct err *note,
                          struct err *err);
/* Checks the file and brings it to this program's version; EBADMSG when it is damaged
 * or not a ledger, ENOTSUP when it is of a newer version. */
int ledger_file_ready(struct sql *s, struct err *err);
/* Checks that the file is a ledger of this very version, without a change to it. */
int ledger_file_fits(struct sql *s, struct err *err);
/* Prepares all statements, which also holds the schema against what we think it is. */
int ledger_file_prepare(struct sql *s, struct err *err);

#endif
