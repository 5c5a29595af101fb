/* programs/agent/exec.h - runs commands beside the loop, a few at a time.
 *
 * A command is argv, no shell.  It has a process group of its own, no standard input,
 * the standard C locale, and what it writes to standard output is collected up to a
 * size; more is read and thrown away, up to a limit.  When it ends, or its time is up,
 * its whole group is killed: nothing of it stays behind.  Beyond the pool's limit it
 * waits for its turn, and its time begins then.  In the loop. */
#ifndef PROGRAMS_AGENT_EXEC_H
#define PROGRAMS_AGENT_EXEC_H

#include "base/buf.h"
#include "base/err.h"
#include "programs/agent/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    AGENT_EXEC_OUTPUT_MAX = 64 << 10, /* kept */
    AGENT_EXEC_READ_MAX = 1 << 20,    /* read; beyond it the command is left to wait */
};

/* How many run at the same time. */
struct agent_exec_pool;
struct agent_exec_pool *agent_exec_pool_new(struct loop *l, unsigned most);
/* After all commands were freed. */
void agent_exec_pool_free(struct agent_exec_pool **p);
void agent_exec_pool_set(struct agent_exec_pool *p, unsigned most);

struct agent_exec_spec {
    const char *const *argv; /* ended by NULL; argv[0] is a path */
    bool other_user;         /* run as the following; only root can */
    uid_t uid;
    gid_t gid;
    const char *user; /* its name, for its further groups */
    int timeout_ms;
};

struct agent_exec_result {
    int code;         /* exit code; -1: it was killed, or did not start */
    int signal;       /* that ended it; 0: none */
    bool timed_out;   /* then it was SIGKILL, and ours */
    bool cut;         /* it wrote more than AGENT_EXEC_OUTPUT_MAX */
    int64_t ms;       /* how long it ran */
    const char *text; /* what it wrote, text[n] is NUL; good until the callback ends */
    size_t n;
    struct err err; /* why it did not start */
};

struct agent_exec;
/* `done` is called once, from the loop; it may start this command again, not free it.
 */
struct agent_exec *agent_exec_new(struct agent_exec_pool *p,
                                  void (*done)(void *arg,
                                               const struct agent_exec_result *r),
                                  void *arg);
/* Kills what runs. */
void agent_exec_free(struct agent_exec **x);

/* `spec` and what it points at are borrowed until the end. */
void agent_exec_start(struct agent_exec *x, const struct agent_exec_spec *spec);

#endif
