/* storage/sql.c - connections, kept statements and transactions over SQLite.
 *
 * It runs on whatever thread calls: SQLite is opened without locks of its own, and the
 * caller lets one thread at a time use a connection.  Nothing here knows of tables.
 * After the end of a query its statement is reset, so an open read never holds the log
 * back, and its bindings are cleared, so no pointer of a caller is kept. */
#include "storage/sql.h"

#include <sqlite3.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 5000 };

enum own { BEGIN_WRITE, BEGIN_READ, COMMIT, ROLLBACK, OWN_N };
static const char *const own_text[OWN_N] = {[BEGIN_WRITE] = "BEGIN IMMEDIATE",
                                            [BEGIN_READ] = "BEGIN",
                                            [COMMIT] = "COMMIT",
                                            [ROLLBACK] = "ROLLBACK"};

struct sql {
    sqlite3 *db;
    const char *what;
    sqlite3_stmt *own[OWN_N];
    sqlite3_stmt **kept;
    size_t n_kept;
};

/* --- errors --- */

static bool is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ||
           rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_CORRUPTFS ||
           rc == SQLITE_IOERR_DATA;
}

static int errno_of(int rc)
{
    if (is_damage(rc))
        return EBADMSG;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_NOMEM:
        return ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EBUSY;
    case SQLITE_TOOBIG:
        return EMSGSIZE;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return EACCES;
    default:
        return EIO;
    }
}

static int fail(const struct sql *s, int rc, struct err *err)
{
    return err_set(err, errno_of(rc), "%s: %s", s->what,
                   s->db != NULL ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
}

/* --- opening --- */

/* Reading the journal mode back is what tells whether the file system can do it. */
static int set_up(struct sql *s, bool in_memory, struct err *err)
{
    char mode[16];
    if (sql_ask_text(s, "PRAGMA journal_mode = WAL", mode, sizeof mode, err) < 0)
        return -1;
    if (strcmp(mode, in_memory ? "memory" : "wal") != 0)
        return err_set(err, ENOTSUP, "%s: its file system cannot do WAL mode", s->what);
    return sql_exec(s,
                    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
                    "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
                    "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                    /* Keys are strangers' and so lie anywhere: a longer log, copied
                     * into the file less often, meets more of a page's changes in one
                     * go. */
                    "PRAGMA wal_autocheckpoint = 4000;"
                    /* of the log, after a checkpoint */
                    "PRAGMA journal_size_limit = 67108864",
                    err);
}

static int prepare_one(struct sql *s, const char *text, sqlite3_stmt **ret_stmt,
                       struct err *err)
{
    int rc =
        sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL);
    if (rc == SQLITE_ERROR) /* no such table or column: the file is not as we made it */
        return err_set(err, EBADMSG, "%s: %s", s->what, sqlite3_errmsg(s->db));
    return rc == SQLITE_OK ? 0 : fail(s, rc, err);
}

static int open_file(struct sql *s, const char *path, bool peek, struct err *err)
{
    int how = peek ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int flags = how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return fail(s, s->db != NULL ? sqlite3_extended_errcode(s->db) : rc, err);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (peek ? sql_exec(s, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", err)
             : set_up(s, strcmp(path, ":memory:") == 0, err))
        return -1;
    for (int i = 0; i < OWN_N; i++)
        if (prepare_one(s, own_text[i], &s->own[i], err) < 0)
            return -1;
    return 0;
}

static struct sql *open_one(const char *path, const char *what, bool peek,
                            struct err *err)
{
    struct sql *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ENOMEM, "%s: no memory for a connection", what);
        return NULL;
    }
    s->what = what;
    if (open_file(s, path, peek, err) < 0)
        sql_close(&s);
    return s;
}

struct sql *sql_open(const char *path, const char *what, struct err *err)
{
    return open_one(path, what, false, err);
}

struct sql *sql_peek(const char *path, const char *what, struct err *err)
{
    return open_one(path, what, true, err);
}

void sql_close(struct sql **s)
{
    struct sql *old = *s;
    if (old == NULL)
        return;
    *s = NULL;
    for (int i = 0; i < OWN_N; i++)
        sqlite3_finalize(old->own[i]);
    for (size_t i = 0; i < old->n_kept; i++)
        sqlite3_finalize(old->kept[i]);
    int rc = sqlite3_close(old->db);
    assert(rc == SQLITE_OK); /* else a statement was left over */
    free(old->kept);
    free(old);
}

/* --- once in a life --- */

