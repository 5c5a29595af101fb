/* tests of base/httpd, through base/httpc where a proper client does and through bare
 * sockets where it must be improper */
#include "base/gz.h"
#include "base/httpc.h"
#include "base/httpd.h"
#include "base/instant.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What handlers tell the test, and what it tells them. */
static struct app {
    struct httpd *h;
    sem_t called;              /* posted by each call of a parking handler */
    sem_t parked;              /* posted once its token is known */
    _Atomic httpd_token token; /* of the last parked request */
    atomic_bool ready;         /* parked requests answer when woken */
    atomic_int calls;          /* of parking handlers */
    atomic_int drops;          /* kept things freed */
    atomic_llong until_ms;     /* the parking handlers' limit */
    atomic_bool wake_early;    /* wake the own token before returning */
} app;

static void serve_hello(struct httpd_req *r, void *a)
{
    CHECK(a == &app);
    httpd_answer(r, 200, "text/plain", "hello", 5);
}

static void serve_end(struct httpd_req *r, void *a)
{
    (void)a;
    httpd_answer(r, 200, "text/plain", "the end", 7);
}

static void serve_echo(struct httpd_req *r, void *a)
{
    (void)a;
    size_t n;
    const char *body = httpd_body(r, &n);
    CHECK_INT(body[n], '\0');
    const char *type = httpd_header(r, "content-type");
    httpd_answer(r, 200, type != NULL ? type : "text/plain", body, n);
}

static void serve_nothing(struct httpd_req *r, void *a)
{
    (void)a;
    httpd_answer(r, 204, NULL, NULL, 0);
}

static void serve_facts(struct httpd_req *r, void *a)
{
    (void)a;
    OWNED_BUF b = {0};
    const char *wait = httpd_query(r, "wait");
    buf_addf(&b, "%s %s id=%s wait=%s peer=%s", httpd_method(r), httpd_path(r),
             httpd_param(r, 0), wait != NULL ? wait : "-", httpd_peer(r));
    httpd_set_header(r, "Cache-Control", "max-age=60");
    httpd_set_header(r, "X-More", "1");
    httpd_answer_buf(r, 200, "text/plain", &b);
}

static void serve_fail(struct httpd_req *r, void *a)
{
    (void)a;
    httpd_fail(r, 409, "\"%s\" is here already", "8812");
}

static void drop_kept(void *thing)
{
    free(thing);
    app.drops++;
}

/* Parks until app.ready, and says how often it was called. */
static void serve_parked(struct httpd_req *r, void *a)
{
    (void)a;
    int *calls = httpd_kept(r);
    if (calls == NULL)
        httpd_keep(r, calls = calloc(1, sizeof *calls), drop_kept);
    ++*calls;
    app.calls++;
    if (atomic_load(&app.ready)) {
        char text[32];
        int n = snprintf(text, sizeof text, "%d calls", *calls);
        httpd_answer(r, 200, "text/plain", text, (size_t)n);
    } else {
        app.token = httpd_park(r, atomic_load(&app.until_ms));
        if (atomic_load(&app.wake_early)) {
            atomic_store(&app.ready, true);
            httpd_wake(httpd_server(r), app.token);
        }
        sem_post(&app.parked);
    }
    sem_post(&app.called);
}

/* Parks once; answers when called again or when the server is being stopped. */
static void serve_once(struct httpd_req *r, void *a)
{
    (void)a;
    if (httpd_kept(r) == NULL && !httpd_stopping(r)) {
        httpd_keep(r, malloc(1), drop_kept);
        app.token = httpd_park(r, atomic_load(&app.until_ms));
        sem_post(&app.parked);
        return;
    }
    httpd_answer(r, 200, "text/plain", httpd_stopping(r) ? "stopping" : "woken",
                 httpd_stopping(r) ? 8 : 5);
}

static void serve_park_and_answer(struct httpd_req *r, void *a)
{
    (void)a;
    httpd_park(r, INT64_MAX);
    httpd_fail(r, 503, "no room");
}

static const struct httpd_route pages[] = {
    {.method = "GET", .path = "/", .serve = serve_hello},
    {.method = "GET", .path = "/end", .serve = serve_end},
    {.method = "GET", .path = "/changes/{id}", .serve = serve_facts},
    {0},
};
static const struct httpd_route api[] = {
    {.method = "POST",
     .path = "/echo",
     .serve = serve_echo,
     .body_max = 100000,
     .inflated_max = 200000},
    {.method = "POST", .path = "/plain", .serve = serve_echo, .body_max = 10},
    {.method = "POST", .path = "/changes/{id}", .serve = serve_fail, .body_max = 10},
    {.method = "POST", .path = "/write", .serve = serve_nothing, .body_max = 1 << 20},
    {.method = "DELETE", .path = "/write", .serve = serve_nothing},
    {.method = "GET", .path = "/parked", .serve = serve_parked},
    {.method = "GET", .path = "/once", .serve = serve_once},
    {.method = "POST", .path = "/once", .serve = serve_once, .body_max = 10},
    {.method = "GET", .path = "/both", .serve = serve_park_and_answer},
    {0},
};
static const struct httpd_mount mounts[] = {{pages, &app}, {api, &app}};

