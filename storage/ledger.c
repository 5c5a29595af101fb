/* storage/ledger.c - changes, verdicts and mails to send, in SQLite.
 *
 * Two connections.  The writing one belongs to the writing thread: it takes what has
 * gathered in the queue, runs it in one transaction, commits, and only then calls back.
 * A failure anywhere in a batch rolls the whole batch back and fails all of it, so
 * nobody is told of a write that is not on disk; the next batch starts afresh, and a
 * disk that was full needs no help once it has room.  The reading one is shared by all
 * other threads under its lock, each read in a transaction of its own, so what it puts
 * together belongs together.  In memory both are one connection.
 *
 * `queue` and `stats` are guarded by `lock`, a connection by its own; a thread never
 * waits for one while it holds the other. */
#include "storage/ledger.h"

#include "base/buf.h"

#include <sqlite3.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- what stands in the file --- */

/* One step each, in order, never edited once released: `user_version` counts how many a
 * file has had.  A change to the tables is a further step. */
static const struct {
    const char *name, *sql;
} migrations[] = {
    {"the first tables",
     "CREATE TABLE events("
     "  no INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL,"
     "  change_id TEXT NOT NULL, time INTEGER NOT NULL, received INTEGER,"
     "  raw TEXT NOT NULL, UNIQUE(source, id));"
     "CREATE INDEX events_of ON events(change_id);"
     /* What lists and neighbours are found by; the change itself is folded from its
      * events.  `service` is that of the earliest event that has one, named beside it.
      */
     "CREATE TABLE changes("
     "  change_id TEXT PRIMARY KEY, start INTEGER NOT NULL, latest INTEGER NOT NULL,"
     "  ended INTEGER, service TEXT, service_time INTEGER, service_source TEXT,"
     "  service_id TEXT, grade TEXT, revision INTEGER, final INTEGER NOT NULL DEFAULT "
     "0,"
     "  decided_at INTEGER,"
     "  until INTEGER AS (CASE WHEN ended IS NOT NULL THEN ended"
     "    WHEN final THEN latest ELSE 9223372036854775807 END)) WITHOUT ROWID;"
     "CREATE INDEX changes_by_start ON changes(start DESC, change_id);"
     "CREATE INDEX changes_by_service ON changes(service, start DESC, change_id);"
     "CREATE INDEX changes_by_until ON changes(until);"
     "CREATE INDEX changes_open ON changes(start, change_id) WHERE NOT final;"
     "CREATE TABLE change_hosts(change_id TEXT NOT NULL, host TEXT NOT NULL,"
     "  PRIMARY KEY(change_id, host)) WITHOUT ROWID;"
     /* told: 0 not yet, 1 as it was made, 2 as the final one */
     "CREATE TABLE verdicts("
     "  no INTEGER PRIMARY KEY, change_id TEXT NOT NULL, revision INTEGER NOT NULL,"
     "  final INTEGER NOT NULL, decided_at INTEGER, told INTEGER NOT NULL DEFAULT 0,"
     "  told_at INTEGER, json TEXT NOT NULL, UNIQUE(change_id, revision));"
     "CREATE INDEX verdicts_untold ON verdicts(no) WHERE told < 1 + final;"
     /* state: 0 waiting, 1 sent, 2 dead */
     "CREATE TABLE parcels("
     "  no INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, change_id TEXT NOT NULL,"
     "  revision INTEGER NOT NULL, audience TEXT NOT NULL, message_id TEXT NOT NULL,"
     "  recipients TEXT NOT NULL, bytes BLOB NOT NULL, tries INTEGER NOT NULL,"
     "  made INTEGER NOT NULL, due INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
     "  ended INTEGER, last_error TEXT);"
     "CREATE INDEX parcels_due ON parcels(due, no) WHERE state = 0;"
     "CREATE INDEX parcels_state ON parcels(state);"},
};
enum {
    N_MIGRATIONS = sizeof migrations / sizeof *migrations,
    APPLICATION_ID = 0x61667472, /* "aftr", so another program's file is known */
    SMALL_FILE = 32 << 20,       /* checked whole when opened: a fifth of a second */
    BUSY_MS = 5000,
    PAGE_BYTES_MIN = 512, /* SQLite's smallest page, so its smallest file */
};

#define PAGE_COLUMNS                                                                   \
    "SELECT change_id, start, grade, revision, final, decided_at FROM changes "
#define PAGE_BOUNDS                                                                    \
    "start <= ?1 AND (start < ?1 OR change_id > ?2) AND start >= ?3 AND "              \
    "(?4 IS NULL OR ifnull(grade, 'not-judged') = ?4)"
#define PAGE_ORDER " ORDER BY start DESC, change_id LIMIT ?5"

#define SQLS(X)                                                                        \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                  \
    X(BEGIN_READ, "BEGIN")                                                             \
    X(COMMIT, "COMMIT")                                                                \
    X(ROLLBACK, "ROLLBACK")                                                            \
    X(ADD_EVENT, "INSERT INTO events(source, id, change_id, time, received, raw) "     \
                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING")              \
    X(EVENT_RAW, "SELECT raw FROM events WHERE source = ?1 AND id = ?2")               \
    X(ADD_CHANGE, "INSERT INTO changes(change_id, start, latest, ended) "              \
                  "VALUES(?1, ?2, ?2, ?3) ON CONFLICT DO NOTHING")                     \
    X(WIDEN_CHANGE,                                                                    \
      "UPDATE changes SET start = min(start, ?2), latest = max(latest, ?2), "          \
      "ended = coalesce(max(ended, ?3), ended, ?3) WHERE change_id = ?1")              \
    X(NAME_SERVICE,                                                                    \
      "UPDATE changes SET service = ?2, service_time = ?3, service_source = ?4, "      \
      "service_id = ?5 WHERE change_id = ?1 AND (service IS NULL OR "                  \
      "(?3, ?4, ?5) < (service_time, service_source, service_id))")                    \
    X(ADD_HOST, "INSERT INTO change_hosts(change_id, host) VALUES(?1, ?2) "            \
                "ON CONFLICT DO NOTHING")                                              \
    X(EVENTS_OF, "SELECT raw, time FROM events WHERE change_id = ?1")                  \
    X(CHANGE_THERE, "SELECT 1 FROM changes WHERE change_id = ?1")                      \
    X(PAGE, PAGE_COLUMNS "WHERE " PAGE_BOUNDS PAGE_ORDER)                              \
    X(PAGE_OF_SERVICE, PAGE_COLUMNS "WHERE service = ?6 AND " PAGE_BOUNDS PAGE_ORDER)  \
    X(OPEN_CHANGES, "SELECT change_id FROM changes WHERE NOT final "                   \
                    "ORDER BY start, change_id")                                       \
    X(NEARBY, "SELECT change_id, service FROM changes WHERE until >= ?1 AND "          \
              "start < ?2 AND change_id <> ?3 ORDER BY start, change_id")              \
    X(HOSTS_OF, "SELECT host FROM change_hosts WHERE change_id = ?1")                  \
    X(ADD_VERDICT,                                                                     \
      "INSERT INTO verdicts(change_id, revision, final, decided_at, json) "            \
      "VALUES(?1, ?2, ?3, ?4, ?5)")                                                    \
    X(RENEW_VERDICT, "UPDATE verdicts SET final = ?3, decided_at = ?4, json = ?5 "     \
                     "WHERE change_id = ?1 AND revision = ?2")                         \
    X(GRADE_CHANGE, "UPDATE changes SET grade = ?2, revision = ?3, final = ?4, "       \
                    "decided_at = ?5 WHERE change_id = ?1 AND "                        \
                    "(revision IS NULL OR revision <= ?3)")                            \
    X(VERDICT, "SELECT json, final FROM verdicts WHERE change_id = ?1 "                \
               "AND revision = ?2")                                                    \
    X(VERDICT_NOW, "SELECT json, final FROM verdicts WHERE change_id = ?1 "            \
                   "ORDER BY revision DESC LIMIT 1")                                   \
    X(UNTOLD, "SELECT change_id, revision, final FROM verdicts "                       \
              "WHERE told < 1 + final ORDER BY no LIMIT ?1")                           \
    X(TELL, "UPDATE verdicts SET told = max(told, ?3), told_at = ?4 "                  \
            "WHERE change_id = ?1 AND revision = ?2")                                  \
    X(ADD_PARCEL,                                                                      \
      "INSERT INTO parcels(key, change_id, revision, audience, message_id, "           \
      "recipients, bytes, tries, made, due, last_error) "                              \
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "                          \
      "ON CONFLICT(key) DO NOTHING")                                                   \
    X(DUE, "SELECT no, key, change_id, revision, audience, message_id, recipients, "   \
           "bytes, tries, made, due, last_error FROM parcels "                         \
           "WHERE state = 0 AND due <= ?1 ORDER BY due, no LIMIT ?2")                  \
    X(NEXT_DUE, "SELECT min(due) FROM parcels WHERE state = 0")                        \
    X(END_PARCEL,                                                                      \
      "UPDATE parcels SET tries = tries + 1, state = ?2, due = ?3, last_error = ?4, "  \
      "ended = ?5, bytes = CASE ?2 WHEN 1 THEN x'' ELSE bytes END "                    \
      "WHERE no = ?1 AND state = 0")                                                   \
    X(COUNT_EVENTS, "SELECT count(*) FROM events")                                     \
    X(COUNT_CHANGES, "SELECT count(*) FROM changes")                                   \
    X(COUNT_VERDICTS, "SELECT count(*) FROM verdicts")                                 \
    X(COUNT_PARCELS, "SELECT count(*) FROM parcels WHERE state = ?1")

