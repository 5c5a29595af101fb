/* programs/spawn.h - a program started by the demo, which dies with it. */
#ifndef PROGRAMS_SPAWN_H
#define PROGRAMS_SPAWN_H

#include "base/err.h"

#include <sys/types.h>

struct spawned {
    pid_t pid;     /* 0: none, or it has ended */
    int exit_code; /* once it has ended; 128 + N after signal N */
    const char *name;
};

/* Starts argv[0] (found on the PATH when it has no slash) with its output appended to
 * the file `log`.  The child gets SIGTERM should this process die. */
int spawn_start(struct spawned *c, const char *name, char *const argv[],
                const char *log, struct err *err);
/* 0 while it runs; -1 with its end in words. */
int spawn_check(struct spawned *c, struct err *err);
/* SIGTERM, up to `grace_ms`, then SIGKILL; reaped in any case. */
void spawn_stop(struct spawned *c, int grace_ms);

#endif
