/* tests of storage/history_prune: real RRD files, and times set by hand */
#include "storage/history_prune.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
static const int64_t DAY = 86400000;

static const char *dir(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/history", test_dir());
    return path;
}

static struct rrd *started(void)
{
    struct err err = {0};
    struct rrd *r = rrd_start(dir(), &err);
    CHECK_TEXT(err.text, "");
    return r;
}

static const char *path_of(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", dir(), name);
    return path;
}

/* When a file was last written, in days before now. */
static void set_written(const char *name, int days)
{
    time_t at = (time_t)((NOW.ms - days * DAY) / 1000);
    struct timespec times[2] = {{at, 0}, {at, 0}};
    CHECK(utimensat(AT_FDCWD, path_of(name), times, 0) == 0);
}

/* A file whose last row was so many days ago. */
static void put(struct rrd *r, const char *name, int days)
{
    static const struct rrd_source source = {"m1"};
    static const struct rrd_archive archive = {{60000}, 100};
    struct rrd_file f = {name, {60000}, 1, &source, &archive, 1};
    instant at = {(NOW.ms - days * DAY) / 60000 * 60000};
    double v = 7;
    struct err err = {0};
    CHECK(rrd_put(r, &f, &at, &v, 1, NULL, &err) == 0);
    CHECK_TEXT(err.text, "");
    set_written(name, days);
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void whole_round(struct history_prune *p, int days)
{
    struct err err = {0};
    int steps = 0;
    while (!history_prune_step(p, (instant){NOW.ms - days * DAY}, &err))
        CHECK(++steps < 1000);
    CHECK_TEXT(err.text, "");
    CHECK(p->failures == 0);
}

TEST(files_that_nobody_adds_to_go_and_the_others_stay)
{
    struct rrd *r = started();
    struct history_prune p = {.dir = dir(), .rrd = r};
    put(r, "ab/cd/01.rrd", 31);
    put(r, "ab/cd/02.rrd", 29);
    put(r, "ff/ff/03.rrd", 40);
    put(r, "00/00/04.rrd", 0);
    set_written("00/00/04.rrd", 300); /* its own last row says better */
    whole_round(&p, 30);
    CHECK(!is_there("ab/cd/01.rrd") && !is_there("ff/ff/03.rrd"));
    CHECK(is_there("ab/cd/02.rrd") && is_there("00/00/04.rrd"));
    CHECK_INT((long long)p.deleted, 2);
    put(r, "ab/cd/01.rrd", 0); /* its host is back */
    whole_round(&p, 30);
    CHECK(is_there("ab/cd/01.rrd"));
    CHECK_INT((long long)p.deleted, 2);
    rrd_stop(&r);
}

TEST(what_was_set_aside_goes_and_what_is_not_ours_stays)
{
    static const char *const name[] = {"ab/cd/05.rrd.damaged", "ab/cd/notes.txt",
                                       "ab/cd/06.rrd"};
    struct rrd *r = started();
    struct history_prune p = {.dir = dir(), .rrd = r};
    put(r, "ab/cd/07.rrd", 0); /* makes the folders */
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        FILE *f = fopen(path_of(name[i]), "w");
        CHECK(f != NULL && fputs("junk", f) >= 0 && fclose(f) == 0);
        set_written(name[i], 100);
    }
    CHECK(symlink("/nowhere", path_of("ab/cd/08.rrd")) == 0);
    whole_round(&p, 30);
    CHECK(!is_there("ab/cd/05.rrd.damaged"));
    CHECK(is_there("ab/cd/notes.txt"));
    CHECK(is_there("ab/cd/06.rrd")); /* damaged, but not set aside yet */
    CHECK_INT((long long)p.deleted, 1);
    rrd_stop(&r);
}

TEST(a_step_is_bounded)
{
    enum { MANY = 2 * HISTORY_PRUNE_FILES };
    struct rrd *r = started();
    struct history_prune p = {.dir = dir(), .rrd = r};
    put(r, "00/00/00.rrd", 40);
    for (int i = 0; i < MANY; i++) {
        char name[40];
        snprintf(name, sizeof name, "00/%02x", i / 50);
        mkdir(path_of(name), 0700);
        snprintf(name, sizeof name, "00/%02x/%04x.rrd.damaged", i / 50, i);
        int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && close(fd) == 0);
        set_written(name, 40);
    }
    CHECK(!history_prune_step(&p, (instant){NOW.ms - 30 * DAY}, NULL));
    CHECK(p.deleted >= HISTORY_PRUNE_FILES - 50 &&
          p.deleted <= HISTORY_PRUNE_FILES + 50);
    whole_round(&p, 30);
    CHECK_INT((long long)p.deleted, MANY + 1);
    rrd_stop(&r);
}
