#include "programs/spool.h"

#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const instant now = {1795255200000};

static struct spool *open_here(void)
{
    struct err err = {0};
    struct spool *s = spool_open(test_dir(), &err);
    CHECK_TEXT(err.text, "");
    CHECK(s != NULL);
    return s;
}

static uint64_t put(struct spool *s, const char *body, instant at)
{
    struct spool_record r = {.server = "http://a:1",
                             .path = "/v1/alarms",
                             .type = "application/json",
                             .body = body,
                             .n = strlen(body)};
    uint64_t number = 0;
    struct err err = {0};
    CHECK_INT(spool_put(s, &r, at, &number, &err), 0);
    return number;
}

static size_t count(struct spool *s)
{
    uint64_t *list;
    size_t n;
    CHECK_INT(spool_list(s, &list, &n, NULL), 0);
    free(list);
    return n;
}

static uint64_t lost(struct spool *s, enum spool_loss why)
{
    uint64_t n[SPOOL_LOSS_N];
    CHECK_INT(spool_losses(s, n, NULL), 0);
    return n[why];
}

static const char *path_of(const char *folder, uint64_t number, const char *end)
{
    static char path[1000];
    snprintf(path, sizeof path, "%s/%s/%016llx%s", test_dir(), folder,
             (unsigned long long)number, end);
    return path;
}

TEST(a_record_comes_back_as_it_was_put_byte_by_byte)
{
    OWNED_SPOOL *s = open_here();
    OWNED_BUF room = {0};
    const char body[] = "{\"a\":1}\n\0\xff\nend";
    struct spool_record r = {"http://a:1", "/v1/x?y=%20", "text/plain", body,
                             sizeof body},
                        got;
    uint64_t number;
    CHECK_INT(spool_put(s, &r, now, &number, NULL), 0);
    CHECK_INT(spool_read(s, number, &room, &got, NULL), 1);
    CHECK_TEXT(got.server, "http://a:1");
    CHECK_TEXT(got.path, "/v1/x?y=%20");
    CHECK_TEXT(got.type, "text/plain");
    CHECK_INT(got.n, sizeof body);
    CHECK(memcmp(got.body, body, sizeof body) == 0);
}

TEST(records_lie_in_the_order_of_putting_even_when_the_clock_goes_back)
{
    OWNED_SPOOL *s = open_here();
    uint64_t a = put(s, "a", now), b = put(s, "b", now);
    uint64_t c = put(s, "c", (instant){now.ms - 5000}), *list;
    size_t n;
    CHECK(a < b && b < c);
    CHECK_INT(spool_list(s, &list, &n, NULL), 0);
    CHECK_INT(n, 3);
    CHECK(list[0] == a && list[1] == b && list[2] == c);
    free(list);
}

