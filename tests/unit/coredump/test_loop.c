/* tests of programs/coredump/loop */
#include "programs/coredump/loop.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct loop_rule RULE = {3, {600000}, {60000}};

static instant at(int64_t s)
{
    return (instant){1795255200000 + s * 1000};
}

static const char *dir(void)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/loop", test_dir());
    return path;
}

static struct loop *opened(const char *exe, int signal)
{
    struct err err = {0};
    struct loop *l = loop_open(dir(), exe, signal, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

static bool crash(const char *exe, int signal, int64_t s)
{
    struct loop *l = opened(exe, signal);
    bool wants = loop_crash(l, &RULE, at(s), 100 + s);
    if (wants)
        loop_keep(l, "{\"a\": \"\xc3\xa4\"}");
    CHECK_INT(loop_close(&l, NULL), 0);
    CHECK(l == NULL);
    return wants;
}

TEST(the_first_crashes_are_told_and_the_rest_are_counted_until_they_are_due)
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(crash("/bin/a", 11, i), i < 3);
    CHECK(crash("/bin/a", 6, 10)); /* another signal, another program */
    CHECK(crash("/bin/b", 11, 10));
    struct loop *l = opened("/bin/a", 11);
    CHECK_INT(loop_due(l, &RULE, at(62)), 0); /* counted from the fourth on, second 3 */
    CHECK_INT(loop_due(l, &RULE, at(63)), 7);
    CHECK_INT(loop_last(l).time.ms, at(9).ms);
    CHECK_INT(loop_last(l).pid, 109);
    CHECK_TEXT(loop_record(l), "{\"a\": \"\xc3\xa4\"}");
    loop_told(l);
    loop_close(&l, NULL);
    l = opened("/bin/a", 11);
    CHECK_INT(loop_due(l, &RULE, at(6000)), 0);
    loop_close(&l, NULL);
}

TEST(in_a_loop_one_stack_a_minute_is_taken_and_after_a_while_all_begins_anew)
{
    for (int i = 0; i < 5; i++)
        CHECK_INT(crash("/bin/a", 11, i), i < 3);
    CHECK(!crash("/bin/a", 11, 61)); /* the last stack was at 2 */
    CHECK(crash("/bin/a", 11, 62));
    CHECK(!crash("/bin/a", 11, 63));
    for (int i = 0; i < 5; i++)
        CHECK_INT(crash("/bin/a", 11, 600 + i), i < 3);
    CHECK(crash("/bin/a", 11, -50)); /* the clock was set back */
}

static size_t seen;
static int64_t due;

static void look(struct loop *l, struct loop_walk *walk)
{
    seen++;
    due += loop_due(l, walk->rule, walk->now);
    loop_told(l);
}

TEST(a_walk_sees_every_program_and_forgets_those_that_are_quiet)
{
    struct err err = {0};
    for (int i = 0; i < 5; i++)
        crash("/bin/a", 11, i);
    crash("/bin/b", 11, 0);
    struct loop_walk walk = {&RULE, at(599), look};
    CHECK_INT(loop_each(dir(), &walk, &err), 2);
    CHECK_INT(due, 2);
    CHECK_INT(loop_each(dir(), &walk, &err), 2);
    CHECK_INT(due, 2);
    walk.now = at(700);
    CHECK_INT(loop_each(dir(), &walk, &err), 2);
    CHECK_INT(loop_each(dir(), &walk, &err), 0);
    CHECK_INT(seen, 6);
}

TEST(a_damaged_file_is_a_program_that_never_crashed)
{
    char command[600];
    for (int i = 0; i < 4; i++)
        crash("/bin/a", 11, i);
    snprintf(command, sizeof command,
             "cd %s && for f in *; do echo '{\"told\": ' >$f; done", dir());
    CHECK_INT(system(command), 0);
    CHECK(crash("/bin/a", 11, 5));
}

TEST(another_one_that_holds_the_lock_is_waited_for_and_no_longer)
{
    struct err err = {0};
    struct loop *l = opened("/bin/a", 11);
    CHECK(loop_open(dir(), "/bin/b", 11, &err) == NULL);
    CHECK(strstr(err.text, "cannot be locked") != NULL);
    loop_close(&l, NULL);
    l = opened("/bin/b", 11);
    loop_close(&l, NULL);
}
