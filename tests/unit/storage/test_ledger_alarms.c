/* tests of storage/ledger's alarms */
#include "storage/ledger.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
enum { HOUR = 3600, NONE = INT32_MIN };

static instant plus(int64_t seconds)
{
    return instant_add(NOW, span_seconds(seconds));
}

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static struct ledger *opened(const char *path)
{
    struct err err = {0}, note = {0};
    struct ledger *l = ledger_open(path, &note, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

/* A message of alarm DiskFull: seconds from NOW, NONE where a time is not told. */
static struct alarm *message(const char *host, const char *service, int starts,
                             int ends)
{
    struct err err = {0};
    struct alarm *a = alarm_new(&err);
    a->name = strdup("DiskFull");
    a->host = host != NULL ? strdup(host) : NULL;
    a->service = service != NULL ? strdup(service) : NULL;
    a->starts = starts != NONE ? plus(starts) : INSTANT_NONE;
    a->ends = ends != NONE ? plus(ends) : INSTANT_NONE;
    a->said = starts != NONE ? a->starts : a->ends;
    CHECK_INT(alarm_identify(a, &err), 0);
    return a;
}

static enum posted put(struct ledger *l, struct alarm *a)
{
    struct err err = {0};
    struct alarm_list list = {0};
    CHECK_INT(alarm_list_add(&list, &a, &err), 0);
    enum posted posted = ledger_put_alarms_wait(l, &list, NOW, &err);
    CHECK((posted == POSTED_FAILED) == (err.code != 0));
    CHECK(list.n == 0 && list.at == NULL);
    return posted;
}

static const char *const hosts[] = {"h1", "h2"};

static size_t list(struct ledger *l, int from, int to, struct alarm_row **rows)
{
    struct alarm_ask ask = {"pay", hosts, 2, plus(from), plus(to)};
    struct err err = {0};
    size_t n = 0;
    if (ledger_alarms(l, &ask, rows, &n, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return n;
}

/* The times the one alarm fired, "-60..5 20.." in seconds from NOW. */
static const char *times(struct ledger *l, int from, int to)
{
    static char text[400];
    struct alarm_row *rows = NULL;
    size_t n = list(l, from, to, &rows), at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s%lld..", i > 0 ? " " : "",
                             (long long)(rows[i].starts.ms - NOW.ms) / 1000);
        if (!instant_is_none(rows[i].ends))
            at += (size_t)snprintf(text + at, sizeof text - at, "%lld",
                                   (long long)(rows[i].ends.ms - NOW.ms) / 1000);
    }
    alarm_rows_free(&rows, n);
    return text;
}

TEST(a_message_of_the_same_beginning_is_a_repeat_that_may_bring_the_end)
{
    OWNED_LEDGER *l = opened(":memory:");
    CHECK_INT(put(l, message("h1", NULL, -60, NONE)), POSTED_NEW);
    CHECK_INT(put(l, message("h1", NULL, -60, NONE)), POSTED_REPEAT);
    CHECK_TEXT(times(l, -HOUR, HOUR), "-60..");
    CHECK_INT(put(l, message("h1", NULL, -60, -10)), POSTED_REPEAT);
    CHECK_INT(put(l, message("h1", NULL, -60, NONE)), POSTED_REPEAT);
    CHECK_TEXT(times(l, -HOUR, HOUR), "-60..-10");
    CHECK_INT((long long)ledger_stats(l).alarms, 1);
}

TEST(further_messages_while_it_fires_begin_nothing_new)
{
    OWNED_LEDGER *l = opened(":memory:");
    CHECK_INT(put(l, message("h1", NULL, -600, NONE)), POSTED_NEW);
    CHECK_INT(put(l, message("h1", NULL, -300, NONE)), POSTED_NEW);
    CHECK_INT(put(l, message("h1", NULL, NONE, -100)), POSTED_NEW);
    CHECK_INT(put(l, message("h1", NULL, 50, NONE)), POSTED_NEW);
    CHECK_TEXT(times(l, -HOUR, HOUR), "-600..-100 50..");
}

TEST(the_order_of_arrival_makes_no_difference)
{
    static const int order[][4] = {
        {0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    for (size_t k = 0; k < 4; k++) {
        OWNED_LEDGER *l = opened(":memory:");
        for (size_t i = 0; i < 4; i++) {
            static const int told[][2] = {
                {-900, NONE}, {-700, -650}, {NONE, -800}, {-100, NONE}};
            const int *t = told[order[k][i]];
            put(l, message("h1", NULL, t[0], t[1]));
        }
        CHECK_TEXT(times(l, -HOUR, HOUR), "-900..-800 -700..-650 -100..");
    }
}

TEST(an_alarm_unheard_of_for_a_day_counts_as_over)
{
    OWNED_LEDGER *l = opened(":memory:");
    put(l, message("h1", NULL, -30 * HOUR, NONE));
    CHECK_TEXT(times(l, -HOUR, HOUR), "");
    CHECK_TEXT(times(l, -7 * HOUR, HOUR), "-108000..-21600");
    CHECK_TEXT(times(l, -20 * HOUR, -10 * HOUR), "-108000..");
    put(l, message("h1", NULL, 0, NONE));
    CHECK_TEXT(times(l, -HOUR, HOUR), "0..");
    /* heard of once in a day it goes on */
    put(l, message("h1", NULL, -15 * HOUR, NONE));
    CHECK_TEXT(times(l, -HOUR, HOUR), "-54000..");
}

TEST(an_end_alone_is_no_alarm)
{
    OWNED_LEDGER *l = opened(":memory:");
    put(l, message("h1", NULL, NONE, -10));
    CHECK_TEXT(times(l, -HOUR, HOUR), "");
}

TEST(what_is_not_known_yet_at_the_end_of_the_list_does_not_show)
{
    OWNED_LEDGER *l = opened(":memory:");
    put(l, message("h1", NULL, -60, 500));
    put(l, message("h2", NULL, 300, NONE));
    CHECK_TEXT(times(l, -HOUR, 200), "-60..");
    CHECK_TEXT(times(l, -HOUR, HOUR), "-60..500 300..");
}

TEST(alarms_are_listed_by_service_and_by_host)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct alarm_row *rows = NULL;
    put(l, message("h1", NULL, -60, NONE));
    put(l, message("h9", "pay", -50, NONE));
    put(l, message(NULL, "pay", -40, NONE));
    put(l, message("h9", "web", -30, NONE));
    put(l, message(NULL, "web", -20, NONE));
    size_t n = list(l, -HOUR, HOUR, &rows);
    CHECK_INT((long long)n, 3);
    CHECK_TEXT(rows[0].host, "h1");
    CHECK_TEXT(rows[1].host, "h9");
    CHECK(rows[2].host == NULL);
    CHECK_TEXT(rows[2].service, "pay");
    alarm_rows_free(&rows, n);
}

TEST(alarms_outlive_the_process_and_say_how_far_back_they_reach)
{
    char path[200];
    snprintf(path, sizeof path, "%s/ledger.db", test_dir());
    struct err err = {0};
    instant since = {0};
    struct ledger *first = opened(path);
    CHECK_INT(ledger_alarms_since(first, &since, &err), 0);
    CHECK(instant_is_none(since));
    put(first, message("h1", NULL, -60, NONE));
    put(first, message("h1", NULL, -90, -80));
    ledger_close(&first);
    OWNED_LEDGER *l = opened(path);
    CHECK_TEXT(times(l, -HOUR, HOUR), "-90..-80 -60..");
    CHECK_INT(ledger_alarms_since(l, &since, &err), 0);
    CHECK_INT(since.ms, NOW.ms - 90000);
    CHECK_INT((long long)ledger_stats(l).alarms, 2);
}

TEST(many_alarms_of_a_request_are_put_in_one_write)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    struct alarm_list list = {0};
    for (int i = 0; i < 1000; i++) {
        char host[16];
        snprintf(host, sizeof host, "h%d", i);
        struct alarm *a = message(host, "pay", -60, NONE);
        CHECK_INT(alarm_list_add(&list, &a, &err), 0);
    }
    CHECK_INT(ledger_put_alarms_wait(l, &list, NOW, &err), POSTED_NEW);
    CHECK_INT((long long)ledger_stats(l).alarms, 1000);
    CHECK_INT((long long)ledger_stats(l).commits, 1);
}
