/* tests of collector/intake */
#include "collector/intake.h"
#include "tests/unit/collector/text_sink.h"

#include <pthread.h>

TEST(what_the_sink_takes_is_kept)
{
    struct text_sink s = {0};
    struct sink sink = text_sink(&s);
    struct tally t = {0};
    struct entity who = {.kind = ENTITY_HOST, .host = "h1", .service = "pay"};
    uint32_t entity = sink.entity(&who, sink.arg);
    uint32_t metric = sink.metric("cpu.busy", 8, MERGE_MEAN, sink.arg);
    sink_put(&sink, &t, entity, (instant){5}, 1, &metric, &(float){2});
    CHECK_TEXT(buf_text(&s.out), "host h1 of pay @5: cpu.busy=2\n");
    CHECK_INT(t.kept, 1);
    CHECK(tally_balances(&t));
    text_sink_free(&s);
}

TEST(what_the_sink_refuses_is_dropped_with_its_reason)
{
    struct text_sink s = {.end = WINDOWS_PUT_OLD};
    struct sink sink = text_sink(&s);
    struct tally t = {0};
    uint32_t metric[3] = {0};
    float value[3] = {0};
    sink_put(&sink, &t, 0, (instant){5}, 3, metric, value);
    s.end = WINDOWS_PUT_FULL;
    sink_put(&sink, &t, 0, (instant){5}, 2, metric, value);
    CHECK_INT(t.dropped[DROP_LATE], 3);
    CHECK_INT(t.dropped[DROP_FULL], 2);
    CHECK(tally_balances(&t));
    text_sink_free(&s);
}

TEST(times_beyond_thirty_days_or_ten_minutes_are_out_of_bounds)
{
    instant now = {1795255200000};
    struct bounds b = intake_bounds(now);
    const int64_t day = 86400000, minute = 60000;
    CHECK_INT(bounds_check(&b, now, NULL), DROP_N);
    CHECK_INT(bounds_check(&b, (instant){now.ms - 30 * day}, NULL), DROP_N);
    CHECK_INT(bounds_check(&b, (instant){now.ms - 30 * day - 1}, NULL), DROP_TOO_OLD);
    CHECK_INT(bounds_check(&b, (instant){now.ms + 10 * minute}, NULL), DROP_N);
    CHECK_INT(bounds_check(&b, (instant){now.ms + 10 * minute + 1}, NULL), DROP_FUTURE);
    struct bounds none = BOUNDS_NONE;
    CHECK_INT(bounds_check(&none, (instant){0}, NULL), DROP_N);
}

static void *add_many(void *arg)
{
    struct tally t = {.taken = 3, .kept = 1};
    t.dropped[DROP_LATE] = 2;
    for (int i = 0; i < 20000; i++)
        intake_add(arg, &t);
    return NULL;
}

TEST(counts_of_several_threads_add_up)
{
    struct intake *in = intake_new();
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&thread[i], NULL, add_many, in) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    struct tally t = intake_read(in);
    CHECK_INT(t.taken, 240000);
    CHECK_INT(t.dropped[DROP_LATE], 160000);
    CHECK(tally_balances(&t));
    intake_free(&in);
    CHECK(in == NULL);
}

TEST(counters_are_shown_with_every_reason)
{
    struct intake *in = intake_new();
    struct tally t = {.taken = 5, .kept = 3};
    t.dropped[DROP_FUTURE] = 2;
    intake_add(in, &t);
    struct buf b = {0};
    intake_write_metrics(in, &b);
    CHECK(strstr(b.data, "\naftercheck_samples_total 5\n") != NULL);
    CHECK(strstr(b.data, "\naftercheck_samples_kept_total 3\n") != NULL);
    CHECK(strstr(b.data, "\naftercheck_dropped_total{reason=\"future\"} 2\n") != NULL);
    for (int i = 0; i < DROP_N; i++)
        CHECK(strstr(b.data, drop_name((enum drop)i)) != NULL);
    buf_free(&b);
    intake_free(&in);
}
