/* tests of storage/inputs */
#include "storage/inputs.h"
#include "tests/test.h"

#include <stdio.h>

static const instant t0 = {1795255200000};

static instant later(int64_t s)
{
    return instant_add(t0, span_seconds(s));
}

static void note(struct inputs *in, enum input input, instant at, const char *peer,
                 uint64_t taken, uint64_t dropped)
{
    const struct input_note n = {.peer = peer,
                                 .agent = "Telegraf/1.25 Go/1.19",
                                 .bytes = 100,
                                 .taken = taken,
                                 .dropped = dropped,
                                 .complaint = dropped > 0 ? "line 3: bad\n\"" : NULL};
    inputs_note(in, input, at, &n);
}

TEST(a_sender_is_an_input_an_address_and_a_program)
{
    struct inputs *in = inputs_new();
    struct inputs_view v;
    note(in, INPUT_LINE, t0, "10.0.0.1", 5, 0);
    note(in, INPUT_LINE, later(10), "10.0.0.1", 5, 1);
    note(in, INPUT_CALLS, later(20), "10.0.0.1", 7, 0);
    CHECK(inputs_read(in, &v));
    CHECK_INT((long long)v.n, 2);
    CHECK_TEXT(v.sender[0].who, "10.0.0.1 Telegraf/1.25");
    CHECK_INT((long long)v.sender[0].requests, 2);
    CHECK_INT((long long)v.sender[0].taken, 10);
    CHECK_INT((long long)v.sender[0].dropped, 1);
    CHECK_INT((long long)v.sender[0].bytes, 200);
    CHECK_INT((long long)v.sender[0].gap.ms, 10000);
    CHECK_TEXT(v.sender[0].complaint, "line 3: bad?\"");
    CHECK_INT((long long)v.all[INPUT_CALLS].taken, 7);
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(who_came_regularly_and_stays_away_is_silent)
{
    struct inputs *in = inputs_new();
    struct inputs_view v;
    for (int i = 0; i < 10; i++)
        note(in, INPUT_LINE, later(60 * i), "10.0.0.1", 1, 0);
    note(in, INPUT_LINE, later(540), "10.0.0.2", 1, 0);
    CHECK(inputs_read(in, &v));
    CHECK(!input_is_silent(&v.sender[0], later(540 + 299)));
    CHECK(input_is_silent(&v.sender[0], later(540 + 301)));
    CHECK(!input_is_silent(&v.sender[1], later(540 + 86400))); /* came but once */
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(the_worst_senders_come_first)
{
    struct inputs *in = inputs_new();
    struct inputs_view v;
    const struct input_sender *top[INPUTS_TOP];
    char peer[32];
    for (int i = 0; i < 30; i++) {
        snprintf(peer, sizeof peer, "10.0.0.%d", i);
        note(in, INPUT_LINE, t0, peer, (uint64_t)(i * 7 % 30),
             (uint64_t)(i < 2 ? i : 0));
    }
    CHECK(inputs_read(in, &v));
    CHECK_INT((long long)inputs_top(&v, false, top), INPUTS_TOP);
    for (int i = 0; i < INPUTS_TOP; i++)
        CHECK_INT((long long)top[i]->taken, 29 - i);
    CHECK_INT((long long)inputs_top(&v, true, top), 1);
    CHECK_TEXT(top[0]->who, "10.0.0.1 Telegraf/1.25");
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(senders_are_bounded_and_the_long_silent_make_room)
{
    struct inputs *in = inputs_new();
    struct inputs_view v;
    char peer[32];
    for (int i = 0; i < INPUTS_SENDERS_MAX + 5; i++) {
        snprintf(peer, sizeof peer, "10.0.%d.%d", i / 256, i % 256);
        note(in, INPUT_LINE, t0, peer, 1, 0);
    }
    CHECK(inputs_read(in, &v));
    CHECK_INT((long long)v.n, INPUTS_SENDERS_MAX);
    CHECK_INT((long long)v.unknown, 5);
    CHECK_INT((long long)v.all[INPUT_LINE].taken, INPUTS_SENDERS_MAX + 5);
    inputs_view_free(&v);
    note(in, INPUT_LINE, later(3700), "192.0.2.1", 1, 0);
    CHECK(inputs_read(in, &v));
    CHECK_TEXT(v.sender[0].who, "192.0.2.1 Telegraf/1.25");
    CHECK_INT((long long)v.n, INPUTS_SENDERS_MAX);
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(metrics_name_inputs_and_the_worst_senders)
{
    struct inputs *in = inputs_new();
    OWNED_BUF out = {0};
    note(in, INPUT_STATSD, t0, "10.0.0.1", 9, 2);
    inputs_write_metrics(in, t0, &out);
    CHECK(strstr(out.data, "aftercheck_input_taken_total{input=\"statsd\"} 9\n"));
    CHECK(strstr(out.data, "aftercheck_senders 1\n"));
    CHECK(strstr(out.data, "aftercheck_top_sender_dropped{input=\"statsd\","
                           "sender=\"10.0.0.1 Telegraf/1.25\"} 2\n"));
    inputs_free(&in);
}

TEST(a_sender_may_make_so_many_new_things_and_another_as_many)
{
    struct inputs *in = inputs_new();
    for (int i = 0; i < 7; i++)
        CHECK(inputs_make(in, INPUT_LINE, "10.0.0.1", NULL, t0, 5) == (i < 5));
    CHECK(inputs_make(in, INPUT_LINE, "10.0.0.2", NULL, t0, 5));
    inputs_free(&in);
}

TEST(a_sender_over_its_rate_is_refused_until_time_has_passed)
{
    struct inputs *in = inputs_new();
    const char *agent = "Telegraf/1.25";
    CHECK(inputs_admit(in, INPUT_LINE, "10.0.0.1", agent, t0, 100));
    note(in, INPUT_LINE, t0, "10.0.0.1", 1500, 0);
    CHECK(!inputs_admit(in, INPUT_LINE, "10.0.0.1", agent, t0, 100));
    CHECK(!inputs_admit(in, INPUT_LINE, "10.0.0.1", agent, later(4), 100));
    CHECK(inputs_admit(in, INPUT_LINE, "10.0.0.1", agent, later(6), 100));
    CHECK(inputs_admit(in, INPUT_LINE, "10.0.0.2", NULL, t0, 100));
    inputs_free(&in);
}

TEST(reasons_add_up_by_name_and_are_bounded)
{
    static char names[INPUTS_REASONS_MAX + 2][16];
    struct inputs *in = inputs_new();
    struct inputs_view v;
    for (int i = 0; i < INPUTS_REASONS_MAX + 2; i++) {
        snprintf(names[i], sizeof names[i], "r%d", i);
        const struct input_reason r = {names[i], 2};
        inputs_reason(in, INPUT_CALLS, &r);
        inputs_reason(in, INPUT_CALLS, &r);
    }
    CHECK(inputs_read(in, &v));
    CHECK_TEXT(v.reason[INPUT_CALLS][0].name, "r0");
    CHECK_INT((long long)v.reason[INPUT_CALLS][0].n, 4);
    CHECK_TEXT(v.reason[INPUT_CALLS][INPUTS_REASONS_MAX - 1].name, "r15");
    CHECK(v.reason[INPUT_LINE][0].name == NULL);
    inputs_view_free(&v);
    inputs_free(&in);
}
