/* tests of base/log */
#include "base/log.h"
#include "tests/test.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What `run` logs: stderr goes to a file meanwhile. */
static const char *logged(void (*run)(void))
{
    static char text[1 << 18];
    char path[256];
    snprintf(path, sizeof path, "%s/log", test_dir());
    FILE *f = fopen(path, "w+");
    CHECK(f != NULL);
    fflush(stderr);
    int keep = dup(STDERR_FILENO);
    CHECK(keep >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
    run();
    dup2(keep, STDERR_FILENO);
    close(keep);
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void one_of_each(void)
{
    log_error("e%d", 1);
    log_warn("w");
    log_info("i");
    log_debug("d");
}

TEST(under_journald_each_line_has_its_priority)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_set_level(LOG_LEVEL_DEBUG);
    const char *text = logged(one_of_each);
    log_set_level(LOG_LEVEL_INFO);
    unsetenv("JOURNAL_STREAM");
    CHECK_TEXT(text, "<3>e1\n<4>w\n<6>i\n<7>d\n");
}

TEST(elsewhere_each_line_has_time_name_and_level)
{
    unsetenv("JOURNAL_STREAM");
    log_set_name("tested");
    const char *text = logged(one_of_each);
    CHECK(isdigit((unsigned char)text[0]) && text[4] == '-' && text[10] == 'T');
    CHECK(strstr(text, "Z tested error: e1\n") != NULL);
    CHECK(strstr(text, "Z tested info: i\n") != NULL);
    CHECK(strstr(text, "debug") == NULL);
}

TEST(lines_above_the_level_are_left_out)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_set_level(LOG_LEVEL_ERROR);
    const char *text = logged(one_of_each);
    log_set_level(LOG_LEVEL_INFO);
    unsetenv("JOURNAL_STREAM");
    CHECK_TEXT(text, "<3>e1\n");
}

static void forge(void)
{
    log_error("name '%s'", "x\n<0>forged\r\x1b[31m\x7f");
}

TEST(nobodys_data_forges_a_line)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    const char *text = logged(forge);
    unsetenv("JOURNAL_STREAM");
    CHECK_TEXT(text, "<3>name 'x <0>forged  [31m '\n");
}

static void very_long(void)
{
    log_error("%5000d", 1);
    log_error("next");
}

TEST(a_very_long_line_is_cut_and_still_ends)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    const char *text = logged(very_long);
    unsetenv("JOURNAL_STREAM");
    const char *end = strchr(text, '\n');
    CHECK(end != NULL && end - text < 2048 && end - text > 2000);
    CHECK_TEXT(end + 1, "<3>next\n");
}

enum { THREADS = 4, LINES = 200 };

static void *many_lines(void *arg)
{
    (void)arg;
    for (int i = 0; i < LINES; i++)
        log_error("a line of which nothing may be missing");
    return NULL;
}

static void many_threads(void)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, many_lines, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

TEST(lines_of_several_threads_do_not_mix)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    const char *text = logged(many_threads);
    unsetenv("JOURNAL_STREAM");
    static const char line[] = "<3>a line of which nothing may be missing\n";
    for (int i = 0; i < THREADS * LINES; i++, text += sizeof line - 1)
        CHECK(strncmp(text, line, sizeof line - 1) == 0);
    CHECK_TEXT(text, "");
}
