/* tests of base/httpc: the parser over bytes, and the client against a server that says
 * exactly what a test has it say. */
#include "base/httpc.h"
#include "base/instant.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The parser. */

struct outcome {
    int rc;
    bool whole, keep;
    unsigned status;
    size_t used;
    char body[256];
    struct err err;
};

static struct outcome parse(const char *text, size_t n, size_t piece, bool bodiless)
{
    struct outcome o = {0};
    OWNED_BUF to = {0};
    struct httpc_answer a = {.to = &to, .bodiless = bodiless};
    while (o.rc == 0 && o.used < n && !a.whole) {
        size_t used = 0, some = n - o.used < piece ? n - o.used : piece;
        o.rc = httpc_answer_feed(&a, text + o.used, some, &used, &o.err);
        o.used += used;
    }
    if (o.rc == 0 && !a.whole)
        o.rc = httpc_answer_end(&a, &o.err);
    o.whole = a.whole;
    o.keep = a.keep;
    o.status = a.status;
    snprintf(o.body, sizeof o.body, "%s", buf_text(&to));
    httpc_answer_free(&a);
    return o;
}

/* However it is cut into pieces, the outcome is the same. */
static struct outcome parse_text(const char *text)
{
    struct outcome whole = parse(text, strlen(text), strlen(text) + 1, false);
    for (size_t piece = 1; piece < 8; piece++) {
        struct outcome o = parse(text, strlen(text), piece, false);
        CHECK_INT(o.rc, whole.rc);
        CHECK_INT(o.whole, whole.whole);
        CHECK_TEXT(o.body, whole.body);
        if (o.rc == 0) {
            CHECK_INT(o.status, whole.status);
            CHECK_INT(o.used, whole.used);
            CHECK_INT(o.keep, whole.keep);
        } else {
            CHECK_TEXT(o.err.text, whole.err.text);
        }
    }
    return whole;
}

static const char *refused(const char *text)
{
    static struct outcome o;
    o = parse_text(text);
    CHECK_INT(o.rc, -1);
    return o.err.text;
}

