#include "storage/history.h"

#include "tests/test.h"

#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
static const int64_t start_ms = 1795255200000; /* 2026-11-21T10:00:00Z */

struct place {
    struct rrd *rrd;
    struct history *history;
    struct windows *windows;
};

static const char *history_dir(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/history", test_dir());
    return path;
}

static void open_history(struct place *p)
{
    struct err err = {0};
    struct history_spec spec = {.dir = history_dir()};
    p->rrd = rrd_start(history_dir(), &err);
    CHECK_TEXT(err.text, "");
    p->history = history_open(&spec, p->rrd, &err);
    CHECK_TEXT(err.text, "");
    CHECK(p->history != NULL);
}

static void close_history(struct place *p)
{
    history_close(&p->history);
    rrd_stop(&p->rrd);
}

static struct windows *open_windows(int64_t step_ms, uint32_t rows)
{
    struct err err = {0};
    struct windows_spec spec = {
        .path = NULL, .step = {step_ms}, .rows = rows, .bytes_max = 64 << 20};
    struct windows *w = windows_open(&spec, NULL, &err);
    CHECK_TEXT(err.text, "");
    CHECK(w != NULL);
    return w;
}

static struct place open_all(int64_t step_ms, uint32_t rows)
{
    struct place p = {0};
    open_history(&p); /* forks first */
    p.windows = open_windows(step_ms, rows);
    return p;
}

static void close_all(struct place *p)
{
    close_history(p);
    windows_close(&p->windows);
}

static const struct entity host_1 = {.kind = ENTITY_HOST,
                                     .host = "h1",
                                     .service = "pay",
                                     .caller = "",
                                     .callee = "",
                                     .iface = "",
                                     .caller_host = "",
                                     .callee_host = "",
                                     .side = ""};

static void sample(struct place *p, const struct entity *who, const char *metric,
                   enum merge merge, int64_t at_ms, double v)
{
    uint32_t e = windows_entity(p->windows, who);
    uint32_t m = windows_metric(p->windows, metric, strlen(metric), merge);
    float value = (float)v;
    CHECK(e != WINDOWS_NONE && m != WINDOWS_NONE);
    CHECK_INT(
        windows_put(p->windows, e, (instant){start_ms + at_ms}, 1, &m, &value, NULL),
        WINDOWS_PUT_OK);
}

static int64_t flush(struct place *p, int64_t until_ms)
{
    struct err err = {0};
    int64_t rows =
        history_flush(p->history, p->windows, (instant){start_ms + until_ms}, &err);
    CHECK_TEXT(err.text, "");
    return rows;
}

enum { UNIT_METRICS_MAX = 200 };

struct asked {
    struct unit u;
    const char *metric[UNIT_METRICS_MAX];
    enum merge merge[UNIT_METRICS_MAX];
};

/* Reads metrics, given in their sorted order and ended by NULL. */
static void read_past(struct place *p, const struct entity *who, int64_t from_ms,
                      int64_t to_ms, const char *const *metrics, enum merge merge,
                      struct asked *to)
{
    struct err err = {0};
    *to = (struct asked){.u.who = *who};
    for (; metrics[to->u.n_metrics] != NULL; to->u.n_metrics++) {
        to->metric[to->u.n_metrics] = metrics[to->u.n_metrics];
        to->merge[to->u.n_metrics] = merge;
    }
    to->u.metric = to->metric;
    to->u.merge = to->merge;
    CHECK_INT(history_read(p->history, &to->u, (instant){start_ms + from_ms},
                           (instant){start_ms + to_ms}, &err),
              0);
    CHECK_TEXT(err.text, "");
}

static double cell(const struct asked *a, uint32_t row, uint32_t metric)
{
    CHECK(row < a->u.past.rows && metric < a->u.n_metrics);
    return (double)a->u.past.cells[row * a->u.n_metrics + metric];
}

