/* tests of storage/windows */
#include "storage/windows.h"
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 32, STEP_MS = 60000, MANY = 2000 };
static const instant start = {1000000LL * STEP_MS};

static const char *in_dir(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    return path;
}

static struct windows *open_at(const char *path, uint32_t rows, uint64_t bytes_max)
{
    struct windows_spec spec = {
        .path = path, .step = {STEP_MS}, .rows = rows, .bytes_max = bytes_max};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    if (w == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_TEXT(note.text, "");
    return w;
}

static struct windows *open_memory(uint32_t rows)
{
    return open_at(NULL, rows, 1ULL << 34);
}

static struct windows *open_file(void)
{
    return open_at(in_dir("windows"), ROWS, 1ULL << 30);
}

static instant row(int64_t k)
{
    return (instant){start.ms + k * STEP_MS};
}

static uint32_t host(struct windows *w, const char *name, const char *service)
{
    struct entity e = {.kind = ENTITY_HOST, .host = name, .service = service};
    return windows_entity(w, &e);
}

static uint32_t metric(struct windows *w, const char *name, enum merge merge)
{
    return windows_metric(w, name, strlen(name), merge);
}

static enum windows_put put_one(struct windows *w, uint32_t e, int64_t k, uint32_t m,
                                float v)
{
    return windows_put(w, e, row(k), 1, &m, &v, NULL);
}

/* The value in row `k`, of the metric with this number; NaN when there is none. */
static float value_at(struct windows *w, uint32_t e, int64_t k, uint32_t m)
{
    struct block *b = windows_cut(w, e, row(k), row(k + 1));
    float v = NAN;
    CHECK(b != NULL && b->rows == 1);
    for (uint32_t i = 0; i < b->n_metrics; i++)
        if (b->metric[i] == m)
            v = b->cells[i];
    block_free(&b);
    CHECK(b == NULL);
    return v;
}

/* --- names --- */

TEST(the_same_entity_and_metric_have_one_number)
{
    struct windows *w = open_memory(ROWS);
    uint32_t a = host(w, "h1", "pay"), b = host(w, "h1", ""), c = host(w, "h2", "pay");
    CHECK(a != b && b != c && a != c);
    CHECK(host(w, "h1", "pay") == a && host(w, "h1", NULL) == b);
    uint32_t m = metric(w, "cpu.busy", MERGE_MEAN);
    CHECK(m != 0 && m != WINDOWS_NONE);
    CHECK(metric(w, "cpu.busy", MERGE_SUM) == m);
    CHECK(windows_metric_merge(w, m) == MERGE_MEAN);
    CHECK_TEXT(windows_metric_name(w, m), "cpu.busy");
    CHECK(windows_find_metric(w, "cpu.busy") == m);
    CHECK(windows_find_metric(w, "cpu.bus") == WINDOWS_NONE);
    CHECK(windows_find_metric(w, "cpu.busy2") == WINDOWS_NONE);
    windows_close(&w);
    CHECK(w == NULL);
}

TEST(texts_do_not_run_into_one_another)
{
    struct windows *w = open_memory(ROWS);
    struct entity e = {.kind = ENTITY_EDGE, .caller = "ab", .callee = "c"};
    uint32_t a = windows_entity(w, &e);
    e.caller = "a", e.callee = "bc";
    uint32_t b = windows_entity(w, &e);
    e = (struct entity){.kind = ENTITY_SERVICE, .service = "ab"};
    uint32_t c = windows_entity(w, &e);
    CHECK(a != b && b != c && a != c);
    CHECK(windows_find(w, &e) == c);
    e.service = "abc";
    CHECK(windows_find(w, &e) == WINDOWS_NONE);
    CHECK(windows_who(w, b, &e) && e.kind == ENTITY_EDGE);
    CHECK_TEXT(e.caller, "a");
    CHECK_TEXT(e.callee, "bc");
    CHECK_TEXT(e.side, "");
    CHECK_TEXT(e.host, "");
    CHECK(!windows_who(w, 3, &e));
    windows_close(&w);
}

TEST(a_text_that_is_too_long_gets_no_number)
{
    struct windows *w = open_memory(ROWS);
    char text[WINDOWS_TEXT_MAX + 2];
    memset(text, 'x', sizeof text);
    text[WINDOWS_TEXT_MAX + 1] = '\0';
    CHECK(host(w, text, "") == WINDOWS_NONE);
    CHECK(metric(w, text, MERGE_MEAN) == WINDOWS_NONE);
    CHECK(windows_metric(w, "a\0b", 3, MERGE_MEAN) == WINDOWS_NONE);
    text[WINDOWS_TEXT_MAX] = '\0';
    CHECK(host(w, text, "") == 0);
    CHECK(metric(w, text, MERGE_MEAN) == 1);
    windows_close(&w);
}

static void check_linked(struct windows *w, enum windows_link link, const char *name,
                         const char *want)
{
    uint32_t *entities;
    size_t n, len = 0;
    char got[200] = "";
    CHECK(windows_linked(w, link, name, &entities, &n) == 0);
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(got + len, sizeof got - len, "%u ", entities[i]);
    free(entities);
    CHECK_TEXT(got, want);
}

static void links_fill(struct windows *w)
{
    host(w, "h1", "pay");  /* 0 */
    host(w, "h1", "");     /* 1 */
    host(w, "h2", "pay");  /* 2 */
    host(w, "h1", "cart"); /* 3 */
    struct entity e = {.kind = ENTITY_SERVICE, .service = "pay"};
    windows_entity(w, &e); /* 4 */
    e = (struct entity){.kind = ENTITY_EDGE, .caller = "cart", .callee = "pay"};
    e.caller_host = "h1", e.callee_host = "h2";
    windows_entity(w, &e); /* 5 */
    e.caller = "pay", e.side = "server";
    windows_entity(w, &e); /* 6: a service that calls itself */
}

static void links_check(struct windows *w)
{
    check_linked(w, WINDOWS_OF_SERVICE, "pay", "0 2 4 ");
    check_linked(w, WINDOWS_OF_SERVICE, "cart", "3 ");
    check_linked(w, WINDOWS_OF_SERVICE, "", "");
    check_linked(w, WINDOWS_OF_SERVICE, "nobody", "");
    check_linked(w, WINDOWS_OF_HOST, "h1", "0 1 3 ");
    check_linked(w, WINDOWS_EDGES_OF_SERVICE, "pay", "5 6 ");
    check_linked(w, WINDOWS_EDGES_OF_SERVICE, "cart", "5 ");
    check_linked(w, WINDOWS_EDGES_OF_HOST, "h2", "5 6 ");
    check_linked(w, WINDOWS_EDGES_OF_HOST, "pay", "");
}

TEST(a_service_and_a_host_lead_to_their_entities_also_after_reopening)
{
    struct windows *w = open_file();
    links_fill(w);
    links_check(w);
    windows_close(&w);
    w = open_file();
    links_check(w);
    windows_close(&w);
}

static bool count_three(uint32_t entity, const struct entity *who, void *arg)
{
    uint32_t *n = arg;
    CHECK(entity == *n && who->kind == ENTITY_HOST);
    return ++*n < 3;
}

TEST(each_visits_in_order_until_told_to_stop)
{
    struct windows *w = open_memory(ROWS);
    links_fill(w);
    uint32_t n = 0;
    windows_each(w, count_three, &n);
    CHECK_INT(n, 3);
    windows_close(&w);
}

/* --- rows --- */

TEST(samples_of_one_step_are_merged_as_the_metric_says)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", "");
    uint32_t m[] = {metric(w, "mean", MERGE_MEAN), metric(w, "sum", MERGE_SUM),
                    metric(w, "max", MERGE_MAX)};
    float a[] = {1, 1, 1}, b[] = {2, 2, 5}, c[] = {6, 6, -3};
    size_t taken;
    CHECK(windows_put(w, e, row(0), 3, m, a, &taken) == WINDOWS_PUT_OK && taken == 3);
    CHECK(windows_put(w, e, (instant){row(0).ms + 59999}, 3, m, b, &taken) ==
          WINDOWS_PUT_OK);
    CHECK(windows_put(w, e, row(0), 3, m, c, &taken) == WINDOWS_PUT_OK);
    struct block *cut = windows_cut(w, e, row(0), row(1));
    CHECK_INT(cut->rows, 1);
    CHECK_NEAR(cut->cells[0], 3, 1e-6);
    CHECK_NEAR(cut->cells[1], 9, 0);
    CHECK_NEAR(cut->cells[2], 5, 0);
    CHECK_INT(cut->counts[2], 3);
    CHECK(windows_stats(w).samples == 9 && windows_stats(w).series == 3);
    block_free(&cut);
    windows_close(&w);
}

