#include "storage/rrd.h"

#include "storage/child.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_A                                                                         \
    "ab/cd/00000000000000000000000000000000000000000000000000000000000000aa.rrd"

enum { MINUTE = 60000 };
static const int64_t start_ms = 1795255200000; /* 2026-11-21T10:00:00Z */
static const struct rrd_archive days[] = {
    {{MINUTE}, 1680}, {{5 * MINUTE}, 4032}, {{60 * MINUTE}, 8760}};
static const struct rrd_source sources[] = {{"d0"}, {"d1"}, {"d2"}};

static struct rrd *start(void)
{
    struct err err = {0};
    struct rrd *r = rrd_start(test_dir(), &err);
    CHECK_TEXT(err.text, "");
    CHECK(r != NULL);
    return r;
}

static const char *path_of(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    return path;
}

/* Rows from minute `first` on; value i of minute m is m * 10 + i, plus a bit. */
static int put(struct rrd *r, size_t n_sources, int first, size_t rows, size_t *ret_old,
               struct err *err)
{
    struct rrd_file f = {FILE_A, {MINUTE}, n_sources, sources, days, 3};
    instant at[3000];
    static double value[3000 * 3];
    for (size_t r_ = 0; r_ < rows; r_++) {
        at[r_].ms = start_ms + (first + (int)r_) * MINUTE;
        for (size_t i = 0; i < n_sources; i++)
            value[r_ * n_sources + i] = (first + (double)r_) * 10 + (double)i + 0.125;
    }
    *err = (struct err){0};
    return rrd_put(r, &f, at, value, rows, ret_old, err);
}

static struct rrd_rows get(struct rrd *r, int64_t from_min, int64_t to_min,
                           int step_min)
{
    struct err err = {0};
    struct rrd_rows rows = {0};
    CHECK_INT(rrd_get(r, FILE_A, (instant){start_ms + from_min * MINUTE},
                      (instant){start_ms + to_min * MINUTE}, (span){step_min * MINUTE},
                      &rows, &err),
              0);
    CHECK_TEXT(err.text, "");
    return rows;
}

