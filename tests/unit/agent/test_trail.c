/* The files of one entry: found, woken for, marked, and looked at without inotify. */
#include "programs/agent/trail.h"

#include "base/buf.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static char glob[600], marks[600];
static const char *const globs[] = {glob};
static struct loop *l;
static struct buf got;
static struct agent_reader r;
static struct agent_trail *t;

static void on_line(void *arg, const char *text, size_t n)
{
    (void)arg;
    buf_add_n(&got, text, n);
    buf_add_ch(&got, '|');
}

static void on_woken(void *arg)
{
    (void)arg;
    r.bytes_left = 1 << 20;
    agent_trail_read(t, &r, false);
}

static void put(const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    FILE *f = fopen(path, "a");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void set_up(void)
{
    l = loop_new();
    snprintf(glob, sizeof glob, "%s/*.log", test_dir());
    snprintf(marks, sizeof marks, "%s/marks", test_dir());
    r = (struct agent_reader){.line = on_line, .line_max = 1000};
    buf_free(&got);
}

static int begin(struct err *err)
{
    struct agent_trail_spec spec = {
        .loop = l, .globs = globs, .n = 1, .marks = marks, .woke = on_woken};
    t = agent_trail_new(&spec, NULL);
    return agent_trail_begin(t, err);
}

/* Turns until so much was read. */
static void wait_for(const char *lines)
{
    while (strlen(buf_text(&got)) < strlen(lines))
        loop_turn(l);
    CHECK_TEXT(buf_text(&got), lines);
    buf_free(&got);
}

static void tear_down(void)
{
    agent_trail_free(&t);
    CHECK(t == NULL);
    loop_free(&l);
}

TEST(it_is_woken_for_lines_and_for_files_that_appear)
{
    set_up();
    put("a.log", "old\n");
    CHECK_INT(begin(NULL), 0);
    put("a.log", "new\n");
    wait_for("new|");
    put("b.txt", "not ours\n");
    put("b.log", "from its start\n");
    wait_for("from its start|");
    CHECK_INT(agent_trail_stats(t).files, 2);
    tear_down();
}

TEST(marks_outlive_it_and_damaged_ones_are_told)
{
    struct err err = {0};
    set_up();
    put("a.log", "old\n");
    CHECK_INT(begin(NULL), 0);
    put("a.log", "one\n");
    wait_for("one|");
    CHECK_INT(agent_trail_save(t, NULL), 0);
    put("a.log", "two\n");
    agent_trail_free(&t);
    CHECK_INT(begin(NULL), 0);
    on_woken(NULL);
    wait_for("two|");
    agent_trail_free(&t);
    put("marks", "1 2 3 x\n");
    CHECK_INT(begin(&err), -1);
    CHECK(strstr(err.text, "/marks:3: is no mark") != NULL);
    on_woken(NULL);
    CHECK_TEXT(buf_text(&got), ""); /* from the end */
    put("a.log", "three\n");
    wait_for("three|");
    tear_down();
}

TEST(without_inotify_it_looks_each_second)
{
    struct rlimit was, none = {0};
    set_up();
    put("a.log", "all of it\n");
    CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
    none.rlim_max = was.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_INT(begin(NULL), -1); /* nothing can be opened, inotify neither */
    CHECK_INT(agent_trail_stats(t).files, 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
    wait_for("all of it|");
    put("a.log", "more\n");
    wait_for("more|");
    tear_down();
}
