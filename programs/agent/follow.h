/* programs/agent/follow.h - reads the lines that a file gets, whatever becomes of it.
 *
 * A place in a file is a mark: its inode, the offset behind the last whole line, and a
 * hash of its first bytes.  By these a file is known again after it was renamed (the
 * rest is read where it is now), after it was copied and truncated (the rest is read
 * from the copy, the file from its start), and after the agent's own restart.  No line
 * is given twice, and none is left out that any of these files still holds.  A line
 * without an end waits for it.  One that is too long is counted and skipped.
 *
 * Two files with the same first bytes are taken for copies of one another: up to
 * AGENT_MARK_BYTES, or as many as were read of them.  In the loop. */
#ifndef PROGRAMS_AGENT_FOLLOW_H
#define PROGRAMS_AGENT_FOLLOW_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AGENT_MARK_BYTES = 1024, AGENT_FOLLOW_LINE_MAX = 16 << 10 };

struct agent_mark {
    uint64_t dev, ino, offset;
    uint64_t head;       /* hash of the first head_bytes */
    uint32_t head_bytes; /* 0: nothing was read of it */
    bool inside;         /* in a line that is too long */
};

struct agent_follow;
/* The file at `path`, from its start or its end.  NULL and *err when it cannot be read,
 * or is no plain file. */
struct agent_follow *agent_follow_open(const char *path, bool from_end,
                                       struct err *err);
/* The file of this mark: the one at `path`, or one beside it whose name begins with
 * that of `path`.  NULL when none of them is it, or no more can be read of it. */
struct agent_follow *agent_follow_find(const char *path, const struct agent_mark *mark);
void agent_follow_free(struct agent_follow **f);

const char *agent_follow_path(const struct agent_follow *f);
const struct agent_mark *agent_follow_mark(const struct agent_follow *f);

/* Is it still what its path names?  False when it was renamed, replaced or deleted. */
bool agent_follow_in_place(const struct agent_follow *f);

/* Does `other` begin with what was read at the beginning of `f`? */
bool agent_follow_alike(const struct agent_follow *f, const struct agent_follow *other);

struct agent_reader {
    void (*line)(void *arg, const char *text, size_t n); /* without its end */
    void *arg;
    size_t line_max;   /* at most AGENT_FOLLOW_LINE_MAX */
    size_t bytes_left; /* that may be read; counted down */
    uint64_t too_long; /* counted up */
};
enum agent_follow_step {
    AGENT_FOLLOW_END,  /* there is no more for now */
    AGENT_FOLLOW_MORE, /* bytes_left is used up */
    AGENT_FOLLOW_CUT,  /* it was truncated: the rest may be in a copy */
    AGENT_FOLLOW_FAILED,
};
/* Reads on. */
enum agent_follow_step agent_follow_read(struct agent_follow *f,
                                         struct agent_reader *r);
/* Gives the last line of a file that nobody writes to any more, although it has no end.
 */
void agent_follow_rest(struct agent_follow *f, struct agent_reader *r);

/* After AGENT_FOLLOW_CUT: begins anew at the start.  Gives what has the rest, to be
 * read as well, or NULL; *ret_found is false when there was no copy. */
struct agent_follow *agent_follow_restart(struct agent_follow *f, bool *ret_found);

#endif
