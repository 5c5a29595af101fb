/* programs/coredump/stack.h - the frames of the dead thread, out of a small core.
 *
 * The only place that includes elfutils' libdwfl and libdw.  Each frame has its
 * function as the symbol table or the debug information spells it (mangled, for C++),
 * inlined functions as frames of their own; without either it has the module, its
 * build ID and the offset, which is the address as it stands in the module's file (what
 * addr2line takes). */
#ifndef PROGRAMS_COREDUMP_STACK_H
#define PROGRAMS_COREDUMP_STACK_H

#include "base/err.h"
#include "storage/core.h"

#include <stddef.h>
#include <stdint.h>

struct stack_of {
    char *core; /* a small core, from slim_make; libelf may write to it */
    size_t n;
    int64_t tid; /* whose stack */
    const char
        *exe;      /* path of the program, and its open file, which is the right one */
    int exe_fd;    /* whatever stands at that path by now; -1: none */
    size_t frames; /* at most so many, up to CORE_FRAMES_MAX */
};

/* Gives a record that has frames and nothing else.  A stack that cannot be followed
 * further ends there.  Files are opened for reading that the core names: call it in a
 * sandbox only.  -1 when there is no stack at all. */
int stack_take(const struct stack_of *of, struct core **ret_frames, struct err *err);

#endif