TEST(a_mean_stays_a_mean_past_the_highest_count_and_a_sum_past_the_largest_float)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", ""), m = metric(w, "mean", MERGE_MEAN);
    for (int i = 0; i < 3000; i++)
        put_one(w, e, 0, m, i % 2 == 0 ? 10 : 20);
    CHECK_NEAR(value_at(w, e, 0, m), 15, 0.05);
    uint32_t s = metric(w, "sum", MERGE_SUM);
    put_one(w, e, 0, s, 3e38f);
    put_one(w, e, 0, s, 3e38f);
    CHECK(isfinite(value_at(w, e, 0, s)));
    windows_close(&w);
}

TEST(values_that_are_not_finite_and_unknown_metrics_are_left_out)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", "");
    uint32_t a = metric(w, "a", MERGE_MEAN), b = metric(w, "b", MERGE_MEAN);
    uint32_t m[] = {a, WINDOWS_NONE, b, 77};
    float v[] = {1, 2, NAN, 3};
    size_t taken;
    CHECK(windows_put(w, e, row(0), 4, m, v, &taken) == WINDOWS_PUT_OK);
    CHECK_INT(taken, 1);
    CHECK(isnan(value_at(w, e, 0, b)));
    float inf[] = {INFINITY, -INFINITY};
    uint32_t ab[] = {a, b};
    CHECK(windows_put(w, e, row(9), 2, ab, inf, &taken) == WINDOWS_PUT_OK);
    CHECK_INT(taken, 0);
    CHECK(windows_newest(w, e).ms == row(1).ms); /* no sample, no row */
    windows_close(&w);
}

TEST(late_samples_in_the_ring_are_taken_and_older_ones_refused)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", ""), m = metric(w, "a", MERGE_MEAN);
    CHECK(instant_is_none(windows_newest(w, e)));
    CHECK(instant_is_none(windows_oldest(w, e)));
    CHECK(put_one(w, e, 100, m, 1) == WINDOWS_PUT_OK);
    CHECK(put_one(w, e, 100 - ROWS + 1, m, 2) == WINDOWS_PUT_OK);
    CHECK(put_one(w, e, 100 - ROWS, m, 3) == WINDOWS_PUT_OLD);
    CHECK(windows_put(w, e, (instant){-1}, 1, &m, (float[]){1}, NULL) ==
          WINDOWS_PUT_OLD);
    CHECK(windows_put(w, e, INSTANT_FAR, 1, &m, (float[]){1}, NULL) == WINDOWS_PUT_OLD);
    CHECK(put_one(w, 5, 100, m, 3) == WINDOWS_PUT_FULL);
    CHECK_NEAR(value_at(w, e, 100 - ROWS + 1, m), 2, 0);
    CHECK(windows_newest(w, e).ms == row(101).ms);
    CHECK(windows_oldest(w, e).ms == row(100 - ROWS + 1).ms);
    windows_close(&w);
}