static double one_cell(struct place *p, const struct entity *who, const char *metric,
                       enum merge merge, int64_t at_ms)
{
    const char *names[] = {metric, NULL};
    struct asked a;
    read_past(p, who, at_ms, at_ms + MINUTE, names, merge, &a);
    double v = a.u.past.rows > 0 ? cell(&a, 0, 0) : NAN;
    free(a.u.past.cells);
    return v;
}

/* --- files on disk --- */

static char found[2000];
static int n_found;
static const char *wanted_end;

static int find_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)ftw;
    size_t n = strlen(path), end = strlen(wanted_end);
    if (flag == FTW_F && n > end && strcmp(path + n - end, wanted_end) == 0) {
        snprintf(found, sizeof found, "%s", path);
        n_found++;
    }
    return 0;
}

/* How many files end so; the last one's path is in `found`. */
static int count_files(const char *end)
{
    n_found = 0;
    wanted_end = end;
    nftw(history_dir(), find_one, 16, FTW_PHYS);
    return n_found;
}

static void write_index(const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/index", history_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
}

static const char *read_index(void)
{
    static char text[65536];
    char path[300];
    snprintf(path, sizeof path, "%s/index", history_dir());
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* --- what a minute is --- */

TEST(a_minute_is_the_mean_sum_or_maximum_of_its_samples)
{
    struct place p = open_all(10 * SECOND, 120);
    for (int s = 0; s < 60; s += 10) {
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, s * SECOND, s);
        sample(&p, &host_1, "calls.n", MERGE_SUM, s * SECOND, s);
        sample(&p, &host_1, "lat.max", MERGE_MAX, s * SECOND, -s);
    }
    /* two samples more in one row: the mean is over samples, not over rows */
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 50 * SECOND, 50);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 50 * SECOND, 50);
    CHECK_INT(flush(&p, MINUTE), 3);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 250.0 / 8, 1e-4);
    CHECK_NEAR(one_cell(&p, &host_1, "calls.n", MERGE_SUM, 0), 150, 1e-4);
    CHECK_NEAR(one_cell(&p, &host_1, "lat.max", MERGE_MAX, 0), 0, 0);
    CHECK(isnan(one_cell(&p, &host_1, "cpu.idle", MERGE_MEAN, 0)));
    close_all(&p);
}

TEST(only_finished_minutes_are_written_and_each_once)
{
    struct place p = open_all(SECOND, 1200);
    for (int s = 0; s < 330; s++)
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, s * SECOND, s / 60);
    CHECK_INT(flush(&p, 150 * SECOND), 2);
    CHECK_INT(flush(&p, 150 * SECOND), 0);
    CHECK_INT(flush(&p, 179 * SECOND), 0);
    CHECK_INT(flush(&p, 329 * SECOND), 3);
    for (int m = 0; m < 5; m++)
        CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE), m, 0);
    CHECK(isnan(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 5 * MINUTE)));
    CHECK_INT(history_stats(p.history).rows, 5);
    close_all(&p);
}

TEST(minutes_without_samples_stay_unknown)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 30 * MINUTE, 2);
    CHECK_INT(flush(&p, 40 * MINUTE), 2);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 1, 0);
    CHECK(isnan(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE)));
    CHECK(isnan(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 29 * MINUTE)));
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 30 * MINUTE), 2, 0);
    close_all(&p);
}

TEST(a_long_step_of_the_windows_is_the_histories_too)
{
    struct place p = open_all(90 * SECOND, 120);
    for (int i = 0; i < 100; i++)
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, i * 90 * SECOND, i);
    CHECK_INT(flush(&p, 100 * 90 * SECOND), 100);
    const char *names[] = {"cpu.busy", NULL};
    struct asked a;
    read_past(&p, &host_1, 0, 100 * 90 * SECOND, names, MERGE_MEAN, &a);
    CHECK_INT(a.u.past.step.ms, 90 * SECOND);
    CHECK_INT(a.u.past.rows, 100);
    CHECK_NEAR(cell(&a, 99, 0), 99, 0);
    free(a.u.past.cells);
    close_all(&p);
}

/* --- over days --- */

