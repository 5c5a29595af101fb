/* base/httpc.c - one connection, one exchange at a time.
 *
 * The socket is always non-blocking; every wait is a poll() up to the exchange's
 * deadline on the monotonic clock, and every turn of a loop either moves bytes, ends or
 * waits.  An answer may come before the request is wholly sent (a body refused for its
 * length), so both directions are watched together.  The answer's parser is a list of
 * steps fed with bytes; it knows no socket.  Runs on the caller's thread. */
#include "base/httpc.h"
#include "base/ascii.h"
#include "base/hostport.h"
#include "base/instant.h"
#include "base/version.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PREFIX_MAX = 1024, READ_BYTES = 16384, LOOKED_UP_MAX = 8 };

struct httpc {
    struct hostport at;
    char host[HOSTPORT_TEXT_MAX];
    char prefix[PREFIX_MAX]; /* the URL's path, without the last '/' */
    int fd;                  /* -1: not connected */
    struct buf head;         /* the request's, kept for its memory */
};

/* The answer's parser. */

enum step {
    STEP_STATUS,
    STEP_HEADER,
    STEP_CHUNK_SIZE,
    STEP_CHUNK_END,
    STEP_TRAILER,
    STEP_BODY,       /* `left` bytes, the whole body */
    STEP_CHUNK,      /* `left` bytes of one chunk */
    STEP_BODY_CLOSE, /* until the connection ends */
};

static int odd(struct err *err, const char *what)
{
    return err_set(err, EPROTO, "the answer is not proper HTTP: %s", what);
}

static int too_long(struct err *err)
{
    return err_set(err, EMSGSIZE, "the answer is longer than %d MiB",
                   HTTPC_ANSWER_MAX >> 20);
}

static int status_line(struct httpc_answer *a, const char *line, struct err *err)
{
    if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ')
        return odd(err, "it does not begin with HTTP/1.0 or HTTP/1.1");
    const char *s = line + 9;
    for (int i = 0; i < 3; i++)
        if (s[i] < '0' || s[i] > '9')
            return odd(err, "its status is not a number of three digits");
    if (s[0] == '0' || (s[3] != ' ' && s[3] != '\0'))
        return odd(err, "its status is not a number of three digits");
    a->status = (unsigned)((s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0'));
    a->close = line[7] == '0';
    a->chunked = a->has_length = false;
    a->left = 0;
    a->step = STEP_HEADER;
    return 0;
}

static int take_length(struct httpc_answer *a, const char *value, struct err *err)
{
    uint64_t v = 0;
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits] != '\0')
        return odd(err, "its Content-Length is not a number");
    for (size_t i = 0; i < digits; i++) {
        v = v * 10 + (uint64_t)(value[i] - '0');
        if (v > HTTPC_ANSWER_MAX)
            return too_long(err);
    }
    if (a->has_length && a->left != v)
        return odd(err, "it has two Content-Lengths");
    a->has_length = true;
    a->left = v;
    return 0;
}

static int take_coding(struct httpc_answer *a, const char *value, struct err *err)
{
    if (a->chunked || strcasecmp(value, "chunked") != 0)
        return odd(err, "its Transfer-Encoding is not \"chunked\"");
    a->chunked = true;
    return 0;
}

static int take_connection(struct httpc_answer *a, const char *value, struct err *err)
{
    (void)err;
    while (*value != '\0') { /* a list of words */
        size_t n = strcspn(value, ", \t");
        if (n == 5 && strncasecmp(value, "close", n) == 0)
            a->close = true;
        value += n;
        value += strspn(value, ", \t");
    }
    return 0;
}

static const struct {
    const char *name;
    int (*take)(struct httpc_answer *a, const char *value, struct err *err);
} headers_known[] = {
    {"Content-Length", take_length},
    {"Transfer-Encoding", take_coding},
    {"Connection", take_connection},
};

/* After the empty line: what follows, if anything. */
static int head_ended(struct httpc_answer *a, struct err *err)
{
    if (a->status == 101)
        return odd(err, "it switches the protocol, which nobody asked for");
    if (a->status < 200) {
        a->step = STEP_STATUS; /* only news of the request; the answer is to come */
        return 0;
    }
    if (a->chunked && a->has_length)
        a->close = true; /* someone on the way is confused: no second request here */
    bool none = a->bodiless || a->status == 204 || a->status == 304;
    a->keep = !a->close;
    if (none || (!a->chunked && a->has_length && a->left == 0))
        a->whole = true;
    else if (a->chunked)
        a->step = STEP_CHUNK_SIZE;
    else if (a->has_length)
        a->step = STEP_BODY;
    else {
        a->step = STEP_BODY_CLOSE;
        a->keep = false;
        a->left = UINT64_MAX;
    }
    return 0;
}

