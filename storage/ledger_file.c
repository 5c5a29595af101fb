/* storage/ledger_file.c - what stands in the ledger's file, and the file as a whole.
 *
 * It runs on the thread that opens the ledger, before any other.  No table is touched
 * before the file is known to be a ledger, of a version that this program knows.  One
 * that is damaged is kept beside the new one, never repaired or deleted here.  Each
 * migration stands in a transaction of its own, so a file is always of one version. */
#include "storage/ledger_part.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- the tables --- */

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
    {"coredumps",
     /* json is the record as it was read; all else stands beside it to be found by */
     "CREATE TABLE cores("
     "  no INTEGER PRIMARY KEY, time INTEGER NOT NULL, host TEXT NOT NULL,"
     "  pid INTEGER NOT NULL, exe TEXT NOT NULL, service TEXT, coarse TEXT NOT NULL,"
     "  fine TEXT NOT NULL, unsure INTEGER NOT NULL, title TEXT NOT NULL,"
     "  received INTEGER, json TEXT NOT NULL, UNIQUE(time, host, exe, pid));"
     "CREATE INDEX cores_by_coarse ON cores(coarse, time, host);"},
    {"alarms",
     /* one row a beginning, or an end whose beginning is not known (is_end).  `until`
      * is when it is over as far as is known: a day after it was last heard of */
     "CREATE TABLE alarms("
     "  no INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL,"
     "  is_end INTEGER NOT NULL, ends INTEGER, said INTEGER NOT NULL,"
     "  name TEXT NOT NULL, host TEXT, service TEXT, severity TEXT, labels TEXT,"
     "  text TEXT, source TEXT, received INTEGER,"
     "  until INTEGER AS (CASE WHEN is_end THEN at"
     "    ELSE ifnull(ends, said + 86400000) END),"
     "  UNIQUE(fingerprint, at, is_end));"
     "CREATE INDEX alarms_by_until ON alarms(until);"
     "CREATE INDEX alarms_by_at ON alarms(at);"},
    {"test results",
     "CREATE TABLE test_runs("
     "  no INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, time INTEGER NOT NULL,"
     "  change_id TEXT, service TEXT, received INTEGER);"
     "CREATE INDEX test_runs_by_time ON test_runs(time);"
     "CREATE TABLE tests("
     "  no INTEGER PRIMARY KEY, suite TEXT NOT NULL, class TEXT NOT NULL,"
     "  name TEXT NOT NULL, UNIQUE(suite, class, name));"
     "CREATE TABLE test_results("
     "  run INTEGER NOT NULL, test INTEGER NOT NULL, result INTEGER NOT NULL,"
     "  ms INTEGER, message TEXT, PRIMARY KEY(run, test)) WITHOUT ROWID;"
     "CREATE INDEX test_results_by_test ON test_results(test, run);"},
    {"mutes",
     "CREATE TABLE mutes("
     "  id TEXT PRIMARY KEY, rule TEXT, service TEXT, host TEXT, metric TEXT,"
     "  kind TEXT, author TEXT NOT NULL, reason TEXT NOT NULL,"
     "  begins INTEGER NOT NULL, until INTEGER NOT NULL, made_at INTEGER NOT NULL,"
     "  ended_at INTEGER, ended_by TEXT) WITHOUT ROWID;"
     "CREATE INDEX mutes_by_until ON mutes(until);"},
    {"slow looks",
     /* when a change is looked at for leaks; none while it is open, or after the last
      */
     "ALTER TABLE changes ADD COLUMN slow_due INTEGER;"
     "CREATE INDEX changes_slow ON changes(slow_due, change_id) "
     "WHERE slow_due IS NOT NULL;"},
    {"feedback",
     /* one mark a reader, a change and a rule */
     "CREATE TABLE feedback("
     "  change_id TEXT NOT NULL, rule TEXT NOT NULL, who TEXT NOT NULL,"
     "  useful INTEGER NOT NULL, at INTEGER NOT NULL,"
     "  PRIMARY KEY(change_id, rule, who)) WITHOUT ROWID;"},
    {"versions of the rules, and what each rule said",
     /* since: when it came into force last */
     "CREATE TABLE packs("
     "  hash TEXT PRIMARY KEY, since INTEGER NOT NULL, json TEXT NOT NULL)"
     "  WITHOUT ROWID;"
     "CREATE INDEX packs_by_since ON packs(since);"
     /* of a change's newest verdict: the worst grade of each rule's findings.  Those
      * stored before this table are read out of their JSON. */
     "CREATE TABLE said("
     "  change_id TEXT NOT NULL, rule TEXT NOT NULL, grade INTEGER NOT NULL,"
     "  PRIMARY KEY(change_id, rule)) WITHOUT ROWID;"
     "INSERT INTO said(change_id, rule, grade)"
     "  SELECT v.change_id, json_extract(f.value, '$.rule') AS rule,"
     "    max(CASE json_extract(f.value, '$.grade') WHEN 'must-handle' THEN 2"
     "      WHEN 'attention' THEN 1 ELSE 0 END)"
     "  FROM changes c JOIN verdicts v ON v.change_id = c.change_id AND"
     "    v.revision = c.revision, json_each(v.json, '$.findings') f"
     "  WHERE json_extract(f.value, '$.rule') IS NOT NULL"
     "  GROUP BY v.change_id, rule;"},
    {"coredumps that speak for more than one",
     "ALTER TABLE cores ADD COLUMN more INTEGER NOT NULL DEFAULT 0;"},
    {"notes",
     /* notes: what waits to be told, one a recipient and change; told: what they were
      * told last of each.  who: an address, or "/" and an audience whose mails become
      * files */
     "CREATE TABLE notes("
     "  no INTEGER PRIMARY KEY, who TEXT NOT NULL, change_id TEXT NOT NULL,"
     "  audience TEXT NOT NULL, revision INTEGER NOT NULL, grade INTEGER NOT NULL,"
     "  later INTEGER NOT NULL, digest INTEGER NOT NULL, made INTEGER NOT NULL,"
     "  due INTEGER NOT NULL, UNIQUE(who, change_id));"
     "CREATE INDEX notes_by_due ON notes(digest, due);"
     "CREATE INDEX notes_of ON notes(change_id);"
     "CREATE TABLE told("
     "  change_id TEXT NOT NULL, who TEXT NOT NULL, audience TEXT NOT NULL,"
     "  revision INTEGER NOT NULL, grade INTEGER NOT NULL, later INTEGER NOT NULL,"
     "  digest INTEGER NOT NULL, at INTEGER NOT NULL,"
     "  PRIMARY KEY(change_id, who)) WITHOUT ROWID;"
     "CREATE INDEX parcels_by_who ON parcels(recipients, made);"
     "CREATE INDEX parcels_by_made ON parcels(made);"},
    {"links in mails",
     /* off: no more mails of the audience; key: what links are signed with */
     "CREATE TABLE optouts("
     "  who TEXT NOT NULL, audience TEXT NOT NULL, off INTEGER NOT NULL,"
     "  at INTEGER NOT NULL, PRIMARY KEY(who, audience)) WITHOUT ROWID;"
     "CREATE TABLE secrets(name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;"
     "INSERT INTO secrets(name, key) VALUES('mail', randomblob(32));"
     "CREATE INDEX parcels_dead ON parcels(ended) WHERE state = 2;"},
};
enum {
    N_MIGRATIONS = sizeof migrations / sizeof *migrations,
    APPLICATION_ID = 0x61667472, /* "aftr", so another program's file is known */
    SMALL_FILE = 32 << 20,       /* checked whole when opened: a fifth of a second */
    PAGE_BYTES_MIN = 512,        /* SQLite's smallest page, so its smallest file */
};