TEST(the_very_first_step_of_1970_can_be_written)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", ""), m = metric(w, "a", MERGE_MEAN);
    CHECK(windows_put(w, e, (instant){0}, 1, &m, (float[]){4}, NULL) == WINDOWS_PUT_OK);
    struct block *b = windows_cut(w, e, (instant){-STEP_MS}, (instant){STEP_MS});
    CHECK_INT(b->rows, 2);
    CHECK(isnan(b->cells[0]) && b->cells[1] == 4 && b->from.ms == -STEP_MS);
    block_free(&b);
    CHECK(windows_oldest(w, e).ms == 0 && windows_newest(w, e).ms == STEP_MS);
    windows_close(&w);
}

TEST(a_jump_far_ahead_empties_the_rows_between)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", ""), m = metric(w, "a", MERGE_MEAN);
    for (int k = 0; k < ROWS; k++)
        put_one(w, e, k, m, (float)k);
    CHECK(put_one(w, e, 1000000, m, 7) == WINDOWS_PUT_OK);
    struct block *b = windows_cut(w, e, row(1000000 - 2 * ROWS), row(1000002));
    CHECK_INT(b->rows, 2 * ROWS + 2);
    for (uint32_t i = 0; i < b->rows; i++)
        CHECK(i == 2 * ROWS ? b->cells[i] == 7 : isnan(b->cells[i]));
    block_free(&b);
    CHECK(isnan(value_at(w, e, ROWS - 1, m))); /* still in its place, but not kept */
    windows_close(&w);
}

TEST(a_cut_is_widened_to_whole_steps)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", "pay"), m = metric(w, "a", MERGE_MEAN);
    put_one(w, e, 0, m, 1);
    put_one(w, e, 1, m, 2);
    struct block *b =
        windows_cut(w, e, (instant){row(0).ms + 1}, (instant){row(1).ms + 1});
    CHECK(b->from.ms == row(0).ms && b->rows == 2 && b->n_metrics == 1);
    CHECK(b->cells[0] == 1 && b->cells[1] == 2 && b->counts[1] == 1);
    CHECK_TEXT(b->who.service, "pay");
    block_free(&b);
    b = windows_cut(w, e, row(5), row(5));
    CHECK(b->rows == 0 && b->n_metrics == 1 && b->metric[0] == m);
    block_free(&b);
    CHECK(windows_cut(w, 99, row(0), row(1)) == NULL);
    CHECK(windows_cut(w, e, (instant){INT64_MIN}, INSTANT_FAR) == NULL);
    windows_close(&w);
}

/* --- many metrics --- */

static void many_put(struct windows *w, uint32_t e, int64_t k, const uint32_t *m, int n)
{
    float v[MANY];
    for (int i = 0; i < n; i++)
        v[i] = (float)(k * MANY + (int64_t)m[i]);
    size_t taken;
    CHECK(windows_put(w, e, row(k), (size_t)n, m, v, &taken) == WINDOWS_PUT_OK);
    CHECK_INT(taken, n);
}

static void many_check(struct windows *w, uint32_t e, int64_t k, const uint32_t *m,
                       int n)
{
    struct block *b = windows_cut(w, e, row(k), row(k + 1));
    int found = 0;
    for (uint32_t i = 0; i < b->n_metrics; i++)
        if (!isnan(b->cells[i])) {
            CHECK(b->cells[i] == (float)(k * MANY + b->metric[i]));
            found++;
        }
    CHECK_INT(found, n);
    CHECK(m[0] == b->metric[0]);
    block_free(&b);
}

TEST(new_metrics_move_a_block_and_keep_its_rows)
{
    struct windows *w = open_file();
    uint32_t e = host(w, "h1", ""), m[MANY];
    for (int i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof name, "m%d", i);
        m[i] = metric(w, name, MERGE_MEAN);
    }
    static const int widths[] = {1, 2, 8, 9, 40, 41, 300, 301, 1999, 2000};
    for (int k = 0; k < 10; k++)
        many_put(w, e, k, m, widths[k]);
    for (int k = 0; k < 10; k++)
        many_check(w, e, k, m, widths[k]);
    CHECK_INT(windows_stats(w).series, MANY);
    windows_close(&w);
    w = open_file();
    CHECK_INT(windows_stats(w).series, MANY);
    for (int k = 0; k < 10; k++)
        many_check(w, e, k, m, widths[k]);
    windows_close(&w);
}

TEST(metrics_may_come_in_any_order_and_in_parts)
{
    struct windows *w = open_memory(ROWS);
    uint32_t e = host(w, "h1", ""), m[MANY], back[MANY];
    for (int i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof name, "m%d", i);
        m[i] = metric(w, name, MERGE_MEAN);
    }
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < MANY; i += 100)
            many_put(w, e, k, m + i, 100);
    for (int i = 0; i < MANY; i++)
        back[i] = m[(i * 7 + 3) % MANY];
    many_put(w, e, 3, back, MANY);
    for (int k = 0; k < 4; k++)
        many_check(w, e, k, m, MANY);
    windows_close(&w);
}