#define X(id, text) SQL_##id,
enum sql { SQLS(X) SQL_N };
#undef X
#define X(id, text) [SQL_##id] = text,
static const char *const sql_text[SQL_N] = {SQLS(X)};
#undef X

struct conn {
    sqlite3 *db;
    pthread_mutex_t lock;
    sqlite3_stmt *stmt[SQL_N];
};

/* --- one statement --- */

static int errno_of(int rc)
{
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
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EBADMSG;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return EACCES;
    default:
        return EIO;
    }
}

static int sql_err(struct conn *c, int rc, struct err *err)
{
    return err_set(err, errno_of(rc), "the ledger: %s",
                   c->db != NULL ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
}

/* A kept statement in use.  Like a buf it remembers its failure: ask once, at its end.
 * Started, bound in the order of its ?1, ?2 ..., stepped, ended. */
struct query {
    struct conn *c;
    sqlite3_stmt *s;
    int n, rc;
};

static struct query query_start(struct conn *c, enum sql which)
{
    return (struct query){c, c->stmt[which], 0, SQLITE_OK};
}

static void query_text(struct query *q, const char *text)
{
    q->n++;
    if (q->rc == SQLITE_OK && text != NULL)
        q->rc = sqlite3_bind_text(q->s, q->n, text, -1, SQLITE_STATIC);
}

static void query_int(struct query *q, int64_t v)
{
    q->n++;
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->s, q->n, v);
}

/* INSTANT_NONE is null. */
static void query_instant(struct query *q, instant at)
{
    if (instant_is_none(at))
        q->n++;
    else
        query_int(q, at.ms);
}

static void query_bytes(struct query *q, const void *bytes, size_t n)
{
    q->n++;
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_blob64(q->s, q->n, n > 0 ? bytes : "", n, SQLITE_STATIC);
}

/* True when there is a further row. */
static bool query_row(struct query *q)
{
    if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
        q->rc = sqlite3_step(q->s);
    return q->rc == SQLITE_ROW;
}

/* 0, or -1 when anything failed since its start. */
static int query_end(struct query *q, struct err *err)
{
    bool bad = q->rc != SQLITE_OK && q->rc != SQLITE_ROW && q->rc != SQLITE_DONE;
    if (bad)
        sql_err(q->c, q->rc, err);
    sqlite3_reset(q->s);
    sqlite3_clear_bindings(q->s);
    return bad ? -1 : 0;
}

/* Steps a statement that gives no rows; *ret_rows (may be NULL) is how many it touched.
 */
static int query_run(struct query *q, int *ret_rows, struct err *err)
{
    while (query_row(q))
        ;
    if (ret_rows != NULL && q->rc == SQLITE_DONE)
        *ret_rows = sqlite3_changes(q->c->db);
    return query_end(q, err);
}

static int simple_run(struct conn *c, enum sql which, struct err *err)
{
    struct query q = query_start(c, which);
    return query_run(&q, NULL, err);
}

/* Borrowed until the next step; NULL for null or when memory is short. */
static const char *row_text(struct query *q, int column)
{
    return (const char *)sqlite3_column_text(q->s, column);
}

static int64_t row_int(struct query *q, int column)
{
    return sqlite3_column_int64(q->s, column);
}

static instant row_instant(struct query *q, int column)
{
    return sqlite3_column_type(q->s, column) == SQLITE_NULL
               ? INSTANT_NONE
               : (instant){row_int(q, column)};
}

/* --- opening --- */

/* How an opening went: a damaged file is set aside, anything else is for people. */
enum opened { OPENED, OPENED_DAMAGED, OPENED_FAILED };

static enum opened opened_badly(struct conn *c, int rc, struct err *err)
{
    int extended = c->db != NULL ? sqlite3_extended_errcode(c->db) : rc;
    sql_err(c, rc, err);
    bool damaged = (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ||
                   extended == SQLITE_IOERR_SHORT_READ ||
                   extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_DATA;
    return damaged ? OPENED_DAMAGED : OPENED_FAILED;
}

/* Runs `sql`; with `ret_number` its first column of the first row must be there. */
static enum opened ask(struct conn *c, const char *sql, int64_t *ret_number,
                       struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW && ret_number != NULL)
        *ret_number = sqlite3_column_int64(s, 0);
    enum opened how =
        rc == SQLITE_ROW || rc == SQLITE_DONE ? OPENED : opened_badly(c, rc, err);
    sqlite3_finalize(s);
    return how;
}

static enum opened ask_text(struct conn *c, const char *sql, char *to, size_t room,
                            struct err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : "";
    snprintf(to, room, "%s", text != NULL ? text : "");
    enum opened how =
        rc == SQLITE_ROW || rc == SQLITE_DONE ? OPENED : opened_badly(c, rc, err);
    sqlite3_finalize(s);
    return how;
}

/* The settings of a connection.  Reading the journal mode back is what tells whether
 * the file system can do it. */