static int migrate_one(struct sql *s, int no, struct err *err)
{
    OWNED_BUF text = {0};
    buf_addf(&text,
             "BEGIN IMMEDIATE;"
             "PRAGMA application_id = %d; PRAGMA user_version = %d;"
             "CREATE TABLE IF NOT EXISTS migrations("
             "  no INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL);"
             "INSERT INTO migrations VALUES(%d, '%s', %lld);"
             "%s COMMIT;",
             APPLICATION_ID, no + 1, no + 1, migrations[no].name,
             (long long)instant_now().ms, migrations[no].sql);
    if (buf_done(&text) < 0)
        return err_set(err, ENOMEM, "no memory for the ledger");
    return sql_exec(s, buf_text(&text), err);
}

/* Checking all of a large file would take longer than a start may: a small one is
 * checked whole, of a large one only what opening reads anyway - header, schema, and
 * one index of each table from end to end for the counts. */
static int check_content(struct sql *s, struct err *err)
{
    int64_t pages = 0, page_bytes = 0;
    char verdict[200] = "ok";
    if (sql_ask_int(s, "PRAGMA page_count", &pages, err) < 0 ||
        sql_ask_int(s, "PRAGMA page_size", &page_bytes, err) < 0)
        return -1;
    if (pages * page_bytes <= SMALL_FILE &&
        sql_ask_text(s, "PRAGMA quick_check(1)", verdict, sizeof verdict, err) < 0)
        return -1;
    return strcmp(verdict, "ok") == 0
               ? 0
               : err_set(err, EBADMSG, "the ledger: %s", verdict);
}

