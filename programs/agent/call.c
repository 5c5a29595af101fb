/* programs/agent/call.c - one exchange as a list of steps, driven by the loop.
 *
 * Each step says what it waits for; whatever goes wrong at any of them ends in
 * finish(), which is the only place that calls back.  A kept connection that the server
 * closed meanwhile is opened anew once, as long as no byte of an answer came.  The
 * answer's parser is base/httpc's. */
#include "programs/agent/call.h"

#include "base/hostport.h"
#include "base/httpc.h"
#include "base/instant.h"
#include "base/version.h"
#include "programs/agent/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_MAX_ = 1024, PIECE = 8192, ADDRESSES_MAX = 4 };

struct address {
    struct sockaddr_storage to;
    socklen_t n;
};

struct agent_call {
    struct loop *loop;
    struct hostport at;
    char host[HOSTPORT_TEXT_MAX], path[PATH_MAX_];
    bool secure;             /* https:// */
    struct agent_tls *tls;   /* on the connection; NULL: plain */
    int fd;                  /* the connection; -1: none */
    struct loop_watch watch; /* on the connection, or on the child's pipe */
    struct loop_timer timer;
    pid_t child; /* that looks the name up; 0: none */
    size_t addresses, tried;
    struct address address[ADDRESSES_MAX];
    /* the request */
    bool busy, reused, heard;
    struct agent_call_ask ask;
    void (*done)(void *arg, const struct agent_answer *answer);
    void *arg;
    struct buf head, body;
    size_t sent;
    struct httpc_answer answer;
    struct err err;
};

static void begin(void *arg);
static void connect_next(struct agent_call *c);

