/* programs/agent/trail.h - the files that one entry of the configuration follows.
 *
 * Finds them by their globs, wakes its owner when they get lines (inotify on their
 * directories, at most four times a second; where that is not to be had, a look each
 * second), holds renamed files until nothing comes any more, and keeps all marks in a
 * file.  In the loop. */
#ifndef PROGRAMS_AGENT_TRAIL_H
#define PROGRAMS_AGENT_TRAIL_H

#include "base/err.h"
#include "programs/agent/follow.h"
#include "programs/agent/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AGENT_TRAIL_FILES_MAX = 64 };

struct agent_trail;
struct agent_trail_spec {
    struct loop *loop;
    const char *const *globs; /* borrowed; absolute */
    size_t n;
    const char *marks; /* the file for the marks, or NULL: none; copied */
    bool from_start;   /* what is in the files before the first time counts, too */
    void (*woke)(void *arg);
    void *arg;
};
struct agent_trail *agent_trail_new(const struct agent_trail_spec *spec,
                                    struct err *err);
void agent_trail_free(struct agent_trail **t);

/* Goes to where the marks say; without marks to the ends, or the starts.  -1 and *err
 * when there are marks but they cannot be used: then as without. */
int agent_trail_begin(struct agent_trail *t, struct err *err);

/* Reads what came; true when r->bytes_left is used up and more is there.  `look`: for
 * new files, too, whether anything woke us or not. */
bool agent_trail_read(struct agent_trail *t, struct agent_reader *r, bool look);

/* Writes the marks, unless they are as they were. */
int agent_trail_save(struct agent_trail *t, struct err *err);

struct agent_trail_stats {
    size_t files;  /* that are followed now */
    uint64_t lost; /* files whose rest could not be found again, since the start */
    uint64_t
        refused;    /* looks at which a file could not be opened, or was one too many */
    struct err err; /* of the last of these */
};
struct agent_trail_stats agent_trail_stats(const struct agent_trail *t);

#endif