static struct httpd *start_with(struct httpd_spec spec)
{
    memset(&app, 0, sizeof app);
    sem_init(&app.called, 0, 0);
    sem_init(&app.parked, 0, 0);
    app.until_ms = INT64_MAX;
    if (spec.listen == NULL)
        spec.listen = "127.0.0.1:0";
    spec.mounts = mounts;
    spec.n_mounts = 2;
    struct err err = {0};
    app.h = httpd_start(&spec, &err);
    if (app.h == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return app.h;
}

static void start(void)
{
    start_with((struct httpd_spec){0});
}

static void stop(void)
{
    httpd_stop(&app.h, 5000);
    CHECK(app.h == NULL);
}

static struct httpc *client(void)
{
    char url[100];
    snprintf(url, sizeof url, "http://%s", httpd_address(app.h));
    struct httpc *c = httpc_new(url, NULL);
    CHECK(c != NULL);
    return c;
}

/* "200 hello": status and body of one call. */
static const char *ask_into(struct buf *said, struct httpc *c,
                            const struct httpc_ask *what)
{
    OWNED_BUF body = {0};
    unsigned status = 0;
    struct err err = {0};
    buf_clear(said);
    if (httpc_call(c, what, &status, &body, &err) < 0)
        buf_addf(said, "failed: %s", err.text);
    else
        buf_addf(said, "%u %s", status, buf_text(&body));
    return buf_text(said);
}

/* For the test's own thread only. */
static const char *ask(struct httpc *c, const struct httpc_ask *what)
{
    static struct buf said;
    return ask_into(&said, c, what);
}

static const char *get(struct httpc *c, const char *path)
{
    return ask(c, &(struct httpc_ask){.method = "GET", .path = path});
}

static const char *post(struct httpc *c, const char *path, const void *body, size_t n,
                        const char *headers)
{
    return ask(c, &(struct httpc_ask){.method = "POST",
                                      .path = path,
                                      .type = "a/b",
                                      .body = body,
                                      .n = n,
                                      .headers = headers});
}

/* A bare connection. */
static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    at.sin_port = htons((uint16_t)atoi(strrchr(httpd_address(app.h), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    CHECK(connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

static void say(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* All that comes until the server closes. */
static char *hear_all(int fd)
{
    static char heard[65536];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof heard - 1 &&
           (got = recv(fd, heard + n, sizeof heard - 1 - n, 0)) > 0)
        n += (size_t)got;
    heard[n] = '\0';
    close(fd);
    return heard;
}

/* All the answers to `text`: one more request, whose answer is cut off, has the server
 * close when it is through. */
static const char *raw(const char *text)
{
    int fd = dial();
    say(fd, text);
    say(fd, "GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    char *all = hear_all(fd), *last = NULL;
    for (char *p = all; (p = strstr(p, "HTTP/1.1 ")) != NULL; p++)
        last = p;
    CHECK(last != NULL && strstr(last, "the end") != NULL);
    *last = '\0';
    return all;
}

/* Here the server must close the connection by itself. */
static const char *raw_closed(const char *text)
{
    int fd = dial();
    say(fd, text);
    return hear_all(fd);
}

static bool has(const char *all, const char *part)
{
    if (strstr(all, part) == NULL)
        test_fail(__FILE__, __LINE__, "no '%s' in\n%s", part, all);
    return true;
}

static int count(const char *all, const char *part)
{
    int n = 0;
    for (; (all = strstr(all, part)) != NULL; all++)
        n++;
    return n;
}

#define HOST "Host: h\r\n"

TEST(a_request_reaches_its_handler_and_the_answer_comes_back)
{
    start();
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello");
    CHECK_TEXT(get(c, "/changes/a%2Fb%20c?x=1&wait=60s"),
               "200 GET /changes/a%2Fb%20c id=a/b c wait=60s peer=127.0.0.1");
    CHECK_TEXT(get(c, "/changes/1"), "200 GET /changes/1 id=1 wait=- peer=127.0.0.1");
    CHECK_TEXT(post(c, "/echo", "body", 4, NULL), "200 body");
    CHECK_TEXT(post(c, "/echo", "", 0, NULL), "200 ");
    CHECK_TEXT(post(c, "/write", "x", 1, NULL), "204 ");
    CHECK_TEXT(post(c, "/changes/1", "{}", 2, NULL),
               "409 {\"error\":\"\\\"8812\\\" is here already\"}\n");
    CHECK_INT(httpd_stats(app.h).requests, 7);
    CHECK_INT(httpd_stats(app.h).refused, 0);
    httpc_free(&c);
    stop();
}

TEST(every_answer_carries_the_headers_of_the_house)
{
    start();
    const char *all = raw("GET / HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(all, "HTTP/1.1 200 OK\r\n") && has(all, "Content-Type: text/plain\r\n"));
    CHECK(has(all, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(has(all, "Cache-Control: no-store\r\n"));
    all = raw("GET /changes/1 HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(all, "Cache-Control: max-age=60\r\n") && has(all, "X-More: 1\r\n"));
    CHECK_INT(count(all, "Cache-Control"), 1);
    all = raw("DELETE /write HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(all, "HTTP/1.1 204 ") && has(all, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(has(all, "Cache-Control: no-store\r\n"));
    CHECK_INT(count(all, "Content-Length"), 0);
    all = raw("GET /none HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(all, "HTTP/1.1 404 ") && has(all, "Content-Type: application/json\r\n"));
    CHECK(has(all, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(has(all, "{\"error\":\"there is nothing at this path\"}"));
    stop();
}

TEST(head_is_get_without_the_body)
{
    start();
    struct httpc *c = client();
    CHECK_TEXT(ask(c, &(struct httpc_ask){.method = "HEAD", .path = "/changes/1"}),
               "200 ");
    CHECK_TEXT(get(c, "/"), "200 hello"); /* the connection is in step */
    httpc_free(&c);
    const char *all = raw("HEAD / HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(all, "Content-Length: 5\r\n"));
    CHECK(strstr(all, "hello") == NULL);
    CHECK(has(raw("HEAD /echo HTTP/1.1\r\n" HOST "\r\n"), " 405 "));
    stop();
}

TEST(another_path_is_404_and_another_method_405_with_what_is_allowed)
{
    start();
    struct httpc *c = client();
    static const char *const missing[] = {"/none",        "//",          "/changes",
                                          "/changes/",    "/changes//1", "/changes/1/",
                                          "/changes/1/2", "/echo%2F",    "/Echo"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        CHECK_TEXT(get(c, missing[i]),
                   "404 {\"error\":\"there is nothing at this path\"}\n");
    CHECK_TEXT(get(c, "/echo"),
               "405 {\"error\":\"this path does not take this method\"}\n");
    CHECK_TEXT(post(c, "/none", "some body", 9, NULL),
               "404 {\"error\":\"there is nothing at this path\"}\n");
    CHECK_TEXT(get(c, "/"), "200 hello"); /* the short body was read away */
    httpc_free(&c);
    CHECK(has(raw("GET /echo HTTP/1.1\r\n" HOST "\r\n"), "\r\nAllow: POST\r\n"));
    CHECK(has(raw("PUT /changes/1 HTTP/1.1\r\n" HOST "\r\n"),
              "\r\nAllow: GET, HEAD, POST\r\n"));
    CHECK(
        has(raw("GET /write HTTP/1.1\r\n" HOST "\r\n"), "\r\nAllow: POST, DELETE\r\n"));
    CHECK_INT(httpd_stats(app.h).refused, 14);
    stop();
}

TEST(addresses_that_are_not_proper_are_400)
{
    start();
    CHECK(has(raw("GET /a%00 HTTP/1.1\r\n" HOST "\r\n"),
              "{\"error\":\"the address has an encoded zero byte\"}"));
    CHECK(has(raw("GET /a%zz HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400 "));
    CHECK(has(raw("GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400 "));
    CHECK(has(raw("GET /a b HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400 "));
    CHECK(has(raw("GET * HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400 "));
    char text[600] = "GET /changes/";
    memset(text + strlen(text), 'x', HTTPD_PARAM_BYTES_MAX);
    strcat(text, " HTTP/1.1\r\n" HOST "\r\n");
    CHECK(has(raw(text), "{\"error\":\"a part of the path is too long\"}"));
    stop();
}

TEST(headers_that_two_readers_could_see_differently_are_400_and_the_end)
{
    start();
    static const char *const bad[] = {
        HOST HOST,
        HOST "Content-Length: 2\r\nContent-Length: 2\r\n",
        HOST "content-length: 2\r\nCONTENT-LENGTH: 3\r\n",
        HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        HOST "Content-Length : 2\r\n",
        HOST "Content-Length: 2, 2\r\n",
        HOST "Content-Length: +2\r\n",
        HOST "Content-Length: 0x2\r\n",
        HOST "X: a\rb\r\n",
        HOST "X\x01: a\r\n",
        "X: y\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "POST /echo HTTP/1.1\r\n%s\r\nhiGET / HTTP/1.1\r\n" HOST "\r\n",
                 bad[i]);
        const char *all = raw_closed(text);
        CHECK(has(all, "HTTP/1.1 400 "));
        CHECK(strstr(all, "hello") == NULL); /* what followed was not obeyed */
    }
    CHECK(has(raw_closed("POST /echo HTTP/1.1\r\n" HOST
                         "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
              "HTTP/1.1 501 "));
    CHECK(has(raw_closed("POST /echo HTTP/1.0\r\n" HOST
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              " 400 "));
    stop();
}

TEST(a_body_without_its_length_is_411)
{
    start();
    CHECK(has(raw_closed("POST /echo HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 411 "));
    CHECK(has(raw("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
              "HTTP/1.1 200 "));
    stop();
}

TEST(a_body_beyond_the_limit_is_413)
{
    start();
    /* a far too long one before a byte of it is sent */
    const char *all =
        raw_closed("POST /plain HTTP/1.1\r\n" HOST "Content-Length: 99000000\r\n\r\n");
    CHECK(has(all, "HTTP/1.1 413 ") && has(all, "Connection: close\r\n"));
    CHECK(has(all, "{\"error\":\"the body is too long: at most 10 bytes are taken "
                   "here\"}"));
    /* a shorter one after it was read away, so that everybody gets to hear it */
    CHECK(has(raw("POST /plain HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\n"
                  "12345678901"),
              "HTTP/1.1 413 "));
    CHECK(has(raw_closed("POST /plain HTTP/1.1\r\n" HOST
                         "Content-Length: 18446744073709551615\r\n\r\n"),
              " 413 "));
    CHECK(has(raw_closed("POST /plain HTTP/1.1\r\n" HOST
                         "Content-Length: 99999999999999999999999\r\n\r\n"),
              " 413 "));
    CHECK(has(raw("GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n1"),
              "{\"error\":\"this path takes no body\"}"));
    CHECK(has(raw("POST /plain HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n"
                  "1234567890"),
              "\r\n\r\n1234567890"));
    stop();
}

TEST(the_client_hears_a_413_while_it_is_still_sending)
{
    start();
    struct httpc *c = client();
    size_t n = 20 << 20;
    char *body = calloc(1, n);
    const char *said = post(c, "/echo", body, n, NULL);
    CHECK_TEXT(said, "413 {\"error\":\"the body is too long: at most 100000 bytes are "
                     "taken here\"}\n");
    CHECK_TEXT(get(c, "/"), "200 hello");
    free(body);
    httpc_free(&c);
    stop();
}

TEST(chunked_bodies_are_gathered_up_to_the_limit)
{
    start();
    CHECK(has(raw("POST /plain HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n7;x\r\ndefghij\r\n0\r\nT: x\r\n\r\n"),
              "\r\n\r\nabcdefghij"));
    const char *all =
        raw_closed("POST /plain HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\n8\r\ndefghijk\r\n");
    CHECK(has(all, "HTTP/1.1 413 ") && has(all, "Connection: close\r\n"));
    CHECK(has(all, "{\"error\":\"the body is too long: at most 10 bytes"));
    CHECK(has(all, "X-Content-Type-Options: nosniff\r\n"));
    CHECK(has(raw_closed("POST /plain HTTP/1.1\r\n" HOST
                         "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
              " 400 "));
    CHECK(has(raw_closed("GET / HTTP/1.1\r\n" HOST
                         "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              " 413 "));
    CHECK_INT(httpd_stats(app.h).refused, 2);
    stop();
}

TEST(who_asks_before_sending_is_told)
{
    start();
    int fd = dial();
    char got[100] = "";
    say(fd, "POST /plain HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n");
    CHECK(recv(fd, got, 25, MSG_WAITALL) == 25);
    CHECK_TEXT(got, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "hi");
    CHECK(has(hear_all(fd), "\r\n\r\nhi"));
    CHECK(has(raw_closed("POST /plain HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                         "Content-Length: 11\r\n\r\n"),
              "HTTP/1.1 413 "));
    CHECK(has(raw_closed("POST /none HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                         "Content-Length: 11\r\n\r\n"),
              "HTTP/1.1 404 "));
    stop();
}

static void deflated(struct buf *to, size_t n)
{
    char *zeros = calloc(1, n);
    memset(zeros, 'z', n);
    CHECK_INT(gz_deflate(zeros, n, to, NULL), 0);
    free(zeros);
}

TEST(gzip_bodies_are_inflated_within_the_limit)
{
    start();
    struct httpc *c = client();
    const char *gzip = "Content-Encoding: gzip\r\n";
    OWNED_BUF small = {0}, large = {0};
    CHECK_INT(gz_deflate("hello", 5, &small, NULL), 0);
    CHECK_TEXT(post(c, "/echo", small.data, small.len, gzip), "200 hello");
    CHECK_TEXT(post(c, "/echo", small.data, small.len, "Content-Encoding: x-gzip\r\n"),
               "200 hello");
    CHECK_TEXT(post(c, "/echo", "hello", 5, "Content-Encoding: identity\r\n"),
               "200 hello");
    deflated(&large, 200000);
    CHECK_INT(strlen(post(c, "/echo", large.data, large.len, gzip)), 200004);
    buf_clear(&large);
    deflated(&large, 200001);
    CHECK_TEXT(post(c, "/echo", large.data, large.len, gzip),
               "413 {\"error\":\"the body inflates to more than 200000 bytes\"}\n");
    CHECK(has(post(c, "/echo", "hello", 5, gzip),
              "400 {\"error\":\"the body is not proper gzip: "));
    CHECK(has(post(c, "/echo", small.data, small.len - 1, gzip), "400 "));
    CHECK_TEXT(post(c, "/echo", "hello", 5, "Content-Encoding: br\r\n"),
               "415 {\"error\":\"this Content-Encoding is not taken here\"}\n");
    CHECK_TEXT(post(c, "/plain", "hello", 5, gzip),
               "415 {\"error\":\"this Content-Encoding is not taken here\"}\n");
    CHECK_TEXT(get(c, "/"), "200 hello");
    httpc_free(&c);
    stop();
}

TEST(large_bodies_and_answers_come_whole)
{
    start();
    struct httpc *c = client();
    char *body = malloc(100001);
    for (int i = 0; i < 100000; i++)
        body[i] = (char)('a' + i % 23);
    body[100000] = '\0';
    for (int i = 0; i < 20; i++) {
        const char *said = post(c, "/echo", body, 100000, NULL);
        CHECK(strncmp(said, "200 ", 4) == 0 && strcmp(said + 4, body) == 0);
    }
    free(body);
    httpc_free(&c);
    stop();
}

TEST(a_head_beyond_the_limit_is_refused)
{
    start();
    OWNED_BUF b = {0};
    buf_add(&b, "GET / HTTP/1.1\r\n" HOST);
    while (b.len < HTTPD_HEAD_MAX + 1000)
        buf_add(&b, "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    int fd = dial();
    (void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
    CHECK(has(hear_all(fd), "HTTP/1.1 431 "));
    stop();
}

TEST(requests_sent_together_are_answered_in_order)
{
    start();
    const char *all =
        raw("GET / HTTP/1.1\r\n" HOST "\r\nPOST /plain HTTP/1.1\r\n" HOST
            "Content-Length: 2\r\n\r\nhiGET /none HTTP/1.1\r\n" HOST "\r\n");
    const char *first = strstr(all, "hello"), *second = strstr(all, "hi\x48TTP");
    CHECK(first != NULL && second != NULL && first < second);
    CHECK(has(second, " 404 "));
    stop();
}

/* A request in a thread of its own, for those that are parked. */
struct asking {
    pthread_t thread;
    const char *path;
    char said[200];
};

static void *ask_alone(void *arg)
{
    struct asking *a = arg;
    struct httpc *c = client();
    OWNED_BUF said = {0};
    struct httpc_ask what = {.method = "GET", .path = a->path};
    snprintf(a->said, sizeof a->said, "%s", ask_into(&said, c, &what));
    httpc_free(&c);
    return NULL;
}

static void ask_start(struct asking *a, const char *path)
{
    *a = (struct asking){.path = path};
    CHECK(pthread_create(&a->thread, NULL, ask_alone, a) == 0);
}

static const char *ask_end(struct asking *a)
{
    pthread_join(a->thread, NULL);
    return a->said;
}

TEST(a_parked_request_is_called_again_when_it_is_woken)
{
    start();
    struct asking a;
    ask_start(&a, "/parked");
    for (int i = 1; i <= 5; i++) {
        sem_wait(&app.parked);
        CHECK_INT(app.calls, i);
        if (i == 5)
            app.ready = true;
        httpd_wake(app.h, app.token);
    }
    CHECK_TEXT(ask_end(&a), "200 6 calls");
    stop();
    CHECK_INT(app.drops, 1);
}

TEST(other_requests_are_served_while_one_is_parked)
{
    start();
    struct asking a;
    ask_start(&a, "/once");
    sem_wait(&app.parked);
    struct httpc *c = client();
    for (int i = 0; i < 100; i++)
        CHECK_TEXT(get(c, "/"), "200 hello");
    httpd_wake(app.h, app.token);
    CHECK_TEXT(ask_end(&a), "200 woken");
    CHECK_INT(httpd_stats(app.h).parked, 0);
    httpc_free(&c);
    stop();
}

TEST(a_wake_before_the_handler_has_returned_is_not_lost)
{
    start();
    app.wake_early = true;
    struct httpc *c = client();
    for (int i = 0; i < 200; i++) {
        app.ready = false;
        CHECK_TEXT(get(c, "/parked"), "200 2 calls");
    }
    httpc_free(&c);
    stop();
}

TEST(wakes_of_the_past_and_of_nobody_do_nothing)
{
    /* one thread: a request's end comes before the next one's begin */
    start_with((struct httpd_spec){.threads = 1});
    struct asking a;
    ask_start(&a, "/once");
    sem_wait(&app.parked);
    httpd_token old = app.token;
    httpd_wake(app.h, 0);
    httpd_wake(app.h, old + 1);
    httpd_wake(app.h, old + (1ULL << 32));
    httpd_wake(app.h, UINT64_MAX);
    httpd_wake(app.h, old);
    httpd_wake(app.h, old);
    CHECK_TEXT(ask_end(&a), "200 woken");
    ask_start(&a, "/once"); /* takes the same slot, but not the same token */
    sem_wait(&app.parked);
    CHECK(app.token != old);
    CHECK_INT((uint32_t)app.token, (uint32_t)old);
    for (int i = 0; i < 100; i++)
        httpd_wake(app.h, old);
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello");
    CHECK_INT(httpd_stats(app.h).parked, 1);
    httpd_wake(app.h, app.token);
    CHECK_TEXT(ask_end(&a), "200 woken");
    httpc_free(&c);
    stop();
}

TEST(a_parked_request_is_called_again_at_its_time)
{
    start();
    struct httpc *c = client();
    int64_t from = monotonic_ms();
    app.until_ms = from + 60;
    CHECK_TEXT(get(c, "/once"), "200 woken");
    CHECK(monotonic_ms() - from >= 60);
    app.until_ms = from; /* already past: called again at once */
    CHECK_TEXT(get(c, "/once"), "200 woken");
    app.until_ms = INT64_MIN;
    CHECK_TEXT(get(c, "/once"), "200 woken");
    httpc_free(&c);
    stop();
}

TEST(an_earlier_deadline_overtakes_a_later_one)
{
    start();
    struct asking late, soon;
    app.until_ms = monotonic_ms() + 3600 * 1000;
    ask_start(&late, "/once");
    sem_wait(&app.parked);
    httpd_token late_token = app.token;
    app.until_ms = monotonic_ms() + 20;
    ask_start(&soon, "/once");
    CHECK_TEXT(ask_end(&soon), "200 woken");
    httpd_wake(app.h, late_token);
    CHECK_TEXT(ask_end(&late), "200 woken");
    stop();
}

TEST(an_answer_takes_a_park_back)
{
    start();
    struct httpc *c = client();
    for (int i = 0; i < 10; i++)
        CHECK_TEXT(get(c, "/both"), "503 {\"error\":\"no room\"}\n");
    CHECK_INT(httpd_stats(app.h).parked, 0);
    httpc_free(&c);
    stop();
}

TEST(all_can_be_woken_together)
{
    enum { N = 20 };
    start();
    struct asking a[N];
    for (int i = 0; i < N; i++)
        ask_start(&a[i], "/parked");
    for (int i = 0; i < N; i++)
        sem_wait(&app.parked);
    app.ready = true;
    httpd_wake_all(app.h);
    for (int i = 0; i < N; i++)
        CHECK_TEXT(ask_end(&a[i]), "200 2 calls");
    stop();
    CHECK_INT(app.drops, N);
}

TEST(on_stop_parked_requests_are_called_so_that_they_can_answer)
{
    start();
    struct asking a, b;
    ask_start(&a, "/once");
    ask_start(&b, "/once");
    sem_wait(&app.parked);
    sem_wait(&app.parked);
    stop();
    CHECK_TEXT(ask_end(&a), "200 stopping");
    CHECK_TEXT(ask_end(&b), "200 stopping");
    CHECK_INT(app.drops, 2);
}

static void *stop_slowly(void *h)
{
    struct httpd *server = h;
    httpd_stop(&server, 20000);
    return NULL;
}

TEST(while_stopping_kept_connections_are_served_once_more_and_new_ones_turned_away)
{
    start();
    struct httpd *h = app.h;
    int kept = dial();
    char first[1024];
    say(kept, "GET / HTTP/1.1\r\n" HOST "\r\n");
    CHECK(recv(kept, first, sizeof first, 0) > 0);
    struct asking a;
    ask_start(&a, "/parked");
    sem_wait(&app.parked);
    pthread_t stopper;
    CHECK(pthread_create(&stopper, NULL, stop_slowly, h) == 0);
    sem_wait(&app.parked); /* it was called again: the stop has begun */
    CHECK_TEXT(hear_all(dial()), "");
    say(kept, "GET / HTTP/1.1\r\n" HOST "\r\n");
    const char *all = hear_all(kept);
    CHECK(has(all, "hello") && has(all, "Connection: close\r\n"));
    app.ready = true;
    httpd_wake(h, app.token);
    CHECK_TEXT(ask_end(&a), "200 3 calls");
    pthread_join(stopper, NULL);
}

TEST(what_does_not_answer_in_the_drain_time_is_cut)
{
    start();
    struct asking a;
    ask_start(&a, "/parked"); /* parks again and again */
    sem_wait(&app.parked);
    int64_t from = monotonic_ms();
    httpd_stop(&app.h, 30);
    CHECK(monotonic_ms() - from >= 30);
    CHECK(has(ask_end(&a), "failed: "));
    CHECK_INT(app.calls, 2); /* it was called when the stop began */
    CHECK_INT(app.drops, 1);
}

TEST(stopping_ends_idle_and_half_sent_connections)
{
    start();
    int idle = dial(), half = dial(), body = dial();
    say(half, "GET / HT");
    say(body, "POST /plain HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello"); /* by now the others were accepted */
    httpd_stop(&app.h, 30);
    CHECK_TEXT(hear_all(idle), "");
    CHECK_TEXT(hear_all(half), "");
    CHECK_TEXT(hear_all(body), "");
    httpc_free(&c);
}

TEST(a_client_that_goes_away_while_parked_harms_nobody)
{
    start();
    for (int i = 0; i < 10; i++) {
        int fd = dial();
        say(fd, "GET /parked HTTP/1.1\r\n" HOST "\r\n");
        sem_wait(&app.parked);
        struct linger reset = {.l_onoff = 1};
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    app.ready = true;
    httpd_wake_all(app.h);
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello");
    httpc_free(&c);
    stop();
    CHECK_INT(app.drops, 10);
}

/* Many clients, many wakers, some of them late or wrong: every request gets its one
 * answer. */
enum { STORM_CLIENTS = 6, STORM_ROUNDS = 100, STORM_TOKENS = 64 };
static struct {
    pthread_mutex_t lock;
    httpd_token tokens[STORM_TOKENS];
    unsigned n;
    atomic_bool end;
    sem_t some;
} storm = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void serve_storm(struct httpd_req *r, void *a)
{
    (void)a;
    int *turn = httpd_kept(r);
    if (turn == NULL)
        httpd_keep(r, turn = calloc(1, sizeof *turn), drop_kept);
    if (++*turn >= 3) {
        httpd_answer(r, 200, "text/plain", "done", 4);
        return;
    }
    httpd_token t = httpd_park(r, monotonic_ms() + (*turn == 1 ? 2 : 20000));
    pthread_mutex_lock(&storm.lock);
    storm.tokens[storm.n++ % STORM_TOKENS] = t;
    pthread_mutex_unlock(&storm.lock);
    sem_post(&storm.some);
}

static const struct httpd_route storm_routes[] = {
    {.method = "GET", .path = "/storm", .serve = serve_storm}, {0}};

static void *storm_wake(void *arg)
{
    (void)arg;
    while (!atomic_load(&storm.end)) {
        sem_wait(&storm.some);
        pthread_mutex_lock(&storm.lock);
        for (unsigned i = 0; i < STORM_TOKENS; i++)
            httpd_wake(app.h, storm.tokens[i]);
        pthread_mutex_unlock(&storm.lock);
    }
    return NULL;
}

static void *storm_ask(void *arg)
{
    int *done = arg;
    struct httpc *c = client();
    OWNED_BUF said = {0};
    struct httpc_ask what = {.method = "GET", .path = "/storm"};
    for (int i = 0; i < STORM_ROUNDS; i++)
        *done += strcmp(ask_into(&said, c, &what), "200 done") == 0;
    httpc_free(&c);
    return NULL;
}

TEST(in_a_storm_of_wakes_every_request_gets_its_answer)
{
    static const struct httpd_mount only_storm = {storm_routes, &app};
    memset(&app, 0, sizeof app);
    sem_init(&storm.some, 0, 0);
    struct httpd_spec spec = {
        .listen = "127.0.0.1:0", .mounts = &only_storm, .n_mounts = 1, .threads = 3};
    app.h = httpd_start(&spec, NULL);
    CHECK(app.h != NULL);
    pthread_t clients[STORM_CLIENTS], wakers[2];
    int done[STORM_CLIENTS] = {0};
    for (int i = 0; i < 2; i++)
        pthread_create(&wakers[i], NULL, storm_wake, NULL);
    for (int i = 0; i < STORM_CLIENTS; i++)
        pthread_create(&clients[i], NULL, storm_ask, &done[i]);
    for (int i = 0; i < STORM_CLIENTS; i++) {
        pthread_join(clients[i], NULL);
        CHECK_INT(done[i], STORM_ROUNDS);
    }
    storm.end = true;
    sem_post(&storm.some);
    sem_post(&storm.some);
    for (int i = 0; i < 2; i++)
        pthread_join(wakers[i], NULL);
    CHECK_INT(httpd_stats(app.h).parked, 0);
    httpd_stop(&app.h, 5000);
    CHECK_INT(app.drops, STORM_CLIENTS * STORM_ROUNDS);
}

static void *load_until_stopped(void *arg)
{
    struct httpc *c = arg;
    OWNED_BUF said = {0};
    struct httpc_ask what = {.method = "GET", .path = "/"};
    sem_post(&app.called);
    for (;;) {
        ask_into(&said, c, &what);
        if (strncmp(buf_text(&said), "failed", 6) == 0)
            return NULL;
        if (strcmp(buf_text(&said), "200 hello") != 0)
            return c; /* half an answer would be a fault */
    }
}

TEST(stopping_under_load_again_and_again_ends_cleanly)
{
    for (int i = 0; i < 20; i++) {
        start();
        pthread_t t[3];
        struct httpc *c[3];
        for (int k = 0; k < 3; k++) {
            c[k] = client();
            pthread_create(&t[k], NULL, load_until_stopped, c[k]);
            sem_wait(&app.called);
        }
        stop();
        for (int k = 0; k < 3; k++) {
            void *fault;
            pthread_join(t[k], &fault);
            CHECK(fault == NULL);
            httpc_free(&c[k]);
        }
    }
}

TEST(one_thread_and_no_request_are_fine)
{
    start_with((struct httpd_spec){.threads = 1});
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello");
    struct asking a;
    ask_start(&a, "/once");
    sem_wait(&app.parked);
    httpd_wake(app.h, app.token);
    CHECK_TEXT(ask_end(&a), "200 woken");
    httpc_free(&c);
    stop();
    start();
    stop();
    struct httpd *none = NULL;
    httpd_stop(&none, 0);
}

TEST(an_idle_connection_is_closed)
{
    start_with((struct httpd_spec){.idle_s = 1});
    int fd = dial();
    say(fd, "GET / HT");
    int64_t from = monotonic_ms();
    CHECK_TEXT(hear_all(fd), "");
    CHECK(monotonic_ms() - from < 15000);
    stop();
}

TEST(one_address_may_hold_only_so_many_connections)
{
    start_with((struct httpd_spec){.per_ip_max = 2});
    struct httpc *a = client(), *b = client(), *c = client();
    CHECK_TEXT(get(a, "/"), "200 hello");
    CHECK_TEXT(get(b, "/"), "200 hello");
    CHECK(has(get(c, "/"), "failed: "));
    CHECK_TEXT(get(a, "/"), "200 hello");
    httpc_free(&a);
    httpc_free(&b);
    httpc_free(&c);
    stop();
}

TEST(beyond_all_connections_one_waits_its_turn)
{
    start_with((struct httpd_spec){.threads = 1, .connections_max = 2});
    struct httpc *a = client(), *b = client();
    CHECK_TEXT(get(a, "/"), "200 hello");
    CHECK_TEXT(get(b, "/"), "200 hello");
    struct asking third;
    ask_start(&third, "/");
    CHECK_TEXT(get(a, "/"), "200 hello");
    httpc_free(&b); /* makes room */
    CHECK_TEXT(ask_end(&third), "200 hello");
    httpc_free(&a);
    stop();
}

TEST(ipv6_and_ipv4_are_served_where_they_are_there)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool there =
        fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    if (!there)
        test_skip("this machine has no IPv6");
    start_with((struct httpd_spec){.listen = "[::1]:0"});
    CHECK(strncmp(httpd_address(app.h), "[::1]:", 6) == 0);
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/changes/1"), "200 GET /changes/1 id=1 wait=- peer=::1");
    httpc_free(&c);
    stop();
    start_with((struct httpd_spec){.listen = "[::]:0"});
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%s",
             strrchr(httpd_address(app.h), ':') + 1);
    c = httpc_new(url, NULL);
    CHECK_TEXT(get(c, "/changes/1"), "200 GET /changes/1 id=1 wait=- peer=127.0.0.1");
    httpc_free(&c);
    stop();
}

static const char *start_fails(const char *listen)
{
    static struct err err;
    err = (struct err){0};
    struct httpd_spec spec = {.listen = listen, .mounts = mounts, .n_mounts = 2};
    CHECK(httpd_start(&spec, &err) == NULL);
    return err.text;
}

TEST(an_address_that_cannot_be_had_is_said_plainly)
{
    start();
    char want[128], taken[64];
    snprintf(taken, sizeof taken, "%s", httpd_address(app.h));
    snprintf(want, sizeof want, "%s: cannot listen there: Address already in use",
             taken);
    CHECK_TEXT(start_fails(taken), want);
    CHECK_TEXT(start_fails("8190"), "8190: the port is missing or not a number");
    CHECK_TEXT(start_fails("localhost:0"),
               "localhost:0: expected an address such as 127.0.0.1:8190 or "
               "[::1]:8190");
    stop();
}

TEST(a_client_that_hangs_up_on_a_large_answer_raises_no_signal)
{
    start();
    struct sigaction before, normal = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &normal, &before);
    char *text = malloc(100200);
    int head = snprintf(
        text, 200, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    memset(text + head, 'x', 100000);
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        CHECK(send(fd, text, (size_t)head + 100000, MSG_NOSIGNAL) > 0);
        close(fd);
    }
    struct httpc *c = client();
    CHECK_TEXT(get(c, "/"), "200 hello");
    free(text);
    httpc_free(&c);
    stop();
    sigaction(SIGPIPE, &before, NULL);
}
