#include "storage/child.h"

#include "tests/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int begin(void *arg, struct err *err)
{
    if (arg != NULL)
        return err_set(err, ENOENT, "%s", (const char *)arg);
    return 0;
}

/* Does as the first byte says. */
static int serve(void *arg, const char *request, size_t n, struct buf *reply,
                 struct err *err)
{
    (void)arg;
    switch (request[0]) {
    case 'e': /* echo */
        buf_add_n(reply, request, n);
        return 0;
    case 'f': /* fail */
        return err_set(err, ENOSPC, "no room for %s", request + 1);
    case 'k':
        raise(SIGKILL);
        return 0;
    case 'c':
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        return 0;
    case 'x':
        _exit(7);
    case 'p': /* whose child am I, and what do I ignore */
        buf_addf(reply, "%d", (int)getppid());
        return 0;
    default: /* hang */
        for (;;)
            pause();
    }
}

static struct child *start(int64_t patience_ms)
{
    struct err err = {0};
    struct child_spec spec = {
        .name = "tester", .begin = begin, .serve = serve, .patience_ms = patience_ms};
    struct child *c = child_start(&spec, &err);
    CHECK_TEXT(err.text, "");
    CHECK(c != NULL);
    return c;
}

static int ask(struct child *c, const char *text, struct buf *reply, struct err *err)
{
    OWNED_BUF request = {0};
    buf_add(&request, text);
    *err = (struct err){0};
    return child_call(c, &request, reply, err);
}

static void check_works(struct child *c)
{
    struct err err;
    OWNED_BUF reply = {0};
    CHECK_INT(ask(c, "echo", &reply, &err), 0);
    CHECK_TEXT(buf_text(&reply), "echo");
}

TEST(an_answer_and_an_error_come_back_as_they_were_given)
{
    struct child *c = start(30000);
    struct err err;
    OWNED_BUF reply = {0};
    check_works(c);
    CHECK_INT(ask(c, "fthis", &reply, &err), -1);
    CHECK_INT(err.code, ENOSPC);
    CHECK_TEXT(err.text, "no room for this");
    check_works(c);
    CHECK_INT(child_restarts(c), 0);
    child_stop(&c);
    CHECK(c == NULL);
    child_stop(&c);
}

TEST(a_request_of_many_megabytes_passes_both_ways)
{
    struct child *c = start(30000);
    struct err err = {0};
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    size_t n = 20 << 20;
    char *room = buf_room(&request, n);
    CHECK(room != NULL);
    memset(room, 'e', n);
    room[n - 1] = '!';
    request.len = n;
    CHECK_INT(child_call(c, &request, &reply, &err), 0);
    CHECK_INT(reply.len, n);
    CHECK(memcmp(reply.data, request.data, n) == 0);
    child_stop(&c);
}

TEST(a_killed_worker_is_replaced_and_counted)
{
    struct child *c = start(30000);
    for (int i = 1; i <= 5; i++) {
        pid_t pid = child_pid(c);
        CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
        /* The kernel closes its socket in its own time: a call may still meet it. */
        struct err err;
        OWNED_BUF reply = {0};
        int rc = ask(c, "echo", &reply, &err);
        CHECK(rc == 0 || err.code == CHILD_KILLED);
        check_works(c);
        CHECK_INT(child_restarts(c), i);
        CHECK(child_pid(c) != pid);
    }
    child_stop(&c);
}

TEST(the_way_a_worker_died_is_told_apart)
{
    struct child *c = start(200);
    struct err err;
    OWNED_BUF reply = {0};
    CHECK_INT(ask(c, "kill", &reply, &err), -1);
    CHECK_INT(err.code, CHILD_KILLED);
    CHECK(strstr(err.text, "was killed") != NULL);
    CHECK_INT(ask(c, "crash", &reply, &err), -1);
    CHECK_INT(err.code, CHILD_CRASHED);
    CHECK(strstr(err.text, "died of signal 11") != NULL);
    CHECK_INT(ask(c, "x", &reply, &err), -1);
    CHECK_INT(err.code, CHILD_CRASHED);
    CHECK(strstr(err.text, "ended with status 7") != NULL);
    CHECK_INT(ask(c, "hang", &reply, &err), -1);
    CHECK_INT(err.code, CHILD_HUNG);
    check_works(c);
    CHECK_INT(child_restarts(c), 4);
    child_stop(&c);
}

TEST(signals_meant_for_the_service_do_not_end_the_worker)
{
    struct child *c = start(30000);
    CHECK_INT(kill(child_pid(c), SIGTERM), 0);
    CHECK_INT(kill(child_pid(c), SIGINT), 0);
    check_works(c);
    CHECK_INT(child_restarts(c), 0);
    child_stop(&c);
}

TEST(a_worker_that_cannot_begin_says_why)
{
    struct err err = {0};
    char why[] = "no library here";
    struct child_spec spec = {
        .name = "t", .begin = begin, .serve = serve, .arg = why, .patience_ms = 30000};
    CHECK(child_start(&spec, &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    CHECK_TEXT(err.text, "no library here");
}

TEST(without_its_keeper_a_call_fails_instead_of_waiting)
{
    struct child *c = start(30000);
    struct err err;
    OWNED_BUF reply = {0};
    CHECK_INT(ask(c, "parent", &reply, &err), 0);
    pid_t keeper = atoi(buf_text(&reply));
    CHECK(keeper > 1 && keeper != getpid());
    CHECK_INT(kill(keeper, SIGKILL), 0);
    while (ask(c, "echo", &reply, &err) == 0)
        ; /* until the kernel has taken the worker with it */
    CHECK_INT(ask(c, "echo", &reply, &err), -1);
    CHECK_INT(err.code, CHILD_GONE);
    child_stop(&c);
}

static void *ask_often(void *arg)
{
    for (int i = 0; i < 200; i++) {
        char text[40];
        struct err err;
        OWNED_BUF reply = {0};
        snprintf(text, sizeof text, "e %p %d", (void *)&text, i);
        if (ask(arg, text, &reply, &err) != 0 || strcmp(buf_text(&reply), text) != 0)
            return arg;
    }
    return NULL;
}

TEST(threads_take_turns_and_each_gets_its_own_answer)
{
    struct child *c = start(30000);
    pthread_t thread[4];
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&thread[i], NULL, ask_often, c), 0);
    for (size_t i = 0; i < 4; i++) {
        void *bad;
        CHECK_INT(pthread_join(thread[i], &bad), 0);
        CHECK(bad == NULL);
    }
    child_stop(&c);
}