static void fill_days(struct place *p, int days, enum merge merge)
{
    for (int64_t m = 0; m < days * 1440; m++) {
        sample(p, &host_1, "cpu.busy", merge, m * MINUTE, (double)(m % 1440));
        if (m % 20 == 19 || m == days * 1440 - 1)
            flush(p, (m + 1) * MINUTE);
    }
}

TEST(a_day_is_read_in_minutes_and_a_week_in_five)
{
    struct place p = open_all(MINUTE, 120);
    fill_days(&p, 9, MERGE_SUM);
    const char *names[] = {"cpu.busy", NULL};
    struct asked a;
    read_past(&p, &host_1, 8LL * DAY - 2 * HOUR, 9LL * DAY - 2 * HOUR, names, MERGE_SUM,
              &a);
    CHECK_INT(a.u.past.step.ms, MINUTE);
    CHECK_INT(a.u.past.rows, 1440);
    CHECK_INT(a.u.past.from.ms, start_ms + 8LL * DAY - 2 * HOUR);
    CHECK_NEAR(cell(&a, 0, 0), 1320, 0);
    CHECK_NEAR(cell(&a, 1439, 0), 1319, 0);
    free(a.u.past.cells);
    read_past(&p, &host_1, 2LL * DAY, 9LL * DAY, names, MERGE_SUM, &a);
    CHECK_INT(a.u.past.step.ms, 5 * MINUTE);
    CHECK_INT(a.u.past.rows, 7 * 288);
    CHECK_NEAR(cell(&a, 1, 0), 5 + 6 + 7 + 8 + 9, 1e-3); /* a sum over its own step */
    free(a.u.past.cells);
    read_past(&p, &host_1, 2LL * DAY, 9LL * DAY, names, MERGE_MEAN, &a);
    CHECK_NEAR(cell(&a, 1, 0), 7, 1e-4);
    free(a.u.past.cells);
    read_past(&p, &host_1, -20LL * DAY, 9LL * DAY, names, MERGE_MEAN, &a);
    CHECK_INT(a.u.past.step.ms, HOUR);
    CHECK(isnan(cell(&a, 0, 0)));
    CHECK_NEAR(cell(&a, 20 * 24 + 1, 0), 89.5, 1e-4);
    free(a.u.past.cells);
    close_all(&p);
}

TEST(files_that_reach_back_differently_are_read_at_one_step)
{
    struct place p = open_all(MINUTE, 120);
    fill_days(&p, 3, MERGE_MEAN);
    /* another measurement, young */
    sample(&p, &host_1, "mem.used", MERGE_MEAN, 3LL * DAY, 77);
    flush(&p, 3LL * DAY + MINUTE);
    const char *names[] = {"cpu.busy", "mem.used", NULL};
    struct asked a;
    read_past(&p, &host_1, 0, 3LL * DAY + 5 * MINUTE, names, MERGE_MEAN, &a);
    CHECK_INT(a.u.past.step.ms, 5 * MINUTE);
    CHECK_NEAR(cell(&a, 1, 0), 7, 1e-4);
    CHECK(isnan(cell(&a, 1, 1)));
    CHECK_INT(a.u.past.rows, 3 * 288 + 1);
    free(a.u.past.cells);
    close_all(&p);
}

TEST(a_host_that_fell_silent_is_read_at_the_step_of_the_others)
{
    struct entity silent = host_1;
    silent.host = "h2";
    struct place p = open_all(MINUTE, 120);
    for (int m = 0; m < 6; m++) /* a row of 5 minutes comes when it is complete */
        sample(&p, &silent, "cpu.busy", MERGE_MEAN, m * MINUTE, 5);
    fill_days(&p, 2, MERGE_MEAN);
    const char *names[] = {"cpu.busy", NULL};
    struct asked a, b;
    read_past(&p, &host_1, 0, HOUR, names, MERGE_MEAN, &a);
    read_past(&p, &silent, 0, HOUR, names, MERGE_MEAN, &b);
    CHECK_INT(a.u.past.step.ms, 5 * MINUTE);
    CHECK_INT(b.u.past.step.ms, 5 * MINUTE);
    CHECK_NEAR(cell(&b, 0, 0), 5, 0);
    free(a.u.past.cells);
    free(b.u.past.cells);
    close_all(&p);
}

