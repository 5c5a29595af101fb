/* One file through all that becomes of logs: no line twice, none left out. */
#include "programs/agent/follow.h"

#include "base/buf.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[600], other[700];
static struct buf got;
static struct agent_reader r;

static void on_line(void *arg, const char *text, size_t n)
{
    (void)arg;
    buf_add_n(&got, text, n);
    buf_add_ch(&got, '|');
}

static void begin(void)
{
    snprintf(path, sizeof path, "%s/access.log", test_dir());
    snprintf(other, sizeof other, "%s.1", path);
    r = (struct agent_reader){.line = on_line, .line_max = 1000};
}

static void put(const char *to, const char *mode, const char *text)
{
    FILE *f = fopen(to, mode);
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void check_reads(struct agent_follow *f, enum agent_follow_step step,
                        const char *lines)
{
    r.bytes_left = 1 << 20;
    CHECK_INT(agent_follow_read(f, &r), step);
    CHECK_TEXT(buf_text(&got), lines);
    buf_free(&got);
}

TEST(lines_are_given_whole_and_once)
{
    begin();
    put(path, "w", "old\nhalf");
    struct agent_follow *f = agent_follow_open(path, true, NULL);
    check_reads(f, AGENT_FOLLOW_END, "");
    put(path, "a", " a line\r\n\nnext\nbegun");
    check_reads(f, AGENT_FOLLOW_END, "half a line||next|");
    check_reads(f, AGENT_FOLLOW_END, "");
    agent_follow_rest(f, &r);
    CHECK_TEXT(buf_text(&got), "begun|");
    buf_free(&got);
    agent_follow_free(&f);
    CHECK(f == NULL);
}

TEST(a_line_that_is_too_long_is_counted_and_skipped)
{
    char *lots = calloc(1, 100001);
    memset(lots, 'x', 100000);
    begin();
    put(path, "w", "a\n");
    put(path, "a", lots);
    struct agent_follow *f = agent_follow_open(path, false, NULL);
    check_reads(f, AGENT_FOLLOW_END, "a|");
    CHECK_INT(r.too_long, 0);
    CHECK(agent_follow_mark(f)->inside);
    struct agent_mark mark = *agent_follow_mark(f);
    agent_follow_free(&f);
    f = agent_follow_find(path, &mark); /* also after a restart */
    put(path, "a", "tail\nb\n");
    check_reads(f, AGENT_FOLLOW_END, "b|");
    CHECK_INT(r.too_long, 1);
    agent_follow_free(&f);
    free(lots);
}

TEST(no_more_is_read_than_may_be)
{
    begin();
    put(path, "w", "");
    for (int i = 0; i < 20000; i++)
        put(path, "a", "12345\n");
    struct agent_follow *f = agent_follow_open(path, false, NULL);
    size_t lines = 0;
    int turns = 0;
    for (enum agent_follow_step s = AGENT_FOLLOW_MORE; s == AGENT_FOLLOW_MORE;
         turns++) {
        r.bytes_left = 1000;
        s = agent_follow_read(f, &r);
        lines += got.len / 6;
        buf_free(&got);
    }
    CHECK_INT(lines, 20000);
    CHECK_INT(turns, 5); /* 120000 bytes in pieces of 32 KiB, and the end */
    agent_follow_free(&f);
}

TEST(a_renamed_file_is_read_on_and_found_again)
{
    begin();
    put(path, "w", "one\n");
    struct agent_follow *f = agent_follow_open(path, false, NULL);
    check_reads(f, AGENT_FOLLOW_END, "one|");
    CHECK(agent_follow_in_place(f));
    CHECK(rename(path, other) == 0);
    put(other, "a", "two\n");
    CHECK(!agent_follow_in_place(f));
    check_reads(f, AGENT_FOLLOW_END, "two|");
    struct agent_mark mark = *agent_follow_mark(f);
    agent_follow_free(&f);
    put(path, "w", "new\n");
    put(other, "a", "three\n");
    f = agent_follow_find(path, &mark);
    CHECK(f != NULL);
    check_reads(f, AGENT_FOLLOW_END, "three|");
    agent_follow_free(&f);
    CHECK(unlink(other) == 0);
    CHECK(agent_follow_find(path, &mark) == NULL);
}

TEST(after_a_truncation_the_rest_is_in_the_copy)
{
    begin();
    put(path, "w", "one\n");
    struct agent_follow *f = agent_follow_open(path, false, NULL);
    check_reads(f, AGENT_FOLLOW_END, "one|");
    put(other, "w", "one\ntwo\n");
    CHECK(truncate(path, 0) == 0);
    put(path, "a", "ONE longer than before\n"); /* the place is within it again */
    check_reads(f, AGENT_FOLLOW_CUT, "");
    bool found;
    struct agent_follow *rest = agent_follow_restart(f, &found);
    CHECK(found && rest != NULL && !agent_follow_in_place(rest));
    check_reads(rest, AGENT_FOLLOW_END, "two|");
    check_reads(f, AGENT_FOLLOW_END, "ONE longer than before|");
    agent_follow_free(&rest);
    CHECK(truncate(path, 0) == 0);
    check_reads(f, AGENT_FOLLOW_CUT, "");
    rest = agent_follow_restart(f, &found);
    CHECK(!found && rest == NULL);
    check_reads(f, AGENT_FOLLOW_END, "");
    agent_follow_free(&f);
}

TEST(a_copy_is_known_as_one)
{
    begin();
    put(path, "w", "one\ntwo\n");
    put(other, "w", "one\ntwo\nthree\n");
    struct agent_follow *f = agent_follow_open(path, false, NULL),
                        *copy = agent_follow_open(other, false, NULL);
    CHECK(!agent_follow_alike(f, copy)); /* nothing is known yet */
    check_reads(f, AGENT_FOLLOW_END, "one|two|");
    CHECK(agent_follow_alike(f, copy));
    check_reads(copy, AGENT_FOLLOW_END, "one|two|three|");
    CHECK(!agent_follow_alike(copy, f));
    agent_follow_free(&f);
    agent_follow_free(&copy);
}

TEST(only_plain_files_are_opened)
{
    struct err err = {0};
    begin();
    CHECK(agent_follow_open("/dev/null", false, &err) == NULL);
    CHECK(strstr(err.text, "is no plain file") != NULL);
    err = (struct err){0};
    CHECK(agent_follow_open(path, false, &err) == NULL && err.code != 0);
}