static enum opened conn_set_up(struct conn *c, bool in_memory, struct err *err)
{
    static const char *const settings[] = {
        "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = OFF",
        "PRAGMA mmap_size = 0", "PRAGMA cell_size_check = ON",
        "PRAGMA trusted_schema = OFF", "PRAGMA temp_store = MEMORY",
        /* Keys are strangers' and so lie anywhere: a longer log, copied into the file
         * less often, meets more of a page's changes in one go. */
        "PRAGMA wal_autocheckpoint = 4000",
        "PRAGMA journal_size_limit = 67108864", /* of the log, after a checkpoint */
        NULL};
    char mode[16];
    enum opened how = ask_text(c, "PRAGMA journal_mode = WAL", mode, sizeof mode, err);
    if (how == OPENED && strcmp(mode, in_memory ? "memory" : "wal") != 0) {
        err_set(err, ENOTSUP, "the ledger: its file system cannot do WAL mode");
        return OPENED_FAILED;
    }
    for (size_t i = 0; how == OPENED && settings[i] != NULL; i++)
        how = ask(c, settings[i], NULL, err);
    return how;
}

static enum opened conn_open(struct conn *c, const char *path, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(path, &c->db, flags, NULL);
    if (rc != SQLITE_OK)
        return opened_badly(c, rc, err);
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, BUSY_MS);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return conn_set_up(c, strcmp(path, ":memory:") == 0, err);
}

static void conn_close(struct conn *c)
{
    for (int i = 0; i < SQL_N; i++) {
        sqlite3_finalize(c->stmt[i]);
        c->stmt[i] = NULL;
    }
    int rc = sqlite3_close(c->db);
    assert(rc == SQLITE_OK); /* else a statement was left over */
    c->db = NULL;
}

/* Prepares all statements, which also holds the schema against what we think it is. */
static enum opened conn_prepare(struct conn *c, struct err *err)
{
    for (int i = 0; i < SQL_N; i++) {
        int rc = sqlite3_prepare_v3(c->db, sql_text[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &c->stmt[i], NULL);
        if (rc == SQLITE_ERROR) { /* no such table or column */
            sql_err(c, rc, err);
            return OPENED_DAMAGED;
        }
        if (rc != SQLITE_OK)
            return opened_badly(c, rc, err);
    }
    return OPENED;
}

static enum opened migrate_one(struct conn *c, int no, struct err *err)
{
    char *sql = sqlite3_mprintf(
        "BEGIN IMMEDIATE;"
        "PRAGMA application_id = %d; PRAGMA user_version = %d;"
        "CREATE TABLE IF NOT EXISTS migrations("
        "  no INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL);"
        "INSERT INTO migrations VALUES(%d, %Q, %lld);"
        "%s COMMIT;",
        APPLICATION_ID, no + 1, no + 1, migrations[no].name,
        (long long)instant_now().ms, migrations[no].sql);
    int rc = sql != NULL ? sqlite3_exec(c->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
    enum opened how = rc == SQLITE_OK ? OPENED : opened_badly(c, rc, err);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_free(sql);
    return how;
}

/* Checking all of a large file would take longer than a start may: a small one is
 * checked whole, of a large one only what opening reads anyway - header, schema, and
 * one index of each table from end to end for the counts. */
static enum opened check_content(struct conn *c, struct err *err)
{
    int64_t pages = 0, page_bytes = 0;
    char verdict[200] = "ok";
    enum opened how = ask(c, "PRAGMA page_count", &pages, err);
    if (how == OPENED)
        how = ask(c, "PRAGMA page_size", &page_bytes, err);
    if (how == OPENED && pages * page_bytes <= SMALL_FILE)
        how = ask_text(c, "PRAGMA quick_check(1)", verdict, sizeof verdict, err);
    if (how == OPENED && strcmp(verdict, "ok") != 0) {
        err_set(err, EBADMSG, "the ledger: %s", verdict);
        return OPENED_DAMAGED;
    }
    return how;
}

/* Brings the file to this program's version. */
static enum opened schema_ready(struct conn *c, struct err *err)
{
    int64_t version = 0, id = 0, tables = 0;
    enum opened how = ask(c, "PRAGMA user_version", &version, err);
    if (how == OPENED)
        how = ask(c, "PRAGMA application_id", &id, err);
    if (how == OPENED)
        how = ask(c, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (how != OPENED)
        return how;
    bool fresh = version == 0 && tables == 0 && id == 0;
    if (!fresh && (id != APPLICATION_ID || version < 1)) {
        err_set(err, EBADMSG,
                "the ledger: the file is not one of aftercheck's ledgers");
        return OPENED_DAMAGED;
    }
    if (version > N_MIGRATIONS) {
        err_set(err, ENOTSUP,
                "the ledger is of version %lld, this program knows up to %d: use the "
                "newer program",
                (long long)version, N_MIGRATIONS);
        return OPENED_FAILED;
    }
    how = fresh ? OPENED : check_content(c, err);
    for (int no = (int)version; how == OPENED && no < N_MIGRATIONS; no++)
        how = migrate_one(c, no, err);
    return how;
}

/* --- the queue --- */

/* A write on its way.  `run` works inside the batch's transaction: -1 fails the batch;
 * a plain "no" is written to `err` before anything is changed, with 0.  `over` is
 * called once, after the commit or the failure; it owns the operation from then on. */
struct op {
    struct op *next;
    int (*run)(struct ledger *l, struct op *op, struct err *err);
    void (*over)(struct op *op);
    size_t bytes;
    struct err err;
};

struct ledger {
    char *path;
    struct conn conns[2];
    struct conn *writer, *reader; /* the same one in memory */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock;
    pthread_cond_t work;
    struct op *first, **last;
    size_t waiting;
    bool stop;
    struct ledger_stats stats;

