/* collector/hostinfo/backlog.h - readings that wait to be sent, in little memory.
 *
 * Readings of one host look alike but for their numbers.  So a reading is kept as its
 * shape (the lines without numbers, shared by all that look alike) and its numbers as
 * floats: some 500 bytes instead of 3 KB.  In order; the oldest go when there are too
 * many.  No lock: the owner has one. */
#ifndef COLLECTOR_HOSTINFO_BACKLOG_H
#define COLLECTOR_HOSTINFO_BACKLOG_H

#include "base/buf.h"
#include "base/instant.h"

#include <stddef.h>
#include <stdint.h>

enum { BACKLOG_BYTES_MAX = 1 << 20, BACKLOG_TEXT_MAX = 1 << 20 };

struct backlog;
/* Keeps what is younger than `keep`, within BACKLOG_BYTES_MAX.  NULL: out of memory. */
struct backlog *backlog_new(span keep);
void backlog_free(struct backlog **b);

/* Adds a reading: lines as hostinfo_read writes them, all of time `at`.  What it pushes
 * out, or cannot keep for want of memory, counts as dropped.  `lines[n]` must be NUL.
 */
void backlog_put(struct backlog *b, instant at, const char *lines, size_t n);

/* Adds the oldest readings to `to` as lines, at least one, further ones while the text
 * is shorter than `bytes`.  Gives the number of the last of them for backlog_sent; 0
 * when nothing waits. */
uint64_t backlog_peek(const struct backlog *b, size_t bytes, struct buf *to);

/* Forgets the readings up to this number. */
void backlog_sent(struct backlog *b, uint64_t number);

struct backlog_stats {
    size_t readings, bytes;             /* that wait */
    uint64_t dropped, readings_dropped; /* samples and readings, since the start */
};
struct backlog_stats backlog_stats(const struct backlog *b);

#endif
