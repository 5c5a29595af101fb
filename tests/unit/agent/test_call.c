/* Requests beside the loop, against a server that plays a script. */
#include "programs/agent/call.h"

#include "tests/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop *l;
static struct agent_call *call;
static pid_t server;
static int port;

/* What the server does: for each connection answers, then it is closed.  An answer of
 * "" hangs. */
struct script {
    const char *answer[3];
};

/* Up to the empty line that ends a request, and a body of "body". */
static void read_request(int fd)
{
    char text[4096] = "";
    size_t n = 0;
    while (n + 1 < sizeof text && strstr(text, "\r\n\r\n") == NULL) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        if (got <= 0)
            _exit(0);
        n += (size_t)got;
        text[n] = '\0';
    }
    if (strstr(text, "Content-Length: 4\r\n") != NULL && strstr(text, "body") == NULL &&
        read(fd, text, 4) != 4)
        _exit(1);
}

static void play(int listener, const struct script *s, int n)
{
    for (int i = 0; i < n; i++) {
        int fd = accept(listener, NULL, NULL);
        for (int k = 0; k < 3 && s[i].answer[k] != NULL; k++) {
            read_request(fd);
            size_t len = strlen(s[i].answer[k]);
            if (len == 0)
                pause();
            if (write(fd, s[i].answer[k], len) != (ssize_t)len)
                _exit(1);
        }
        close(fd);
    }
    _exit(0);
}

static void begin(const struct script *s, int n, const char *host, const char *path)
{
    char url[100];
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct err err = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 5) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    port = ntohs(at.sin_port);
    server = fork();
    if (server == 0)
        play(fd, s, n);
    close(fd);
    l = loop_new();
    snprintf(url, sizeof url, "http://%s:%d%s", host, port, path);
    call = agent_call_new(l, url, &err);
    CHECK_TEXT(err.text, "");
}

static void end(void)
{
    agent_call_free(&call);
    loop_free(&l);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static struct {
    bool done;
    unsigned status;
    char body[100], words[200];
} got;

static void on_answer(void *arg, const struct agent_answer *a)
{
    (void)arg;
    CHECK(!got.done);
    got.done = true;
    got.status = a->status;
    snprintf(got.body, sizeof got.body, "%s", buf_text(a->body));
    snprintf(got.words, sizeof got.words, "%.199s", a->err->text);
}

static void ask(const char *method, int timeout_ms)
{
    struct agent_call_ask is = {
        .method = method, .answer_max = 1000, .timeout_ms = timeout_ms};
    if (strcmp(method, "POST") == 0) {
        is.type = "text/plain";
        is.path = "/write";
        is.body = "body";
        is.n = 4;
    }
    memset(&got, 0, sizeof got);
    agent_call_start(call, &is, on_answer, NULL);
    CHECK(!got.done && agent_call_busy(call));
    while (!got.done)
        loop_turn(l);
    CHECK(!agent_call_busy(call));
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"

TEST(several_requests_go_over_one_connection)
{
    const struct script s[] = {{{OK "one", OK "two", "HTTP/1.1 204 No\r\n\r\n"}}};
    begin(s, 1, "127.0.0.1", "/x");
    ask("POST", 60000);
    CHECK_INT(got.status, 200);
    CHECK_TEXT(got.body, "one");
    ask("GET", 60000);
    CHECK_TEXT(got.body, "two");
    ask("POST", 60000);
    CHECK_INT(got.status, 204);
    end();
}

TEST(a_connection_that_the_server_closed_meanwhile_is_opened_anew)
{
    const struct script s[] = {{{OK "one"}}, {{OK "two"}}};
    begin(s, 2, "127.0.0.1", "");
    ask("POST", 60000);
    ask("POST", 60000);
    CHECK_INT(got.status, 200);
    CHECK_TEXT(got.body, "two");
    end();
}

TEST(a_name_is_looked_up)
{
    const struct script s[] = {{{OK "one"}}};
    begin(s, 1, "localhost", "/");
    ask("GET", 60000);
    CHECK_TEXT(got.body, "one");
    end();
}

TEST(a_server_that_hangs_is_given_up)
{
    const struct script s[] = {{{""}}};
    begin(s, 1, "127.0.0.1", "/");
    ask("GET", 200);
    CHECK_INT(got.status, 0);
    CHECK(strstr(got.words, "no answer in time") != NULL);
    end();
}

TEST(answers_that_are_cut_too_long_or_no_http_are_told)
{
    static char much[3000] = "HTTP/1.1 200 OK\r\n\r\n";
    memset(much + strlen(much), 'x', 2000);
    const struct script s[] = {{{"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc"}},
                               {{much}},
                               {{"SSH-2.0\r\n"}}};
    begin(s, 3, "127.0.0.1", "/");
    ask("GET", 60000);
    CHECK_INT(got.status, 0);
    CHECK(strstr(got.words, "closed before") != NULL);
    ask("GET", 60000);
    CHECK_INT(got.status, 0);
    CHECK(strstr(got.words, "longer than 1000") != NULL);
    ask("GET", 60000);
    CHECK_INT(got.status, 0);
    CHECK(strstr(got.words, "not proper HTTP") != NULL);
    end();
}

TEST(a_request_may_be_given_up_at_any_time)
{
    const struct script s[] = {{{""}}};
    struct agent_call_ask is = {.method = "GET", .answer_max = 10, .timeout_ms = 60000};
    for (int turns = 0; turns < 3; turns++) {
        begin(s, 1, "localhost", "/");
        memset(&got, 0, sizeof got);
        agent_call_start(call, &is, on_answer, NULL);
        for (int i = 0; i < turns; i++)
            loop_turn(l);
        end();
        CHECK(!got.done);
    }
}

TEST(urls_are_checked)
{
    const char *const bad[] = {"https://h1/",        "http://",
                               "http://h1:99999/",   "http://h1/a b",
                               "http://h1/\r\nX: y", "h1:80"};
    struct loop *one = loop_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        CHECK(agent_call_new(one, bad[i], &err) == NULL);
        CHECK(err.code != 0);
    }
    loop_free(&one);
}