TEST(an_entity_holds_so_many_metrics_and_no_more)
{
    struct windows *w = open_memory(4);
    uint32_t e = host(w, "h1", "");
    size_t taken, n = WINDOWS_METRICS_MAX + 10;
    uint32_t *m = malloc(n * sizeof *m);
    float *v = malloc(n * sizeof *v);
    for (size_t i = 0; i < n; i++) {
        char name[20];
        snprintf(name, sizeof name, "m%zu", i);
        m[i] = metric(w, name, MERGE_MEAN);
        v[i] = (float)i;
    }
    CHECK(windows_put(w, e, row(0), n, m, v, &taken) == WINDOWS_PUT_FULL);
    CHECK_INT(taken, WINDOWS_METRICS_MAX);
    CHECK(windows_put(w, e, row(1), 40, m, v, &taken) == WINDOWS_PUT_OK);
    CHECK_NEAR(value_at(w, e, 1, m[39]), 39, 0);
    free(m);
    free(v);
    windows_close(&w);
}

TEST(outgrown_blocks_are_used_again)
{
    struct windows *w = open_file();
    uint32_t m[40];
    float v[40] = {0};
    for (int i = 0; i < 40; i++)
        m[i] = metric(w, (char[]){'m', (char)('0' + i), '\0'}, MERGE_MEAN);
    uint64_t first = 0;
    for (int h = 0; h < 2000; h++) {
        char name[20];
        snprintf(name, sizeof name, "h%d", h);
        uint32_t e = host(w, name, "");
        for (size_t n = 5; n <= 40; n += 5) /* each line brings five more */
            CHECK(windows_put(w, e, row(0), n, m, v, NULL) == WINDOWS_PUT_OK);
        if (h == 999)
            first = windows_stats(w).bytes;
    }
    uint64_t each = (windows_stats(w).bytes - first) / 1000;
    CHECK(each < 48 * ROWS * 5 * 3 / 2); /* the last block, and little else */
    windows_close(&w);
}

/* --- in memory --- */

static uint64_t resident(void)
{
    unsigned long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    CHECK(f != NULL && fscanf(f, "%lu %lu", &size, &pages) == 2);
    fclose(f);
    return pages * 4096;
}

TEST(rows_never_written_take_no_memory)
{
#ifdef __SANITIZE_THREAD__
    test_skip("the thread sanitizer's own memory hides ours");
#endif
    struct windows *w = open_at(NULL, 21600, 1ULL << 36);
    uint32_t m[40];
    float v[40] = {0};
    for (int i = 0; i < 40; i++)
        m[i] = metric(w, (char[]){'m', (char)('0' + i), '\0'}, MERGE_MEAN);
    uint64_t before = resident();
    for (int h = 0; h < 200; h++) {
        char name[20];
        snprintf(name, sizeof name, "h%d", h);
        uint32_t e = host(w, name, "");
        CHECK(windows_put(w, e, row(h * 50), 40, m, v, NULL) == WINDOWS_PUT_OK);
        CHECK(windows_newest(w, e).ms == row(h * 50 + 1).ms);
    }
    CHECK(windows_stats(w).bytes > 200ULL * 21600 * 40 * 5); /* of address space */
    CHECK(resident() - before < 200 * 20000);
    windows_close(&w);
}

/* --- the file --- */

TEST(what_was_written_is_there_after_reopening)
{
    struct windows *w = open_file();
    uint32_t e = host(w, "h1", "pay"), m = metric(w, "a", MERGE_SUM);
    for (int k = 0; k < ROWS + 5; k++)
        put_one(w, e, k, m, (float)k);
    windows_close(&w);
    w = open_file();
    CHECK(host(w, "h1", "pay") == e && metric(w, "a", MERGE_MEAN) == m);
    CHECK(windows_metric_merge(w, m) == MERGE_SUM);
    for (int k = 0; k < ROWS + 5; k++)
        CHECK(k < 5 ? isnan(value_at(w, e, k, m)) : value_at(w, e, k, m) == (float)k);
    CHECK(put_one(w, e, 4, m, 1) == WINDOWS_PUT_OLD);
    CHECK(put_one(w, e, 6, m, 1) == WINDOWS_PUT_OK);
    CHECK_NEAR(value_at(w, e, 6, m), 7, 0);
    CHECK(windows_sync(w, NULL) == 0);
    windows_close(&w);
}

static int files_like(const char *part)
{
    DIR *d = opendir(test_dir());
    int n = 0;
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        n += strstr(f->d_name, part) != NULL;
    closedir(d);
    return n;
}

TEST(a_file_of_another_step_or_rows_is_set_aside)
{
    struct windows *w = open_file();
    host(w, "h1", "");
    windows_close(&w);
    for (int i = 0; i < 2; i++) {
        struct windows_spec spec = {.path = in_dir("windows"),
                                    .step = {i == 0 ? STEP_MS : 1000},
                                    .rows = ROWS * 2,
                                    .bytes_max = 1 << 30};
        struct err note = {0}, err = {0};
        w = windows_open(&spec, &note, &err);
        CHECK(w != NULL && strstr(note.text, "another step or number of rows") != NULL);
        CHECK_INT(windows_stats(w).entities, 0);
        windows_close(&w);
        CHECK_INT(files_like(".other-"), i + 1);
    }
}

TEST(a_specification_out_of_range_is_refused)
{
    const struct windows_spec bad[] = {
        {.step = {999}, .rows = 10, .bytes_max = 1 << 30},
        {.step = {3600001}, .rows = 10, .bytes_max = 1 << 30},
        {.step = {1000}, .rows = 1, .bytes_max = 1 << 30},
        {.step = {1000}, .rows = WINDOWS_ROWS_MAX + 1, .bytes_max = 1 << 30},
        {.step = {1000}, .rows = 10, .bytes_max = 1000},
        {.path = "/nowhere/at/all", .step = {1000}, .rows = 10, .bytes_max = 1 << 30},
        {.path = "/tmp", .step = {1000}, .rows = 10, .bytes_max = 1 << 30},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err note = {0}, err = {0};
        CHECK(windows_open(&bad[i], &note, &err) == NULL);
        CHECK(err.code != 0 && err.text[0] != '\0' && note.code == 0);
    }
}

