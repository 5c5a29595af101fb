/* tests of notifier/transfer's calls by HTTP; mails are tested with notifier/smtp */
#include "notifier/transfer.h"

#include "base/httpd.h"
#include "tests/test.h"

#include <stdio.h>

static atomic_int calls;
static atomic_bool stop_now;

static void take(struct httpd_req *r, void *app)
{
    size_t n;
    const char *body = httpd_body(r, &n), *own = httpd_header(r, "X-Own");
    (void)app;
    atomic_fetch_add(&calls, 1);
    if (n == 5 && memcmp(body, "hello", 5) == 0 && own != NULL && strcmp(own, "1") == 0)
        httpd_answer(r, 204, NULL, "", 0);
    else
        httpd_fail(r, 400, "unexpected");
}

static void move(struct httpd_req *r, void *app)
{
    (void)app;
    httpd_set_header(r, "Location", "/take");
    httpd_answer(r, 307, "text/plain", "", 0);
}

/* Never answers. */
static void hold(struct httpd_req *r, void *app)
{
    (void)app;
    atomic_store(&stop_now, true);
    httpd_park(r, INT64_MAX);
}

static const struct httpd_route routes[] = {
    {.method = "POST", .path = "/take", .serve = take, .body_max = 100},
    {.method = "POST", .path = "/move", .serve = move, .body_max = 100},
    {.method = "POST", .path = "/hold", .serve = hold, .body_max = 100},
    {0},
};

static struct transfer_result call(const char *address, const char *path,
                                   const atomic_bool *stop)
{
    char url[200];
    const char *header[] = {"X-Own: 1"};
    struct transfer_result ret;
    snprintf(url, sizeof url, "http://%s%s", address, path);
    struct transfer t = {.kind = TRANSFER_HTTP,
                         .url = url,
                         .connect_time = {2000},
                         .answer_time = {20000},
                         .whole_time = {20000},
                         .stop = stop,
                         .list = header,
                         .n_list = 1,
                         .bytes = "hello",
                         .n = 5};
    transfer_run(&t, &ret);
    return ret;
}

TEST(a_body_and_its_headers_arrive_and_the_answer_comes_back)
{
    struct err err = {0};
    struct httpd_mount mount = {routes, NULL};
    struct httpd_spec spec = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = httpd_start(&spec, &err);
    CHECK(h != NULL);
    struct transfer_result r = call(httpd_address(h), "/take", NULL);
    CHECK(r.done);
    CHECK_INT(r.status, 204);
    CHECK_INT(r.sent, 5);
    CHECK_INT(atomic_load(&calls), 1);
    CHECK_INT(call(httpd_address(h), "/nowhere", NULL).status, 404);
    /* what has moved is not followed: the secret was meant for the first address */
    CHECK_INT(call(httpd_address(h), "/move", NULL).status, 307);
    CHECK_INT(atomic_load(&calls), 1);
    httpd_stop(&h, 100);
}

TEST(it_ends_when_it_is_stopped_and_says_what_went_wrong)
{
    struct err err = {0};
    struct httpd_mount mount = {routes, NULL};
    struct httpd_spec spec = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = httpd_start(&spec, &err);
    CHECK(h != NULL);
    struct transfer_result r = call(httpd_address(h), "/hold", &stop_now);
    CHECK(!r.done);
    CHECK_INT(r.status, 0);
    CHECK(r.words[0] != '\0');
    httpd_stop(&h, 100);
    r = call("127.0.0.1:1", "/take", NULL);
    CHECK(!r.done && strstr(r.words, "connect") != NULL);
}