static int header_line(struct httpc_answer *a, const char *line, struct err *err)
{
    if (*line == '\0')
        return head_ended(a, err);
    size_t name = strcspn(line, ": \t");
    if (name == 0 || line[name] != ':')
        return odd(err, "a header line has no name");
    const char *from = line + name + 1;
    from += strspn(from, " \t");
    size_t n = strlen(from);
    while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    char value[128]; /* longer than any value that counts here */
    if (n >= sizeof value)
        n = sizeof value - 1;
    memcpy(value, from, n);
    value[n] = '\0';
    for (size_t i = 0; i < sizeof headers_known / sizeof *headers_known; i++)
        if (strlen(headers_known[i].name) == name &&
            strncasecmp(headers_known[i].name, line, name) == 0)
            return headers_known[i].take(a, value, err);
    return 0;
}

static int chunk_size_line(struct httpc_answer *a, const char *line, struct err *err)
{
    uint64_t size = 0;
    const char *s = line;
    for (; ascii_hex(*s) >= 0; s++) {
        size = size * 16 + (uint64_t)ascii_hex(*s);
        if (size > HTTPC_ANSWER_MAX)
            return too_long(err);
    }
    if (s == line || (*s != '\0' && *s != ';' && *s != ' ' && *s != '\t'))
        return odd(err, "a chunk's size is not a number");
    a->left = size;
    a->step = size > 0 ? STEP_CHUNK : STEP_TRAILER;
    return 0;
}

static int chunk_end_line(struct httpc_answer *a, const char *line, struct err *err)
{
    if (*line != '\0')
        return odd(err, "a chunk is longer than it said");
    a->step = STEP_CHUNK_SIZE;
    return 0;
}

static int trailer_line(struct httpc_answer *a, const char *line, struct err *err)
{
    (void)err;
    a->whole = *line == '\0';
    return 0;
}

/* What to do with a line; NULL: the step is about the body's bytes. */
static int (*const on_line[])(struct httpc_answer *a, const char *line,
                              struct err *err) = {
    [STEP_STATUS] = status_line,
    [STEP_HEADER] = header_line,
    [STEP_CHUNK_SIZE] = chunk_size_line,
    [STEP_CHUNK_END] = chunk_end_line,
    [STEP_TRAILER] = trailer_line,
    [STEP_BODY] = NULL,
    [STEP_CHUNK] = NULL,
    [STEP_BODY_CLOSE] = NULL,
};

/* Lines of chunks are counted apart from a body that may have very many of them. */
static int count_line_bytes(struct httpc_answer *a, size_t n, struct err *err)
{
    bool of_chunk = a->step == STEP_CHUNK_SIZE || a->step == STEP_CHUNK_END;
    if (!of_chunk)
        a->head_bytes += n;
    size_t sofar = of_chunk ? a->line.len + n : a->head_bytes;
    if (sofar > HTTPC_HEAD_MAX)
        return err_set(err, EMSGSIZE, "the answer's head is longer than %d KiB",
                       HTTPC_HEAD_MAX >> 10);
    return 0;
}

static int feed_line(struct httpc_answer *a, const char *bytes, size_t n,
                     size_t *ret_used, struct err *err)
{
    const char *end = memchr(bytes, '\n', n);
    size_t used = end != NULL ? (size_t)(end - bytes) + 1 : n;
    if (count_line_bytes(a, used, err) < 0)
        return -1;
    if (memchr(bytes, '\0', used) != NULL)
        return odd(err, "it has a zero byte in its head");
    buf_add_n(&a->line, bytes, end != NULL ? used - 1 : used);
    if (buf_done(&a->line) < 0)
        return err_set(err, ENOMEM, "no memory for the answer's head");
    *ret_used = used;
    if (end == NULL)
        return 0;
    if (a->line.len > 0 && a->line.data[a->line.len - 1] == '\r')
        a->line.data[--a->line.len] = '\0';
    int rc = on_line[a->step](a, buf_text(&a->line), err);
    buf_clear(&a->line);
    return rc;
}

