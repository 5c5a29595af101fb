/* programs/agent/exec.c - fork, exec, collect, kill, reap.
 *
 * A child's end comes through a pidfd, so no SIGCHLD is needed.  The group is killed
 * while its leader is not reaped yet: until then nobody else can have its number.  What
 * is written into the pipe before the end is read after it, without waiting for writers
 * that do not end. */
#include "programs/agent/exec.h"

#include "base/instant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127, NOT_ALLOWED = 126 };

struct agent_exec_pool {
    struct loop *loop;
    unsigned most, running;
    struct agent_exec *first, *last; /* that wait for their turn */
};

struct agent_exec {
    struct agent_exec_pool *pool;
    struct agent_exec *next;
    void (*done)(void *arg, const struct agent_exec_result *r);
    void *arg;
    const struct agent_exec_spec *spec;
    bool waits;
    pid_t pid; /* 0: does not run */
    int64_t begun_ms;
    struct loop_watch out, end;
    struct loop_timer timer;
    struct buf text;
    size_t read; /* bytes, those that were thrown away too */
    struct agent_exec_result result;
};

struct agent_exec_pool *agent_exec_pool_new(struct loop *l, unsigned most)
{
    struct agent_exec_pool *p = calloc(1, sizeof *p);
    if (p != NULL) {
        p->loop = l;
        p->most = most;
    }
    return p;
}

void agent_exec_pool_free(struct agent_exec_pool **p)
{
    free(*p);
    *p = NULL;
}

static void run_first(struct agent_exec_pool *p);

void agent_exec_pool_set(struct agent_exec_pool *p, unsigned most)
{
    p->most = most;
}

static void take_out(struct agent_exec *x)
{
    struct agent_exec_pool *p = x->pool;
    struct agent_exec *before = NULL;
    for (struct agent_exec *at = p->first; at != x; at = at->next)
        before = at;
    *(before != NULL ? &before->next : &p->first) = x->next;
    if (p->last == x)
        p->last = before;
    x->waits = false;
}

/* ---- the end ---- */

static void forget(struct agent_exec *x)
{
    struct loop *l = x->pool->loop;
    loop_clear(l, &x->timer);
    loop_unwatch(l, &x->out);
    loop_unwatch(l, &x->end);
    close(x->out.fd);
    close(x->end.fd);
    x->pid = 0;
    x->pool->running--;
}

static void finish(struct agent_exec *x)
{
    struct buf text = x->text;
    x->text = (struct buf){0};
    x->result.text = buf_text(&text);
    x->result.n = text.len;
    struct agent_exec_result r = x->result;
    x->done(x->arg, &r);
    buf_free(&text);
    run_first(x->pool);
}

/* Reads what there is; false at the end of the pipe, and of our patience: who writes on
 * then waits in vain for a reader until its time is up. */
static bool read_out(struct agent_exec *x)
{
    char piece[4096];
    for (;;) {
        ssize_t n = read(x->out.fd, piece, sizeof piece);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        x->read += (size_t)n;
        size_t room = AGENT_EXEC_OUTPUT_MAX - x->text.len;
        buf_add_n(&x->text, piece, (size_t)n < room ? (size_t)n : room);
        x->result.cut |= (size_t)n > room;
        if (x->result.cut)
            return x->read < AGENT_EXEC_READ_MAX; /* one piece a turn */
    }
}

static void on_out(void *arg, short came)
{
    struct agent_exec *x = arg;
    (void)came;
    if (!read_out(x))
        loop_unwatch(x->pool->loop, &x->out);
}

static void on_end(void *arg, short came)
{
    struct agent_exec *x = arg;
    int status = 0;
    (void)came;
    kill(-x->pid, SIGKILL); /* whatever it left behind */
    waitpid(x->pid, &status, 0);
    x->result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    x->result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    x->result.ms = monotonic_ms() - x->begun_ms;
    if (!x->result.cut)
        read_out(x);
    forget(x);
    finish(x);
}

static void on_timeout(void *arg)
{
    struct agent_exec *x = arg;
    x->result.timed_out = true;
    kill(-x->pid, SIGKILL);
    kill(x->pid, SIGKILL); /* its group may not be made yet */
}

/* ---- the beginning ---- */