/* --- restarts --- */

TEST(after_a_restart_it_goes_on_where_it_stopped)
{
    struct place p = open_all(10 * SECOND, 720);
    for (int m = 0; m < 30; m++)
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE, m);
    CHECK_INT(flush(&p, 20 * MINUTE), 20);
    close_history(&p);
    open_history(&p);
    CHECK_INT(flush(&p, 30 * MINUTE), 10);
    CHECK_INT(count_files(".rrd"), 1);
    for (int m = 0; m < 30; m++)
        CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE), m, 0);
    close_all(&p);
}

TEST(a_metric_that_comes_later_joins_its_file)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    CHECK_INT(flush(&p, MINUTE), 1);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE, 2);
    sample(&p, &host_1, "cpu.idle", MERGE_MEAN, MINUTE, 3);
    CHECK_INT(flush(&p, 2 * MINUTE), 1);
    CHECK_INT(count_files(".rrd"), 1);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 1, 0);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE), 2, 0);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.idle", MERGE_MEAN, MINUTE), 3, 0);
    CHECK(isnan(one_cell(&p, &host_1, "cpu.idle", MERGE_MEAN, 0)));
    CHECK_INT(history_stats(p.history).set_aside, 0);
    close_all(&p);
}

TEST(other_numbers_and_another_order_after_a_restart_hit_the_same_sources)
{
    static const char *const names[] = {"cpu.a", "cpu.b", "cpu.c", "mem.a"};
    struct place p = open_all(10 * SECOND, 720);
    for (int i = 0; i < 4; i++)
        sample(&p, &host_1, names[i], MERGE_MEAN, 0, i);
    CHECK_INT(flush(&p, MINUTE), 2);
    close_all(&p);
    p = open_all(10 * SECOND, 720); /* windows lost: all is numbered anew */
    sample(&p, &host_1, "cpu.new", MERGE_MEAN, MINUTE, 99);
    sample(&p, &host_1, "cpu.c", MERGE_MEAN, MINUTE, 12);
    CHECK_INT(flush(&p, 2 * MINUTE), 1);
    for (int i = 3; i >= 0; i--) /* a measurement that shows up again only now */
        sample(&p, &host_1, names[i], MERGE_MEAN, 2 * MINUTE, 20 + i);
    CHECK_INT(flush(&p, 3 * MINUTE), 2);
    CHECK_INT(count_files(".rrd"), 2);
    CHECK_INT(history_stats(p.history).set_aside, 0);
    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(one_cell(&p, &host_1, names[i], MERGE_MEAN, 0), i, 0);
        CHECK_NEAR(one_cell(&p, &host_1, names[i], MERGE_MEAN, 2 * MINUTE), 20 + i, 0);
    }
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.c", MERGE_MEAN, MINUTE), 12, 0);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.new", MERGE_MEAN, MINUTE), 99, 0);
    close_all(&p);
}

/* --- many metrics, many entities --- */

TEST(more_metrics_than_a_file_holds_go_into_further_files)
{
    enum { N = 150 };
    static char name[N][20];
    const char *names[N + 1] = {NULL};
    struct place p = open_all(10 * SECOND, 720);
    for (int i = 0; i < N; i++) {
        snprintf(name[i], sizeof name[i], "disk.%03d", i);
        names[i] = name[i];
    }
    for (int m = 0; m < 3; m++) {
        for (int i = 0; i < N; i++)
            sample(&p, &host_1, name[i], MERGE_MEAN, m * MINUTE, m * 1000 + i);
        CHECK_INT(flush(&p, (m + 1) * MINUTE), 3);
        close_history(&p);
        open_history(&p);
    }
    CHECK_INT(count_files(".rrd"), 3);
    struct asked a;
    read_past(&p, &host_1, 0, 3 * MINUTE, names, MERGE_MEAN, &a);
    CHECK_INT(a.u.past.rows, 3);
    for (uint32_t m = 0; m < 3; m++)
        for (uint32_t i = 0; i < N; i++)
            CHECK_NEAR(cell(&a, m, i), m * 1000 + i, 0);
    free(a.u.past.cells);
    close_all(&p);
}