TEST(a_file_in_use_by_another_process_is_refused)
{
    struct windows *w = open_file();
    pid_t child = fork();
    if (child == 0) {
        struct windows_spec spec = {.path = in_dir("windows"),
                                    .step = {STEP_MS},
                                    .rows = ROWS,
                                    .bytes_max = 1 << 30};
        struct err note = {0}, err = {0};
        struct windows *second = windows_open(&spec, &note, &err);
        _exit(second == NULL && err.code == EBUSY ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    windows_close(&w);
}

/* --- damage --- */

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void small_file(const char *path)
{
    unlink(path);
    struct windows *w = open_at(path, ROWS, 1 << 22);
    links_fill(w);
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t m = metric(w, (char[]){'m', (char)('0' + i), '\0'}, i % MERGE_N);
        for (int k = 0; k < ROWS; k++)
            put_one(w, i % 7, k, m, (float)k);
    }
    windows_close(&w);
}

static int use_all(uint32_t n, struct windows *w)
{
    for (uint32_t e = 0; e < n; e++) {
        struct block *b = windows_cut(w, e, row(-5), row(ROWS + 5));
        for (uint32_t i = 0; b != NULL && i < b->n_metrics; i++)
            if (windows_metric_name(w, b->metric[i])[0] == '\0')
                return -1;
        block_free(&b);
        windows_newest(w, e);
        windows_oldest(w, e);
        for (uint32_t m = 1; m <= windows_stats(w).metrics; m++)
            put_one(w, e, ROWS + 3, m, 1);
    }
    return host(w, "new", "new") == WINDOWS_NONE ? -1 : 0;
}

/* Opens what may be damaged, and uses all of it. */
static void open_damaged(const char *path)
{
    struct windows_spec spec = {
        .path = path, .step = {STEP_MS}, .rows = ROWS, .bytes_max = 1 << 22};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    if (w == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(use_all((uint32_t)windows_stats(w).entities, w) == 0);
    windows_close(&w);
    if (note.code != 0 && files_like(".damaged-") + files_like(".other-") == 0)
        test_fail(__FILE__, __LINE__, "%s", note.text);
}

static void poke(const char *path, long at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n);
    close(fd);
}

TEST(no_damage_to_a_file_brings_the_opener_down)
{
    unsigned state = 1;
    for (int round = 0; round < 400; round++) {
        const char *path = in_dir("windows");
        small_file(path);
        unsigned pokes = 1 + next_random(&state) % 8;
        for (unsigned i = 0; i < pokes; i++) {
            uint64_t junk = next_random(&state) * 0x9e3779b97f4a7c15;
            /* the head, the first records, the chunk's end and some blocks */
            unsigned range = round % 4 == 0 ? 128 : round % 4 == 1 ? 12288 : 120000;
            poke(path, next_random(&state) % range, &junk, 1 + i % 8);
        }
        open_damaged(path);
    }
}

TEST(a_file_cut_short_at_any_place_is_opened_or_set_aside)
{
    unsigned state = 2;
    for (int round = 0; round < 60; round++) {
        const char *path = in_dir("windows");
        small_file(path);
        CHECK(truncate(path, next_random(&state) % 300000) == 0);
        open_damaged(path);
    }
}

TEST(a_damaged_record_is_told_and_the_file_kept)
{
    const char *path = in_dir("windows");
    small_file(path);
    poke(path, 4096 + 24 + 16 + 1, "X", 1); /* the first text of the first record */
    struct windows_spec spec = {
        .path = path, .step = {STEP_MS}, .rows = ROWS, .bytes_max = 1 << 22};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL && strstr(note.text, "record 0 is damaged") != NULL);
    CHECK_INT(windows_stats(w).entities, 0);
    CHECK_INT(files_like(".damaged-"), 1);
    windows_close(&w);
}

/* --- loss of power --- */

/* Makes the file look as if another boot had left it open. */
static void other_boot(const char *path)
{
    char id[37] = "", page[4096];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, id, 36) == 36);
    close(fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, page, sizeof page) == sizeof page);
    close(fd);
    char *at = memmem(page, sizeof page, id, 36);
    CHECK(at != NULL);
    poke(path, at - page, "another!", 8);
}

