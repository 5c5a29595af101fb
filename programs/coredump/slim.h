/* programs/coredump/slim.h - a core cut down to what the dead thread's stack needs.
 *
 * Of a core of any size it keeps, in memory and bounded: the notes up to the second
 * thread's, the dead thread's stack, and the beginning of every other segment (where
 * ELF headers, build ids and the dynamic linker's list of modules stand).  The result
 * is an ELF core by itself, whose segments are those of the whole one, shorter.
 *
 * The whole core is read from its beginning and never backwards, so a pipe will do.
 * With `memory` only its headers and notes are read: all else comes from the dead
 * process, as long as the kernel keeps it, and costs the same however large it is.
 *
 * 64-bit little-endian cores; registers are known of x86-64 and AArch64.  The layout of
 * notes: Linux, include/uapi/linux/elfcore.h and fs/binfmt_elf.c. */
#ifndef PROGRAMS_COREDUMP_SLIM_H
#define PROGRAMS_COREDUMP_SLIM_H

#include "base/err.h"
#include "base/unpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLIM_SEGMENTS_MAX = 65533,
    SLIM_NOTES_MAX = 8 << 20,  /* of notes */
    SLIM_STACK_MAX = 8 << 20,  /* of the stack, from its top on */
    SLIM_HEAD_MAX = 1 << 20,   /* of any other segment */
    SLIM_BYTES_MAX = 64 << 20, /* of all segments together */
    SLIM_PATH_MAX = 4096,
};

struct slim_source {
    struct unpack *core; /* at its beginning; borrowed */
    int memory;          /* the dead process's, as /proc/PID/mem; -1: none */
    const void *auxv;    /* that process's, NULL: unknown; when the core's is another */
    size_t n_auxv;       /* one, `memory` is somebody else's and is not read */
    int ms;              /* longest time that reading may take; 0: none */
};

struct slim {
    char *bytes; /* the small core */
    size_t n;
    int64_t tid;             /* the thread that died */
    int signal;              /* 0: not known */
    char exe[SLIM_PATH_MAX]; /* the program's path, else its short name; "": unknown */
    bool stranger;           /* `memory` was somebody else's */
    bool cut; /* it ended too early, or time did: some of it is missing */
};

/* -1 and *err when it is no core that can be read; a core that ends early gives what
 * there is, as long as its headers are whole. */
int slim_make(const struct slim_source *from, struct slim *ret_slim, struct err *err);
void slim_free(struct slim *s);
#define OWNED_SLIM __attribute__((cleanup(slim_free))) struct slim

#endif
