/* programs/coredump/unwind.h - the stack of a core, taken in a child that may fail.
 *
 * A core is bytes that a stranger's process wrote, and libdw follows what they say.  So
 * both the core and the dead process's memory are read only by a forked child in a
 * sandbox (programs/coredump/sandbox.h), as the user who died.  The child is killed
 * when its time is over; what it says is bounded and read as a stranger's. */
#ifndef PROGRAMS_COREDUMP_UNWIND_H
#define PROGRAMS_COREDUMP_UNWIND_H

#include "base/err.h"
#include "storage/core.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    UNWIND_MEMORY_MIB = 2048, /* debug information is mapped, not read */
    UNWIND_EXE_MAX = 1024,
};

struct unwind {
    int core;   /* the core from its beginning: a pipe or a file, also gzip or zstd */
    int memory; /* of the dead process, as long as it is there; else -1 */
    int root;   /* its root directory; -1: ours */
    int exe_fd; /* its program's file; -1: whatever stands at its path */
    const char *exe;  /* its program's path; NULL: as the core says */
    const void *auxv; /* of the process that these are of; NULL: unknown */
    size_t n_auxv;
    uid_t uid; /* who died */
    gid_t gid;
    size_t frames; /* at most so many */
    int hold_ms;   /* longest time that the core may be read; 0: none */
    int ms;        /* longest time in all */
};

struct unwound {
    struct core *frames; /* NULL when there are none; else a record of frames only */
    int signal;          /* as the core says; 0: unknown */
    int64_t tid;         /* of the thread that died; 0: unknown */
    char exe[UNWIND_EXE_MAX + 1]; /* as the core says; "": unknown */
    bool stranger;                /* what is given is not of the one whose core it is */
    bool cut;                     /* not all of the core was read */
};

/* Takes `core` over: it is closed as soon as enough of it was read, which is when the
 * kernel lets the dead process go.  0 with *ret, whose frames the caller frees; -1 and
 * *err why there are none, with the rest of *ret as far as it is known. */
int unwind_core(const struct unwind *u, struct unwound *ret, struct err *err);

#endif