static void hang_up(struct agent_call *c)
{
    loop_unwatch(c->loop, &c->watch);
    agent_tls_free(&c->tls);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void end_child(struct agent_call *c)
{
    if (c->child == 0)
        return;
    loop_unwatch(c->loop, &c->watch);
    close(c->watch.fd);
    kill(c->child, SIGKILL);
    waitpid(c->child, NULL, 0);
    c->child = 0;
}

static void finish(struct agent_call *c)
{
    struct agent_answer a = {
        .status = c->answer.status, .body = &c->body, .err = &c->err};
    bool good = c->err.code == 0 && c->answer.whole;
    if (!good)
        a.status = 0;
    end_child(c);
    if (!good || !c->answer.keep)
        hang_up(c);
    loop_unwatch(c->loop, &c->watch);
    loop_clear(c->loop, &c->timer);
    httpc_answer_free(&c->answer);
    c->answer = (struct httpc_answer){0};
    struct buf body = c->body;
    a.body = &body;
    c->body = (struct buf){0};
    struct err err = c->err;
    a.err = &err;
    c->busy = false;
    c->done(c->arg, &a);
    buf_free(&body);
}

static void fail(struct agent_call *c, int code, const char *words)
{
    /* the system's words begin like a sentence; "TLS" stays as it is */
    bool sentence = islower((unsigned char)words[0] ? (unsigned char)words[1] : 0) != 0;
    err_set(&c->err, code, "%s: %c%s", c->host,
            sentence ? tolower((unsigned char)words[0]) : words[0], words + 1);
    finish(c);
}

static void fail_sys(struct agent_call *c, int code)
{
    char room[128];
    fail(c, code, strerror_r(code, room, sizeof room));
}

static void on_timeout(void *arg)
{
    fail(arg, ETIMEDOUT, "no answer in time");
}

static void wait_for(struct agent_call *c, int fd, short events,
                     void (*ready)(void *arg, short came))
{
    if (c->watch.on && c->watch.fd != fd)
        loop_unwatch(c->loop, &c->watch);
    c->watch.fd = fd;
    c->watch.events = events;
    c->watch.ready = ready;
    c->watch.arg = c;
    if (loop_watch(c->loop, &c->watch) < 0)
        fail(c, EMFILE, "too much is under way");
}

/* --- exchanging --- */

static bool all_sent(const struct agent_call *c)
{
    return c->sent == c->head.len + c->ask.n;
}

static ssize_t put(struct agent_call *c, const void *from, size_t n, bool more)
{
    if (c->tls != NULL)
        return agent_tls_write(c->tls, from, n);
    return send(c->fd, from, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static ssize_t get(struct agent_call *c, void *to, size_t n)
{
    return c->tls != NULL ? agent_tls_read(c->tls, to, n) : recv(c->fd, to, n, 0);
}

/* Sends what the socket takes; false when it failed. */
static bool send_some(struct agent_call *c)
{
    while (!all_sent(c)) {
        bool in_head = c->sent < c->head.len;
        const char *from = in_head
                               ? c->head.data + c->sent
                               : (const char *)c->ask.body + (c->sent - c->head.len);
        size_t n = in_head ? c->head.len - c->sent : c->head.len + c->ask.n - c->sent;
        ssize_t took = put(c, from, n, in_head && c->ask.n > 0);
        if (took < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (took < 0)
            return false;
        c->sent += (size_t)took;
    }
    return true;
}

/* The server closed a kept connection before it heard of this request. */
static bool try_anew(struct agent_call *c)
{
    if (!c->reused || c->heard)
        return false;
    hang_up(c);
    c->reused = false;
    c->tried = 0;
    connect_next(c);
    return true;
}

/* Reads what there is; true when more is to come. */
static bool read_some(struct agent_call *c)
{
    char bytes[PIECE];
    size_t used = 0;
    ssize_t n = get(c, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0 && try_anew(c))
        return true;
    int rc = 0;
    if (n > 0) {
        c->heard = true;
        rc = httpc_answer_feed(&c->answer, bytes, (size_t)n, &used, &c->err);
        if (used < (size_t)n)
            c->answer.keep = false; /* it says more than it was asked */
    } else if (n == 0) {
        rc = httpc_answer_end(&c->answer, &c->err);
    } else {
        fail_sys(c, errno);
        return false;
    }
    if (rc == 0 && c->body.len > c->ask.answer_max)
        err_set(&c->err, EMSGSIZE, "%s: the answer is longer than %zu bytes", c->host,
                c->ask.answer_max);
    if (c->err.code != 0 || c->answer.whole) {
        finish(c);
        return false;
    }
    return true;
}

static void on_ready(void *arg, short came)
{
    struct agent_call *c = arg;
    if ((came & (POLLIN | POLLHUP | POLLERR)) != 0) {
        while (read_some(c) && c->tls != NULL && agent_tls_pending(c->tls))
            ;
        return;
    }
    if (!send_some(c)) {
        /* it may have said why before it closed */
        c->sent = c->head.len + c->ask.n;
        c->answer.keep = false;
    }
    c->watch.events = all_sent(c) ? POLLIN : POLLIN | POLLOUT;
}

static void exchange(struct agent_call *c)
{
    c->sent = 0;
    if (!send_some(c)) {
        int why = errno;
        if (!try_anew(c))
            fail_sys(c, why);
        return;
    }
    wait_for(c, c->fd, all_sent(c) ? POLLIN : POLLIN | POLLOUT, on_ready);
}

/* --- connecting --- */

static void shake(struct agent_call *c);

static void on_shake(void *arg, short came)
{
    (void)came;
    shake(arg);
}

/* TLS before the first request of a connection. */
static void shake(struct agent_call *c)
{
    struct err why = {0};
    if (c->tls == NULL)
        c->tls = agent_tls_new(c->fd, c->at.host, &why);
    int wants = c->tls != NULL ? agent_tls_shake(c->tls, &why) : -1;
    if (wants < 0)
        fail(c, why.code, why.text);
    else if (wants == 0)
        exchange(c);
    else
        wait_for(c, c->fd, (short)wants, on_shake);
}

static void on_connect(void *arg, short came)
{
    struct agent_call *c = arg;
    int problem = 0;
    socklen_t n = sizeof problem;
    (void)came;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &n) < 0)
        problem = errno;
    if (problem == 0 && c->secure) {
        shake(c);
        return;
    }
    if (problem == 0) {
        exchange(c);
        return;
    }
    hang_up(c);
    if (c->tried < c->addresses)
        connect_next(c);
    else
        fail_sys(c, problem);
}

/* Begins to connect to the next address; 0, or why not. */
static int connect_one(struct agent_call *c)
{
    int on = 1;
    const struct address *a = &c->address[c->tried++];
    c->fd = socket(a->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return errno;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a wish */
    if (connect(c->fd, (const struct sockaddr *)&a->to, a->n) == 0 ||
        errno == EINPROGRESS)
        return 0;
    int why = errno;
    hang_up(c);
    return why;
}

/* To the next address that lets itself be tried at all. */
static void connect_next(struct agent_call *c)
{
    int why = ECONNREFUSED;
    while (c->tried < c->addresses) {
        why = connect_one(c);
        if (why == 0) {
            wait_for(c, c->fd, POLLOUT, on_connect);
            return;
        }
    }
    fail_sys(c, why);
}

/* An address needs no resolver. */
static bool numeric(const struct hostport *hp, struct address *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->to;
    memset(ret, 0, sizeof *ret);
    if (!hp->bracketed && inet_pton(AF_INET, hp->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(hp->port);
        ret->n = sizeof *v4;
    } else if (hp->bracketed && inet_pton(AF_INET6, hp->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(hp->port);
        ret->n = sizeof *v6;
    }
    return ret->n > 0;
}

/* The child's whole life. */
static void look_up(const struct hostport *hp, int to)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    char port[8];
    int n = 0;
    snprintf(port, sizeof port, "%u", (unsigned)hp->port);
    if (getaddrinfo(hp->host, port, &hints, &all) != 0)
        _exit(1);
    for (const struct addrinfo *ai = all; ai != NULL && n < ADDRESSES_MAX;
         ai = ai->ai_next, n++) {
        struct address a = {.n = ai->ai_addrlen};
        memcpy(&a.to, ai->ai_addr, ai->ai_addrlen);
        if (write(to, &a, sizeof a) != (ssize_t)sizeof a) /* less than PIPE_BUF */
            _exit(1);
    }
    _exit(0);
}

static void on_looked_up(void *arg, short came)
{
    struct agent_call *c = arg;
    (void)came;
    while (c->addresses < ADDRESSES_MAX) {
        struct address *a = &c->address[c->addresses];
        ssize_t n = read(c->watch.fd, a, sizeof *a);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n != (ssize_t)sizeof *a || a->n > sizeof a->to)
            break;
        c->addresses++;
    }
    end_child(c);
    if (c->addresses == 0)
        fail(c, EHOSTUNREACH, "the host's name was not found");
    else
        connect_next(c);
}

static void ask_for_name(struct agent_call *c)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        fail_sys(c, errno);
        return;
    }
    pid_t child = fork();
    if (child == 0)
        look_up(&c->at, ends[1]);
    int why = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        fail_sys(c, why);
        return;
    }
    c->child = child;
    wait_for(c, ends[0], POLLIN, on_looked_up);
}