int sql_exec(struct sql *s, const char *text, struct err *err)
{
    int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return 0;
    fail(s, rc, err);
    if (sql_in_transaction(s))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* Steps to the first row of a statement of its own; NULL when there is none.  The
 * caller finalizes it. */
static sqlite3_stmt *ask(struct sql *s, const char *text, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, text, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        return stmt;
    if (rc == SQLITE_DONE)
        err_set(err, EIO, "%s: no answer to '%s'", s->what, text);
    else
        fail(s, rc, err);
    sqlite3_finalize(stmt);
    return NULL;
}

int sql_ask_int(struct sql *s, const char *text, int64_t *ret_number, struct err *err)
{
    sqlite3_stmt *stmt = ask(s, text, err);
    if (stmt == NULL)
        return -1;
    *ret_number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return 0;
}

int sql_ask_text(struct sql *s, const char *text, char *ret_text, size_t room,
                 struct err *err)
{
    sqlite3_stmt *stmt = ask(s, text, err);
    if (stmt == NULL)
        return -1;
    const char *answer = (const char *)sqlite3_column_text(stmt, 0);
    snprintf(ret_text, room, "%s", answer != NULL ? answer : "");
    sqlite3_finalize(stmt);
    return 0;
}

/* --- kept statements --- */

int sql_prepare(struct sql *s, const char *const *text, size_t n, struct err *err)
{
    assert(s->kept == NULL);
    s->kept = calloc(n > 0 ? n : 1, sizeof(*s->kept));
    if (s->kept == NULL)
        return err_set(err, ENOMEM, "%s: no memory for its statements", s->what);
    for (; s->n_kept < n; s->n_kept++)
        if (prepare_one(s, text[s->n_kept], &s->kept[s->n_kept], err) < 0)
            return -1;
    return 0;
}

static sqlite3_stmt *stmt_of(const struct sql_query *q)
{
    return q->on->kept[q->which];
}

struct sql_query sql_start(struct sql *s, size_t which)
{
    assert(which < s->n_kept);
    assert(!sqlite3_stmt_busy(s->kept[which])); /* else its rows would start anew */
    return (struct sql_query){.on = s, .which = which, .rc = SQLITE_OK};
}

void sql_bind_text(struct sql_query *q, const char *text)
{
    q->bound++;
    if (q->rc == SQLITE_OK && text != NULL)
        q->rc = sqlite3_bind_text(stmt_of(q), q->bound, text, -1, SQLITE_STATIC);
}

void sql_bind_int(struct sql_query *q, int64_t v)
{
    q->bound++;
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(stmt_of(q), q->bound, v);
}

void sql_bind_instant(struct sql_query *q, instant at)
{
    if (instant_is_none(at))
        q->bound++;
    else
        sql_bind_int(q, at.ms);
}

void sql_bind_bytes(struct sql_query *q, const void *bytes, size_t n)
{
    q->bound++;
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_blob64(stmt_of(q), q->bound, n > 0 ? bytes : "", n,
                                    SQLITE_STATIC);
}

bool sql_row(struct sql_query *q)
{
    if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
        q->rc = sqlite3_step(stmt_of(q));
    return q->rc == SQLITE_ROW;
}

const char *sql_text(struct sql_query *q, int column)
{
    return (const char *)sqlite3_column_text(stmt_of(q), column);
}

int64_t sql_int(struct sql_query *q, int column)
{
    return sqlite3_column_int64(stmt_of(q), column);
}

instant sql_instant(struct sql_query *q, int column)
{
    return sqlite3_column_type(stmt_of(q), column) == SQLITE_NULL
               ? INSTANT_NONE
               : (instant){sql_int(q, column)};
}

const void *sql_bytes(struct sql_query *q, int column, size_t *ret_n)
{
    const void *bytes = sqlite3_column_blob(stmt_of(q), column);
    *ret_n = (size_t)sqlite3_column_bytes(stmt_of(q), column);
    return bytes;
}

static int end(struct sql *s, sqlite3_stmt *stmt, int rc, struct err *err)
{
    bool bad = rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE;
    if (bad)
        fail(s, rc, err);
    sqlite3_reset(stmt);
    return bad ? -1 : 0;
}

int sql_end(struct sql_query *q, struct err *err)
{
    int rc = end(q->on, stmt_of(q), q->rc, err);
    sqlite3_clear_bindings(stmt_of(q));
    return rc;
}

int sql_run(struct sql_query *q, int *ret_rows, struct err *err)
{
    while (sql_row(q))
        ;
    if (ret_rows != NULL && q->rc == SQLITE_DONE)
        *ret_rows = sqlite3_changes(q->on->db);
    return sql_end(q, err);
}

/* --- transactions --- */

static int own_run(struct sql *s, enum own which, struct err *err)
{
    return end(s, s->own[which], sqlite3_step(s->own[which]), err);
}

int sql_begin_write(struct sql *s, struct err *err)
{
    return own_run(s, BEGIN_WRITE, err);
}

int sql_begin_read(struct sql *s, struct err *err)
{
    return own_run(s, BEGIN_READ, err);
}

int sql_commit(struct sql *s, struct err *err)
{
    return own_run(s, COMMIT, err);
}

void sql_rollback(struct sql *s)
{
    if (sql_in_transaction(s))
        own_run(s, ROLLBACK, NULL);
}

bool sql_in_transaction(const struct sql *s)
{
    return !sqlite3_get_autocommit(s->db);
}
