/* programs/coredump/unwind.c - parent and child.
 *
 * What must hold: the parent looks at nothing of the core.  The child says what it
 * found in one JSON object: {"exe", "signal", "tid", "stranger", "cut", "error",
 * "stack"}, the stack being a coredump's record with its frames.  One thread. */
#include "programs/coredump/unwind.h"

#include "base/instant.h"
#include "base/names.h"
#include "programs/coredump/sandbox.h"
#include "programs/coredump/slim.h"
#include "programs/coredump/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child has its files. */
enum { FD_CORE = 0, FD_SAY = 1, FD_MEMORY = 3, FD_EXE = 4, FD_ROOT = 5, FD_FREE = 6 };

/* --- the child --- */

/* Everything to its place, and nothing else left open.  Above all places first, so that
 * none is overwritten before it was moved. */
static int settle_files(const struct unwind *u, int say, struct err *err)
{
    const struct {
        int from, to;
    } move[] = {{u->core, FD_CORE},
                {say, FD_SAY},
                {u->memory, FD_MEMORY},
                {u->exe_fd, FD_EXE},
                {u->root, FD_ROOT}};
    enum { N = sizeof move / sizeof *move };
    int high[N];
    for (int i = 0; i < N; i++)
        high[i] = move[i].from < 0 ? -1 : fcntl(move[i].from, F_DUPFD, 64);
    for (int i = 0; i < N; i++) {
        close(move[i].to);
        if (move[i].from >= 0 && (high[i] < 0 || dup2(high[i], move[i].to) < 0))
            return err_sys(err, errno, "files of the child that takes stacks");
    }
    return close_range(FD_FREE, ~0U, 0) == 0
               ? 0
               : err_sys(err, errno, "files of the child that takes stacks");
}

static void say_slim(const struct slim *s, struct jsonw *w)
{
    char exe[UNWIND_EXE_MAX + 1];
    size_t n = strnlen(s->exe, UNWIND_EXE_MAX);
    memcpy(exe, s->exe, n);
    exe[n] = '\0';
    jsonw_text(w, "exe", exe);
    jsonw_int(w, "signal", s->signal);
    jsonw_int(w, "tid", s->tid);
    jsonw_bool(w, "stranger", s->stranger);
    jsonw_bool(w, "cut", s->cut);
}

/* The record's reader wants what every record has. */
static void say_stack(struct core *frames, struct jsonw *w)
{
    static char nobody[] = "-";
    frames->host = frames->exe = nobody;
    frames->signal = SIGABRT;
    core_write(frames, "stack", w);
    frames->host = frames->exe = NULL;
    core_free(&frames);
}

static int make_slim(const struct unwind *u, struct slim *ret, struct err *err)
{
    struct slim_source from = {.memory = u->memory >= 0 ? FD_MEMORY : -1,
                               .auxv = u->auxv,
                               .n_auxv = u->n_auxv,
                               .ms = u->hold_ms};
    from.core = unpack_open("-", err);
    int rc = from.core != NULL ? slim_make(&from, ret, err) : -1;
    unpack_close(&from.core);
    close(FD_CORE); /* from here on the dead process may go */
    return rc;
}

static void take(const struct unwind *u, struct jsonw *w, struct err *err)
{
    struct slim slim = {0};
    struct core *frames;
    int rc = make_slim(u, &slim, err);
    say_slim(&slim, w);
    if (rc == 0) {
        struct stack_of of = {.core = slim.bytes,
                              .n = slim.n,
                              .tid = slim.tid,
                              .exe = u->exe != NULL ? u->exe : slim.exe,
                              .exe_fd = u->exe_fd >= 0 ? FD_EXE : -1,
                              .frames = u->frames};
        if (slim.stranger) /* so is its file */
            of.exe_fd = -1;
        if (stack_take(&of, &frames, err) == 0)
            say_stack(frames, w);
    }
    slim_free(&slim);
}