TEST(rows_come_back_where_they_were_put)
{
    struct rrd *r = start();
    struct err err;
    size_t old = 9;
    CHECK_INT(put(r, 2, 0, 10, &old, &err), 0);
    CHECK_INT(old, 0);
    struct rrd_rows rows = get(r, -2, 12, 1);
    CHECK_INT(rows.from.ms, start_ms - 2 * MINUTE);
    CHECK_INT(rows.step.ms, MINUTE);
    CHECK_INT(rows.file_step.ms, MINUTE);
    CHECK_INT(rows.rows, 14);
    CHECK_INT(rows.n_sources, 2);
    CHECK_TEXT(rows.sources[1].name, "d1");
    for (int i = 0; i < 14; i++) {
        if (i < 2 || i >= 12) {
            CHECK(isnan(rows.values[2 * i]));
            continue;
        }
        CHECK_NEAR(rows.values[2 * i], (i - 2) * 10 + 0.125, 1e-9);
        CHECK_NEAR(rows.values[2 * i + 1], (i - 2) * 10 + 1.125, 1e-9);
    }
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(a_gap_stays_unknown_and_the_row_after_it_is_whole)
{
    struct rrd *r = start();
    struct err err;
    CHECK_INT(put(r, 1, 0, 3, NULL, &err), 0);
    CHECK_INT(put(r, 1, 50, 1, NULL, &err), 0);
    struct rrd_rows rows = get(r, 0, 51, 1);
    CHECK_INT(rows.rows, 51);
    CHECK_NEAR(rows.values[2], 20.125, 1e-9);
    for (int i = 3; i < 50; i++)
        CHECK(isnan(rows.values[i]));
    CHECK_NEAR(rows.values[50], 500.125, 1e-9);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(numbers_of_every_size_are_kept_to_nine_digits)
{
    static const double odd[] = {0,    -0.0,      1,        -1,         0.1,
                                 1e-7, 1 / 3.0,   2 / 3.0,  99.99999,   -31.25,
                                 1e6,  999999.99, 1e15,     -1.2345e18, 1e300,
                                 10,   100,       123456.5, 3e-300,     1.000000001};
    enum { N = sizeof odd / sizeof *odd };
    struct rrd *r = start();
    struct err err = {0};
    struct rrd_file f = {FILE_A, {MINUTE}, 1, sources, days, 3};
    instant at[N];
    for (int i = 0; i < N; i++)
        at[i].ms = start_ms + i * MINUTE;
    CHECK_INT(rrd_put(r, &f, at, odd, N, NULL, &err), 0);
    struct rrd_rows rows = get(r, 0, N, 1);
    for (int i = 0; i < N; i++)
        CHECK_NEAR(rows.values[i], odd[i], fabs(odd[i]) * 1e-9);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(infinity_is_kept_as_unknown)
{
    struct rrd *r = start();
    struct err err = {0};
    struct rrd_file f = {FILE_A, {MINUTE}, 1, sources, days, 3};
    instant at[] = {{start_ms}, {start_ms + MINUTE}, {start_ms + 2 * MINUTE}};
    double value[] = {INFINITY, NAN, 3};
    CHECK_INT(rrd_put(r, &f, at, value, 3, NULL, &err), 0);
    struct rrd_rows rows = get(r, 0, 3, 1);
    CHECK(isnan(rows.values[0]) && isnan(rows.values[1]));
    CHECK_NEAR(rows.values[2], 3, 0);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(rows_that_are_there_already_are_left_out_and_counted)
{
    struct rrd *r = start();
    struct err err;
    size_t old;
    CHECK_INT(put(r, 2, 0, 10, NULL, &err), 0);
    CHECK_INT(put(r, 2, 5, 10, &old, &err), 0);
    CHECK_INT(old, 5);
    CHECK_INT(put(r, 2, 0, 15, &old, &err), 0);
    CHECK_INT(old, 15);
    struct rrd_rows rows = get(r, 0, 15, 1);
    for (int i = 0; i < 15; i++)
        CHECK_NEAR(rows.values[2 * i], i * 10 + 0.125, 1e-9);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(the_finest_archive_that_reaches_back_is_read)
{
    struct rrd *r = start();
    struct err err;
    CHECK_INT(put(r, 1, 0, 3000, NULL, &err), 0);
    static const struct {
        int64_t from, to;
        int least, step;
    } cases[] = {
        {3000 - 1440, 3000, 1, 1},       {3000 - 1680, 3000, 1, 1},
        {3000 - 1690, 3000, 1, 5},       {3000 - 7 * 1440, 3000, 1, 5},
        {3000 - 60, 3000, 5, 5},         {3000 - 60, 3000, 2, 5},
        {3000 - 60, 3000, 6, 60},        {3000 - 60, 3000, 600, 60},
        {3000 - 30 * 1440, 3000, 1, 60}, {3000 - 2 * 365 * 1440, 3000, 1, 60},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rrd_rows rows = get(r, cases[i].from, cases[i].to, cases[i].least);
        CHECK_INT(rows.step.ms / MINUTE, cases[i].step);
        CHECK(rows.from.ms <= start_ms + cases[i].from * MINUTE);
        CHECK(rows.from.ms + (int64_t)rows.rows * rows.step.ms >=
              start_ms + cases[i].to * MINUTE);
        rrd_rows_free(&rows);
    }
    struct rrd_rows rows = get(r, 2900, 3000, 5);
    CHECK_INT(rows.rows, 20);
    CHECK_NEAR(rows.values[0], 29020.125, 1e-6); /* mean of minutes 2900 to 2904 */
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(a_row_with_one_known_minute_is_known)
{
    struct rrd *r = start();
    struct err err;
    for (int m = 2; m < 62; m += 5)
        CHECK_INT(put(r, 1, m, 1, NULL, &err), 0);
    struct rrd_rows rows = get(r, 0, 60, 5);
    CHECK_INT(rows.rows, 12);
    for (int i = 0; i < 11; i++)
        CHECK_NEAR(rows.values[i], (i * 5 + 2) * 10 + 0.125, 1e-9);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(new_sources_are_added_and_the_old_rows_stay)
{
    struct rrd *r = start();
    struct err err;
    size_t old;
    CHECK_INT(put(r, 1, 0, 10, NULL, &err), 0);
    CHECK_INT(put(r, 3, 5, 10, &old, &err), 0);
    CHECK_INT(old, 5);
    struct rrd_rows rows = get(r, 0, 15, 1);
    CHECK_INT(rows.n_sources, 3);
    for (int i = 0; i < 15; i++) {
        CHECK_NEAR(rows.values[3 * i], i * 10 + 0.125, 1e-9);
        CHECK(i < 10 ? isnan(rows.values[3 * i + 2])
                     : fabs(rows.values[3 * i + 2] - (i * 10 + 2.125)) < 1e-9);
    }
    rrd_rows_free(&rows);
    struct rrd_shape shape;
    CHECK_INT(rrd_look(r, FILE_A, &shape, &err), 0);
    CHECK_INT(shape.n_sources, 3);
    CHECK_TEXT(shape.sources[2].name, "d2");
    CHECK_INT(shape.step.ms, MINUTE);
    CHECK_INT(shape.last.ms, start_ms + 15 * MINUTE);
    free(shape.sources);
    rrd_stop(&r);
}

TEST(a_file_of_another_shape_is_refused_untouched)
{
    struct rrd *r = start();
    struct err err;
    CHECK_INT(put(r, 2, 0, 5, NULL, &err), 0);
    CHECK_INT(put(r, 1, 5, 5, NULL, &err), -1);
    CHECK_INT(err.code, RRD_OTHER_SHAPE);
    struct rrd_source other[] = {{"d1"}, {"d0"}, {"d2"}};
    struct rrd_file f = {FILE_A, {MINUTE}, 3, other, days, 3};
    instant at[] = {{start_ms + 9 * MINUTE}};
    double value[] = {1, 2, 3};
    err = (struct err){0};
    CHECK_INT(rrd_put(r, &f, at, value, 1, NULL, &err), -1);
    CHECK_INT(err.code, RRD_OTHER_SHAPE);
    struct rrd_rows rows = get(r, 0, 10, 1);
    CHECK_INT(rows.n_sources, 2);
    CHECK(isnan(rows.values[18]));
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(what_is_not_there_has_no_rows)
{
    struct rrd *r = start();
    struct err err = {0};
    struct rrd_rows rows = get(r, 0, 10, 1);
    CHECK_INT(rows.rows, 0);
    CHECK_INT(rows.n_sources, 0);
    rrd_rows_free(&rows);
    struct rrd_shape shape;
    CHECK_INT(rrd_look(r, FILE_A, &shape, &err), 0);
    CHECK_INT(shape.n_sources, 0);
    free(shape.sources);
    rrd_stop(&r);
}

static void overwrite(const char *name, off_t cut, const char *bytes)
{
    int fd = open(path_of(name), O_RDWR);
    CHECK(fd >= 0);
    if (cut >= 0)
        CHECK_INT(ftruncate(fd, cut), 0);
    if (bytes != NULL)
        CHECK_INT(pwrite(fd, bytes, strlen(bytes), 0), (ssize_t)strlen(bytes));
    close(fd);
}

TEST(a_damaged_file_is_told_as_such)
{
    static const struct {
        off_t cut;
        const char *bytes;
    } harm[] = {{-1, "this is no RRD file at all"},
                {0, NULL},
                {3, NULL},
                {100, NULL},
                {5000, NULL}};
    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        struct rrd *r = start();
        struct err err;
        unlink(path_of(FILE_A));
        CHECK_INT(put(r, 2, 0, 5, NULL, &err), 0);
        overwrite(FILE_A, harm[i].cut, harm[i].bytes);
        CHECK_INT(put(r, 2, 5, 5, NULL, &err), -1);
        CHECK_INT(err.code, RRD_DAMAGED);
        struct rrd_rows rows = {0};
        err = (struct err){0};
        CHECK_INT(rrd_get(r, FILE_A, (instant){start_ms}, (instant){start_ms + MINUTE},
                          (span){MINUTE}, &rows, &err),
                  -1);
        CHECK_INT(err.code, RRD_DAMAGED);
        rrd_stop(&r);
    }
}

/* Whatever bytes are turned in a file's head: an error or an answer, never a hang, and
 * the next file works. */
TEST(no_damage_of_the_head_stops_the_others)
{
    struct rrd *r = start();
    struct err err;
    for (int at = 0; at < 1200; at += 7) {
        unlink(path_of(FILE_A));
        CHECK_INT(put(r, 2, 0, 5, NULL, &err), 0);
        int fd = open(path_of(FILE_A), O_RDWR);
        unsigned char c;
        CHECK_INT(pread(fd, &c, 1, at), 1);
        c ^= 0xff;
        CHECK_INT(pwrite(fd, &c, 1, at), 1);
        close(fd);
        struct rrd_rows rows = {0};
        err = (struct err){0};
        if (rrd_get(r, FILE_A, (instant){start_ms}, (instant){start_ms + 10 * MINUTE},
                    (span){MINUTE}, &rows, &err) == 0)
            rrd_rows_free(&rows);
        else
            CHECK(err.text[0] != '\0');
        if (put(r, 2, 5, 5, NULL, &err) < 0)
            CHECK(err.text[0] != '\0');
    }
    rrd_stop(&r);
}

TEST(a_symbolic_link_is_not_followed)
{
    struct rrd *r = start();
    struct err err;
    CHECK_INT(mkdir(path_of("ab"), 0700), 0);
    CHECK_INT(symlink("/tmp", path_of("ab/cd")), 0);
    CHECK_INT(put(r, 1, 0, 1, NULL, &err), -1);
    CHECK(strstr(err.text, "cannot be opened") != NULL);
    CHECK_INT(unlink(path_of("ab/cd")), 0);
    CHECK_INT(mkdir(path_of("beside"), 0700), 0);
    CHECK_INT(symlink("../beside", path_of("ab/cd")), 0);
    CHECK_INT(put(r, 1, 0, 1, NULL, &err), -1);
    CHECK(strstr(err.text, "cannot be opened") != NULL);
    CHECK_INT(rmdir(path_of("beside")), 0); /* nothing was put there */
    rrd_stop(&r);
}

TEST(what_cannot_be_put_is_refused_by_name)
{
    struct rrd *r = start();
    struct err err = {0};
    struct rrd_file f = {FILE_A, {1500}, 1, sources, days, 3};
    instant at[] = {{start_ms + 1}};
    double v = 1;
    CHECK_INT(rrd_put(r, &f, at, &v, 1, NULL, &err), -1);
    CHECK(strstr(err.text, "step must be") != NULL);
    err = (struct err){0};
    f.step.ms = MINUTE;
    CHECK_INT(rrd_put(r, &f, at, &v, 1, NULL, &err), -1);
    CHECK(strstr(err.text, "times[0]") != NULL);
    err = (struct err){0};
    CHECK_INT(rrd_put(r, &f, at, &v, 0, NULL, &err), -1);
    CHECK(strstr(err.text, "n_rows") != NULL);
    err = (struct err){0};
    struct rrd_rows rows;
    CHECK_INT(rrd_get(r, FILE_A, (instant){0}, (instant){5}, (span){1}, &rows, &err),
              -1);
    rrd_stop(&r);
}

/* --- the child's deaths --- */

TEST(a_killed_child_is_started_again_and_counted)
{
    struct rrd *r = start();
    struct err err;
    CHECK_INT(put(r, 1, 0, 1, NULL, &err), 0);
    CHECK_INT(rrd_restarts(r), 0);
    CHECK(rrd_child(r) > 1);
    CHECK_INT(kill(rrd_child(r), SIGKILL), 0);
    if (put(r, 1, 1, 1, NULL, &err) < 0) /* it may have been dying still */
        CHECK_INT(err.code, CHILD_KILLED);
    CHECK_INT(put(r, 1, 2, 1, NULL, &err), 0);
    CHECK_INT(rrd_restarts(r), 1);
    rrd_stop(&r);
}

struct busy {
    struct rrd *r;
    int done, lost;
};

static void *put_and_draw(void *arg)
{
    struct busy *b = arg;
    for (int m = 0; m < 300; m++) {
        struct err err;
        if (put(b->r, 2, m, 1, NULL, &err) == 0)
            b->done++;
        else if (err.code == CHILD_KILLED)
            b->lost++;
        else
            return arg;
    }
    return NULL;
}

TEST(killed_in_the_middle_of_work_it_loses_single_calls_only)
{
    struct rrd *r = start();
    struct busy b = {.r = r};
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, put_and_draw, &b), 0);
    for (int i = 0; i < 10; i++) {
        pid_t pid = rrd_child(r);
        if (pid > 1)
            kill(pid, SIGKILL);
        struct rrd_rows rows = {0};
        struct err err = {0};
        if (rrd_get(r, FILE_A, (instant){start_ms}, (instant){start_ms + MINUTE},
                    (span){MINUTE}, &rows, &err) == 0)
            rrd_rows_free(&rows);
    }
    void *bad;
    CHECK_INT(pthread_join(thread, &bad), 0);
    CHECK(bad == NULL);
    CHECK_INT(b.done + b.lost, 300);
    CHECK(b.lost <= 10);
    CHECK(rrd_restarts(r) >= 1 && rrd_restarts(r) <= 10);
    struct rrd_rows rows = get(r, 0, 300, 1);
    int known = 0;
    for (int i = 0; i < 300; i++)
        known += !isnan(rows.values[2 * i]);
    CHECK(known >= b.done);
    rrd_rows_free(&rows);
    rrd_stop(&r);
}

TEST(the_child_ends_with_its_parent)
{
    int line[2];
    CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    CHECK_INT(pipe(line), 0);
    const char *dir = test_dir();
    pid_t parent = fork();
    if (parent == 0) {
        struct rrd *r = rrd_start(dir, NULL);
        pid_t pid = r != NULL ? rrd_child(r) : 0;
        if (write(line[1], &pid, sizeof pid) != sizeof pid)
            _exit(1);
        for (;;)
            pause();
    }
    pid_t pid = 0;
    CHECK_INT(read(line[0], &pid, sizeof pid), (ssize_t)sizeof pid);
    CHECK(pid > 1);
    CHECK_INT(kill(parent, SIGKILL), 0);
    /* The parent, its keeper, and the worker where the keeper did not reap it: all of
     * them end, for this waits for them without a word from here. */
    while (waitpid(-1, NULL, 0) > 0)
        ;
    CHECK_INT(errno, ECHILD);
    CHECK(kill(pid, 0) < 0 && errno == ESRCH);
    close(line[0]);
    close(line[1]);
    CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* --- pictures --- */

enum { POINTS = 90 };
static double busy_percent[POINTS], usual[POINTS];

static struct rrd_picture picture(void)
{
    static struct rrd_line lines[2];
    for (int i = 0; i < POINTS; i++) {
        busy_percent[i] = 30 + i % 7 + (i > 45 ? 20 : 0);
        usual[i] = 31;
    }
    lines[0] = (struct rrd_line){"cpu.busy", 0x1f6feb, busy_percent, false};
    lines[1] = (struct rrd_line){"controls", 0x8250df, usual, true};
    return (struct rrd_picture){.width = 560,
                                .height = 180,
                                .title = "cpu.busy of h1",
                                .unit = "percent",
                                .from = {start_ms},
                                .step = {MINUTE},
                                .n = POINTS,
                                .lines = lines,
                                .n_lines = 2,
                                .pivot = {start_ms + 45 * MINUTE},
                                .before_from = {start_ms + 15 * MINUTE},
                                .before_to = {start_ms + 45 * MINUTE},
                                .after_from = {start_ms + 50 * MINUTE},
                                .after_to = {start_ms + 80 * MINUTE},
                                .limit = NAN};
}

static void draw(struct rrd *r, const struct rrd_picture *p, struct buf *to)
{
    struct err err = {0};
    CHECK_INT(rrd_draw(r, p, to, &err), 0);
    CHECK_TEXT(err.text, "");
    if (p->format == RRD_SVG) {
        CHECK(strstr(buf_text(to), "<svg ") != NULL);
        CHECK(strstr(buf_text(to), "</svg>") != NULL);
        return;
    }
    CHECK(to->len > 1000 && memcmp(to->data, "\x89PNG\r\n\x1a\n", 8) == 0);
    const unsigned char *size = (const unsigned char *)to->data + 16;
    CHECK_INT(size[2] << 8 | size[3], p->width);
    CHECK_INT(size[6] << 8 | size[7], p->height);
}

TEST(the_same_picture_has_the_same_bytes)
{
    struct rrd *r = start();
    for (int format = RRD_PNG; format <= RRD_SVG; format++) {
        OWNED_BUF first = {0};
        OWNED_BUF other = {0};
        OWNED_BUF again = {0};
        OWNED_BUF fresh = {0};
        struct rrd_picture p = picture();
        p.format = format;
        draw(r, &p, &first);
        p.dark = true;
        draw(r, &p, &other);
        CHECK(first.len != other.len || memcmp(first.data, other.data, first.len) != 0);
        p.dark = false;
        draw(r, &p, &again);
        CHECK_INT(again.len, first.len);
        CHECK(memcmp(again.data, first.data, first.len) == 0);
        rrd_stop(&r);
        r = start();
        draw(r, &p, &fresh);
        CHECK_INT(fresh.len, first.len);
        CHECK(memcmp(fresh.data, first.data, first.len) == 0);
    }
    rrd_stop(&r);
}

TEST(no_text_makes_a_picture_fail)
{
    static const char *const hostile[] = {"",
                                          ":",
                                          "\\",
                                          "a\\",
                                          "a\\l",
                                          "\\:\\",
                                          "%s%n%d%%",
                                          "line\nbreak\r\ttab\x01",
                                          "\"quoted\" 'too' `x` $(y)",
                                          "<b>&amp;</i>",
                                          "--imgformat=PDF",
                                          "-",
                                          "#ff0000",
                                          "x:dashes=1:skipscale",
                                          "\xff\xfe\xc3",
                                          "\xe2\x80\xae turned",
                                          "日本語 支付 ünïcödé"};
    struct rrd *r = start();
    struct rrd_line lines[2];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        OWNED_BUF bytes = {0};
        struct rrd_picture p = picture();
        memcpy(lines, p.lines, sizeof lines);
        lines[0].label = lines[1].label = p.title = p.unit = hostile[i];
        p.lines = lines;
        p.limit = 60;
        draw(r, &p, &bytes);
    }
    char *mile = malloc(100001);
    CHECK(mile != NULL);
    memset(mile, 'w', 100000);
    mile[100000] = '\0';
    struct rrd_picture p = picture();
    memcpy(lines, p.lines, sizeof lines);
    lines[0].label = lines[1].label = p.title = p.unit = mile;
    p.lines = lines;
    OWNED_BUF bytes = {0};
    draw(r, &p, &bytes);
    free(mile);
    CHECK_INT(rrd_restarts(r), 0);
    rrd_stop(&r);
}

TEST(no_values_make_a_picture_fail)
{
    static const double odd[][3] = {{NAN, NAN, NAN},
                                    {0, 0, 0},
                                    {42, 42, 42},
                                    {-42, -42, -42},
                                    {1e-12, 2e-12, 0},
                                    {1e300, 0, 5e5},
                                    {1e308, -1e308, 0},
                                    {5e-324, 0, 0},
                                    {INFINITY, 1, NAN},
                                    {1e15, 1e15 + 1, 1e15},
                                    {1000.01, 1000.02, 1000.01}};
    struct rrd *r = start();
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        for (int format = RRD_PNG; format <= RRD_SVG; format++) {
            OWNED_BUF bytes = {0};
            struct rrd_picture p = picture();
            p.format = format;
            for (int k = 0; k < POINTS; k++)
                busy_percent[k] = usual[k] = odd[i][k % 3];
            p.limit = odd[i][0];
            draw(r, &p, &bytes);
        }
    }
    CHECK_INT(rrd_restarts(r), 0);
    rrd_stop(&r);
}

TEST(spans_of_seconds_and_of_years_are_drawn)
{
    struct rrd *r = start();
    static const int64_t steps[] = {1,    2,    7,     30,     60,     300,
                                    3600, 7200, 86400, 604800, 2592000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        OWNED_BUF bytes = {0};
        struct rrd_picture p = picture();
        p.step.ms = steps[i] * 1000;
        p.from.ms += 1234;
        draw(r, &p, &bytes);
        p.n = 2;
        buf_clear(&bytes);
        draw(r, &p, &bytes);
    }
    rrd_stop(&r);
}

TEST(nothing_of_a_picture_stays_on_disk)
{
    struct rrd *r = start();
    OWNED_BUF bytes = {0};
    struct rrd_picture p = picture();
    draw(r, &p, &bytes);
    CHECK(access(path_of("scratch/picture.rrd"), F_OK) < 0);
    rrd_stop(&r);
}

TEST(a_picture_can_have_more_pixels_than_its_size)
{
    struct rrd *r = start();
    OWNED_BUF b = {0};
    struct rrd_picture p = picture();
    p.zoom = 2;
    CHECK_INT(rrd_draw(r, &p, &b, NULL), 0);
    const unsigned char *size = (const unsigned char *)b.data + 16;
    CHECK_INT(size[2] << 8 | size[3], 2 * p.width);
    CHECK_INT(size[6] << 8 | size[7], 2 * p.height);
    rrd_stop(&r);
}

/* What fc-list says, by way of the library that draws. */
TEST(whether_there_are_letters_is_known)
{
    struct rrd *r = start();
    FILE *f = popen("fc-list :lang=zh-cn family 2>/dev/null", "re");
    char line[200] = {0};
    bool there = f != NULL && fgets(line, sizeof line, f) != NULL;
    if (f != NULL)
        pclose(f);
    CHECK_INT(rrd_has_letters(r), there);
    CHECK_INT(rrd_has_letters(r), there); /* from memory */
    rrd_stop(&r);
}
