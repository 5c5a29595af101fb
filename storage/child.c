/* storage/child.c - a process of its own that answers requests.
 *
 * A process with threads must not fork and go on in the fork: locks of other threads
 * stay taken there for ever.  So child_start, which runs before there are threads,
 * forks a keeper: a copy of the process that stays as small and single-threaded as it
 * is, and forks a worker whenever one is wanted.  The keeper reaps workers and says how
 * they ended; each worker talks to the service over a socket pair of its own, whose end
 * the keeper hands over.
 *
 * What must hold: at most one worker at a time; a worker that ran into an error on its
 * socket is never used again; the end of the service ends both (they read end of file,
 * and the kernel kills them when their parent dies).  Neither dies of signals meant for
 * the service: they finish their work and go when their sockets are closed. */
#include "storage/child.h"

#include "base/instant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_MARK = 0x43484644, KEEP_BYTES = 1 << 20 };

/* In front of each request and answer. */
struct frame {
    uint32_t mark;
    int32_t code; /* of an answer: 0, or the bytes behind are an error's words */
    uint64_t n;
};

/* What the keeper is asked, and answers. */
enum wish { WISH_WORKER = 'w', WISH_BURIAL = 'b' };
struct word {
    int32_t failed; /* an errno value, or 0 */
    int32_t pid;    /* of the new worker */
    int32_t status; /* of the buried one, as waitpid gives it */
};

struct child {
    struct child_spec spec;
    /* Turns are taken in the order of asking: with a bare mutex, a thread that calls
     * again and again would starve the one that calls once. */
    pthread_mutex_t lock;
    pthread_cond_t turn;
    uint64_t asked,
        served; /* under the lock; all below is the one's whose turn it is */
    pid_t keeper;
    int line;          /* to the keeper; -1: it is gone */
    _Atomic pid_t pid; /* read by any */
    int sock;          /* to the worker; -1: there is none */
    bool hired_before;
    atomic_uint_fast64_t restarts;
};

/* --- bytes over a socket --- */

/* Waits until `fd` can be read or written; 0, or an errno value. */
static int await(int fd, short what, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - monotonic_ms();
        if (left <= 0)
            return ETIMEDOUT;
        struct pollfd p = {.fd = fd, .events = what};
        int n = poll(&p, 1, left > 3600000 ? 3600000 : (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
    }
}

static int send_all(int fd, const void *bytes, size_t n, int64_t until_ms)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return errno;
        int failed = await(fd, POLLOUT, until_ms);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static int recv_all(int fd, void *bytes, size_t n, int64_t until_ms)
{
    char *at = bytes;
    while (n > 0) {
        ssize_t got = recv(fd, at, n, MSG_DONTWAIT);
        if (got > 0) {
            at += got;
            n -= (size_t)got;
            continue;
        }
        if (got == 0)
            return EPIPE;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return errno;
        int failed = await(fd, POLLIN, until_ms);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static int send_frame(int fd, int code, const struct buf *body, int64_t until_ms)
{
    struct frame f = {.mark = FRAME_MARK, .code = code, .n = body->len};
    int failed = send_all(fd, &f, sizeof f, until_ms);
    return failed != 0 ? failed : send_all(fd, buf_text(body), body->len, until_ms);
}

/* Puts the frame's bytes into *ret_body. */
static int recv_frame(int fd, int *ret_code, struct buf *ret_body, int64_t until_ms)
{
    struct frame f;
    int failed = recv_all(fd, &f, sizeof f, until_ms);
    if (failed != 0)
        return failed;
    if (f.mark != FRAME_MARK || f.n > CHILD_BYTES_MAX)
        return EPROTO;
    buf_clear(ret_body);
    char *to = buf_room(ret_body, f.n);
    if (to == NULL)
        return ENOMEM;
    failed = recv_all(fd, to, f.n, until_ms);
    if (failed != 0)
        return failed;
    ret_body->len = f.n;
    to[f.n] = '\0';
    *ret_code = f.code;
    return 0;
}

/* --- the worker --- */

static void answer(int fd, int rc, struct buf *reply, const struct err *err)
{
    int code = 0;
    if (rc < 0 || buf_done(reply) < 0 || reply->len > CHILD_BYTES_MAX) {
        buf_clear(reply);
        code = rc < 0 && err->code != 0 ? err->code : EOVERFLOW;
        buf_add(reply, rc < 0 ? err->text : "the answer is too large");
    }
    if (send_frame(fd, code, reply, INT64_MAX) != 0)
        _exit(0); /* nobody listens any more */
}

static void drop_large(struct buf *b)
{
    if (b->cap > KEEP_BYTES)
        buf_free(b);
}

static _Noreturn void work(const struct child_spec *spec, int fd)
{
    struct buf request = {0}, reply = {0};
    struct err err = {0};
    int rc = spec->begin(spec->arg, &err);
    answer(fd, rc, &reply, &err);
    if (rc < 0)
        _exit(1);
    for (;;) {
        int code;
        if (recv_frame(fd, &code, &request, INT64_MAX) != 0)
            _exit(0);
        buf_clear(&reply);
        err = (struct err){0};
        rc = spec->serve(spec->arg, buf_text(&request), request.len, &reply, &err);
        answer(fd, rc, &reply, &err);
        drop_large(&request);
        drop_large(&reply);
    }
}

/* --- the keeper --- */

/* A fresh process: only standard error and `fd` stay open, `fd` as number 3; no
 * handlers, nothing blocked; dies with `parent`, which is 0 when that cannot be told
 * from a thread's end. */
static void settle(const char *name, int fd, pid_t parent)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (null < 0 || high < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup3(high, 3, O_CLOEXEC) < 0 || close_range(4, ~0U, 0) < 0)
        _exit(1);
    if (parent != 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0); /* it died before we asked */
    }
    prctl(PR_SET_NAME, name);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    /* A terminal's Ctrl-C and a service manager's SIGTERM reach the whole group, but
     * the service still wants its work done while it drains. */
    static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
        signal(deaf[i], SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t fork_worker(const struct child_spec *spec, int *ret_sock)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        settle(spec->name, pair[1], self);
        work(spec, 3);
    }
    int failed = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        errno = failed;
        return -1;
    }
    *ret_sock = pair[0];
    return pid;
}