TEST(each_entity_has_files_of_its_own)
{
    struct entity who[6];
    for (int i = 0; i < 6; i++)
        who[i] = host_1;
    who[1].service = "";
    who[2].host = "h2";
    who[3].kind = ENTITY_SERVICE;
    who[3].host = "";
    who[4] = (struct entity){.kind = ENTITY_EDGE,
                             .host = "",
                             .service = "",
                             .caller = "web",
                             .callee = "pay",
                             .iface = "/confirm",
                             .caller_host = "",
                             .callee_host = "",
                             .side = "client"};
    who[5] = who[4];
    who[5].side = "server";
    struct place p = open_all(10 * SECOND, 720);
    for (int i = 0; i < 6; i++) {
        sample(&p, &who[i], "calls.n", MERGE_SUM, 0, i);
        sample(&p, &who[i], "lat.mean", MERGE_MEAN, 0, 10 + i);
    }
    CHECK_INT(flush(&p, MINUTE), 4 * 2 + 2); /* an edge's metrics lie together */
    CHECK_INT(count_files(".rrd"), 10);
    for (int i = 0; i < 6; i++) {
        CHECK_NEAR(one_cell(&p, &who[i], "calls.n", MERGE_SUM, 0), i, 0);
        CHECK_NEAR(one_cell(&p, &who[i], "lat.mean", MERGE_MEAN, 0), 10 + i, 0);
    }
    struct entity stranger = host_1;
    stranger.host = "h3";
    CHECK(isnan(one_cell(&p, &stranger, "calls.n", MERGE_SUM, 0)));
    close_all(&p);
}

static int check_path(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st, (void)flag;
    if (ftw->level > 0 && strcmp(path + ftw->base, "index") != 0 &&
        strcmp(path + ftw->base, "scratch") != 0)
        for (const char *c = path + ftw->base; *c != '\0'; c++)
            if (!isxdigit((unsigned char)*c) && strcmp(c, ".rrd") != 0 &&
                strcmp(c, "rrd") != 0 && strcmp(c, "rd") != 0)
                return 1;
    return 0;
}

TEST(no_name_of_a_stranger_is_a_name_of_a_file)
{
    struct entity evil = host_1;
    evil.host = "../../../etc/passwd";
    evil.service = "a/b";
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &evil, "../x.y{a=\"/\"}", MERGE_MEAN, 0, 5);
    sample(&p, &evil, ".", MERGE_MEAN, 0, 6);
    sample(&p, &evil, "%s:%n\\", MERGE_MEAN, 0, 7);
    CHECK_INT(flush(&p, MINUTE), 2); /* two have the measurement "" */
    CHECK_INT(nftw(history_dir(), check_path, 16, FTW_PHYS), 0);
    CHECK_NEAR(one_cell(&p, &evil, "../x.y{a=\"/\"}", MERGE_MEAN, 0), 5, 0);
    CHECK_NEAR(one_cell(&p, &evil, ".", MERGE_MEAN, 0), 6, 0);
    CHECK_NEAR(one_cell(&p, &evil, "%s:%n\\", MERGE_MEAN, 0), 7, 0);
    close_all(&p);
}

/* --- damage --- */

static void damage(const char *path)
{
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0);
    CHECK_INT(pwrite(fd, "garbage garbage", 15, 0), 15);
    close(fd);
}

TEST(a_damaged_file_is_set_aside_and_a_new_one_begun)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    CHECK_INT(flush(&p, MINUTE), 1);
    CHECK_INT(count_files(".rrd"), 1);
    damage(found);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE, 2);
    sample(&p, &host_1, "mem.used", MERGE_MEAN, MINUTE, 3);
    CHECK_INT(flush(&p, 2 * MINUTE), 2);
    CHECK_INT(history_stats(p.history).set_aside, 1);
    CHECK_INT(count_files(".damaged"), 1);
    CHECK_INT(count_files(".rrd"), 2);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE), 2, 0);
    CHECK_NEAR(one_cell(&p, &host_1, "mem.used", MERGE_MEAN, MINUTE), 3, 0);
    close_all(&p);
}