static void become(const struct agent_exec_spec *spec)
{
    if (!spec->other_user)
        return;
    if (initgroups(spec->user, spec->gid) < 0 ||
        setresgid(spec->gid, spec->gid, spec->gid) < 0 ||
        setresuid(spec->uid, spec->uid, spec->uid) < 0)
        _exit(NOT_ALLOWED);
}

/* The child's way to exec; it has no other threads to fear. */
static _Noreturn void child(const struct agent_exec_spec *spec, int out)
{
    static char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
        NULL};
    const struct rlimit no_core = {0, 0};
    union {
        const char *const *in;
        char *const *out;
    } argv = {.in = spec->argv};
    sigset_t none;
    setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
        _exit(NOT_ALLOWED);
    if (null > 2)
        close(null);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    become(spec);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive the agent */
    if (chdir("/") < 0)
        _exit(NOT_ALLOWED);
    execve(spec->argv[0], argv.out, environment);
    _exit(errno == ENOENT ? NOT_FOUND : NOT_ALLOWED);
}

static void watch(struct agent_exec *x, int out, int end)
{
    struct loop *l = x->pool->loop;
    x->out =
        (struct loop_watch){.fd = out, .events = POLLIN, .ready = on_out, .arg = x};
    x->end =
        (struct loop_watch){.fd = end, .events = POLLIN, .ready = on_end, .arg = x};
    x->timer = (struct loop_timer){.fire = on_timeout, .arg = x};
    bool full = loop_watch(l, &x->out) < 0 || loop_watch(l, &x->end) < 0 ||
                loop_set(l, &x->timer, x->begun_ms + x->spec->timeout_ms) < 0;
    assert(!full); /* the pool is smaller than the loop */
}

static int launch(struct agent_exec *x, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return err_sys(err, errno, "no pipe");
    x->begun_ms = monotonic_ms();
    pid_t pid = fork();
    if (pid == 0) {
        int flags = fcntl(ends[1], F_GETFL);
        fcntl(ends[1], F_SETFL, flags & ~O_NONBLOCK); /* it knows nothing of ours */
        child(x->spec, ends[1]);
    }
    int why = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_sys(err, why, "no process");
    }
    setpgid(pid, pid); /* whoever of both is first */
    int end = (int)syscall(SYS_pidfd_open, pid, 0);
    if (end < 0) {
        why = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(ends[0]);
        return err_sys(err, why, "no pidfd");
    }
    x->pid = pid;
    x->pool->running++;
    watch(x, ends[0], end);
    return 0;
}

static void fail_later(void *arg)
{
    finish(arg);
}

static void run_first(struct agent_exec_pool *p)
{
    while (p->first != NULL && p->running < p->most) {
        struct agent_exec *x = p->first;
        take_out(x);
        if (launch(x, &x->result.err) < 0) {
            x->result.code = -1;
            x->timer = (struct loop_timer){.fire = fail_later, .arg = x};
            loop_set(p->loop, &x->timer, 0);
        }
    }
}

/* ---- outside ---- */

struct agent_exec *agent_exec_new(struct agent_exec_pool *p,
                                  void (*done)(void *arg,
                                               const struct agent_exec_result *r),
                                  void *arg)
{
    struct agent_exec *x = calloc(1, sizeof *x);
    if (x != NULL) {
        x->pool = p;
        x->done = done;
        x->arg = arg;
    }
    return x;
}

void agent_exec_free(struct agent_exec **x)
{
    struct agent_exec *it = *x;
    if (it == NULL)
        return;
    if (it->waits)
        take_out(it);
    if (it->pid != 0) {
        kill(-it->pid, SIGKILL);
        kill(it->pid, SIGKILL);
        waitpid(it->pid, NULL, 0);
        forget(it);
    }
    loop_clear(it->pool->loop, &it->timer);
    buf_free(&it->text);
    run_first(it->pool);
    free(it);
    *x = NULL;
}

void agent_exec_start(struct agent_exec *x, const struct agent_exec_spec *spec)
{
    struct agent_exec_pool *p = x->pool;
    assert(x->pid == 0 && !x->waits);
    x->spec = spec;
    x->result = (struct agent_exec_result){0};
    buf_clear(&x->text);
    x->read = 0;
    x->next = NULL;
    x->waits = true;
    *(p->last != NULL ? &p->last->next : &p->first) = x;
    p->last = x;
    run_first(p);
}
