/* tests of collector/posting: a request and a store that answers when the test says.
 * How it works with the ledger is test_routes.c's. */
#include "base/httpc.h"
#include "collector/posting.h"
#include "tests/test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

/* What the handler parked, for the test to end. */
static struct posting *parked;
static sem_t is_parked;
static atomic_int n_new;

static void count_new(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void serve(struct httpd_req *r, void *app)
{
    (void)app;
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL) {
        parked = posting_park(r, "thing", "id 1", count_new, &n_new);
        CHECK(parked != NULL);
        sem_post(&is_parked);
    } else if (posting_over(r, p, &end)) {
        httpd_answer(r, end == POSTED_NEW ? 202 : 200, "text/plain", posting_id(p), 4);
    }
}

static const struct httpd_route routes[] = {{"POST", "/", serve, 100, 0}, {0}};
static struct httpd *server;

static void start(void)
{
    struct err err = {0};
    struct httpd_mount mount = {routes, NULL};
    struct httpd_spec spec = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    server = httpd_start(&spec, &err);
    CHECK_TEXT(err.text, "");
    CHECK(sem_init(&is_parked, 0, 0) == 0);
    atomic_store(&n_new, 0);
}

struct call {
    int rc;
    unsigned status;
    struct buf answer;
};

static void *make_call(void *arg)
{
    struct call *c = arg;
    char url[100];
    snprintf(url, sizeof url, "http://%s", httpd_address(server));
    struct httpc *client = httpc_new(url, NULL);
    struct httpc_ask ask = {
        .method = "POST", .path = "/", .body = "x", .n = 1, .timeout_ms = 30000};
    c->rc = httpc_call(client, &ask, &c->status, &c->answer, NULL);
    httpc_free(&client);
    return NULL;
}

/* One call whose posting ends so. */
static void call_that_ends(enum posted end, const struct err *err, struct call *c)
{
    pthread_t thread;
    start();
    CHECK(pthread_create(&thread, NULL, make_call, c) == 0);
    sem_wait(&is_parked);
    posting_end(end, err, parked);
    pthread_join(thread, NULL);
    httpd_stop(&server, 1000);
    CHECK_INT(c->rc, 0);
}

TEST(the_request_is_answered_when_the_store_has_ended)
{
    struct call c = {0}, repeat = {0};
    call_that_ends(POSTED_NEW, NULL, &c);
    CHECK_INT(c.status, 202);
    CHECK_TEXT(buf_text(&c.answer), "id 1");
    CHECK_INT(atomic_load(&n_new), 1);
    call_that_ends(POSTED_REPEAT, NULL, &repeat);
    CHECK_INT(repeat.status, 200);
    CHECK_INT(atomic_load(&n_new), 0);
    buf_free(&c.answer);
    buf_free(&repeat.answer);
}

TEST(what_was_not_stored_is_to_be_sent_again)
{
    struct call c = {0};
    struct err err = {.code = ENOSPC, .text = "the disk is full"};
    call_that_ends(POSTED_FAILED, &err, &c);
    CHECK_INT(c.status, 503);
    CHECK(strstr(buf_text(&c.answer),
                 "the thing is not stored: the disk is full; send it again") != NULL);
    CHECK_INT(atomic_load(&n_new), 0);
    buf_free(&c.answer);
}

TEST(the_store_may_end_after_the_server_has_stopped)
{
    struct call c = {0};
    pthread_t thread;
    start();
    CHECK(pthread_create(&thread, NULL, make_call, &c) == 0);
    sem_wait(&is_parked);
    httpd_stop(&server, 0); /* calls the request again, which parks, and cuts it */
    posting_end(POSTED_NEW, NULL, parked);
    CHECK_INT(atomic_load(&n_new), 1);
    pthread_join(thread, NULL);
    CHECK(c.rc < 0);
    buf_free(&c.answer);
}