TEST(a_damaged_file_met_after_a_restart_or_by_a_reader_is_set_aside)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    CHECK_INT(flush(&p, MINUTE), 1);
    CHECK_INT(count_files(".rrd"), 1);
    close_history(&p);
    damage(found);
    open_history(&p);
    CHECK(isnan(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0)));
    CHECK_INT(history_stats(p.history).set_aside, 1);
    CHECK_INT(flush(&p, MINUTE), 1); /* the windows still have it */
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 1, 0);
    close_history(&p);
    CHECK_INT(count_files(".rrd"), 1);
    damage(found);
    open_history(&p);
    CHECK_INT(flush(&p, MINUTE), 1);
    CHECK_INT(history_stats(p.history).set_aside, 1);
    close_all(&p);
}

TEST(what_could_not_be_written_is_written_by_a_later_flush)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    CHECK_INT(flush(&p, MINUTE), 1);
    CHECK_INT(count_files(".rrd"), 1);
    char path[2000], away[2100];
    snprintf(path, sizeof path, "%s", found);
    snprintf(away, sizeof away, "%s/away", test_dir());
    CHECK_INT(rename(path, away), 0);
    CHECK_INT(mkdir(path, 0700), 0); /* a folder in its place */
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE, 2);
    struct err err = {0};
    CHECK_INT(
        history_flush(p.history, p.windows, (instant){start_ms + 2 * MINUTE}, &err),
        -1);
    CHECK(strstr(err.text, "is no file") != NULL);
    CHECK_INT(history_stats(p.history).failures, 1);
    CHECK_INT(rmdir(path), 0);
    CHECK_INT(rename(away, path), 0);
    CHECK_INT(flush(&p, 2 * MINUTE), 1);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 1, 0);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE), 2, 0);
    close_all(&p);
}

TEST(a_killed_child_loses_no_minute)
{
    struct place p = open_all(10 * SECOND, 720);
    for (int m = 0; m < 40; m++) {
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE, m);
        pid_t pid = rrd_child(p.rrd);
        if (m % 4 == 3 && pid > 1)
            kill(pid, SIGKILL);
        history_flush(p.history, p.windows, (instant){start_ms + (m + 1) * MINUTE},
                      NULL);
    }
    flush(&p, 40 * MINUTE);
    CHECK(rrd_restarts(p.rrd) > 0);
    CHECK_INT(history_stats(p.history).rows, 40);
    for (int m = 0; m < 40; m++)
        CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE), m, 0);
    close_all(&p);
}

/* --- the index --- */

TEST(the_index_says_whose_each_file_is)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    flush(&p, MINUTE);
    sample(&p, &host_1, "cpu.idle", MERGE_MEAN, MINUTE, 1);
    flush(&p, 2 * MINUTE);
    flush(&p, 3 * MINUTE);
    CHECK_INT(count_files(".rrd"), 1);
    const char *digest = strrchr(found, '/') + 1, *text = read_index();
    char want[600];
    snprintf(want, sizeof want,
             "%.64s 1 {\"kind\":\"host\",\"host\":\"h1\",\"service\":\"pay\","
             "\"measurement\":\"cpu\",\"part\":0,\"sources\":{\"m",
             digest);
    CHECK(strncmp(text, want, strlen(want)) == 0);
    CHECK(strstr(text, "\":\"cpu.busy\"}}\n") != NULL);
    CHECK(strstr(text, "\":\"cpu.idle\"}}\n") != NULL);
    close_all(&p);
}