static int feed_body(struct httpc_answer *a, const char *bytes, size_t n,
                     size_t *ret_used, struct err *err)
{
    size_t used = n < a->left ? n : (size_t)a->left;
    a->body_bytes += used;
    if (a->body_bytes > HTTPC_ANSWER_MAX)
        return too_long(err);
    if (a->to != NULL)
        buf_add_n(a->to, bytes, used);
    if (a->to != NULL && buf_done(a->to) < 0)
        return err_set(err, ENOMEM, "no memory for the answer");
    if (a->step != STEP_BODY_CLOSE)
        a->left -= used;
    if (a->left == 0 && a->step == STEP_CHUNK)
        a->step = STEP_CHUNK_END;
    else if (a->left == 0)
        a->whole = true;
    *ret_used = used;
    return 0;
}

int httpc_answer_feed(struct httpc_answer *a, const void *bytes, size_t n,
                      size_t *ret_used, struct err *err)
{
    const char *from = bytes;
    size_t used = 0;
    while (used < n && !a->whole) {
        size_t step_used = 0;
        int rc = on_line[a->step] != NULL
                     ? feed_line(a, from + used, n - used, &step_used, err)
                     : feed_body(a, from + used, n - used, &step_used, err);
        if (rc < 0)
            return -1;
        assert(step_used > 0); /* else this loop would never end */
        used += step_used;
    }
    *ret_used = used;
    return 0;
}

int httpc_answer_end(struct httpc_answer *a, struct err *err)
{
    if (a->step == STEP_BODY_CLOSE)
        a->whole = true;
    if (a->whole)
        return 0;
    return err_set(err, EPROTO, "the connection was closed before the answer ended");
}

void httpc_answer_free(struct httpc_answer *a)
{
    buf_free(&a->line);
}

/* The client. */

struct httpc *httpc_new(const char *url, struct err *err)
{
    if (strncasecmp(url, "http://", 7) != 0) {
        err_set(err, EINVAL, "%.200s: expected http://HOST:PORT", url);
        return NULL;
    }
    const char *at = url + 7;
    size_t n = strcspn(at, "/?#");
    struct err why = {0};
    struct hostport hp;
    if (hostport_parse(at, n, &hp, &why) < 0) {
        err_set(err, why.code, "http://%.400s", why.text);
        return NULL;
    }
    const char *path = at + n;
    size_t path_n = strlen(path);
    while (path_n > 0 && path[path_n - 1] == '/')
        path_n--;
    for (size_t i = 0; i < path_n; i++)
        if (path[i] <= ' ' || path[i] == 0x7f || path[i] == '?' || path[i] == '#') {
            err_set(err, EINVAL, "%.200s: expected nothing but a path behind the port",
                    url);
            return NULL;
        }
    if (path_n >= PREFIX_MAX) {
        err_set(err, EINVAL, "http://%.200s: the path is too long", at);
        return NULL;
    }
    struct httpc *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ENOMEM, "no memory for a connection");
        return NULL;
    }
    c->at = hp;
    c->fd = -1;
    hostport_text(&hp, c->host);
    memcpy(c->prefix, path, path_n);
    return c;
}

void httpc_close(struct httpc *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void httpc_free(struct httpc **c)
{
    if (*c == NULL)
        return;
    httpc_close(*c);
    buf_free(&(*c)->head);
    free(*c);
    *c = NULL;
}

const char *httpc_host(const struct httpc *c)
{
    return c->host;
}

/* "127.0.0.1:8190: connection refused": the system's words inside a sentence. */
static int failed(const struct httpc *c, int errnum, struct err *err)
{
    char room[128];
    const char *words = strerror_r(errnum, room, sizeof room);
    return err_set(err, errnum, "%s: %c%s", c->host, tolower((unsigned char)words[0]),
                   words + 1);
}

/* Waits for `events`; gives what came. -1 with ETIMEDOUT when the time is up. */
static int await(const struct httpc *c, int fd, short events, int64_t until,
                 struct err *err)
{
    for (;;) {
        int64_t left = until - monotonic_ms();
        if (left <= 0)
            return err_set(err, ETIMEDOUT, "%s: no answer in time", c->host);
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, left < INT32_MAX ? (int)left : INT32_MAX);
        if (n > 0)
            return p.revents;
        if (n < 0 && errno != EINTR)
            return failed(c, errno, err);
    }
}

struct address {
    struct sockaddr_storage to;
    socklen_t n;
};

