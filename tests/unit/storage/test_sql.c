/* tests of storage/sql */
#include "storage/sql.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWNED_SQL __attribute__((cleanup(sql_close))) struct sql

enum { ADD, GET, COUNT, STMT_N };
static const char *const texts[STMT_N] = {
    [ADD] = "INSERT INTO things(no, name, bytes, at) VALUES(?1, ?2, ?3, ?4)",
    [GET] = "SELECT no, name, bytes, at FROM things WHERE no >= ?1 ORDER BY no",
    [COUNT] = "SELECT count(*) FROM things",
};
static const char tables[] = "CREATE TABLE IF NOT EXISTS things("
                             "no INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes BLOB, "
                             "at INTEGER);";

static const char *file_path(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/things.db", test_dir());
    return path;
}

static void check(int rc, const struct err *err)
{
    if (rc < 0)
        test_fail(__FILE__, __LINE__, "%s", err->text);
}

static struct sql *opened(const char *path)
{
    struct err err = {0};
    struct sql *s = sql_open(path, "the test", &err);
    check(s != NULL ? 0 : -1, &err);
    check(sql_exec(s, tables, &err), &err);
    check(sql_prepare(s, texts, STMT_N, &err), &err);
    return s;
}

static int add(struct sql *s, int64_t no, const char *name, struct err *err)
{
    struct sql_query q = sql_start(s, ADD);
    sql_bind_int(&q, no);
    sql_bind_text(&q, name);
    return sql_run(&q, NULL, err);
}

static void add_well(struct sql *s, int64_t no)
{
    struct err err = {0};
    check(add(s, no, "a thing", &err), &err);
}

static int64_t count(struct sql *s)
{
    struct err err = {0};
    struct sql_query q = sql_start(s, COUNT);
    int64_t n = sql_row(&q) ? sql_int(&q, 0) : -1;
    check(sql_end(&q, &err), &err);
    return n;
}

TEST(what_is_bound_comes_back_by_its_type)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    int touched = -1;
    size_t n = 99;
    struct sql_query q = sql_start(s, ADD);
    sql_bind_int(&q, INT64_MIN);
    sql_bind_text(&q, "caf\xc3\xa9 'quoted'; --");
    sql_bind_bytes(&q, "a\0b", 3);
    sql_bind_instant(&q, (instant){1795255200000});
    check(sql_run(&q, &touched, &err), &err);
    CHECK_INT(touched, 1);
    q = sql_start(s, GET);
    sql_bind_int(&q, INT64_MIN);
    CHECK(sql_row(&q));
    CHECK(sql_int(&q, 0) == INT64_MIN);
    CHECK_TEXT(sql_text(&q, 1), "caf\xc3\xa9 'quoted'; --");
    const void *bytes = sql_bytes(&q, 2, &n);
    CHECK(n == 3 && memcmp(bytes, "a\0b", 3) == 0);
    CHECK_INT(sql_instant(&q, 3).ms, 1795255200000);
    CHECK(!sql_row(&q));
    CHECK(!sql_row(&q)); /* the end stays the end */
    CHECK_INT(sql_end(&q, &err), 0);
}

TEST(null_and_nothing_are_told_apart)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    size_t n = 99;
    struct sql_query q = sql_start(s, ADD);
    sql_bind_int(&q, 1);
    sql_bind_text(&q, "");
    sql_bind_bytes(&q, NULL, 0);
    sql_bind_instant(&q, INSTANT_NONE);
    check(sql_run(&q, NULL, &err), &err);
    q = sql_start(s, GET);
    sql_bind_int(&q, 0);
    CHECK(sql_row(&q));
    CHECK_TEXT(sql_text(&q, 1), "");
    CHECK(sql_text(&q, 3) == NULL);
    CHECK(instant_is_none(sql_instant(&q, 3)));
    sql_bytes(&q, 2, &n);
    CHECK_INT(n, 0);
    CHECK_INT(sql_end(&q, &err), 0);
    int64_t empty_not_null = 0;
    check(sql_ask_int(s, "SELECT bytes IS NOT NULL FROM things", &empty_not_null, &err),
          &err);
    CHECK_INT(empty_not_null, 1);
}

