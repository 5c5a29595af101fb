/* The agent's loop: descriptors, timers, and taking them out while it calls. */
#include "programs/agent/loop.h"

#include "base/instant.h"
#include "tests/test.h"

#include <poll.h>
#include <unistd.h>

static struct loop *l;
static struct loop_watch watch[2];
static struct loop_timer timer[2];
static int pipes[2][2], called[2];

static void on_ready(void *arg, short came)
{
    int i = *(int *)arg;
    char c;
    CHECK((came & POLLIN) != 0);
    CHECK(read(pipes[i][0], &c, 1) == 1);
    called[i]++;
    loop_unwatch(l, &watch[1 - i]);
}

static void begin(void)
{
    static int number[2] = {0, 1};
    l = loop_new();
    for (int i = 0; i < 2; i++) {
        CHECK(pipe(pipes[i]) == 0);
        called[i] = 0;
        watch[i] =
            (struct loop_watch){pipes[i][0], POLLIN, on_ready, &number[i], false};
        timer[i] = (struct loop_timer){0};
    }
}

static void end(void)
{
    for (int i = 0; i < 4; i++)
        close(pipes[i / 2][i % 2]);
    loop_free(&l);
}

TEST(what_is_ready_is_called_and_what_was_taken_out_meanwhile_is_not)
{
    begin();
    CHECK(loop_watch(l, &watch[0]) == 0 && loop_watch(l, &watch[1]) == 0);
    CHECK(write(pipes[0][1], "x", 1) == 1 && write(pipes[1][1], "x", 1) == 1);
    loop_turn(l);
    CHECK_INT(called[0] + called[1], 1); /* each takes the other out */
    end();
}

static void count(void *arg)
{
    (*(int *)arg)++;
}

static void count_and_clear(void *arg)
{
    count(arg);
    loop_clear(l, &timer[1]);
}

TEST(a_timer_fires_once_at_its_time)
{
    begin();
    int64_t now = monotonic_ms();
    timer[0] = (struct loop_timer){.fire = count, .arg = &called[0]};
    timer[1] = (struct loop_timer){.fire = count, .arg = &called[1]};
    loop_set(l, &timer[0], now + 30);
    loop_set(l, &timer[1], now + 600000);
    while (called[0] == 0)
        loop_turn(l);
    CHECK(monotonic_ms() >= now + 30);
    loop_set(l, &timer[1], 0); /* another time takes the place of the first */
    loop_turn(l);
    CHECK_INT(called[0], 1);
    CHECK_INT(called[1], 1);
    end();
}

TEST(a_timer_that_another_clears_does_not_fire)
{
    begin();
    timer[0] = (struct loop_timer){.fire = count_and_clear, .arg = &called[0]};
    timer[1] = (struct loop_timer){.fire = count, .arg = &called[1]};
    loop_set(l, &timer[0], 0);
    loop_set(l, &timer[1], 0);
    loop_turn(l);
    CHECK_INT(called[0], 1);
    CHECK_INT(called[1], 0);
    end();
}

TEST(there_is_an_end_to_what_may_wait)
{
    static struct loop_watch many[LOOP_WATCHES_MAX + 1];
    begin();
    for (int i = 0; i < LOOP_WATCHES_MAX; i++)
        CHECK(loop_watch(l, &many[i]) == 0);
    CHECK(loop_watch(l, &many[LOOP_WATCHES_MAX]) < 0);
    CHECK(!many[LOOP_WATCHES_MAX].on);
    end();
}