static int await_connect(const struct httpc *c, int fd, int64_t until, struct err *err)
{
    int problem = 0;
    socklen_t n = sizeof problem;
    if (await(c, fd, POLLOUT, until, err) < 0)
        return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) < 0)
        problem = errno;
    return problem != 0 ? failed(c, problem, err) : 0;
}

static int connect_one(const struct httpc *c, const struct address *to, int64_t until,
                       struct err *err)
{
    int fd = socket(to->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(c, errno, err);
    int on = 1, rc = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only a wish */
    if (connect(fd, (const struct sockaddr *)&to->to, to->n) < 0)
        rc = errno == EINPROGRESS ? await_connect(c, fd, until, err)
                                  : failed(c, errno, err);
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

/* An address needs no resolver, and so none of its libraries is loaded. */
static bool numeric(const struct hostport *hp, struct address *ret_to)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&ret_to->to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret_to->to;
    memset(ret_to, 0, sizeof *ret_to);
    if (!hp->bracketed && inet_pton(AF_INET, hp->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(hp->port);
        ret_to->n = sizeof *v4;
        return true;
    }
    if (hp->bracketed && inet_pton(AF_INET6, hp->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(hp->port);
        ret_to->n = sizeof *v6;
        return true;
    }
    return false;
}

static int look_up(const struct httpc *c, struct address *to, struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *all = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)c->at.port);
    int rc = getaddrinfo(c->at.host, port, &hints, &all);
    if (rc != 0)
        return err_set(err, EHOSTUNREACH, "%s: the host's name was not found: %s",
                       c->host, gai_strerror(rc));
    int n = 0;
    for (const struct addrinfo *ai = all; ai != NULL && n < LOOKED_UP_MAX;
         ai = ai->ai_next, n++) {
        memcpy(&to[n].to, ai->ai_addr, ai->ai_addrlen);
        to[n].n = ai->ai_addrlen;
    }
    freeaddrinfo(all);
    return n;
}

static int connect_any(struct httpc *c, int64_t until, struct err *err)
{
    struct address to[LOOKED_UP_MAX];
    int n = numeric(&c->at, &to[0]) ? 1 : look_up(c, to, err);
    struct err why = {0};
    for (int i = 0; i < n && c->fd < 0; i++) {
        why = (struct err){0};
        int64_t now = monotonic_ms(); /* a dead address must not use up all the time */
        c->fd = connect_one(c, &to[i], now + (until - now) / (n - i), &why);
    }
    if (c->fd >= 0)
        return 0;
    return err_set(err, why.code, "%s", why.text); /* after look_up, its cause stays */
}

static bool text_fits_request(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    return true;
}

static int write_head(struct httpc *c, const struct httpc_ask *ask, struct err *err)
{
    if (*ask->path != '/' || !text_fits_request(ask->path) ||
        !text_fits_request(ask->method))
        return err_set(err, EINVAL,
                       "%s: a request's path begins with / and has no spaces", c->host);
    struct buf *b = &c->head;
    buf_clear(b);
    buf_addf(b, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", ask->method, c->prefix, ask->path,
             c->host);
    buf_add(b, "User-Agent: aftercheck/" AFTERCHECK_VERSION "\r\n");
    if (ask->type != NULL)
        buf_addf(b, "Content-Type: %s\r\n", ask->type);
    if (ask->body != NULL || ask->type != NULL || strcmp(ask->method, "POST") == 0 ||
        strcmp(ask->method, "PUT") == 0)
        buf_addf(b, "Content-Length: %zu\r\n", ask->n);
    if (ask->headers != NULL)
        buf_add(b, ask->headers);
    buf_add(b, "\r\n");
    return buf_done(b) == 0 ? 0 : err_set(err, ENOMEM, "no memory for a request");
}

/* One exchange on the connection as it is. */
struct exchange {
    struct httpc *c;
    const struct httpc_ask *ask;
    struct httpc_answer answer;
    size_t sent; /* of head and body together */
    bool deaf;   /* the server takes nothing more */
    bool heard;  /* a byte of the answer has come */
    int64_t until;
};

static bool all_sent(const struct exchange *x)
{
    return x->sent == x->c->head.len + x->ask->n;
}

/* Sends what the socket takes. */
static int send_some(struct exchange *x, struct err *err)
{
    const struct buf *head = &x->c->head;
    struct iovec parts[2];
    int n = 0;
    size_t body_sent = x->sent > head->len ? x->sent - head->len : 0;
    if (x->sent < head->len)
        parts[n++] = (struct iovec){head->data + x->sent, head->len - x->sent};
    if (body_sent < x->ask->n) {
        union { /* iovec knows no const; sendmsg does not write */
            const void *in;
            void *out;
        } body = {.in = x->ask->body};
        parts[n++] =
            (struct iovec){(char *)body.out + body_sent, x->ask->n - body_sent};
    }
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = (size_t)n};
    ssize_t sent = sendmsg(x->c->fd, &m, MSG_NOSIGNAL);
    if (sent >= 0)
        x->sent += (size_t)sent;
    else if (errno == EPIPE || errno == ECONNRESET)
        x->deaf = true; /* it may have said why before it closed */
    else if (errno != EAGAIN && errno != EINTR)
        return failed(x->c, errno, err);
    return 0;
}

