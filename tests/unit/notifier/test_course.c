/* tests of notifier/course */
#include "notifier/course.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP = 60000 };
static const instant T = {1795255200000}; /* a whole minute */

static struct windows *opened(void)
{
    struct err err = {0};
    struct windows_spec spec = {.step = {STEP}, .rows = 120, .bytes_max = 256 << 20};
    struct windows *w = windows_open(&spec, NULL, &err);
    CHECK(w != NULL);
    return w;
}

static void put(struct windows *w, const char *host, const char *metric, int minute,
                float value)
{
    struct entity e = {.kind = ENTITY_HOST, .host = host, .service = "pay"};
    uint32_t entity = windows_entity(w, &e);
    uint32_t no = windows_metric(w, metric, strlen(metric), MERGE_MEAN);
    instant at = {T.ms + minute * (int64_t)STEP + 5000};
    CHECK_INT(windows_put(w, entity, at, 1, &no, &value, NULL), WINDOWS_PUT_OK);
}

TEST(a_course_is_the_mean_of_the_hosts_that_have_a_sample)
{
    struct err err = {0};
    struct windows *w = opened();
    struct course_of of;
    struct course c;
    put(w, "h1", "cpu.busy", 0, 10);
    put(w, "h2", "cpu.busy", 0, 30);
    put(w, "h1", "cpu.busy", 2, 50);
    put(w, "h3", "mem.used_pct", 3, 1);
    CHECK_INT(course_find(w, "pay", &of, &err), 0);
    CHECK_INT(of.n, 3);
    CHECK_INT(course_read(w, &of, "cpu.busy", (instant){T.ms + 600000}, &c, &err), 0);
    CHECK_INT(c.from.ms, T.ms);
    CHECK_INT(c.n, 4);
    CHECK_INT(c.hosts, 2);
    CHECK_NEAR(c.value[0], 20, 1e-9);
    CHECK(isnan(c.value[1]));
    CHECK_NEAR(c.value[2], 50, 1e-9);
    CHECK(isnan(c.value[3]));
    free(c.value);
    CHECK_INT(course_read(w, &of, "nothing", (instant){T.ms + 600000}, &c, &err), 0);
    CHECK_INT(c.n, 0);
    CHECK_INT(course_find(w, "nobody", &of, &err), 0);
    CHECK_INT(of.n, 0);
    windows_close(&w);
}

TEST(what_is_common_is_offered_first_then_what_most_have)
{
    struct err err = {0};
    struct windows *w = opened();
    struct course_of of;
    const char *name[COURSE_METRICS_MAX];
    put(w, "h1", "own.rare", 0, 1);
    put(w, "h1", "own.b", 0, 1);
    put(w, "h2", "own.b", 0, 1);
    put(w, "h1", "own.a", 0, 1);
    put(w, "h2", "own.a", 0, 1);
    put(w, "h2", "mem.used_pct", 0, 1);
    put(w, "h2", "cpu.busy", 0, 1);
    CHECK_INT(course_find(w, "pay", &of, &err), 0);
    CHECK_INT(course_metrics(w, &of, name), 5);
    CHECK_TEXT(name[0], "cpu.busy");
    CHECK_TEXT(name[1], "mem.used_pct");
    CHECK_TEXT(name[2], "own.a");
    CHECK_TEXT(name[3], "own.b");
    CHECK_TEXT(name[4], "own.rare");
    windows_close(&w);
}

TEST(of_many_hosts_some_are_taken_evenly)
{
    struct err err = {0};
    struct windows *w = opened();
    struct course_of of;
    char host[20];
    for (int i = 0; i < COURSE_HOSTS_MAX * 2; i++) {
        snprintf(host, sizeof host, "h%04d", i);
        put(w, host, "cpu.busy", 0, 1);
    }
    CHECK_INT(course_find(w, "pay", &of, &err), 0);
    CHECK_INT(of.all, COURSE_HOSTS_MAX * 2);
    CHECK_INT(of.n, COURSE_HOSTS_MAX);
    CHECK_INT(of.entity[1] - of.entity[0], 2);
    windows_close(&w);
}
