/* programs/coredump/dead.h - who died: what /proc says of a process that dumps core.
 *
 * The kernel keeps the process until its core was read, so its place in /proc can be
 * looked into meanwhile.  It is opened once and everything is read through that, so
 * that another process which gets the same number later is not mistaken for it; whether
 * it was the right one to begin with, the core's auxiliary vector says (unwind.h).
 * Command line and environment are never looked at. */
#ifndef PROGRAMS_COREDUMP_DEAD_H
#define PROGRAMS_COREDUMP_DEAD_H

#include "base/err.h"
#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { DEAD_AUXV_MAX = 4096 };

struct dead {
    char exe[TEXT_BYTES_MAX +
             1]; /* its program's path, else its short name; "": unknown */
    char unit[NAME_BYTES_MAX + 1]; /* its systemd unit; "": none */
    bool has_user;
    uid_t uid;
    gid_t gid;
    int memory, exe_fd, root; /* open files; -1: not to be had */
    bool has_auxv;
    char auxv[DEAD_AUXV_MAX];
    size_t n_auxv;
};

/* `proc`: "/proc".  What cannot be had is left empty; -1 when there is no such process.
 */
int dead_open(const char *proc, long pid, struct dead *ret, struct err *err);
void dead_close(struct dead *d);

/* The unit in the text of /proc/PID/cgroup: the innermost service of it, "" in `out`
 * when there is none. */
const char *dead_unit(const char *cgroup, char out[NAME_BYTES_MAX + 1]);
/* What a unit's service is called: "pay" for "pay.service" and "pay@3.service"; "" for
 * what is no service. */
const char *dead_service(const char *unit, char out[NAME_BYTES_MAX + 1]);

#endif