TEST(a_failure_is_kept_to_the_end_and_the_next_use_starts_clean)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    struct sql_query q = sql_start(s, COUNT);
    sql_bind_int(&q, 1); /* it has no ?1 */
    CHECK(!sql_row(&q));
    CHECK_INT(sql_end(&q, &err), -1);
    CHECK(strncmp(err.text, "the test: ", 10) == 0);
    CHECK_INT(count(s), 0);

    err = (struct err){0};
    add_well(s, 7);
    CHECK_INT(add(s, 7, "again", &err), -1);
    CHECK_INT(err.code, EIO);
    CHECK(strstr(err.text, "UNIQUE constraint failed") != NULL);
    /* null is no left-over of the last use: the name must be given */
    CHECK_INT(add(s, 8, NULL, NULL), -1);
    CHECK_INT(count(s), 1);
}

TEST(a_query_may_end_before_its_last_row)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    for (int i = 0; i < 3; i++)
        add_well(s, i);
    for (int i = 0; i < 2; i++) {
        struct sql_query q = sql_start(s, GET);
        sql_bind_int(&q, 1);
        CHECK(sql_row(&q));
        CHECK_INT(sql_int(&q, 0), 1);
        CHECK_INT(sql_end(&q, &err), 0);
    }
}

TEST(a_file_is_in_wal_mode_and_each_commit_is_synced)
{
    OWNED_SQL *s = opened(file_path());
    struct err err = {0};
    char mode[16];
    int64_t synchronous = 0;
    check(sql_ask_text(s, "PRAGMA journal_mode", mode, sizeof mode, &err), &err);
    CHECK_TEXT(mode, "wal");
    check(sql_ask_int(s, "PRAGMA synchronous", &synchronous, &err), &err);
    CHECK_INT(synchronous, 2);
}

TEST(others_see_what_is_committed_and_not_what_is_rolled_back)
{
    OWNED_SQL *s = opened(file_path());
    OWNED_SQL *other = opened(file_path());
    struct err err = {0};
    check(sql_begin_write(s, &err), &err);
    add_well(s, 1);
    CHECK(sql_in_transaction(s));
    CHECK_INT(count(other), 0);
    sql_rollback(s);
    CHECK(!sql_in_transaction(s));
    sql_rollback(s); /* without one: nothing */
    CHECK_INT(count(s), 0);
    check(sql_begin_write(s, &err), &err);
    add_well(s, 2);
    check(sql_commit(s, &err), &err);
    CHECK(!sql_in_transaction(s));
    CHECK_INT(count(other), 1);
}

TEST(a_read_sees_one_moment)
{
    OWNED_SQL *s = opened(file_path());
    OWNED_SQL *reader = opened(file_path());
    struct err err = {0};
    check(sql_begin_read(reader, &err), &err);
    CHECK_INT(count(reader), 0);
    add_well(s, 1);
    CHECK_INT(count(reader), 0);
    check(sql_commit(reader, &err), &err);
    CHECK_INT(count(reader), 1);
}

TEST(a_second_writer_is_told_that_it_is_busy)
{
    OWNED_SQL *s = opened(file_path());
    OWNED_SQL *other = opened(file_path());
    struct err err = {0};
    check(sql_exec(other, "PRAGMA busy_timeout = 0", &err), &err);
    check(sql_begin_write(s, &err), &err);
    CHECK_INT(sql_begin_write(other, &err), -1);
    CHECK_INT(err.code, EBUSY);
    CHECK(!sql_in_transaction(other));
    sql_rollback(s);
    err = (struct err){0};
    check(sql_begin_write(other, &err), &err);
    sql_rollback(other);
}

TEST(a_full_disk_and_a_forbidden_write_have_their_codes)
{
    OWNED_SQL *s = opened(file_path());
    struct err err = {0};
    char much[5000];
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    check(sql_exec(s, "PRAGMA max_page_count = 4", &err), &err);
    int rc = 0;
    for (int i = 0; i < 10 && rc == 0; i++)
        rc = add(s, i, much, &err);
    CHECK_INT(rc, -1);
    CHECK_INT(err.code, ENOSPC);
    err = (struct err){0};
    check(sql_exec(s, "PRAGMA max_page_count = 1000; PRAGMA query_only = ON", &err),
          &err);
    CHECK_INT(add(s, 99, "a thing", &err), -1);
    CHECK_INT(err.code, EACCES);
}