TEST(an_answer_with_a_length_ends_after_it)
{
    struct outcome o =
        parse_text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP");
    CHECK_INT(o.rc, 0);
    CHECK_INT(o.status, 200);
    CHECK_TEXT(o.body, "hello");
    CHECK(o.keep);
    CHECK_INT(o.used, strlen("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
}

TEST(a_chunked_answer_ends_with_its_trailer)
{
    struct outcome o =
        parse_text("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"
                   "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n"
                   "Checksum: 1\r\n\r\n");
    CHECK_INT(o.rc, 0);
    CHECK_TEXT(o.body, "hello world");
    CHECK(o.keep && o.whole);
}

TEST(without_length_or_chunks_the_answer_ends_with_the_connection)
{
    struct outcome o = parse_text("HTTP/1.1 200 OK\r\n\r\nall there is");
    CHECK_INT(o.rc, 0);
    CHECK_TEXT(o.body, "all there is");
    CHECK(!o.keep);
    CHECK_TEXT(parse_text("HTTP/1.0 200 OK\r\n\r\n").body, "");
}

TEST(answers_that_have_no_body_end_with_their_head)
{
    CHECK(parse_text("HTTP/1.1 204 No Content\r\n\r\n").keep);
    CHECK(parse_text("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").whole);
    CHECK(parse_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").keep);
    const char *head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    CHECK(parse(head, strlen(head), 1000, true).whole);
}

TEST(news_of_the_request_are_skipped)
{
    struct outcome o =
        parse_text("HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n"
                   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                   "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
    CHECK_INT(o.status, 202);
    CHECK_TEXT(o.body, "ok");
}

TEST(the_connection_is_kept_only_when_both_can)
{
    CHECK(!parse_text("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n"
                      "Content-Length: 0\r\n\r\n")
               .keep);
    CHECK(!parse_text("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep);
    CHECK(parse_text("HTTP/1.1 200\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n")
              .keep);
    /* both lengths: chunks count, and the connection is not trusted again */
    struct outcome o = parse_text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "2\r\nok\r\n0\r\n\r\n");
    CHECK_TEXT(o.body, "ok");
    CHECK(!o.keep);
}

TEST(bare_line_feeds_are_taken)
{
    CHECK_TEXT(parse_text("HTTP/1.1 200 OK\nContent-Length: 2\n\nok").body, "ok");
}

TEST(what_is_no_answer_is_refused)
{
    const char *pre = "the answer is not proper HTTP: ";
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"SSH-2.0-OpenSSH_9\r\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
        {"HTTP/2 200\r\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
        {"HTTP/1.\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
        {"HTTP/1.1\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
        {"\r\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
        {"HTTP/1.1 2\r\n", "its status is not a number of three digits"},
        {"HTTP/1.1 2000\r\n", "its status is not a number of three digits"},
        {"HTTP/1.1 099 x\r\n", "its status is not a number of three digits"},
        {"HTTP/1.1 200 OK\r\nno colon\r\n", "a header line has no name"},
        {"HTTP/1.1 200 OK\r\n folded: x\r\n", "a header line has no name"},
        {"HTTP/1.1 200 OK\r\nA : x\r\n", "a header line has no name"},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n",
         "its Content-Length is not a number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
         "its Content-Length is not a number"},
        {"HTTP/1.1 200 OK\r\nContent-Length:\r\n",
         "its Content-Length is not a number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
         "it has two Content-Lengths"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
         "its Transfer-Encoding is not \"chunked\""},
        {"HTTP/1.1 101 Switching\r\n\r\n",
         "it switches the protocol, which nobody asked for"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
         "a chunk's size is not a number"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
         "a chunk's size is not a number"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
         "a chunk is longer than it said"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[200];
        snprintf(want, sizeof want, "%s%s", pre, cases[i].why);
        CHECK_TEXT(refused(cases[i].text), want);
    }
    struct outcome o = parse("HTTP/1.1 200 OK\r\nA: \0\r\n", 23, 100, false);
    CHECK_INT(o.rc, -1);
}

TEST(an_answer_cut_short_is_none)
{
    const char *cut = "the connection was closed before the answer ended";
    CHECK_TEXT(refused(""), cut);
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\n"), cut);
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), cut);
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\nok\r\n0\r\n"),
               cut);
    CHECK_TEXT(refused("HTTP/1.1 100 Continue\r\n\r\n"), cut);
}

TEST(answers_beyond_the_limits_are_refused)
{
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n"),
               "the answer is longer than 64 MiB");
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\nContent-Length: "
                       "99999999999999999999999999999999\r\n"),
               "the answer is longer than 64 MiB");
    CHECK_TEXT(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "fffffffffffffffffffff\r\n"),
               "the answer is longer than 64 MiB");
    OWNED_BUF head = {0};
    buf_add(&head, "HTTP/1.1 200 OK\r\n");
    while (head.len <= HTTPC_HEAD_MAX)
        buf_add(&head, "A: b\r\n");
    CHECK_TEXT(refused(head.data), "the answer's head is longer than 16 KiB");
    buf_clear(&head); /* the same as one line, as news without end, as a chunk's line */
    while (head.len <= HTTPC_HEAD_MAX)
        buf_add(&head, "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK_TEXT(refused(head.data), "the answer's head is longer than 16 KiB");
    buf_clear(&head);
    buf_add(&head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    while (head.len <= HTTPC_HEAD_MAX + 100)
        buf_add(&head, "aaaaaaaaaaaaaaaaaaaa");
    CHECK_TEXT(refused(head.data), "the answer's head is longer than 16 KiB");
}

TEST(a_body_in_very_many_chunks_is_no_long_head)
{
    OWNED_BUF text = {0};
    buf_add(&text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10000; i++)
        buf_add(&text, "1\r\nx\r\n");
    buf_add(&text, "0\r\n\r\n");
    OWNED_BUF to = {0};
    struct httpc_answer a = {.to = &to};
    size_t used;
    CHECK_INT(httpc_answer_feed(&a, text.data, text.len, &used, NULL), 0);
    CHECK(a.whole);
    CHECK_INT(to.len, 10000);
    httpc_answer_free(&a);
}

TEST(quoting_leaves_only_what_every_part_of_a_url_may_hold)
{
    OWNED_BUF b = {0};
    url_quote(&b, "aZ09-._~ /?&=+%\xc3\xa9");
    CHECK_TEXT(buf_text(&b), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9");
}

/* A server with a script: for each connection in turn, what to send after a request (it
 * ends with an empty line and `Content-Length` bytes), request by request. */

enum { SAYS_MAX = 4 };

struct script {
    struct turn {
        const char *say[SAYS_MAX]; /* after each request; NULL: close */
        bool at_once;              /* says the first before any request */
        bool deaf;                 /* reads nothing */
        bool hold;                 /* stays silent and open until the test ends */
    } turns[4];
    int listen_fd;
    char url[64];
    char asked[4096]; /* all that was sent to it */
    size_t asked_n;
    int hold_pipe[2];
    pthread_t thread;
};

/* Reads one request into s->asked; false when the client closed. */
static bool read_request(struct script *s, int fd)
{
    size_t from = s->asked_n, want = 0;
    for (;;) {
        const char *end = strstr(s->asked + from, "\r\n\r\n");
        const char *length = strstr(s->asked + from, "Content-Length: ");
        if (end != NULL) {
            want = (size_t)(end + 4 - s->asked);
            if (length != NULL && length < end)
                want += strtoul(length + 16, NULL, 10);
            if (s->asked_n >= want)
                return true;
        }
        ssize_t n =
            recv(fd, s->asked + s->asked_n, sizeof s->asked - 1 - s->asked_n, 0);
        if (n <= 0)
            return false;
        s->asked_n += (size_t)n;
        s->asked[s->asked_n] = '\0';
    }
}

static void play(struct script *s, const struct turn *t, int fd)
{
    char c;
    for (int i = 0; i < SAYS_MAX; i++) {
        bool silent = t->deaf || (t->at_once && i == 0);
        if (t->say[i] == NULL && !t->hold)
            return;
        if (!silent && !read_request(s, fd))
            return;
        if (t->hold && t->say[i] == NULL) {
            (void)!read(s->hold_pipe[0], &c, 1); /* until the test closes it */
            return;
        }
        (void)!send(fd, t->say[i], strlen(t->say[i]), MSG_NOSIGNAL);
    }
}

static void *run_script(void *arg)
{
    struct script *s = arg;
    for (size_t i = 0; i < sizeof s->turns / sizeof *s->turns; i++) {
        const struct turn *t = &s->turns[i];
        if (t->say[0] == NULL && !t->hold)
            break;
        int fd = accept(s->listen_fd, NULL, NULL);
        if (fd < 0)
            break;
        play(s, t, fd);
        close(fd);
    }
    return NULL;
}

static void script_start(struct script *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(s->listen_fd, (struct sockaddr *)&at, n) == 0);
    CHECK(listen(s->listen_fd, 8) == 0);
    CHECK(getsockname(s->listen_fd, (struct sockaddr *)&at, &n) == 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    CHECK(pipe(s->hold_pipe) == 0);
    CHECK(pthread_create(&s->thread, NULL, run_script, s) == 0);
}

static void script_end(struct script *s)
{
    close(s->hold_pipe[1]);
    shutdown(s->listen_fd, SHUT_RDWR); /* ends an accept that nobody will meet */
    pthread_join(s->thread, NULL);
    close(s->hold_pipe[0]);
    close(s->listen_fd);
}

#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

TEST(a_call_sends_head_and_body_and_keeps_the_connection)
{
    struct script s = {.turns = {{.say = {OK_2, "HTTP/1.1 204 No Content\r\n\r\n"}}}};
    script_start(&s);
    char url[100];
    snprintf(url, sizeof url, "%s/base/", s.url);
    struct httpc *c = httpc_new(url, NULL);
    CHECK_TEXT(httpc_host(c), s.url + 7);
    OWNED_BUF to = {0};
    buf_add(&to, "before ");
    unsigned status = 0;
    struct httpc_ask ask = {.method = "POST",
                            .path = "/write?precision=s",
                            .type = "text/plain",
                            .headers = "X-A: 1\r\n",
                            .body = "cpu busy=1",
                            .n = 10};
    CHECK_INT(httpc_call(c, &ask, &status, &to, NULL), 0);
    CHECK_INT(status, 200);
    CHECK_TEXT(buf_text(&to), "before ok");
    ask = (struct httpc_ask){.method = "GET", .path = "/x"};
    CHECK_INT(httpc_call(c, &ask, &status, NULL, NULL), 0);
    CHECK_INT(status, 204);
    httpc_free(&c);
    CHECK(c == NULL);
    script_end(&s);
    char want[600];
    snprintf(want, sizeof want,
             "POST /base/write?precision=s HTTP/1.1\r\nHost: %.50s\r\nUser-Agent: "
             "aftercheck/0.1.0\r\nContent-Type: text/plain\r\nContent-Length: "
             "10\r\nX-A: 1\r\n\r\ncpu busy=1GET /base/x HTTP/1.1\r\nHost: "
             "%.50s\r\nUser-Agent: aftercheck/0.1.0\r\n\r\n",
             s.url + 7, s.url + 7);
    CHECK_TEXT(s.asked, want);
}

static int get(struct httpc *c, unsigned *ret_status, struct buf *to, int timeout_ms,
               struct err *err)
{
    struct httpc_ask ask = {.method = "GET", .path = "/", .timeout_ms = timeout_ms};
    return httpc_call(c, &ask, ret_status, to, err);
}

TEST(a_kept_connection_that_was_closed_meanwhile_is_opened_anew)
{
    struct script s = {.turns = {{.say = {OK_2}}, {.say = {OK_2}}}};
    script_start(&s);
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status = 0;
    CHECK_INT(get(c, &status, NULL, 0, NULL), 0);
    status = 0;
    CHECK_INT(get(c, &status, NULL, 0, NULL), 0);
    CHECK_INT(status, 200);
    httpc_free(&c);
    script_end(&s);
}

TEST(a_kept_connection_closed_on_the_request_is_opened_anew_but_only_once)
{
    /* the first connection takes the second request and closes without a word, and so
     * does the new one */
    struct script s = {.turns = {{.say = {OK_2, ""}}, {.say = {""}}}};
    script_start(&s);
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status = 0;
    struct err err = {0};
    CHECK_INT(get(c, &status, NULL, 0, NULL), 0);
    CHECK_INT(get(c, &status, NULL, 0, &err), -1);
    CHECK(strstr(err.text, "closed before the answer ended") != NULL ||
          strstr(err.text, "reset") != NULL);
    httpc_free(&c);
    script_end(&s);
    int requests = 0;
    for (const char *p = s.asked; (p = strstr(p, "GET / ")) != NULL; p++)
        requests++;
    CHECK_INT(requests, 3);
}

TEST(half_an_answer_is_not_asked_for_again)
{
    struct script s = {
        .turns = {{.say = {OK_2, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}}}};
    script_start(&s);
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status = 7;
    struct err err = {0};
    OWNED_BUF to = {0};
    buf_add(&to, "kept");
    CHECK_INT(get(c, &status, NULL, 0, NULL), 0);
    status = 7;
    CHECK_INT(get(c, &status, &to, 0, &err), -1);
    CHECK_INT(status, 7);
    CHECK_INT(err.code, EPROTO);
    CHECK_TEXT(buf_text(&to), "kept"); /* as it was before the call */
    httpc_free(&c);
    script_end(&s);
}

TEST(an_answer_that_comes_before_the_body_was_read_is_heard)
{
    struct script s = {.turns = {{.say = {"HTTP/1.1 413 Too Large\r\nContent-Length: "
                                          "3\r\n\r\nbig"},
                                  .at_once = true,
                                  .deaf = true}}};
    script_start(&s);
    size_t n = 64 << 20; /* far more than both sockets hold */
    char *body = calloc(1, n);
    struct httpc *c = httpc_new(s.url, NULL);
    struct httpc_ask ask = {
        .method = "POST", .path = "/", .type = "x/y", .body = body, .n = n};
    unsigned status = 0;
    OWNED_BUF to = {0};
    struct err err = {0};
    CHECK_INT(httpc_call(c, &ask, &status, &to, &err), 0);
    CHECK_INT(status, 413);
    CHECK_TEXT(buf_text(&to), "big");
    free(body);
    httpc_free(&c);
    script_end(&s);
}

TEST(silence_ends_with_the_time_limit)
{
    struct script s = {.turns = {{.hold = true}}};
    script_start(&s);
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status;
    struct err err = {0};
    int64_t from = monotonic_ms();
    CHECK_INT(get(c, &status, NULL, 50, &err), -1);
    CHECK(monotonic_ms() - from >= 50);
    CHECK_INT(err.code, ETIMEDOUT);
    char want[100];
    snprintf(want, sizeof want, "%.50s: no answer in time", s.url + 7);
    CHECK_TEXT(err.text, want);
    httpc_free(&c);
    script_end(&s);
}

TEST(a_body_that_nobody_reads_ends_with_the_time_limit)
{
    struct script s = {.turns = {{.hold = true, .deaf = true}}};
    script_start(&s);
    size_t n = 64 << 20;
    char *body = calloc(1, n);
    struct httpc *c = httpc_new(s.url, NULL);
    struct httpc_ask ask = {.method = "POST",
                            .path = "/",
                            .type = "x/y",
                            .body = body,
                            .n = n,
                            .timeout_ms = 50};
    unsigned status;
    struct err err = {0};
    CHECK_INT(httpc_call(c, &ask, &status, NULL, &err), -1);
    CHECK_INT(err.code, ETIMEDOUT);
    free(body);
    httpc_free(&c);
    script_end(&s);
}

TEST(nobody_there_is_said_plainly)
{
    struct script s = {.turns = {{.say = {OK_2}}}};
    script_start(&s);
    script_end(&s); /* now its port is free again */
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status;
    struct err err = {0};
    CHECK_INT(get(c, &status, NULL, 0, &err), -1);
    CHECK_INT(err.code, ECONNREFUSED);
    char want[100];
    snprintf(want, sizeof want, "%.50s: connection refused", s.url + 7);
    CHECK_TEXT(err.text, want);
    httpc_free(&c);
}

TEST(junk_after_an_answer_ends_the_connection)
{
    struct script s = {.turns = {{.say = {OK_2 "junk"}}, {.say = {OK_2}}}};
    script_start(&s);
    struct httpc *c = httpc_new(s.url, NULL);
    unsigned status = 0;
    OWNED_BUF to = {0};
    CHECK_INT(get(c, &status, &to, 0, NULL), 0);
    CHECK_INT(get(c, &status, &to, 0, NULL), 0);
    CHECK_TEXT(buf_text(&to), "okok");
    httpc_free(&c);
    script_end(&s);
}

static const char *bad_url(const char *url)
{
    static struct err err;
    err = (struct err){0};
    CHECK(httpc_new(url, &err) == NULL);
    CHECK_INT(err.code, EINVAL);
    return err.text;
}

TEST(urls_of_another_form_are_refused_with_what_is_wrong)
{
    CHECK_TEXT(bad_url("http://x"), "http://x: the port is missing or not a number");
    CHECK_TEXT(bad_url("http://x:y/z"),
               "http://x:y: the port is missing or not a number");
    CHECK_TEXT(bad_url("https://x:1"), "https://x:1: expected http://HOST:PORT");
    CHECK_TEXT(bad_url("x:1"), "x:1: expected http://HOST:PORT");
    CHECK_TEXT(bad_url("http://::1:80"), "http://::1:80: an IPv6 address stands in "
                                         "brackets, as in [::1]:8190");
    CHECK_TEXT(bad_url("http://u:p@h:80"),
               "http://u:p@h:80: the host is empty or has an odd character");
    CHECK_TEXT(bad_url("http://h:80/a?b"),
               "http://h:80/a?b: expected nothing but a path behind the port");
    CHECK_TEXT(bad_url("http://h:80/a b"),
               "http://h:80/a b: expected nothing but a path behind the port");
}

TEST(a_path_that_would_break_the_request_line_is_refused)
{
    struct httpc *c = httpc_new("http://127.0.0.1:1", NULL);
    static const char *const paths[] = {"/a b", "/a\r\nX: y", "a", ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct httpc_ask ask = {.method = "GET", .path = paths[i]};
        unsigned status;
        struct err err = {0};
        CHECK_INT(httpc_call(c, &ask, &status, NULL, &err), -1);
        CHECK_INT(err.code, EINVAL);
    }
    httpc_free(&c);
}

TEST(a_name_is_looked_up)
{
    struct script s = {.turns = {{.say = {OK_2}}}};
    script_start(&s);
    char url[100];
    snprintf(url, sizeof url, "http://localhost%s", strrchr(s.url, ':'));
    struct httpc *c = httpc_new(url, NULL);
    unsigned status = 0;
    struct err err = {0};
    CHECK_INT(get(c, &status, NULL, 0, &err), 0);
    CHECK_INT(status, 200);
    httpc_free(&c);
    c = httpc_new("http://no-such-host.invalid:80", NULL);
    CHECK_INT(get(c, &status, NULL, 0, &err), -1);
    CHECK_INT(err.code, EHOSTUNREACH);
    httpc_free(&c);
    script_end(&s);
}
