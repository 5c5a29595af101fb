/* storage/history_prune.h - lets go of history that nobody adds to any more.
 *
 * Hosts come and go; their files would stay for good.  A file goes when its last row is
 * older than what is kept, and so does one that was set aside as damaged (by the time
 * it was last written).  Should its host be back later, its file begins anew: the host
 * is then one without a past, which after so long it is.  Files are looked at in
 * rounds, a bounded number a step.  To be called by the thread that flushes. */
#ifndef STORAGE_HISTORY_PRUNE_H
#define STORAGE_HISTORY_PRUNE_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/rrd.h"

#include <stdbool.h>
#include <stdint.h>

/* About so many files and folders are looked at in one step; a folder that was begun is
 * gone through to its end. */
enum { HISTORY_PRUNE_FILES = 1000, HISTORY_PRUNE_FOLDERS = 2048 };

/* Begins as {.dir, .rrd}; both are borrowed. */
struct history_prune {
    const char *dir; /* the one given to rrd_start */
    struct rrd *rrd;
    unsigned next;     /* folder, of 65536 */
    uint64_t deleted;  /* files, since the beginning */
    uint64_t failures; /* files or folders that could not be looked at or deleted */
};

/* Deletes files whose last row ended before `before`.  True when a round through all
 * files is over; the next step begins another.  What cannot be deleted is passed over
 * until the next round; the first failure of the step is in *err. */
bool history_prune_step(struct history_prune *p, instant before, struct err *err);

#endif