/* Writes in a child that ends without closing. */
static void leave_open(const char *path, void (*write_some)(struct windows *w))
{
    pid_t child = fork();
    if (child == 0) {
        write_some(open_at(path, ROWS, 1 << 22));
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void two_hosts(struct windows *w)
{
    uint32_t m[] = {metric(w, "a", MERGE_MEAN), metric(w, "b", MERGE_MEAN)};
    float v[2] = {12345.5f, 54321.5f};
    for (int k = 0; k < 10; k++) {
        windows_put(w, host(w, "h1", ""), row(k), 2, m, v, NULL);
        windows_put(w, host(w, "h2", ""), row(k), 2, m, v, NULL);
        v[0]++;
    }
    windows_sync(w, NULL);
}

static long place_of(const char *path, float v, size_t n, const float *next)
{
    static char bytes[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, bytes, sizeof bytes) == sizeof bytes);
    close(fd);
    float both[2] = {v, n > 1 ? *next : 0};
    char *at = memmem(bytes, sizeof bytes, both, n * sizeof v);
    CHECK(at != NULL);
    return at - bytes;
}

TEST(after_a_loss_of_power_a_torn_row_is_dropped_and_the_others_stay)
{
    const char *path = in_dir("windows");
    leave_open(path, two_hosts);
    other_boot(path);
    float torn = 99, other = 54321.5f;
    poke(path, place_of(path, 12345.5f + 4, 2, &other), &torn, sizeof torn);
    struct windows_spec spec = {
        .path = path, .step = {STEP_MS}, .rows = ROWS, .bytes_max = 1 << 22};
    for (int opening = 0; opening < 2; opening++) {
        struct err note = {0}, err = {0};
        struct windows *w = windows_open(&spec, &note, &err);
        CHECK(w != NULL);
        CHECK(opening == 0 ? note.code == ENODATA : note.code == 0);
        int rows[2] = {0, 0};
        for (uint32_t e = 0; e < 2; e++)
            for (int k = 0; k < 10; k++) {
                float v = value_at(w, e, k, 1);
                CHECK(isnan(v) || v == 12345.5f + (float)k);
                rows[e] += !isnan(v);
            }
        CHECK_INT(rows[0], 9);
        CHECK_INT(rows[1], 10);
        windows_close(&w);
    }
}

static void host_with_late_metric(struct windows *w)
{
    two_hosts(w);
    uint32_t m = metric(w, "late", MERGE_MEAN);
    put_one(w, 0, 20, m, 7);
}

TEST(after_a_loss_of_power_a_metric_list_cut_short_costs_no_older_row)
{
    const char *path = in_dir("windows");
    leave_open(path, host_with_late_metric);
    other_boot(path);
    const uint32_t list[] = {1, 2, 3}, cut[] = {1, 2, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    static char bytes[1 << 20];
    CHECK(fd >= 0 && read(fd, bytes, sizeof bytes) == sizeof bytes);
    close(fd);
    char *at = memmem(bytes, sizeof bytes, list, sizeof list);
    CHECK(at != NULL);
    poke(path, at - bytes, cut, sizeof cut); /* that page was not written in time */
    struct windows_spec spec = {
        .path = path, .step = {STEP_MS}, .rows = ROWS, .bytes_max = 1 << 22};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL && note.code == ENODATA);
    for (int k = 0; k < 10; k++)
        CHECK_NEAR(value_at(w, 0, k, 1), 12345.5 + k, 0);
    uint32_t other = metric(w, "other", MERGE_MEAN);
    put_one(w, 0, 21, other, 8); /* takes the column; row 20 must not show in it */
    CHECK(isnan(value_at(w, 0, 20, other)) && value_at(w, 0, 21, other) == 8);
    windows_close(&w);
}

TEST(without_a_loss_of_power_rows_are_not_doubted)
{
    const char *path = in_dir("windows");
    leave_open(path, two_hosts);
    float torn = 99, other = 54321.5f;
    poke(path, place_of(path, 12345.5f + 4, 2, &other), &torn, sizeof torn);
    struct windows *w = open_at(path, ROWS, 1 << 22);
    CHECK_NEAR(value_at(w, 0, 4, 1), 99, 0);
    windows_close(&w);
}

/* --- kill -9 --- */

enum {
    KILL_ROUNDS = 40,
    KILL_ENTITIES = 40,
    KILL_METRICS = 200,
    KILL_STEPS = 1 << 16,
};
static bool cut_short[KILL_STEPS]; /* the steps in which a kill came */

static uint32_t kill_entities(int64_t k)
{
    return k / 10 + 1 < KILL_ENTITIES ? (uint32_t)(k / 10 + 1) : KILL_ENTITIES;
}

static int kill_metrics(int64_t k)
{
    return k / 8 + 1 < KILL_METRICS ? (int)(k / 8 + 1) : KILL_METRICS;
}

static float kill_value(int64_t k, uint32_t e, int m)
{
    return (float)(k % 500 * 10000 + m * 40 + e);
}

static void kill_step(struct windows *w, int64_t k)
{
    uint32_t m[KILL_METRICS];
    float v[KILL_METRICS];
    int n = kill_metrics(k);
    for (int i = 0; i < n; i++) {
        char name[20];
        snprintf(name, sizeof name, "m%d", i);
        m[i] = metric(w, name, MERGE_SUM);
    }
    for (uint32_t e = 0; e < kill_entities(k); e++) {
        char name[20];
        snprintf(name, sizeof name, "h%u", e);
        for (int i = 0; i < n; i++)
            v[i] = kill_value(k, e, i);
        if (windows_put(w, host(w, name, ""), row(k), (size_t)n, m, v, NULL) !=
            WINDOWS_PUT_OK)
            _exit(2);
    }
    if (k % 64 == 0 && windows_sync(w, NULL) < 0)
        _exit(3);
}

static void kill_write(const char *path, int64_t from, _Atomic int64_t *done)
{
    struct windows *w = open_at(path, ROWS, 1 << 28);
    for (int64_t k = from; k < KILL_STEPS; k++) {
        kill_step(w, k);
        atomic_store(done, k);
    }
    _exit(4);
}

/* One row: whole, or, in a step that was cut short, whole or not there at all. */
static void kill_check_row(struct windows *w, const struct block *b, uint32_t e,
                           uint32_t i, int64_t k)
{
    int n = e < kill_entities(k) ? kill_metrics(k) : 0, there = 0;
    for (uint32_t c = 0; c < b->n_metrics; c++) {
        float v = b->cells[i * b->n_metrics + c];
        int m = atoi(windows_metric_name(w, b->metric[c]) + 1);
        CHECK(isnan(v) || (m < n && v == kill_value(k, e, m)));
        there += !isnan(v);
    }
    CHECK(there == n || (cut_short[k] && there == 0));
}

static void kill_check(struct windows *w, int64_t done)
{
    for (uint32_t e = 0; e < kill_entities(done); e++) {
        char name[20];
        snprintf(name, sizeof name, "h%u", e);
        struct entity who = {.kind = ENTITY_HOST, .host = name};
        CHECK(windows_find(w, &who) == e);
        int64_t first = done - ROWS + 2 > 0 ? done - ROWS + 2 : 0;
        struct block *b = windows_cut(w, e, row(first), row(done + 2));
        CHECK(b != NULL);
        for (uint32_t i = 0; i < b->rows; i++)
            kill_check_row(w, b, e, i, first + i);
        block_free(&b);
    }
}

/* Lets a child write from step `from` on and kills it; the last step it finished. */
static int64_t kill_round(const char *path, int64_t from, unsigned *state,
                          _Atomic int64_t *done)
{
    int64_t target = from + next_random(state) % 60;
    int status = 0;
    atomic_store(done, from - 1);
    pid_t child = fork();
    if (child == 0)
        kill_write(path, from, done);
    while (atomic_load(done) < target && waitpid(child, &status, WNOHANG) == 0)
        ;
    for (unsigned i = next_random(state) % 100000; i > 0; i--)
        atomic_signal_fence(memory_order_seq_cst);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return atomic_load(done);
}

TEST(a_writer_killed_at_any_instant_leaves_whole_rows)
{
    const char *path = in_dir("windows");
    unsigned state = (unsigned)getpid();
    _Atomic int64_t *done =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(done != MAP_FAILED);
    int64_t next = 0;
    for (int round = 0; round < KILL_ROUNDS; round++) {
        if (round % 8 == 0) { /* young files too, where all is still being made */
            unlink(path);
            memset(cut_short, 0, sizeof cut_short);
            next = 0;
        }
        int64_t last = kill_round(path, next, &state, done);
        cut_short[last + 1] = true;
        struct windows *w = open_at(path, ROWS, 1 << 28);
        kill_check(w, last);
        windows_close(&w);
        next = last + 2; /* sums must not be written twice */
    }
    munmap(done, 4096);
}

/* --- no room --- */

/* Fills until it is full; what was taken must read well, and still be there later. */
static void fill_up(struct windows *w, uint32_t *ret_entities)
{
    uint32_t m[40], e = 0;
    float v[40];
    for (int i = 0; i < 40; i++)
        m[i] = metric(w, (char[]){'m', (char)('0' + i), '\0'}, MERGE_MEAN);
    for (;; e++) {
        char name[20];
        snprintf(name, sizeof name, "h%u", e);
        uint32_t number = host(w, name, "");
        for (int i = 0; i < 40; i++)
            v[i] = (float)e;
        size_t taken = 77;
        if (number == WINDOWS_NONE ||
            windows_put(w, number, row(0), 40, m, v, &taken) == WINDOWS_PUT_FULL) {
            CHECK(number == WINDOWS_NONE || taken == 0);
            break;
        }
        CHECK_INT(taken, 40);
    }
    for (uint32_t i = 0; i < e; i++)
        CHECK(windows_put(w, i, row(1), 40, m, v, NULL) == WINDOWS_PUT_OK &&
              value_at(w, i, 0, m[39]) == (float)i);
    *ret_entities = e;
}

TEST(a_file_grows_to_its_bound_and_no_further)
{
    struct windows *w = open_at(in_dir("windows"), ROWS, 3 << 20);
    uint32_t n;
    fill_up(w, &n);
    CHECK(n > 300 && n < 3 * 1048576 / (40 * 5 * ROWS));
    windows_close(&w);
    struct stat st;
    CHECK(stat(in_dir("windows"), &st) == 0 && st.st_size <= 3 << 20);
    w = open_at(in_dir("windows"), ROWS, 6 << 20); /* raised: it goes on */
    uint32_t more;
    fill_up(w, &more);
    CHECK(more > n * 3 / 2);
    windows_close(&w);
}

TEST(a_file_size_limit_is_an_error_and_no_signal)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit two = {2 << 20, 2 << 20};
        if (setrlimit(RLIMIT_FSIZE, &two) < 0)
            _exit(1);
        struct windows *w = open_at(in_dir("windows"), ROWS, 1 << 26);
        uint32_t n;
        fill_up(w, &n);
        _exit(n > 100 ? 0 : 2);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_full_disk_is_an_error_and_no_signal)
{
    char path[220];
    const char *dir = test_dir();
    if (mount("none", dir, "tmpfs", 0, "size=3m") < 0)
        test_skip("a small file system cannot be mounted: %s", strerror(errno));
    snprintf(path, sizeof path, "%s/windows", dir);
    struct windows *w = open_at(path, ROWS, 1 << 28);
    uint32_t n = 0;
    fill_up(w, &n);
    windows_close(&w);
    CHECK(umount(dir) == 0);
    CHECK(n > 100);
}