int ledger_file_ready(struct sql *s, struct err *err)
{
    int64_t version = 0, id = 0, tables = 0;
    if (sql_ask_int(s, "PRAGMA user_version", &version, err) < 0 ||
        sql_ask_int(s, "PRAGMA application_id", &id, err) < 0 ||
        sql_ask_int(s, "SELECT count(*) FROM sqlite_schema", &tables, err) < 0)
        return -1;
    bool fresh = version == 0 && tables == 0 && id == 0;
    if (!fresh && (id != APPLICATION_ID || version < 1))
        return err_set(err, EBADMSG,
                       "the ledger: the file is not one of aftercheck's ledgers");
    if (version > N_MIGRATIONS)
        return err_set(err, ENOTSUP,
                       "the ledger is of version %lld, this program knows up to %d: "
                       "use the newer program",
                       (long long)version, N_MIGRATIONS);
    if (!fresh && check_content(s, err) < 0)
        return -1;
    for (int no = (int)version; no < N_MIGRATIONS; no++)
        if (migrate_one(s, no, err) < 0)
            return -1;
    return 0;
}

int ledger_file_fits(struct sql *s, struct err *err)
{
    int64_t version = 0, id = 0;
    if (sql_ask_int(s, "PRAGMA user_version", &version, err) < 0 ||
        sql_ask_int(s, "PRAGMA application_id", &id, err) < 0)
        return -1;
    if (id != APPLICATION_ID)
        return err_set(err, EBADMSG,
                       "the ledger: the file is not one of aftercheck's ledgers");
    if (version == N_MIGRATIONS)
        return 0;
    return err_set(
        err, ENOTSUP, "the ledger is of version %lld, this program reads %d: %s",
        (long long)version, N_MIGRATIONS,
        version > N_MIGRATIONS ? "use the newer program"
                               : "start the service of this version on it once");
}

int ledger_file_prepare(struct sql *s, struct err *err)
{
#define X(id, text) [DO_##id] = text,
    static const char *const texts[DO_N] = {LEDGER_SQLS(X)};
#undef X
    return sql_prepare(s, texts, DO_N, err);
}

/* --- the file --- */

/* A new file is the service's own: it holds mails. */
int ledger_file_make(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be opened", path);
    close(fd);
    return 0;
}

int ledger_file_set_aside(const char *path, const struct err *why, struct err *note,
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
    unlink(buf_text(&shm)); /* the index, made anew from those two */
    err_set(note, EBADMSG, "%s was damaged (%s) and is set aside as %s", path,
            why->text, buf_text(&to));
    return 0;
}

bool ledger_file_is_remains(const char *path, struct err *why)
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
