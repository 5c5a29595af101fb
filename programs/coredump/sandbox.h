/* programs/coredump/sandbox.h - a process that can do nothing any more but read files,
 * use memory and write to what it has open.
 *
 * What is used, from the outside in: chroot to another root directory and another user
 * and group (root only); no new privileges; not dumpable, and killed with its parent;
 * limits of processor time, memory, open files, file size and processes; last a seccomp
 * filter, a list of the system calls that are allowed: there is no socket, no fork, no
 * exec, no kill in it; open only for reading, memory never executable.  All else fails
 * with EPERM; another architecture's calls end the process.  So there is no network
 * without a network namespace, whose making would slow a storm of crashes. */
#ifndef PROGRAMS_COREDUMP_SANDBOX_H
#define PROGRAMS_COREDUMP_SANDBOX_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum { SANDBOX_NOBODY = 65534, SANDBOX_FILES_MAX = 1024 };

struct sandbox {
    int root;        /* directory that becomes "/"; -1: stays; as root only */
    uid_t uid;       /* who to become when root; 0: SANDBOX_NOBODY instead */
    gid_t gid;       /* the same */
    unsigned cpu_s;  /* of processor time */
    uint64_t memory; /* bytes of address space; not with an address sanitizer */
};

/* There is no way back.  Call it in a child of one thread.  -1 when any part of it
 * cannot be had; then the process should end. */
int sandbox_enter(const struct sandbox *s, struct err *err);

#endif
