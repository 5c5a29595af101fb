/* collector/hostinfo/groups.h - the processes of a host in groups, one for a service.
 *
 * A process is in a group when all that the group asks for is true of it: its systemd
 * unit (out of /proc/PID/cgroup, so both versions of control groups will do), its
 * command line, its program's name, its user; the first three are globs.  All groups
 * are read in one pass over /proc.
 *
 * cpu       percent of one processor since the last pass
 * memory    bytes: what each process has for itself, and once the most that any of them
 *           shares, for processes of one service share with one another.  So it lies
 *           between the sums of PSS, which the kernel would have to walk all page
 *           tables for, and of RSS, which counts shared pages many times; what forked
 *           processes still share of their parent's own memory counts several times
 * threads, processes, files (open ones; left out where they may not be seen)
 * restarts  since the last pass: the oldest process is gone and a newer one is the
 *           oldest now.  Workers that come and go are no restart
 * uptime_s  of the oldest process
 *
 * A process that changes what it is called is noticed within GROUPS_LOOKS passes.  One
 * thread at a time. */
#ifndef COLLECTOR_HOSTINFO_GROUPS_H
#define COLLECTOR_HOSTINFO_GROUPS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GROUPS_MAX = 64,
    GROUPS_PROCESSES_MAX = 1 << 16,
    GROUPS_LOOKS = 8, /* every so many passes a process is looked at anew */
};

/* What a process must be; NULL: whatever.  Texts are copied. */
struct group_spec {
    const char *unit;    /* "nginx.service", "pay-*.service" */
    const char *command; /* the whole line, words joined by blanks: "*java*pay.jar*" */
    const char *program; /* the name without its directory: "nginx" */
    int64_t uid;         /* -1: whatever */
};

struct groups;
/* `root`: "/", or a folder that looks like it. */
struct groups *groups_new(const char *root, struct err *err);
void groups_free(struct groups **g);

/* Adds a group, gives its number; -1 when there are GROUPS_MAX. */
int groups_add(struct groups *g, const struct group_spec *spec, struct err *err);
void groups_remove(struct groups *g, int group);
/* How many there are. */
int groups_count(const struct groups *g);

/* One pass over all processes.  `seconds` since the last one; 0: this is the first. -1
 * when /proc cannot be read. */
int groups_read(struct groups *g, double seconds, struct err *err);

/* What the last pass found; NAN: not known. */
struct group_figures {
    double cpu, memory, threads, processes, files, restarts, uptime_s;
};
struct group_figures groups_figures(const struct groups *g, int group);

/* Adds " cpu=1.5,memory=..." of what is known; gives how many. */
int groups_write(const struct group_figures *f, struct buf *to);

#endif