TEST(a_lost_or_damaged_index_is_written_again)
{
    struct place p = open_all(10 * SECOND, 720);
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 1);
    sample(&p, &host_1, "mem.used", MERGE_MEAN, 0, 1);
    flush(&p, MINUTE);
    char before[4096];
    snprintf(before, sizeof before, "%s", read_index());
    close_history(&p);
    write_index("no line of ours\n");
    open_history(&p);
    CHECK_INT(history_stats(p.history).set_aside, 1);
    CHECK_TEXT(read_index(), "");
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, MINUTE, 1);
    flush(&p, 2 * MINUTE);
    CHECK_TEXT(read_index(), before);
    close_all(&p);
}

/* --- the rest --- */

TEST(archives_that_make_no_sense_are_refused)
{
    static const struct rrd_archive bad[][4] = {
        {{{500}, 10}},
        {{{MINUTE}, 0}},
        {{{5 * MINUTE}, 10}, {{MINUTE}, 10}},
        {{{MINUTE}, 10}, {{90 * SECOND}, 10}},
    };
    struct place p = {0};
    open_history(&p);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        struct history_spec spec = {.dir = history_dir()};
        memcpy(spec.archives, bad[i], sizeof bad[i]);
        CHECK(history_open(&spec, p.rrd, &err) == NULL);
        CHECK(strstr(err.text, "archives[") == err.text);
    }
    close_history(&p);
}

static void *read_often(void *arg)
{
    struct place *p = arg;
    for (int i = 0; i < 100; i++)
        one_cell(p, &host_1, "cpu.busy", MERGE_MEAN, 0);
    return NULL;
}

TEST(readers_and_the_flushing_thread_do_not_disturb_each_other)
{
    struct place p = open_all(10 * SECOND, 720);
    pthread_t thread[2];
    sample(&p, &host_1, "cpu.busy", MERGE_MEAN, 0, 42);
    flush(&p, MINUTE);
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, read_often, &p), 0);
    for (int m = 1; m < 60; m++) {
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, m * MINUTE, m);
        CHECK_INT(flush(&p, (m + 1) * MINUTE), 1);
    }
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_join(thread[i], NULL), 0);
    CHECK_NEAR(one_cell(&p, &host_1, "cpu.busy", MERGE_MEAN, 0), 42, 0);
    close_all(&p);
}

/* --- looking on --- */

TEST(history_is_read_beside_the_service_and_a_damaged_file_stays_where_it_is)
{
    struct place p = open_all(MINUTE, 60);
    for (int i = 0; i < 30; i++)
        sample(&p, &host_1, "cpu.busy", MERGE_MEAN, i * MINUTE, i);
    CHECK(flush(&p, 30 * MINUTE) > 0);
    const char *index = read_index();
    OWNED_BUF before = {0};
    buf_add(&before, index);

    struct err err = {0};
    struct place on = {0};
    struct history_spec spec = {
        .dir = history_dir(), .peek = true, .last = {start_ms + 30 * MINUTE}};
    on.rrd = rrd_start(history_dir(), &err);
    on.history = history_open(&spec, on.rrd, &err);
    CHECK_TEXT(err.text, "");
    CHECK_NEAR(one_cell(&on, &host_1, "cpu.busy", MERGE_MEAN, 7 * MINUTE), 7, 1e-6);
    /* ages as the service has them: what is older than a day has 5-minute rows */
    instant long_ago = {start_ms - 2 * (int64_t)DAY};
    CHECK_INT(history_step(on.history, long_ago, (instant){long_ago.ms + HOUR}).ms,
              5 * MINUTE);
    instant now = {start_ms};
    CHECK_INT(history_step(on.history, now, (instant){now.ms + HOUR}).ms, MINUTE);

    CHECK_INT(count_files(".rrd"), 1);
    FILE *f = fopen(found, "w"); /* the service's own file, broken under its feet */
    CHECK(f != NULL && fputs("broken", f) >= 0);
    fclose(f);
    CHECK(isnan(one_cell(&on, &host_1, "cpu.busy", MERGE_MEAN, 7 * MINUTE)));
    CHECK_INT(count_files(".damaged"), 0);
    close_history(&on);
    CHECK_TEXT(read_index(), buf_text(&before));
    close_all(&p);
}
