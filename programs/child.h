/* programs/child.h - a program started by the demo, which dies with it. */
#ifndef PROGRAMS_CHILD_H
#define PROGRAMS_CHILD_H

#include "base/err.h"

#include <sys/types.h>

struct child {
    pid_t pid;     /* 0: none, or it has ended */
    int exit_code; /* once it has ended; 128 + N after signal N */
    const char *name;
};

/* Starts argv[0] (found on the PATH when it has no slash) with its output appended to
 * the file `log`.  The child gets SIGTERM should this process die. */
int child_start(struct child *c, const char *name, char *const argv[], const char *log,
                struct err *err);
/* 0 while it runs; -1 with its end in words. */
int child_check(struct child *c, struct err *err);
/* SIGTERM, up to `grace_ms`, then SIGKILL; reaped in any case. */
void child_stop(struct child *c, int grace_ms);

#endif