/* --- threads --- */

enum { THREADS = 4, THREAD_STEPS = 300, SHARED = 20 };

struct job {
    struct windows *w;
    int no;
    bool bad;
};

/* All threads write the same entities, each a metric of its own. */
static void *write_shared(void *arg)
{
    struct job *job = arg;
    char name[20];
    for (int k = 0; k < THREAD_STEPS; k++)
        for (uint32_t i = 0; i < SHARED; i++) {
            snprintf(name, sizeof name, "h%u", i);
            uint32_t e = host(job->w, name, "pay");
            snprintf(name, sizeof name, "t%d.%d", job->no, k / 20);
            uint32_t m = metric(job->w, name, MERGE_SUM);
            job->bad |= put_one(job->w, e, k, m, (float)(k + 1)) == WINDOWS_PUT_FULL;
        }
    return NULL;
}

static void *read_shared(void *arg)
{
    struct job *job = arg;
    for (int round = 0; round < 100; round++) {
        uint32_t *entities;
        size_t n;
        job->bad |=
            windows_linked(job->w, WINDOWS_OF_SERVICE, "pay", &entities, &n) < 0;
        for (size_t i = 0; i < n; i++) {
            struct block *b =
                windows_cut(job->w, entities[i], row(0), row(THREAD_STEPS));
            for (size_t c = 0; b != NULL && c < (size_t)b->rows * b->n_metrics; c++)
                job->bad |=
                    !isnan(b->cells[c]) && b->cells[c] != (float)(c / b->n_metrics + 1);
            block_free(&b);
            windows_newest(job->w, entities[i]);
        }
        free(entities);
        job->bad |= windows_sync(job->w, NULL) < 0;
        windows_stats(job->w);
    }
    return NULL;
}