/* Reads what there is. */
static int read_some(struct exchange *x, struct err *err)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(x->c->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    struct err why = {0};
    size_t used = 0;
    int rc = 0;
    if (n > 0) {
        x->heard = true;
        rc = httpc_answer_feed(&x->answer, bytes, (size_t)n, &used, &why);
        if (used < (size_t)n)
            x->answer.keep = false; /* it says more than it was asked */
    } else if (n == 0) {
        rc = httpc_answer_end(&x->answer, &why);
    } else {
        return failed(x->c, errno, err);
    }
    return rc < 0 ? err_set(err, why.code, "%s: %s", x->c->host, why.text) : 0;
}

static int exchange(struct exchange *x, struct err *err)
{
    while (!x->answer.whole) {
        if (!x->deaf && !all_sent(x) && send_some(x, err) < 0)
            return -1;
        bool wants_out = !x->deaf && !all_sent(x);
        int came =
            await(x->c, x->c->fd, wants_out ? POLLIN | POLLOUT : POLLIN, x->until, err);
        if (came < 0)
            return -1;
        if ((came & ~POLLOUT) != 0 && read_some(x, err) < 0)
            return -1;
    }
    return 0;
}

/* A kept connection that can be read has ended, or its server talks unasked. */
static bool is_stale(const struct httpc *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

static void forget_body(struct buf *to, size_t len_before)
{
    if (to == NULL || to->data == NULL)
        return;
    to->len = len_before;
    to->data[len_before] = '\0';
    to->failed = false;
}

/* 0; -1 on failure; 1 when the kept connection had gone before a word was said. */
static int try_once(struct httpc *c, const struct httpc_ask *ask, struct exchange *x,
                    struct err *err)
{
    if (c->fd >= 0 && is_stale(c))
        httpc_close(c);
    bool kept = c->fd >= 0;
    if (!kept && connect_any(c, x->until, err) < 0)
        return -1;
    x->c = c;
    x->ask = ask;
    struct err why = {0};
    int rc = exchange(x, &why);
    if (rc == 0)
        return 0;
    httpc_close(c);
    if (kept && !x->heard && why.code != ETIMEDOUT)
        return 1;
    return err_set(err, why.code, "%s", why.text);
}

int httpc_call(struct httpc *c, const struct httpc_ask *ask, unsigned *ret_status,
               struct buf *to, struct err *err)
{
    assert(ask->n == 0 || ask->body != NULL);
    if (write_head(c, ask, err) < 0)
        return -1;
    if (to != NULL && buf_done(to) < 0)
        return err_set(err, ENOMEM, "%s: no memory for the answer", c->host);
    int64_t until =
        monotonic_ms() + (ask->timeout_ms > 0 ? ask->timeout_ms : HTTPC_TIMEOUT_MS);
    size_t len_before = to != NULL ? to->len : 0;
    int rc = 1;
    for (int i = 0; i < 2 && rc == 1; i++) {
        struct exchange x = {
            .answer = {.to = to, .bodiless = strcmp(ask->method, "HEAD") == 0},
            .until = until};
        rc = try_once(c, ask, &x, err);
        if (rc == 0) {
            *ret_status = x.answer.status;
            if (!x.answer.keep || !all_sent(&x))
                httpc_close(c);
        } else {
            forget_body(to, len_before);
        }
        httpc_answer_free(&x.answer);
    }
    assert(rc != 1); /* the second try is on a new connection */
    return rc;
}

void url_quote(struct buf *to, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (ascii_plain(*text) || strchr("-._~", c) != NULL) {
            buf_add_ch(to, *text);
        } else {
            char out[3] = {'%', hex[c >> 4], hex[c & 15]};
            buf_add_n(to, out, sizeof out);
        }
    }
}