TEST(another_process_finds_what_one_has_put)
{
    OWNED_SPOOL *s = open_here();
    pid_t pid = fork();
    if (pid == 0) {
        struct spool *mine = spool_open(test_dir(), NULL);
        struct spool_record r = {"http://a:1", "/x", "text/plain", "child", 5};
        uint64_t number;
        _exit(spool_put(mine, &r, now, &number, NULL) == 0 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_INT(count(s), 1);
}

TEST(only_one_process_sends_and_its_death_gives_the_lock_back)
{
    OWNED_SPOOL *s = open_here();
    int ready[2], go[2];
    char c = 0;
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct spool *mine = spool_open(test_dir(), NULL);
        bool ok =
            spool_lock_sending(mine, 0, NULL) == 0 && write(ready[1], "x", 1) == 1;
        _exit(ok && read(go[0], &c, 1) == 1 ? 0 : 1);
    }
    CHECK_INT(read(ready[0], &c, 1), 1);
    struct err err = {0};
    CHECK_INT(spool_lock_sending(s, 50, &err), -1);
    CHECK_INT(err.code, EAGAIN);
    int status;
    CHECK(write(go[1], "x", 1) == 1 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(spool_lock_sending(s, 0, NULL), 0);
    spool_unlock_sending(s);
}

TEST(what_is_older_than_a_week_is_dropped_and_counted)
{
    OWNED_SPOOL *s = open_here();
    instant week = {now.ms - (int64_t)SPOOL_DAYS_MAX * 86400000};
    put(s, "old", (instant){week.ms - 1});
    uint64_t young = put(s, "young", (instant){week.ms + 1});
    CHECK_INT(spool_trim(s, now, NULL), 0);
    CHECK_INT(count(s), 1);
    CHECK_INT(spool_fate(s, young, NULL), SPOOL_WAITS);
    CHECK_INT(lost(s, SPOOL_LOST_OLD), 1);
    uint64_t news[SPOOL_LOSS_N];
    spool_news(s, news);
    CHECK_INT(news[SPOOL_LOST_OLD], 1);
    spool_news(s, news);
    CHECK_INT(news[SPOOL_LOST_OLD], 0);
}

TEST(beyond_its_size_the_oldest_are_dropped_and_counted)
{
    OWNED_SPOOL *s = open_here();
    size_t n = 8 << 20;
    char *body = malloc(n);
    memset(body, 'x', n);
    struct spool_record r = {"http://a:1", "/x", "text/plain", body, n};
    uint64_t number[9];
    for (int i = 0; i < 9; i++)
        CHECK_INT(spool_put(s, &r, now, &number[i], NULL), 0);
    free(body);
    CHECK_INT(count(s), 7); /* an eighth would be 64 MiB and its own first line */
    CHECK_INT(spool_fate(s, number[1], NULL), SPOOL_TAKEN); /* it is gone */
    CHECK_INT(spool_fate(s, number[2], NULL), SPOOL_WAITS);
    CHECK_INT(lost(s, SPOOL_LOST_FULL), 2);
}

TEST(a_record_that_is_too_large_is_told_so)
{
    OWNED_SPOOL *s = open_here();
    struct err err = {0};
    uint64_t number;
    char *body = calloc(1, SPOOL_RECORD_BYTES_MAX);
    struct spool_record r = {"http://a:1", "/x", "text/plain", body,
                             SPOOL_RECORD_BYTES_MAX};
    CHECK_INT(spool_put(s, &r, now, &number, &err), -1);
    CHECK_INT(err.code, EMSGSIZE);
    free(body);
}

TEST(a_refused_record_lies_aside_with_its_answer)
{
    OWNED_SPOOL *s = open_here();
    OWNED_BUF words = {0};
    uint64_t number = put(s, "bad", now);
    CHECK_INT(spool_set_aside(s, number, "400: no such thing", NULL), 0);
    CHECK_INT(count(s), 0);
    CHECK_INT(spool_fate(s, number, &words), SPOOL_REFUSED);
    CHECK_TEXT(buf_text(&words), "400: no such thing");
    CHECK(access(path_of("refused", number, ""), R_OK) == 0);
    CHECK_INT(lost(s, SPOOL_LOST_REFUSED), 1);
    /* and its number is not given to another */
    CHECK(put(s, "next", now) != number);
}

TEST(of_refused_records_the_newest_hundred_stay)
{
    OWNED_SPOOL *s = open_here();
    uint64_t first = 0;
    for (int i = 0; i <= SPOOL_REFUSED_MAX; i++) {
        uint64_t number = put(s, "bad", now);
        first = i == 0 ? number : first;
        CHECK_INT(spool_set_aside(s, number, "400", NULL), 0);
    }
    CHECK(access(path_of("refused", first, ""), F_OK) < 0);
    CHECK(access(path_of("refused", first, ".answer"), F_OK) < 0);
    CHECK_INT(lost(s, SPOOL_LOST_FORGOTTEN), 1);
}

TEST(a_damaged_file_is_set_aside_and_counted)
{
    OWNED_SPOOL *s = open_here();
    OWNED_BUF room = {0};
    struct spool_record got;
    uint64_t cut = put(s, "a body", now), junk = put(s, "another", now);
    CHECK(truncate(path_of("queue", cut, ""), 20) == 0);
    int fd = open(path_of("queue", junk, ""), O_WRONLY | O_TRUNC);
    CHECK(write(fd, "{}\n", 3) == 3);
    close(fd);
    CHECK_INT(spool_read(s, cut, &room, &got, NULL), 0);
    CHECK_INT(spool_read(s, junk, &room, &got, NULL), 0);
    CHECK_INT(count(s), 0);
    CHECK_INT(lost(s, SPOOL_LOST_DAMAGED), 2);
}

TEST(half_written_files_and_strange_names_are_no_records)
{
    OWNED_SPOOL *s = open_here();
    static const char *const names[] = {"queue/.new", "queue/README",
                                        "queue/00000000000000001"};
    for (size_t i = 0; i < 3; i++) {
        char path[1000];
        snprintf(path, sizeof path, "%s/%s", test_dir(), names[i]);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        CHECK(write(fd, "half", 4) == 4);
        close(fd);
    }
    CHECK_INT(count(s), 0);
    put(s, "whole", now);
    CHECK_INT(count(s), 1);
}

TEST(the_directory_is_for_its_user_only)
{
    char dir[900];
    struct stat st;
    snprintf(dir, sizeof dir, "%s/a/b", test_dir());
    OWNED_SPOOL *s = spool_open(dir, NULL);
    CHECK(s != NULL && stat(dir, &st) == 0);
    CHECK_INT(st.st_mode & 0777, 0700);
    struct err err = {0};
    CHECK(spool_open("/dev/null/x", &err) == NULL && err.code == ENOTDIR);
}