TEST(a_text_of_statements_that_fails_leaves_no_transaction)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    CHECK_INT(sql_exec(s,
                       "BEGIN; INSERT INTO things(no, name) VALUES(1, 'a');"
                       "INSERT INTO nowhere VALUES(1); COMMIT",
                       &err),
              -1);
    CHECK(strstr(err.text, "no such table: nowhere") != NULL);
    CHECK(!sql_in_transaction(s));
    CHECK_INT(count(s), 0);
}

TEST(a_single_answer_is_cut_to_its_room_and_must_be_there)
{
    OWNED_SQL *s = opened(":memory:");
    struct err err = {0};
    char text[4] = "old";
    int64_t number = 5;
    check(sql_ask_text(s, "SELECT 'abcdef'", text, sizeof text, &err), &err);
    CHECK_TEXT(text, "abc");
    check(sql_ask_text(s, "SELECT null", text, sizeof text, &err), &err);
    CHECK_TEXT(text, "");
    CHECK_INT(sql_ask_int(s, "SELECT no FROM things", &number, &err), -1);
    CHECK_INT(err.code, EIO);
    CHECK_INT(number, 5);
}

TEST(a_statement_that_fits_no_table_says_that_the_file_is_not_ours)
{
    static const char *const wrong[] = {"SELECT 1", "SELECT colour FROM things"};
    struct err err = {0};
    OWNED_SQL *s = sql_open(":memory:", "the test", &err);
    CHECK(s != NULL);
    check(sql_exec(s, tables, &err), &err);
    CHECK_INT(sql_prepare(s, wrong, 2, &err), -1);
    CHECK_INT(err.code, EBADMSG);
    CHECK_TEXT(err.text, "the test: no such column: colour");
}

static void write_file(const char *path, const char *mode, long at, const void *bytes,
                       size_t n)
{
    FILE *f = fopen(path, mode);
    CHECK(f != NULL);
    CHECK(fseek(f, at, SEEK_SET) == 0 && fwrite(bytes, 1, n, f) == n);
    CHECK(fclose(f) == 0);
}

TEST(a_file_of_something_else_is_damaged)
{
    struct err err = {0};
    char junk[4096];
    memset(junk, 'j', sizeof junk);
    write_file(file_path(), "w", 0, junk, sizeof junk);
    CHECK(sql_open(file_path(), "the test", &err) == NULL);
    CHECK_INT(err.code, EBADMSG);
}

TEST(a_page_written_over_is_noticed_when_it_is_read)
{
    struct err err = {0};
    char junk[4096];
    memset(junk, 0xee, sizeof junk);
    struct sql *s = opened(file_path());
    add_well(s, 1);
    sql_close(&s);
    CHECK(s == NULL);
    write_file(file_path(), "r+", 4096, junk, sizeof junk); /* the only page of rows */
    OWNED_SQL *again = opened(file_path());
    struct sql_query q = sql_start(again, COUNT);
    CHECK(!sql_row(&q));
    CHECK_INT(sql_end(&q, &err), -1);
    CHECK_INT(err.code, EBADMSG);
}

TEST(a_place_that_is_not_there_is_no_damage)
{
    struct err err = {0};
    char path[200];
    snprintf(path, sizeof path, "%s/none/things.db", test_dir());
    CHECK(sql_open(path, "the test", &err) == NULL);
    CHECK_INT(err.code, EIO);
    CHECK_TEXT(err.text, "the test: unable to open database file");
}

TEST(the_last_one_out_leaves_no_log_behind)
{
    char wal[210];
    snprintf(wal, sizeof wal, "%s-wal", file_path());
    struct sql *s = opened(file_path()), *other = opened(file_path());
    add_well(s, 1);
    sql_close(&other);
    CHECK(access(wal, F_OK) == 0);
    sql_close(&s);
    CHECK(access(wal, F_OK) < 0);
    sql_close(&s); /* none is fine */
}
