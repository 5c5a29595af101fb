/* programs/coredump/loop.h - a program that crashes again and again, told as a number.
 *
 * Of each program and signal the first few crashes in a while are told with their
 * stacks; of the rest one a minute, as a count, on the stack that was told last: one of
 * these is taken anew each minute, so that another crash of the same program shows.  A
 * file of its own for each program and signal, named by a hash, holds how far that is.
 * The directory's lock is held between loop_open and loop_close: handlers run side by
 * side, a process each. */
#ifndef PROGRAMS_COREDUMP_LOOP_H
#define PROGRAMS_COREDUMP_LOOP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOOP_LOCK_MS = 300,    /* waited for another handler's */
    LOOP_FILES_MAX = 1000, /* of a directory; beyond them there is no counting */
    LOOP_COUNT_MAX = 1000000,
};

struct loop_rule {
    int64_t first; /* told with their stacks in one `within` */
    span within;
    span every; /* then one count in so long */
};

struct loop;

/* The file of this program and signal in `dir`, which is made when it is missing.
 * NULL and *err when it cannot be had: then every crash is told. */
struct loop *loop_open(const char *dir, const char *exe, int signal, struct err *err);
/* Writes what has changed, and lets others in. */
int loop_close(struct loop **l, struct err *err);

/* Process `pid` crashed at `now`: true when its stack is to be taken and told, which is
 * then taken as done; else it was counted. */
bool loop_crash(struct loop *l, const struct loop_rule *rule, instant now, int64_t pid);

/* `text`, a record that is told with its stack, is what further counts rest on. */
void loop_keep(struct loop *l, const char *text);

/* How many counted crashes are to be told at `now`; 0: none yet. */
int64_t loop_due(const struct loop *l, const struct loop_rule *rule, instant now);
/* They were told. */
void loop_told(struct loop *l);
/* The record to tell them with: the one that was kept, "" when there is none. */
const char *loop_record(const struct loop *l);
/* When the last of them died, and its process. */
struct loop_last {
    instant time;
    int64_t pid;
};
struct loop_last loop_last(const struct loop *l);

/* Every file of the directory, one after the other, each open while `each` has it;
 * files of programs that have been quiet for `within` and have nothing left to tell are
 * deleted.  How many were seen, -1 when the directory cannot be read. */
struct loop_walk {
    const struct loop_rule *rule;
    instant now;
    void (*each)(struct loop *l, struct loop_walk *walk);
};
int loop_each(const char *dir, struct loop_walk *walk, struct err *err);

#endif