static _Noreturn void child(const struct unwind *u, int say)
{
    struct buf text = {0};
    struct jsonw w = {.to = &text};
    struct err err = {0};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct sandbox box = {.root = u->root >= 0 ? FD_ROOT : -1,
                          .uid = u->uid,
                          .gid = u->gid,
                          .cpu_s = (unsigned)u->ms / 1000 + 1,
                          .memory = (uint64_t)UNWIND_MEMORY_MIB << 20};
    jsonw_open(&w, NULL);
    if (settle_files(u, say, &err) == 0 && sandbox_enter(&box, &err) == 0)
        take(u, &w, &err);
    if (err.code != 0)
        jsonw_text(&w, "error", err.text);
    jsonw_close(&w);
    size_t done = 0;
    while (buf_done(&text) == 0 && done < text.len) {
        ssize_t n = write(FD_SAY, text.data + done, text.len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    _exit(0);
}

/* --- the parent --- */

/* Reads until the child closes its end; -1 when the time is over or it says too much.
 */
static int listen_to(int fd, int64_t until, struct buf *to, struct err *err)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = until - monotonic_ms();
        if (left <= 0)
            return err_set(err, ETIMEDOUT, "taking the stack took too long");
        int rc = poll(&p, 1, (int)left);
        if (rc <= 0)
            continue;
        char *room = buf_room(to, 4096);
        if (room == NULL)
            return err_set(err, ENOMEM, "out of memory");
        ssize_t n = read(fd, room, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        to->len += (size_t)n;
        if (to->len > CORE_BYTES_MAX)
            return err_set(err, EMSGSIZE, "the child that takes stacks says too much");
    }
}

static void read_exe(const struct json_at *root, struct unwound *ret)
{
    struct json_at at;
    const char *text;
    if (!json_member(root, "exe", &at) || json_text(&at, &text, NULL) < 0)
        return;
    size_t n = strlen(text);
    if (n <= UNWIND_EXE_MAX && text_check(text, n, NULL) == 0)
        memcpy(ret->exe, text, n + 1);
}

static int64_t whole_of(const struct json_at *root, const char *key, int64_t most)
{
    struct json_at at;
    int64_t whole;
    if (!json_member(root, key, &at) || json_whole(&at, &whole, NULL) < 0 ||
        whole < 0 || whole > most)
        return 0;
    return whole;
}

static bool flag_of(const struct json_at *root, const char *key)
{
    struct json_at at;
    bool flag;
    return json_member(root, key, &at) && json_bool(&at, &flag, NULL) == 0 && flag;
}

static int understand(const struct buf *said, struct unwound *ret, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(said), said->len, NULL);
    if (doc == NULL)
        return err_set(err, EBADMSG, "the child that takes stacks died of it");
    struct json_at root = json_root(doc), at;
    const char *why = "it said nothing";
    read_exe(&root, ret);
    ret->signal = (int)whole_of(&root, "signal", CORE_SIGNAL_MAX);
    ret->tid = whole_of(&root, "tid", INT32_MAX);
    ret->stranger = flag_of(&root, "stranger");
    ret->cut = flag_of(&root, "cut");
    if (json_member(&root, "stack", &at))
        return core_read(&at, INSTANT_NONE, &ret->frames, err);
    if (json_member(&root, "error", &at))
        json_text(&at, &why, NULL);
    return err_set(err, EBADMSG, "%.300s", why);
}

int unwind_core(const struct unwind *u, struct unwound *ret, struct err *err)
{
    OWNED_BUF said = {0};
    int pipes[2], status = 0;
    *ret = (struct unwound){0};
    pid_t pid = -1;
    if (pipe2(pipes, O_CLOEXEC) == 0) {
        pid = fork();
        if (pid == 0)
            child(u, pipes[1]);
        if (pid < 0)
            close(pipes[0]);
        close(pipes[1]);
    }
    int why = errno;
    close(u->core);
    if (pid < 0)
        return err_sys(err, why, "no child can be had to take the stack");
    int rc = listen_to(pipes[0], monotonic_ms() + u->ms, &said, err);
    close(pipes[0]);
    kill(pid, SIGKILL); /* its work is done, or its time is over */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return rc < 0 ? -1 : understand(&said, ret, err);
}
