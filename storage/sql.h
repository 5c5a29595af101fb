/* storage/sql.h - SQLite, thin and typed: connections, kept statements, transactions.
 *
 * The only place that includes sqlite3.h.  A file is in WAL mode with synchronous=FULL:
 * what is committed is on disk.  Statements are prepared once and used again and again;
 * each is in use once at a time.  A connection is used by one thread at a time; whose
 * turn it is, the caller says.
 *
 * Errors begin with what the connection was opened as ("the ledger: ...").  Codes:
 * EBADMSG when what stands in the file is damaged or not ours, ENOSPC, ENOMEM, EBUSY,
 * EMSGSIZE, EACCES, else EIO. */
#ifndef STORAGE_SQL_H
#define STORAGE_SQL_H

#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql; /* one connection */

/* Opens or makes `path` (":memory:": none).  `what` is borrowed for the connection's
 * life.  NULL and *err on failure, with ENOTSUP when the file system cannot do WAL. */
struct sql *sql_open(const char *path, const char *what, struct err *err);
/* Opens a file that is there, to read only, beside whoever writes to it.  SQLite may
 * make its log and the log's index anew beside it when there are none. */
struct sql *sql_peek(const char *path, const char *what, struct err *err);
/* No query may be under way.  The last one out copies the log into the file. */
void sql_close(struct sql **s);

/* --- once in a life: settings and schema --- */
/* Runs all statements of `text`; what they give is let go.  A transaction that a
 * failure leaves open is rolled back. */
int sql_exec(struct sql *s, const char *text, struct err *err);
/* Runs one statement; the first column of its first row.  -1 with EIO when it gives no
 * row. */
int sql_ask_int(struct sql *s, const char *text, int64_t *ret_number, struct err *err);
/* The same as text, cut to `room` with its NUL; null is "". */
int sql_ask_text(struct sql *s, const char *text, char *ret_text, size_t room,
                 struct err *err);

/* --- kept statements --- */
/* Prepares `text[0..n)`, once in a connection's life; sql_start knows them by their
 * place.  EBADMSG also when one does not fit the tables that are there. */
int sql_prepare(struct sql *s, const char *const *text, size_t n, struct err *err);

/* A statement in use: started, bound in the order of its ?1, ?2 ..., stepped, ended.
 * Like a buf it remembers its failure: ask once, at its end.  What is bound is borrowed
 * until then. */
struct sql_query {
    struct sql *on;
    size_t which;
    int bound, rc; /* sql.c's alone */
};
struct sql_query sql_start(struct sql *s, size_t which);

void sql_bind_text(struct sql_query *q, const char *text); /* NULL is null */
void sql_bind_int(struct sql_query *q, int64_t v);
void sql_bind_instant(struct sql_query *q, instant at); /* INSTANT_NONE is null */
void sql_bind_bytes(struct sql_query *q, const void *bytes, size_t n);

/* True when there is a (further) row; false at the end and after a failure. */
bool sql_row(struct sql_query *q);
/* Columns count from 0; text and bytes are good until the next row or the end. */
const char *sql_text(struct sql_query *q, int column); /* NULL: null, or no memory */
int64_t sql_int(struct sql_query *q, int column);
instant sql_instant(struct sql_query *q, int column); /* null is INSTANT_NONE */
/* NULL when there are none, and with *ret_n above 0 when memory is short. */
const void *sql_bytes(struct sql_query *q, int column, size_t *ret_n);

/* Makes the statement free for its next use.  0, or -1 when anything failed since its
 * start. */
int sql_end(struct sql_query *q, struct err *err);
/* Steps a statement that gives no rows and ends it; *ret_rows (may be NULL) is how many
 * it touched. */
int sql_run(struct sql_query *q, int *ret_rows, struct err *err);

/* --- transactions --- */
int sql_begin_write(struct sql *s, struct err *err); /* takes the write lock at once */
int sql_begin_read(struct sql *s, struct err *err);
int sql_commit(struct sql *s, struct err *err);
void sql_rollback(struct sql *s); /* fine without a transaction */
/* False also when SQLite has rolled back by itself, as after a full disk. */
bool sql_in_transaction(const struct sql *s);

#endif