static int bury(pid_t pid)
{
    int status = 0;
    if (pid <= 0)
        return 0;
    kill(pid, SIGKILL); /* one that is dead already keeps its own cause */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Sends a word, and with it `fd` when that is one. */
static int send_word(int line, const struct word *w, int fd)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)w, .iov_len = sizeof *w};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } room = {0};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = &room;
        m.msg_controllen = sizeof room;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    return sendmsg(line, &m, MSG_NOSIGNAL) == (ssize_t)sizeof *w ? 0 : -1;
}

static _Noreturn void keep(const struct child_spec *spec, int line)
{
    pid_t worker = 0;
    for (;;) {
        char wish;
        ssize_t n = recv(line, &wish, 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        struct word w = {.status = bury(worker)};
        int sock = -1;
        worker = 0;
        if (wish == WISH_WORKER) {
            worker = fork_worker(spec, &sock);
            w.failed = worker < 0 ? errno : 0;
            w.pid = worker < 0 ? 0 : worker;
        }
        send_word(line, &w, sock);
        if (sock >= 0)
            close(sock);
    }
    /* The service has closed the worker's socket by now: let it finish. */
    while (worker > 0 && waitpid(worker, NULL, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}

/* --- the service's side --- */

static int recv_word(int line, struct word *ret_word, int *ret_fd)
{
    struct iovec part = {.iov_base = ret_word, .iov_len = sizeof *ret_word};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } room = {0};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &room,
                       .msg_controllen = sizeof room};
    ssize_t n;
    while ((n = recvmsg(line, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    if (n != (ssize_t)sizeof *ret_word)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *ret_fd = -1;
    if (c != NULL && c->cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(c), sizeof *ret_fd);
    return 0;
}

static int ask_keeper(struct child *c, enum wish wish, struct word *ret_word,
                      int *ret_fd, struct err *err)
{
    char byte = (char)wish;
    if (c->line >= 0 && send(c->line, &byte, 1, MSG_NOSIGNAL) == 1 &&
        recv_word(c->line, ret_word, ret_fd) == 0)
        return 0;
    if (c->line >= 0)
        close(c->line);
    c->line = -1;
    return err_set(err, CHILD_GONE,
                   "the process that starts %s is gone; the service has to be started "
                   "again",
                   c->spec.name);
}

/* Gives the worker up; always -1, with how it ended in *err. */
static int lose_worker(struct child *c, int failed, struct err *err)
{
    pid_t pid = c->pid;
    struct word w;
    int fd;
    close(c->sock);
    c->sock = -1;
    c->pid = 0;
    if (ask_keeper(c, WISH_BURIAL, &w, &fd, err) < 0)
        return -1;
    if (failed == ETIMEDOUT)
        return err_set(err, CHILD_HUNG, "%s (process %d) gave no answer in %lld s",
                       c->spec.name, (int)pid, (long long)c->spec.patience_ms / 1000);
    if (WIFSIGNALED(w.status) && WTERMSIG(w.status) == SIGKILL)
        return err_set(err, CHILD_KILLED, "%s (process %d) was killed", c->spec.name,
                       (int)pid);
    if (WIFSIGNALED(w.status))
        return err_set(err, CHILD_CRASHED, "%s (process %d) died of signal %d",
                       c->spec.name, (int)pid, WTERMSIG(w.status));
    return err_set(err, CHILD_CRASHED, "%s (process %d) ended with status %d",
                   c->spec.name, (int)pid, WEXITSTATUS(w.status));
}

static int hire(struct child *c, struct err *err)
{
    struct word w;
    int sock;
    if (ask_keeper(c, WISH_WORKER, &w, &sock, err) < 0)
        return -1;
    if (w.failed != 0 || sock < 0)
        return err_sys(err, w.failed, "%s cannot be started", c->spec.name);
    c->pid = w.pid;
    c->sock = sock;
    if (c->hired_before)
        atomic_fetch_add(&c->restarts, 1);
    c->hired_before = true;
    OWNED_BUF hello = {0};
    int code = 0;
    int failed = recv_frame(sock, &code, &hello, monotonic_ms() + c->spec.patience_ms);
    if (failed != 0)
        return lose_worker(c, failed, err);
    if (code != 0) {
        err_set(err, code, "%s", buf_text(&hello));
        return lose_worker(c, 0, err);
    }
    return 0;
}

/* An idle worker says nothing: anything to read is its end. */
static bool worker_lives(const struct child *c)
{
    struct pollfd p = {.fd = c->sock, .events = POLLIN};
    return c->sock >= 0 && poll(&p, 1, 0) == 0;
}

static int call_in_turn(struct child *c, const struct buf *request,
                        struct buf *ret_reply, struct err *err)
{
    if (c->sock >= 0 && !worker_lives(c))
        lose_worker(c, 0, NULL);
    if (c->sock < 0 && hire(c, err) < 0)
        return -1;
    int64_t until = monotonic_ms() + c->spec.patience_ms;
    int code = 0;
    int failed = send_frame(c->sock, 0, request, until);
    if (failed == 0)
        failed = recv_frame(c->sock, &code, ret_reply, until);
    if (failed != 0)
        return lose_worker(c, failed, err);
    if (code != 0)
        return err_set(err, code, "%s", buf_text(ret_reply));
    return 0;
}

static void take_turn(struct child *c)
{
    pthread_mutex_lock(&c->lock);
    uint64_t mine = c->asked++;
    while (c->served != mine)
        pthread_cond_wait(&c->turn, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

static void end_turn(struct child *c)
{
    pthread_mutex_lock(&c->lock);
    c->served++;
    pthread_cond_broadcast(&c->turn);
    pthread_mutex_unlock(&c->lock);
}

int child_call(struct child *c, const struct buf *request, struct buf *ret_reply,
               struct err *err)
{
    if (buf_done(request) < 0)
        return err_set(err, ENOMEM, "no memory for a request to %s", c->spec.name);
    if (request->len > CHILD_BYTES_MAX)
        return err_set(err, EMSGSIZE, "a request of %zu bytes to %s, at most %d",
                       request->len, c->spec.name, CHILD_BYTES_MAX);
    buf_clear(ret_reply);
    take_turn(c);
    int rc = call_in_turn(c, request, ret_reply, err);
    end_turn(c);
    return rc;
}

static int start_keeper(struct child *c, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(err, errno, "no socket pair for %s", c->spec.name);
    /* The kernel's signal at the parent's death is in truth one at the death of the
     * thread that forked: safe only where that thread lives as long as the process. */
    pid_t self = gettid() == getpid() ? getpid() : 0;
    pid_t pid = fork();
    if (pid == 0) {
        settle(c->spec.name, pair[1], self);
        keep(&c->spec, 3);
    }
    int failed = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return err_sys(err, failed, "%s cannot be forked", c->spec.name);
    }
    c->keeper = pid;
    c->line = pair[0];
    return 0;
}

struct child *child_start(const struct child_spec *spec, struct err *err)
{
    struct child *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ENOMEM, "no memory to start %s", spec->name);
        return NULL;
    }
    c->spec = *spec;
    c->line = c->sock = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->turn, NULL);
    if (start_keeper(c, err) < 0 || hire(c, err) < 0)
        child_stop(&c);
    return c;
}

void child_stop(struct child **c)
{
    if (*c == NULL)
        return;
    struct child *gone = *c;
    if (gone->sock >= 0)
        close(gone->sock);
    if (gone->line >= 0)
        close(gone->line);
    while (gone->keeper > 0 && waitpid(gone->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_cond_destroy(&gone->turn);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *c = NULL;
}

uint64_t child_restarts(const struct child *c)
{
    return atomic_load(&c->restarts);
}

pid_t child_pid(struct child *c)
{
    return atomic_load(&c->pid);
}
