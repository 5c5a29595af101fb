/* Commands beside the loop: results, limits, users, and what is killed. */
#include "programs/agent/exec.h"

#include "base/instant.h"
#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct loop *l;
static struct agent_exec_pool *pool;

struct run {
    struct agent_exec *exec;
    struct agent_exec_spec spec;
    struct agent_exec_result result;
    char *text;
    bool done;
};

static int ended;

static void on_done(void *arg, const struct agent_exec_result *r)
{
    struct run *run = arg;
    run->result = *r;
    run->text = strdup(r->text);
    run->done = true;
    ended++;
}

static void begin(unsigned most)
{
    l = loop_new();
    pool = agent_exec_pool_new(l, most);
    ended = 0;
}

static void start(struct run *r, const char *const *argv, int timeout_ms)
{
    *r = (struct run){.spec = {.argv = argv, .timeout_ms = timeout_ms}};
    r->exec = agent_exec_new(pool, on_done, r);
    agent_exec_start(r->exec, &r->spec);
}

static void finish(struct run *r)
{
    while (!r->done)
        loop_turn(l);
}

static void drop(struct run *r)
{
    agent_exec_free(&r->exec);
    free(r->text);
}

static void end(void)
{
    agent_exec_pool_free(&pool);
    loop_free(&l);
}

#define SHELL(script) ((const char *const[]){"/bin/sh", "-c", script, NULL})

TEST(a_command_gives_its_exit_code_and_what_it_wrote)
{
    struct run r;
    begin(4);
    start(&r, SHELL("echo one; echo wrong >&2; read x || echo $LC_ALL; pwd; exit 2"),
          60000);
    CHECK(!r.done);
    finish(&r);
    CHECK_INT(r.result.code, 2);
    CHECK_TEXT(r.text, "one\nC\n/\n");
    CHECK(!r.result.timed_out && r.result.signal == 0);
    drop(&r);
    end();
}

TEST(one_that_is_not_there_is_told)
{
    struct run r;
    begin(4);
    start(&r, (const char *const[]){"/no/such/program", NULL}, 60000);
    finish(&r);
    CHECK_INT(r.result.code, 127);
    drop(&r);
    end();
}

static bool lives(pid_t pid)
{
    char path[64], text[200] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    bool got = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    const char *state = got ? strrchr(text, ')') : NULL;
    return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

TEST(one_that_takes_too_long_is_killed_with_all_it_started)
{
    struct run r;
    begin(4);
    start(&r, SHELL("sleep 1000 & echo $!; wait"), 300);
    finish(&r);
    CHECK(r.result.timed_out);
    CHECK_INT(r.result.signal, SIGKILL);
    CHECK(r.result.ms >= 300);
    pid_t child = atoi(r.text);
    CHECK(child > 0);
    while (lives(child)) /* killed already; it needs a processor to end */
        usleep(1000);
    drop(&r);
    end();
}

TEST(what_a_command_leaves_behind_holds_nothing_up)
{
    struct run r;
    begin(4);
    start(&r, SHELL("sleep 1000 & echo $!"), 60000);
    finish(&r); /* though the sleeper has the pipe open */
    CHECK_INT(r.result.code, 0);
    pid_t child = atoi(r.text);
    while (lives(child))
        usleep(1000);
    drop(&r);
    end();
}

TEST(output_is_bounded)
{
    struct run r;
    begin(4);
    start(&r, SHELL("head -c 300000 /dev/zero | tr '\\0' x"), 60000);
    finish(&r);
    CHECK_INT(r.result.code, 0);
    CHECK(r.result.cut);
    CHECK_INT(strlen(r.text), AGENT_EXEC_OUTPUT_MAX);
    drop(&r);
    end();
}

TEST(one_that_writes_for_ever_takes_no_processor_until_its_time_is_up)
{
    struct run r;
    struct rusage before, after;
    begin(4);
    getrusage(RUSAGE_SELF, &before);
    start(&r, (const char *const[]){"/usr/bin/yes", NULL}, 1000);
    finish(&r);
    getrusage(RUSAGE_SELF, &after);
    CHECK(r.result.timed_out && r.result.cut);
    double used = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                  (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
    CHECK(used < 0.5);
    drop(&r);
    end();
}

TEST(no_more_run_at_once_than_the_pool_has_room_for)
{
    struct run r[3];
    begin(1);
    start(&r[0], SHELL("echo a"), 60000);
    start(&r[1], SHELL("sleep 1000"), 200);
    start(&r[2], SHELL("echo c"), 60000);
    finish(&r[0]);
    CHECK(!r[1].done && !r[2].done);
    finish(&r[2]);
    CHECK(r[1].done && r[1].result.timed_out);
    for (int i = 0; i < 3; i++)
        drop(&r[i]);
    end();
}

TEST(a_command_may_be_forgotten_at_any_time)
{
    struct run r[2];
    begin(1);
    start(&r[0], SHELL("sleep 1000"), 60000);
    start(&r[1], SHELL("echo next"), 60000);
    drop(&r[0]); /* its place is free */
    finish(&r[1]);
    CHECK_TEXT(r[1].text, "next\n");
    drop(&r[1]);
    start(&r[0], SHELL("true"), 60000);
    start(&r[1], SHELL("true"), 60000);
    drop(&r[1]); /* before its turn */
    finish(&r[0]);
    drop(&r[0]);
    CHECK_INT(ended, 2);
    end();
}

TEST(root_runs_a_command_as_another_user)
{
    if (geteuid() != 0)
        test_skip("only root can become another user");
    struct run r = {0};
    begin(4);
    r.spec = (struct agent_exec_spec){.argv = SHELL("id -u; id -g; id -G"),
                                      .other_user = true,
                                      .uid = 65534,
                                      .gid = 65534,
                                      .user = "nobody",
                                      .timeout_ms = 60000};
    r.exec = agent_exec_new(pool, on_done, &r);
    agent_exec_start(r.exec, &r.spec);
    finish(&r);
    CHECK_TEXT(r.text, "65534\n65534\n65534\n");
    drop(&r);
    end();
}