TEST(many_threads_write_and_read_at_once)
{
    /* as many rows as steps: no thread may fall behind the ring */
    struct windows *w = open_at(in_dir("windows"), THREAD_STEPS, 1ULL << 30);
    pthread_t thread[THREADS + 2];
    struct job job[THREADS + 2];
    for (int i = 0; i < THREADS + 2; i++) {
        job[i] = (struct job){.w = w, .no = i};
        CHECK(pthread_create(&thread[i], NULL, i < THREADS ? write_shared : read_shared,
                             &job[i]) == 0);
    }
    for (int i = 0; i < THREADS + 2; i++) {
        CHECK(pthread_join(thread[i], NULL) == 0);
        CHECK(!job[i].bad);
    }
    struct windows_stats stats = windows_stats(w);
    CHECK_INT(stats.entities, SHARED);
    CHECK_INT(stats.metrics, THREADS * THREAD_STEPS / 20);
    CHECK_INT(stats.series, SHARED * stats.metrics);
    for (int t = 0; t < THREADS; t++) {
        char name[20];
        snprintf(name, sizeof name, "t%d.%d", t, (THREAD_STEPS - 1) / 20);
        uint32_t m = windows_find_metric(w, name);
        for (uint32_t e = 0; e < SHARED; e++)
            CHECK_NEAR(value_at(w, e, THREAD_STEPS - 1, m), THREAD_STEPS, 0);
    }
    windows_close(&w);
}

/* --- looking on --- */

static float first_cell(struct windows *w, uint32_t entity, int64_t at)
{
    struct block *b = windows_cut(w, entity, (instant){at}, (instant){at + 60000});
    float v = b != NULL && b->n_metrics > 0 ? b->cells[0] : NAN;
    block_free(&b);
    return v;
}

TEST(a_file_that_is_open_can_be_looked_into_and_is_left_as_it_is)
{
    char dir[] = "/tmp/test_windows.XXXXXX", path[64];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/windows.dat", dir);
    struct err err = {0}, note = {0};
    const struct windows_spec spec = {
        .path = path, .step = {60000}, .rows = 10, .bytes_max = 8 << 20};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL);
    const struct entity h1 = {.kind = ENTITY_HOST, .host = "h1", .service = "pay"};
    uint32_t e = windows_entity(w, &h1), m = windows_metric(w, "cpu", 3, MERGE_MEAN);
    float v = 7;
    CHECK_INT(windows_put(w, e, (instant){60000}, 1, &m, &v, NULL), WINDOWS_PUT_OK);

    struct windows *on = windows_peek(path, &err);
    CHECK(on != NULL);
    CHECK_INT(windows_step(on).ms, 60000);
    CHECK_INT(windows_rows(on), 10);
    uint32_t seen = windows_find(on, &h1);
    CHECK(seen != WINDOWS_NONE);
    CHECK(first_cell(on, seen, 60000) == 7);
    /* what comes later goes on in the service alone */
    v = 9;
    CHECK_INT(windows_put(w, e, (instant){120000}, 1, &m, &v, NULL), WINDOWS_PUT_OK);
    CHECK(first_cell(w, e, 120000) == 9);
    windows_close(&on);
    windows_close(&w);
    w = windows_open(&spec, &note, &err);
    CHECK(w != NULL && note.code == 0);
    CHECK(first_cell(w, e, 60000) == 7 && first_cell(w, e, 120000) == 9);
    windows_close(&w);
    unlink(path);
    rmdir(dir);
}

TEST(an_entity_that_has_got_another_block_since_is_unknown_to_who_looks_on)
{
    char dir[] = "/tmp/test_windows.XXXXXX", path[64], name[16];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/windows.dat", dir);
    struct err err = {0}, note = {0};
    const struct windows_spec spec = {
        .path = path, .step = {60000}, .rows = 10, .bytes_max = 8 << 20};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL);
    const struct entity h1 = {.kind = ENTITY_HOST, .host = "h1", .service = "pay"};
    uint32_t e = windows_entity(w, &h1), m = windows_metric(w, "cpu", 3, MERGE_MEAN);
    float v = 7;
    windows_put(w, e, (instant){60000}, 1, &m, &v, NULL);
    struct windows *on = windows_peek(path, &err);
    CHECK(on != NULL && first_cell(on, e, 60000) == 7);
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "m%d", i);
        m = windows_metric(w, name, strlen(name), MERGE_MEAN);
        windows_put(w, e, (instant){60000}, 1, &m, &v, NULL);
    }
    CHECK_INT(windows_sync(w, &err), 0); /* the old block is free now */
    CHECK(isnan(first_cell(on, e, 60000)));
    windows_close(&on);
    on = windows_peek(path, &err);
    CHECK(on != NULL && first_cell(on, e, 60000) == 7);
    windows_close(&on);
    windows_close(&w);
    unlink(path);
    CHECK(windows_peek(path, &err) == NULL && err.code == ENOENT);
    rmdir(dir);
}
