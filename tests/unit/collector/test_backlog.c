/* tests of collector/hostinfo/backlog */
#include "collector/hostinfo/backlog.h"
#include "tests/test.h"

#include <stdio.h>

static void put(struct backlog *b, int64_t s, double busy)
{
    char text[200];
    int n = snprintf(text, sizeof text,
                     "cpu,host=my\\ h busy=%g,user=1.5 %lld\n"
                     "disk,device=a\\=b,host=my\\ h util=-2e+09 %lld\n",
                     busy, (long long)s, (long long)s);
    backlog_put(b, (instant){s * 1000}, text, (size_t)n);
}

TEST(readings_come_out_as_they_went_in)
{
    struct backlog *b = backlog_new(span_seconds(600));
    struct buf out = {0};
    put(b, 100, 31.25);
    put(b, 110, 7);
    CHECK_INT(backlog_peek(b, 1 << 20, &out), 2);
    CHECK_TEXT(buf_text(&out), "cpu,host=my\\ h busy=31.25,user=1.5 100\n"
                               "disk,device=a\\=b,host=my\\ h util=-2e+09 100\n"
                               "cpu,host=my\\ h busy=7,user=1.5 110\n"
                               "disk,device=a\\=b,host=my\\ h util=-2e+09 110\n");
    backlog_sent(b, 2);
    CHECK_INT(backlog_peek(b, 1 << 20, &out), 0);
    CHECK_INT(backlog_stats(b).bytes, 0);
    CHECK_INT(backlog_stats(b).dropped, 0);
    buf_free(&out);
    backlog_free(&b);
    CHECK(b == NULL);
}

TEST(a_look_takes_the_oldest_first_and_at_least_one)
{
    struct backlog *b = backlog_new(span_seconds(600));
    struct buf out = {0};
    for (int i = 0; i < 5; i++)
        put(b, 100 + i, i);
    CHECK_INT(backlog_peek(b, 1, &out), 1);
    CHECK(strstr(out.data, " 100\n") != NULL && strstr(out.data, " 101\n") == NULL);
    put(b, 105, 5); /* comes in while the first is on its way */
    backlog_sent(b, 1);
    buf_clear(&out);
    CHECK_INT(backlog_peek(b, 200, &out), 3);
    CHECK(strstr(out.data, " 101\n") != NULL && strstr(out.data, " 102\n") != NULL);
    buf_free(&out);
    backlog_free(&b);
}

TEST(what_is_too_old_is_dropped_and_counted)
{
    struct backlog *b = backlog_new(span_seconds(600));
    for (int i = 0; i <= 70; i++)
        put(b, i * 10, i);
    struct backlog_stats s = backlog_stats(b);
    CHECK_INT(s.readings, 61); /* of the last 600 s, both ends */
    CHECK_INT(s.readings_dropped, 10);
    CHECK_INT(s.dropped, 30);
    struct buf out = {0};
    CHECK_INT(backlog_peek(b, 1, &out), 11);
    buf_free(&out);
    backlog_sent(b, 5); /* was dropped meanwhile: nothing happens */
    CHECK_INT(backlog_stats(b).readings, 61);
    backlog_free(&b);
}

TEST(ten_minutes_of_a_large_host_fit_at_one_reading_a_second)
{
    struct backlog *b = backlog_new(span_seconds(600));
    for (int s = 0; s <= 600; s++) {
        struct buf text = {0};
        for (int i = 0; i < 300; i++)
            buf_addf(&text, "disk,device=sd%d,host=h util=%d.5 %d\n", i, (s + i) % 100,
                     s);
        backlog_put(b, (instant){s * 1000ll}, text.data, text.len);
        buf_free(&text);
    }
    CHECK_INT(backlog_stats(b).readings, 601);
    CHECK(backlog_stats(b).bytes < BACKLOG_BYTES_MAX);
    backlog_free(&b);
}

TEST(memory_is_bounded_even_when_no_reading_is_like_another)
{
    struct backlog *b = backlog_new(span_seconds(600));
    for (int s = 0; s < 400; s++) {
        struct buf text = {0};
        for (int i = 0; i < 300; i++)
            buf_addf(&text, "disk,device=sd%d_%d,host=h util=1 %d\n", i, s, s);
        backlog_put(b, (instant){s * 1000ll}, text.data, text.len);
        buf_free(&text);
        CHECK(backlog_stats(b).bytes <= BACKLOG_BYTES_MAX);
    }
    struct backlog_stats s = backlog_stats(b);
    CHECK_INT(s.readings + s.readings_dropped, 400);
    CHECK_INT(s.dropped, s.readings_dropped * 300);
    CHECK(s.readings > 50);
    backlog_free(&b);
}

TEST(lines_of_another_form_are_dropped_and_counted)
{
    static const char *const bad[] = {"cpu busy=1 5", "cpu busy=1\n", "cpu 5\n", "\n"};
    struct backlog *b = backlog_new(span_seconds(600));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        backlog_put(b, (instant){0}, bad[i], strlen(bad[i]));
    CHECK_INT(backlog_stats(b).readings, 0);
    CHECK_INT(backlog_stats(b).readings_dropped, 4);
    backlog_free(&b);
}