    struct ledger_stats batch; /* what the batch under way adds; writing thread only */
};

/* What a caller waits at until the writing thread opens it. */
struct latch {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool open;
};

static void latch_init(struct latch *l)
{
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->cond, NULL);
    l->open = false;
}

static void latch_open(struct latch *l)
{
    pthread_mutex_lock(&l->lock);
    l->open = true;
    pthread_cond_signal(&l->cond);
    pthread_mutex_unlock(&l->lock); /* from here on it may be gone */
}

static void latch_wait(struct latch *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->open)
        pthread_cond_wait(&l->cond, &l->lock);
    pthread_mutex_unlock(&l->lock);
    pthread_cond_destroy(&l->cond);
    pthread_mutex_destroy(&l->lock);
}

/* An operation whose caller waits for it. */
struct waited {
    struct op op;
    struct latch latch;
};

static void waited_over(struct op *op)
{
    latch_open(&((struct waited *)op)->latch);
}

static void queue_put(struct ledger *l, struct op *op)
{
    pthread_mutex_lock(&l->lock);
    /* Refused ones go through the queue too, so that all are answered by one thread; it
     * skips their work. */
    if (l->waiting >= LEDGER_QUEUE_MAX)
        err_set(&op->err, EAGAIN, "the ledger: %zu writes are waiting for the disk",
                l->waiting);
    op->next = NULL;
    *l->last = op;
    l->last = &op->next;
    l->waiting++;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
}

/* Queues `w`, whose op.run is set, and waits.  0 or -1 with *err. */
static int queue_wait(struct ledger *l, struct waited *w, struct err *err)
{
    assert(!pthread_equal(pthread_self(), l->thread)); /* it would wait for itself */
    w->op.over = waited_over;
    latch_init(&w->latch);
    queue_put(l, &w->op);
    latch_wait(&w->latch);
    return w->op.err.code != 0 ? err_set(err, w->op.err.code, "%s", w->op.err.text) : 0;
}

/* Takes the next batch off the queue; NULL when the thread is to end.  The queue is
 * emptied before that. */
static struct op *queue_take(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->first == NULL && !l->stop)
        pthread_cond_wait(&l->work, &l->lock);
    struct op *batch = l->first, *end = NULL;
    size_t bytes = 0, n = 0;
    for (struct op *op = batch; op != NULL && n < LEDGER_BATCH_MAX &&
                                (n == 0 || bytes + op->bytes <= LEDGER_BATCH_BYTES_MAX);
         op = op->next) {
        bytes += op->bytes;
        n++;
        end = op;
    }
    if (batch != NULL) {
        l->first = end->next;
        l->last = l->first != NULL ? l->last : &l->first;
        l->waiting -= n;
        end->next = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    return batch;
}

static int batch_write(struct ledger *l, struct op *batch, struct err *err)
{
    if (simple_run(l->writer, SQL_BEGIN_WRITE, err) < 0)
        return -1;
    for (struct op *op = batch; op != NULL; op = op->next) {
        if (op->err.code == 0 && op->run(l, op, err) < 0)
            return -1;
        /* some failures make SQLite roll back by itself: what followed would be written
         * one by one, outside of any transaction */
        if (sqlite3_get_autocommit(l->writer->db))
            return err_set(err, op->err.code, "%s",
                           op->err.code != 0 ? op->err.text
                                             : "the ledger: rolled back");
    }
    return simple_run(l->writer, SQL_COMMIT, err);
}

static void stats_add(struct ledger_stats *to, const struct ledger_stats *more)
{
    to->events += more->events;
    to->changes += more->changes;
    to->verdicts += more->verdicts;
    to->parcels_waiting += more->parcels_waiting; /* wraps for fewer, as it should */
    to->parcels_sent += more->parcels_sent;
    to->parcels_dead += more->parcels_dead;
    to->commits += more->commits;
    to->commit_rows += more->commit_rows;
}

/* All of the batch or nothing; counts only what is held. */
static void batch_run(struct ledger *l, struct op *batch)
{
    struct err err = {0};
    l->batch = (struct ledger_stats){.commits = 1};
    pthread_mutex_lock(&l->writer->lock);
    int rc = batch_write(l, batch, &err);
    /* after a full disk SQLite has often rolled back by itself */
    if (rc < 0 && !sqlite3_get_autocommit(l->writer->db))
        simple_run(l->writer, SQL_ROLLBACK, NULL);
    pthread_mutex_unlock(&l->writer->lock);
    for (struct op *op = batch; op != NULL; op = op->next) {
        l->batch.commit_rows++;
        if (rc < 0)
            err_set(&op->err, err.code, "%s", err.text);
    }
    pthread_mutex_lock(&l->lock);
    if (rc == 0)
        stats_add(&l->stats, &l->batch);
    pthread_mutex_unlock(&l->lock);
}

static void *write_all(void *arg)
{
    struct ledger *l = arg;
    for (struct op *op; (op = queue_take(l)) != NULL;) {
        batch_run(l, op);
        for (struct op *next; op != NULL; op = next) {
            next = op->next; /* `over` gives it away */
            op->over(op);
        }
    }
    return NULL;
}

/* --- opening and closing the whole --- */

static enum opened count_held(struct ledger *l, struct err *err)
{
    struct ledger_stats *s = &l->stats;
    const struct {
        enum sql which;
        int state;
        uint64_t *into;
    } counts[] = {{SQL_COUNT_EVENTS, -1, &s->events},
                  {SQL_COUNT_CHANGES, -1, &s->changes},
                  {SQL_COUNT_VERDICTS, -1, &s->verdicts},
                  {SQL_COUNT_PARCELS, 0, &s->parcels_waiting},
                  {SQL_COUNT_PARCELS, 1, &s->parcels_sent},
                  {SQL_COUNT_PARCELS, 2, &s->parcels_dead}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct query q = query_start(l->writer, counts[i].which);
        if (counts[i].state >= 0)
            query_int(&q, counts[i].state);
        *counts[i].into = query_row(&q) ? (uint64_t)row_int(&q, 0) : 0;
        int rc = q.rc;
        if (query_end(&q, err) < 0)
            return opened_badly(l->writer, rc, err);
    }
    return OPENED;
}

static enum opened conns_open(struct ledger *l, struct err *err)
{
    enum opened how = conn_open(l->writer, l->path, err);
    if (how == OPENED)
        how = schema_ready(l->writer, err);
    if (how == OPENED)
        how = conn_prepare(l->writer, err);
    if (how == OPENED)
        how = count_held(l, err);
    if (how != OPENED || l->reader == l->writer)
        return how;
    how = conn_open(l->reader, l->path, err);
    if (how == OPENED)
        how = ask(l->reader, "PRAGMA query_only = ON", NULL, err);
    return how == OPENED ? conn_prepare(l->reader, err) : how;
}

static void conns_close(struct ledger *l)
{
    conn_close(&l->conns[1]); /* the writer last: the last one out tidies the WAL */
    conn_close(&l->conns[0]);
}

/* Renames the file and its log; the index beside them is made anew from those. */
static int set_aside(const char *path, struct err *note, const struct err *why,
                     struct err *err)
{
    char at[32];
    time_t now = (time_t)(instant_now().ms / 1000);
    struct tm tm;
    strftime(at, sizeof at, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    OWNED_BUF to = {0}, wal = {0}, to_wal = {0}, shm = {0};
    buf_addf(&to, "%s.damaged-%s", path, at);
    for (int again = 2; access(buf_text(&to), F_OK) == 0 && again < 1000; again++) {
        buf_clear(&to);
        buf_addf(&to, "%s.damaged-%s-%d", path, at, again);
    }
    buf_addf(&wal, "%s-wal", path);
    buf_addf(&shm, "%s-shm", path);
    buf_addf(&to_wal, "%s-wal", buf_text(&to));
    if (buf_done(&to) < 0 || buf_done(&wal) < 0 || buf_done(&shm) < 0 ||
        buf_done(&to_wal) < 0)
        return err_set(err, ENOMEM, "no memory for the ledger");
    /* The log goes first: a new file must never meet an old log. */
    if (rename(buf_text(&wal), buf_text(&to_wal)) < 0 && errno != ENOENT)
        return err_sys(err, errno, "%s cannot be set aside", buf_text(&wal));
    if (rename(path, buf_text(&to)) < 0)
        return err_sys(err, errno, "the damaged %s cannot be set aside", path);
    unlink(buf_text(&shm));
    err_set(note, EBADMSG, "%s was damaged (%s) and is set aside as %s", path,
            why->text, buf_text(&to));
    return 0;
}

/* What SQLite would take for an empty file, overwriting what is left without a word: an
 * empty one beside a log that is not, and one too short to be any. */
static bool is_remains(const char *path, struct err *why)
{
    struct stat file, log;
    OWNED_BUF wal = {0};
    buf_addf(&wal, "%s-wal", path);
    if (stat(path, &file) < 0 || buf_done(&wal) < 0)
        return false; /* opening it will say more */
    if (file.st_size > 0 && file.st_size < PAGE_BYTES_MIN)
        return err_set(why, EBADMSG, "the ledger: only %lld bytes are left",
                       (long long)file.st_size) < 0;
    if (file.st_size == 0 && stat(buf_text(&wal), &log) == 0 && log.st_size > 0)
        return err_set(why, EBADMSG, "the ledger: the file is empty, its log is not") <
               0;
    return false;
}

static int open_or_begin_anew(struct ledger *l, struct err *note, struct err *err)
{
    struct err why = {0};
    bool on_disk = l->reader != l->writer;
    enum opened how =
        on_disk && is_remains(l->path, &why) ? OPENED_DAMAGED : conns_open(l, &why);
    if (how == OPENED_DAMAGED && on_disk) {
        conns_close(l);
        if (set_aside(l->path, note, &why, err) < 0)
            return -1;
        l->stats = (struct ledger_stats){0};
        why = (struct err){0};
        how = conns_open(l, &why);
    }
    if (how == OPENED)
        return 0;
    conns_close(l);
    return err_set(err, why.code, "%s: %s", l->path, why.text);
}

/* A new file is the service's own: it holds mails. */
static int make_private(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be opened", path);
    close(fd);
    return 0;
}

static void ledger_free(struct ledger *l)
{
    pthread_cond_destroy(&l->work);
    pthread_mutex_destroy(&l->lock);
    for (int i = 0; i < 2; i++)
        pthread_mutex_destroy(&l->conns[i].lock);
    free(l->path);
    free(l);
}

struct ledger *ledger_open(const char *path, struct err *ret_note, struct err *err)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    if (!in_memory && make_private(path, err) < 0)
        return NULL;
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL || (l->path = strdup(path)) == NULL) {
        free(l);
        err_set(err, ENOMEM, "no memory for the ledger");
        return NULL;
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    for (int i = 0; i < 2; i++)
        pthread_mutex_init(&l->conns[i].lock, NULL);
    l->writer = &l->conns[0];
    l->reader = &l->conns[in_memory ? 0 : 1];
    l->last = &l->first;
    if (open_or_begin_anew(l, ret_note, err) < 0) {
        ledger_free(l);
        return NULL;
    }
    int rc = pthread_create(&l->thread, NULL, write_all, l);
    if (rc != 0) {
        err_sys(err, rc, "the ledger's thread cannot be started");
        conns_close(l);
        ledger_free(l);
        return NULL;
    }
    pthread_setname_np(l->thread, "ledger");
    return l;
}

void ledger_close(struct ledger **l)
{
    if (*l == NULL)
        return;
    pthread_mutex_lock(&(*l)->lock);
    (*l)->stop = true;
    pthread_cond_signal(&(*l)->work);
    pthread_mutex_unlock(&(*l)->lock);
    int rc = pthread_join((*l)->thread, NULL);
    assert(rc == 0 && (*l)->first == NULL);
    conns_close(*l);
    ledger_free(*l);
    *l = NULL;
}

struct ledger_stats ledger_stats(struct ledger *l)
{
    pthread_mutex_lock(&l->lock);
    struct ledger_stats s = l->stats;
    pthread_mutex_unlock(&l->lock);
    return s;
}

/* --- posting --- */

struct post {
    struct op op;
    struct change_event *event;
    instant received;
    enum posted posted;
    void (*done)(enum posted posted, const char *change_id, const struct err *err,
                 void *arg);
    void *arg;
};

static int event_compare_stored(struct ledger *l, struct post *p, struct err *err)
{
    struct query q = query_start(l->writer, SQL_EVENT_RAW);
    query_text(&q, p->event->source);
    query_text(&q, p->event->id);
    if (query_row(&q)) {
        const char *raw = row_text(&q, 0);
        if (raw == NULL)
            q.rc = SQLITE_NOMEM;
        else
            p->posted =
                strcmp(raw, p->event->raw) == 0 ? POSTED_REPEAT : POSTED_CONFLICT;
    }
    return query_end(&q, err);
}

static int event_add(struct ledger *l, const struct post *p, int *ret_added,
                     struct err *err)
{
    const struct change_event *e = p->event;
    struct query q = query_start(l->writer, SQL_ADD_EVENT);
    query_text(&q, e->source);
    query_text(&q, e->id);
    query_text(&q, e->change_id);
    query_int(&q, e->time.ms);
    query_instant(&q, p->received);
    query_text(&q, e->raw);
    return query_run(&q, ret_added, err);
}

static int change_add(struct ledger *l, const struct change_event *e, struct err *err)
{
    static const enum sql how[] = {SQL_ADD_CHANGE, SQL_WIDEN_CHANGE};
    bool ends = e->phase == PHASE_FINISHED || e->phase == PHASE_CANCELLED;
    for (int i = 0, done = 0; i < 2 && done == 0; i++) {
        struct query q = query_start(l->writer, how[i]);
        query_text(&q, e->change_id);
        query_int(&q, e->time.ms);
        query_instant(&q, ends ? e->time : INSTANT_NONE);
        if (query_run(&q, &done, err) < 0)
            return -1;
        if (how[i] == SQL_ADD_CHANGE)
            l->batch.changes += (uint64_t)done;
    }
    if (e->service == NULL)
        return 0;
    struct query q = query_start(l->writer, SQL_NAME_SERVICE);
    query_text(&q, e->change_id);
    query_text(&q, e->service);
    query_int(&q, e->time.ms);
    query_text(&q, e->source);
    query_text(&q, e->id);
    return query_run(&q, NULL, err);
}

static int hosts_add(struct ledger *l, const struct change_event *e, struct err *err)
{
    for (size_t i = 0; i < e->n_hosts; i++) {
        struct query q = query_start(l->writer, SQL_ADD_HOST);
        query_text(&q, e->change_id);
        query_text(&q, e->host[i]);
        if (query_run(&q, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int post_run(struct ledger *l, struct op *op, struct err *err)
{
    struct post *p = (struct post *)op;
    int added = 0;
    if (event_add(l, p, &added, err) < 0)
        return -1;
    if (added == 0)
        return event_compare_stored(l, p, err);
    p->posted = POSTED_NEW;
    l->batch.events++;
    return change_add(l, p->event, err) < 0 ? -1 : hosts_add(l, p->event, err);
}

static void post_over(struct op *op)
{
    struct post *p = (struct post *)op;
    enum posted posted = op->err.code != 0 ? POSTED_FAILED : p->posted;
    p->done(posted, p->event->change_id, &op->err, p->arg);
    change_event_free(&p->event);
    free(p);
}

void ledger_post(struct ledger *l, struct change_event **e, instant received,
                 void (*done)(enum posted posted, const char *change_id,
                              const struct err *err, void *arg),
                 void *arg)
{
    struct post *p = calloc(1, sizeof *p);
    if (p == NULL) {
        struct err err = {0};
        err_set(&err, ENOMEM, "no memory for a post");
        done(POSTED_FAILED, (*e)->change_id, &err, arg);
        change_event_free(e);
        return;
    }
    *p = (struct post){.op = {.run = post_run, .over = post_over},
                       .event = *e,
                       .received = received,
                       .posted = POSTED_FAILED,
                       .done = done,
                       .arg = arg};
    p->op.bytes = strlen(p->event->raw);
    *e = NULL;
    queue_put(l, &p->op);
}

struct post_waited {
    struct latch latch;
    enum posted posted;
    struct err err;
};

static void post_waited_over(enum posted posted, const char *change_id,
                             const struct err *err, void *arg)
{
    (void)change_id;
    struct post_waited *w = arg;
    w->posted = posted;
    w->err = *err;
    latch_open(&w->latch);
}

enum posted ledger_post_wait(struct ledger *l, struct change_event **e,
                             instant received, struct err *err)
{
    assert(!pthread_equal(pthread_self(), l->thread));
    struct post_waited w = {.posted = POSTED_FAILED};
    latch_init(&w.latch);
    ledger_post(l, e, received, post_waited_over, &w);
    latch_wait(&w.latch);
    if (w.err.code != 0)
        err_set(err, w.err.code, "%s", w.err.text);
    return w.posted;
}

/* --- reading changes --- */

static int read_begin(struct ledger *l, struct err *err)
{
    pthread_mutex_lock(&l->reader->lock);
    if (simple_run(l->reader, SQL_BEGIN_READ, err) == 0)
        return 0;
    pthread_mutex_unlock(&l->reader->lock);
    return -1;
}

static void read_end(struct ledger *l)
{
    if (!sqlite3_get_autocommit(l->reader->db))
        simple_run(l->reader, SQL_COMMIT, NULL);
    pthread_mutex_unlock(&l->reader->lock);
}

/* A list that grows; `at` is moved by reallocation. */
static int list_room(void **at, size_t n, size_t item, struct err *err)
{
    if (n != 0 && (n & (n - 1)) != 0)
        return 0; /* room is made at the powers of two */
    void *more = reallocarray(*at, n == 0 ? 1 : 2 * n, item);
    if (more == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    *at = more;
    return 0;
}

static int copy_text(const char *text, char **ret_copy, struct err *err)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return *ret_copy != NULL ? 0 : err_set(err, ENOMEM, "no memory for a text");
}

struct events {
    struct change_event **at;
    size_t n;
};

static void events_free(struct events *e)
{
    for (size_t i = 0; i < e->n; i++)
        change_event_free(&e->at[i]);
    free(e->at);
}

static int event_take(struct query *q, struct events *events, struct err *err)
{
    const char *raw = row_text(q, 0);
    void *at = events->at;
    if (raw == NULL)
        return err_set(err, ENOMEM, "no memory for an event");
    if (list_room(&at, events->n, sizeof *events->at, err) < 0)
        return -1;
    events->at = at;
    OWNED_JSON *doc = json_parse(raw, strlen(raw), err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    /* The stored time stands in where the event had none, and is within its bounds. */
    if (change_event_read(&root, row_instant(q, 1), &events->at[events->n], err) < 0)
        return -1;
    events->n++;
    return 0;
}

/* Inside a read: the change folded from its events; NULL with ENOENT when there is
 * none. */
static struct change *change_read(struct ledger *l, const char *change_id,
                                  struct err *err)
{
    struct events events = {0};
    struct query q = query_start(l->reader, SQL_EVENTS_OF);
    query_text(&q, change_id);
    int rc = 0;
    while (rc == 0 && query_row(&q))
        rc = event_take(&q, &events, err);
    struct change *c = NULL;
    if (query_end(&q, err) < 0 || rc < 0)
        c = NULL;
    else if (events.n == 0)
        err_set(err, ENOENT, "there is no change '%s'", change_id);
    else
        c = change_fold((const struct change_event *const *)events.at, events.n, err);
    events_free(&events);
    return c;
}

struct change *ledger_change(struct ledger *l, const char *change_id, struct err *err)
{
    if (read_begin(l, err) < 0)
        return NULL;
    struct change *c = change_read(l, change_id, err);
    read_end(l);
    return c;
}

/* --- lists --- */

/* A cursor is where a page ended: the start in milliseconds and the id in hex,
 * "1f-6869", good for an address as it is. */
static char *cursor_make(instant start, const char *change_id)
{
    OWNED_BUF b = {0};
    buf_addf(&b, "%llx-", (unsigned long long)start.ms);
    for (const char *p = change_id; *p != '\0'; p++)
        buf_addf(&b, "%02x", (unsigned char)*p);
    return buf_give(&b);
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static int cursor_read(const char *text, int64_t *ret_start, struct buf *id,
                       struct err *err)
{
    static const char wrong[] = "the place to go on from is not one that a list gave";
    const char *p = text;
    uint64_t start = 0;
    for (; hex_value(*p) >= 0 && p - text < 15; p++)
        start = start << 4 | (uint64_t)hex_value(*p);
    if (p == text || *p != '-' || strlen(p) > 1 + 2 * 200)
        return err_set(err, EINVAL, "%s", wrong);
    for (p++; *p != '\0'; p += 2) {
        int high = hex_value(p[0]), low = high < 0 ? -1 : hex_value(p[1]);
        if (low < 0 || (high == 0 && low == 0))
            return err_set(err, EINVAL, "%s", wrong);
        buf_add_ch(id, (char)(high << 4 | low));
    }
    *ret_start = (int64_t)start;
    return buf_done(id) < 0 ? err_set(err, ENOMEM, "no memory for a list") : 0;
}

/* One row of a page, the change itself still to be read. */
struct found {
    char *change_id;
    struct change_row row;
    instant start;
};

struct page {
    struct found at[LEDGER_PAGE_MAX + 1];
    size_t n;
};

static int page_find(struct ledger *l, const struct change_ask *ask, size_t limit,
                     struct page *page, struct err *err)
{
    int64_t start = INT64_MAX;
    OWNED_BUF after = {0};
    if (ask->after != NULL && cursor_read(ask->after, &start, &after, err) < 0)
        return -1;
    struct query q =
        query_start(l->reader, ask->service != NULL ? SQL_PAGE_OF_SERVICE : SQL_PAGE);
    query_int(&q, start);
    query_text(&q, buf_text(&after));
    query_int(&q, ask->since.ms); /* none is the least number there is */
    query_text(&q, ask->grade < GRADE_N ? grade_name(ask->grade) : NULL);
    query_int(&q, (int64_t)limit + 1); /* one more tells whether there is a next page */
    if (ask->service != NULL)
        query_text(&q, ask->service);
    int rc = 0;
    while (rc == 0 && page->n <= limit && query_row(&q)) {
        struct found *f = &page->at[page->n];
        rc = copy_text(row_text(&q, 0), &f->change_id, err);
        f->start = row_instant(&q, 1);
        const char *grade = row_text(&q, 2);
        f->row.has_verdict = grade != NULL;
        f->row.grade = grade != NULL ? grade_of(grade) : GRADE_NOT_JUDGED;
        f->row.revision = (int)row_int(&q, 3);
        f->row.final = row_int(&q, 4) != 0;
        f->row.decided_at = row_instant(&q, 5);
        page->n += rc == 0;
    }
    return query_end(&q, err) < 0 ? -1 : rc;
}

static int page_fill(struct ledger *l, const struct page *page, size_t limit,
                     struct change_rows *rows, struct err *err)
{
    size_t n = page->n < limit ? page->n : limit;
    rows->row = calloc(n + 1, sizeof *rows->row);
    if (rows->row == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    for (size_t i = 0; i < n; i++) {
        rows->row[i] = page->at[i].row;
        rows->row[i].change = change_read(l, page->at[i].change_id, err);
        if (rows->row[i].change == NULL)
            return -1;
        rows->n++;
    }
    if (page->n <= limit)
        return 0;
    rows->next = cursor_make(page->at[n - 1].start, page->at[n - 1].change_id);
    return rows->next != NULL ? 0 : err_set(err, ENOMEM, "no memory for a list");
}

int ledger_changes(struct ledger *l, const struct change_ask *ask,
                   struct change_rows *ret_rows, struct err *err)
{
    size_t limit = ask->limit < 1                 ? 1
                   : ask->limit > LEDGER_PAGE_MAX ? LEDGER_PAGE_MAX
                                                  : ask->limit;
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    struct change_rows rows = {0};
    int rc = read_begin(l, err);
    if (rc == 0) {
        rc = page_find(l, ask, limit, page, err);
        if (rc == 0)
            rc = page_fill(l, page, limit, &rows, err);
        read_end(l);
    }
    for (size_t i = 0; i < page->n; i++)
        free(page->at[i].change_id);
    free(page);
    if (rc == 0)
        *ret_rows = rows;
    else
        change_rows_free(&rows);
    return rc;
}

void change_rows_free(struct change_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        change_free(&rows->row[i].change);
    free(rows->row);
    free(rows->next);
    *rows = (struct change_rows){0};
}

struct ids {
    char **at;
    size_t n;
};

static int id_take(struct query *q, struct ids *ids, struct err *err)
{
    void *at = ids->at;
    if (list_room(&at, ids->n, sizeof *ids->at, err) < 0)
        return -1;
    ids->at = at;
    if (copy_text(row_text(q, 0), &ids->at[ids->n], err) < 0)
        return -1;
    ids->n++;
    return 0;
}

int ledger_open_changes(struct ledger *l, char ***ret_ids, size_t *ret_n,
                        struct err *err)
{
    struct ids ids = {0};
    if (read_begin(l, err) < 0)
        return -1;
    struct query q = query_start(l->reader, SQL_OPEN_CHANGES);
    int rc = 0;
    while (rc == 0 && query_row(&q))
        rc = id_take(&q, &ids, err);
    if (query_end(&q, err) < 0)
        rc = -1;
    read_end(l);
    if (rc < 0) {
        ledger_ids_free(&ids.at, ids.n);
        return -1;
    }
    *ret_ids = ids.at;
    *ret_n = ids.n;
    return 0;
}

void ledger_ids_free(char ***ids, size_t n)
{
    for (size_t i = 0; *ids != NULL && i < n; i++)
        free((*ids)[i]);
    free(*ids);
    *ids = NULL;
}

/* --- neighbours --- */

/* 1 when a host of the change is one of `of`, 0 when none is, -1 on failure. */
static int shares_host(struct ledger *l, const char *change_id, const struct change *of,
                       struct err *err)
{
    bool found = false;
    if (of->n_hosts == 0)
        return 0;
    struct query q = query_start(l->reader, SQL_HOSTS_OF);
    query_text(&q, change_id);
    while (!found && query_row(&q)) {
        const char *host = row_text(&q, 0);
        found = host != NULL && change_find_host(of, host) != NULL;
    }
    return query_end(&q, err) < 0 ? -1 : found;
}

/* The ids first, since the change in hand would be stepping through a statement that
 * the next one needs. */
static int nearby_find(struct ledger *l, const struct change *of, instant from,
                       instant to, struct ids *ids, struct err *err)
{
    struct query q = query_start(l->reader, SQL_NEARBY);
    query_int(&q, from.ms);
    query_int(&q, to.ms);
    query_text(&q, of->change_id);
    int rc = 0;
    while (rc == 0 && query_row(&q)) {
        const char *id = row_text(&q, 0), *service = row_text(&q, 1);
        if (id == NULL) {
            rc = err_set(err, ENOMEM, "no memory for a list");
            break;
        }
        int shares =
            service != NULL && of->service != NULL && strcmp(service, of->service) == 0;
        if (!shares)
            shares = shares_host(l, id, of, err);
        rc = shares > 0 ? id_take(&q, ids, err) : shares;
    }
    return query_end(&q, err) < 0 ? -1 : rc;
}

int ledger_nearby(struct ledger *l, const struct change *of, instant from, instant to,
                  struct change ***ret_changes, size_t *ret_n, struct err *err)
{
    struct ids ids = {0};
    struct change **changes = NULL;
    size_t n = 0;
    if (read_begin(l, err) < 0)
        return -1;
    int rc = nearby_find(l, of, from, to, &ids, err);
    if (rc == 0 && (changes = calloc(ids.n + 1, sizeof(*changes))) == NULL)
        rc = err_set(err, ENOMEM, "no memory for a list");
    for (; rc == 0 && n < ids.n; n += rc == 0)
        if ((changes[n] = change_read(l, ids.at[n], err)) == NULL)
            rc = -1;
    read_end(l);
    ledger_ids_free(&ids.at, ids.n);
    if (rc < 0) {
        ledger_nearby_free(&changes, n);
        return -1;
    }
    *ret_changes = changes;
    *ret_n = n;
    return 0;
}

void ledger_nearby_free(struct change ***changes, size_t n)
{
    for (size_t i = 0; *changes != NULL && i < n; i++)
        change_free(&(*changes)[i]);
    free(*changes);
    *changes = NULL;
}

/* --- verdicts --- */

struct put {
    struct waited waited;
    const struct verdict *v;
    const char *json; /* v, written on the caller's thread */
};

/* The stored revision: *ret_stored is NULL when there is none. */
static int stored_verdict(struct conn *c, enum sql which, const char *change_id,
                          int revision, struct verdict **ret_stored, struct err *err)
{
    struct query q = query_start(c, which);
    query_text(&q, change_id);
    if (which == SQL_VERDICT)
        query_int(&q, revision);
    int rc = 0;
    *ret_stored = NULL;
    if (query_row(&q)) {
        const char *json = row_text(&q, 0);
        rc = json != NULL ? verdict_read(json, strlen(json), ret_stored, err)
                          : err_set(err, ENOMEM, "no memory for a verdict");
    }
    return query_end(&q, err) < 0 ? -1 : rc;
}

static int change_there(struct ledger *l, const char *change_id, bool *ret_there,
                        struct err *err)
{
    struct query q = query_start(l->writer, SQL_CHANGE_THERE);
    query_text(&q, change_id);
    *ret_there = query_row(&q);
    return query_end(&q, err);
}

static int verdict_store(struct ledger *l, const struct put *p, enum sql how,
                         struct err *err)
{
    const struct verdict *v = p->v;
    struct query q = query_start(l->writer, how);
    query_text(&q, v->change_id);
    query_int(&q, v->revision);
    query_int(&q, v->final);
    query_instant(&q, v->decided_at);
    query_text(&q, p->json);
    if (query_run(&q, NULL, err) < 0)
        return -1;
    q = query_start(l->writer, SQL_GRADE_CHANGE);
    query_text(&q, v->change_id);
    query_text(&q, grade_name(v->grade));
    query_int(&q, v->revision);
    query_int(&q, v->final);
    query_instant(&q, v->decided_at);
    return query_run(&q, NULL, err);
}

static int verdict_run(struct ledger *l, struct op *op, struct err *err)
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
    if (stored_verdict(l->writer, SQL_VERDICT, v->change_id, v->revision, &stored,
                       &op->err) < 0)
        return 0; /* unreadable: a matter of this one, not of the batch */
    if (stored == NULL) {
        l->batch.verdicts++;
        return verdict_store(l, p, SQL_ADD_VERDICT, err);
    }
    if (!verdict_same(stored, v)) {
        err_set(&op->err, EEXIST, "revision %d of '%s' is there and says otherwise",
                v->revision, v->change_id);
        return 0;
    }
    if (stored->final && !v->final)
        return 0;
    return verdict_store(l, p, SQL_RENEW_VERDICT, err);
}

int ledger_put_verdict(struct ledger *l, const struct verdict *v, struct err *err)
{
    OWNED_BUF json = {0};
    verdict_write(v, true, &json);
    if (buf_done(&json) < 0)
        return err_set(err, ENOMEM, "no memory for a verdict");
    struct put p = {.waited.op = {.run = verdict_run, .bytes = json.len},
                    .v = v,
                    .json = buf_text(&json)};
    return queue_wait(l, &p.waited, err);
}

static struct verdict *verdict_fetch(struct ledger *l, enum sql which,
                                     const char *change_id, int revision,
                                     struct err *err)
{
    struct verdict *v = NULL;
    if (read_begin(l, err) < 0)
        return NULL;
    int rc = stored_verdict(l->reader, which, change_id, revision, &v, err);
    read_end(l);
    if (rc == 0 && v == NULL)
        err_set(err, ENOENT, "there is no such verdict on '%s'", change_id);
    return v;
}

struct verdict *ledger_verdict(struct ledger *l, const char *change_id, struct err *err)
{
    return verdict_fetch(l, SQL_VERDICT_NOW, change_id, 0, err);
}

struct verdict *ledger_revision(struct ledger *l, const char *change_id, int revision,
                                struct err *err)
{
    return verdict_fetch(l, SQL_VERDICT, change_id, revision, err);
}

/* --- the outbox --- */

static int untold_take(struct query *q, struct untold **list, size_t *n,
                       struct err *err)
{
    void *at = *list;
    if (list_room(&at, *n, sizeof **list, err) < 0)
        return -1;
    *list = at;
    struct untold *u = &(*list)[*n];
    if (copy_text(row_text(q, 0), &u->change_id, err) < 0)
        return -1;
    u->revision = (int)row_int(q, 1);
    u->final = row_int(q, 2) != 0;
    ++*n;
    return 0;
}

int ledger_untold(struct ledger *l, size_t limit, struct untold **ret_untold,
                  size_t *ret_n, struct err *err)
{
    struct untold *list = NULL;
    size_t n = 0;
    if (read_begin(l, err) < 0)
        return -1;
    struct query q = query_start(l->reader, SQL_UNTOLD);
    query_int(&q, (int64_t)limit);
    int rc = 0;
    while (rc == 0 && query_row(&q))
        rc = untold_take(&q, &list, &n, err);
    if (query_end(&q, err) < 0)
        rc = -1;
    read_end(l);
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

struct tell {
    struct waited waited;
    const struct untold *told;
    const struct parcel *parcels;
    size_t n;
    instant now;
};

static int parcel_add(struct ledger *l, const struct parcel *p, struct err *err)
{
    int added = 0;
    struct query q = query_start(l->writer, SQL_ADD_PARCEL);
    query_text(&q, p->key);
    query_text(&q, p->change_id);
    query_int(&q, p->revision);
    query_text(&q, p->audience);
    query_text(&q, p->message_id);
    query_text(&q, p->recipients);
    query_bytes(&q, p->bytes, p->n_bytes);
    query_int(&q, p->tries);
    query_int(&q, p->made.ms);
    query_int(&q, p->due.ms);
    query_text(&q, p->last_error);
    if (query_run(&q, &added, err) < 0)
        return -1;
    l->batch.parcels_waiting += (uint64_t)added;
    return 0;
}

static int tell_run(struct ledger *l, struct op *op, struct err *err)
{
    struct tell *t = (struct tell *)op;
    int found = 0;
    struct query q = query_start(l->writer, SQL_TELL);
    query_text(&q, t->told->change_id);
    query_int(&q, t->told->revision);
    query_int(&q, t->told->final ? 2 : 1);
    query_instant(&q, t->now);
    if (query_run(&q, &found, err) < 0)
        return -1;
    if (found == 0) {
        err_set(&op->err, ENOENT, "there is no revision %d of '%s' to tell",
                t->told->revision, t->told->change_id);
        return 0;
    }
    for (size_t i = 0; i < t->n; i++)
        if (parcel_add(l, &t->parcels[i], err) < 0)
            return -1;
    return 0;
}

int ledger_tell(struct ledger *l, const struct untold *told,
                const struct parcel *parcels, size_t n, instant now, struct err *err)
{
    struct tell t = {.waited.op = {.run = tell_run},
                     .told = told,
                     .parcels = parcels,
                     .n = n,
                     .now = now};
    for (size_t i = 0; i < n; i++) {
        const struct parcel *p = &parcels[i];
        if (p->key == NULL || p->change_id == NULL || p->audience == NULL ||
            p->message_id == NULL || p->recipients == NULL)
            return err_set(err, EINVAL, "parcel %zu lacks a text it needs", i);
        t.waited.op.bytes += p->n_bytes;
    }
    return queue_wait(l, &t.waited, err);
}

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

static int parcel_fill(struct query *q, struct parcel *p, struct err *err)
{
    *p = (struct parcel){.no = row_int(q, 0),
                         .revision = (int)row_int(q, 3),
                         .tries = (int)row_int(q, 8),
                         .made = row_instant(q, 9),
                         .due = row_instant(q, 10)};
    const void *bytes = sqlite3_column_blob(q->s, 7);
    p->n_bytes = (size_t)sqlite3_column_bytes(q->s, 7);
    p->bytes =
        malloc(p->n_bytes + 1); /* ends in a NUL for the convenience of readers */
    if (p->bytes == NULL || (bytes == NULL && p->n_bytes > 0))
        return err_set(err, ENOMEM, "no memory for a mail");
    if (p->n_bytes > 0)
        memcpy(p->bytes, bytes, p->n_bytes);
    p->bytes[p->n_bytes] = '\0';
    if (row_text(q, 11) != NULL && copy_text(row_text(q, 11), &p->last_error, err) < 0)
        return -1;
    return copy_text(row_text(q, 1), &p->key, err) < 0 ||
                   copy_text(row_text(q, 2), &p->change_id, err) < 0 ||
                   copy_text(row_text(q, 4), &p->audience, err) < 0 ||
                   copy_text(row_text(q, 5), &p->message_id, err) < 0 ||
                   copy_text(row_text(q, 6), &p->recipients, err) < 0
               ? -1
               : 0;
}

int ledger_due(struct ledger *l, instant now, size_t limit, struct parcel **ret_parcels,
               size_t *ret_n, struct err *err)
{
    struct parcel *list = NULL;
    size_t n = 0;
    if (read_begin(l, err) < 0)
        return -1;
    struct query q = query_start(l->reader, SQL_DUE);
    query_int(&q, now.ms);
    query_int(&q, (int64_t)limit);
    int rc = 0;
    while (rc == 0 && query_row(&q)) {
        void *at = list;
        rc = list_room(&at, n, sizeof *list, err);
        list = at;
        if (rc == 0)
            rc = parcel_fill(&q, &list[n++], err);
    }
    if (query_end(&q, err) < 0)
        rc = -1;
    read_end(l);
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
    if (read_begin(l, NULL) < 0)
        return INSTANT_FAR;
    struct query q = query_start(l->reader, SQL_NEXT_DUE);
    instant due = query_row(&q) ? row_instant(&q, 0) : INSTANT_NONE;
    query_end(&q, NULL);
    read_end(l);
    return instant_is_none(due) ? INSTANT_FAR : due;
}

struct parcel_ending {
    struct waited waited;
    int64_t no;
    enum parcel_end end;
    instant due, now;
    const char *error;
};

static int parcel_run(struct ledger *l, struct op *op, struct err *err)
{
    static const int states[] = {
        [PARCEL_SENT] = 1, [PARCEL_RETRY] = 0, [PARCEL_DEAD] = 2};
    struct parcel_ending *p = (struct parcel_ending *)op;
    int found = 0;
    struct query q = query_start(l->writer, SQL_END_PARCEL);
    query_int(&q, p->no);
    query_int(&q, states[p->end]);
    query_int(&q, p->end == PARCEL_RETRY ? p->due.ms : p->now.ms);
    query_text(&q, p->error);
    query_instant(&q, p->end == PARCEL_RETRY ? INSTANT_NONE : p->now);
    if (query_run(&q, &found, err) < 0)
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
    struct parcel_ending p = {.waited.op = {.run = parcel_run},
                              .no = no,
                              .end = end,
                              .due = due,
                              .now = now,
                              .error = error};
    return queue_wait(l, &p.waited, err);
}