/* A kept connection that can be read has ended, or its server talks unasked. */
static bool is_stale(const struct agent_call *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

static void begin(void *arg)
{
    struct agent_call *c = arg;
    c->timer.fire = on_timeout;
    loop_set(c->loop, &c->timer, monotonic_ms() + c->ask.timeout_ms);
    if (c->fd >= 0 && is_stale(c))
        hang_up(c);
    c->reused = c->fd >= 0;
    c->tried = 0;
    if (c->reused) {
        exchange(c);
        return;
    }
    c->addresses = numeric(&c->at, &c->address[0]) ? 1 : 0;
    if (c->addresses > 0)
        connect_next(c);
    else
        ask_for_name(c);
}

/* --- outside --- */

static int take_path(struct agent_call *c, const char *path, struct err *err)
{
    size_t n = strlen(path);
    if (n >= sizeof c->path)
        return err_set(err, EINVAL, "the URL's path is too long");
    for (size_t i = 0; i < n; i++)
        if (path[i] <= ' ' || path[i] == 0x7f || path[i] == '#')
            return err_set(err, EINVAL,
                           "%.200s: expected no blanks, controls or # in the path",
                           path);
    memcpy(c->path, path, n + 1);
    return 0;
}

struct agent_call *agent_call_new(struct loop *l, const char *url, struct err *err)
{
    struct hostport hp;
    struct err why = {0};
    bool secure = strncasecmp(url, "https://", 8) == 0;
    if (!secure && strncasecmp(url, "http://", 7) != 0) {
        err_set(err, EINVAL, "%.200s: expected http://HOST:PORT or https://HOST:PORT",
                url);
        return NULL;
    }
    const char *at = url + (secure ? 8 : 7), *path = at + strcspn(at, "/?#");
    if (hostport_parse(at, (size_t)(path - at), &hp, &why) < 0) {
        err_set(err, why.code, "http%s://%.400s", secure ? "s" : "", why.text);
        return NULL;
    }
    struct agent_call *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    c->loop = l;
    c->at = hp;
    c->secure = secure;
    c->fd = -1;
    c->timer.arg = c;
    hostport_text(&hp, c->host);
    if (take_path(c, path, err) < 0)
        agent_call_free(&c);
    return c;
}

void agent_call_free(struct agent_call **c)
{
    struct agent_call *it = *c;
    if (it == NULL)
        return;
    end_child(it);
    hang_up(it);
    loop_clear(it->loop, &it->timer);
    httpc_answer_free(&it->answer);
    buf_free(&it->head);
    buf_free(&it->body);
    free(it);
    *c = NULL;
}

const char *agent_call_host(const struct agent_call *c)
{
    return c->host;
}

bool agent_call_busy(const struct agent_call *c)
{
    return c->busy;
}

static void write_head(struct agent_call *c)
{
    const struct agent_call_ask *ask = &c->ask;
    size_t n = strlen(c->path);
    struct buf *b = &c->head;
    buf_clear(b);
    if (ask->path != NULL) /* the URL's path goes before it */
        while (n > 0 && c->path[n - 1] == '/')
            n--;
    buf_addf(b, "%s %.*s%s HTTP/1.1\r\nHost: %s\r\n", ask->method, (int)n, c->path,
             ask->path != NULL ? ask->path
             : n == 0          ? "/"
                               : "",
             c->host);
    buf_add(b, "User-Agent: aftercheck/" AFTERCHECK_VERSION "\r\n");
    if (ask->type != NULL)
        buf_addf(b, "Content-Type: %s\r\nContent-Length: %zu\r\n", ask->type, ask->n);
    if (ask->headers != NULL)
        buf_add(b, ask->headers);
    buf_add(b, "\r\n");
}

void agent_call_start(struct agent_call *c, const struct agent_call_ask *ask,
                      void (*done)(void *arg, const struct agent_answer *answer),
                      void *arg)
{
    assert(!c->busy);
    c->busy = true;
    c->heard = false;
    c->ask = *ask;
    c->done = done;
    c->arg = arg;
    c->err = (struct err){0};
    c->answer = (struct httpc_answer){.to = &c->body};
    write_head(c);
    c->timer.fire = begin; /* at the loop's next turn */
    loop_set(c->loop, &c->timer, monotonic_ms());
}
