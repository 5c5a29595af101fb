/* storage/history.h - past days of every series, in RRD files of bounded size.
 *
 * One file holds one entity's metrics of one measurement (the part of the name before
 * the first '.'), so a new metric makes a small file new, not a large one.  File names
 * are SHA-256 digests, never host or metric names; an index beside them says which is
 * which and is rebuilt from the windows when lost.  One thread flushes; any thread
 * reads. */
#ifndef STORAGE_HISTORY_H
#define STORAGE_HISTORY_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/panel.h"
#include "storage/rrd.h"
#include "storage/windows.h"

#include <stddef.h>
#include <stdint.h>

/* How long what is kept: by default 1 min for a day, 5 min for two weeks, 1 h for a
 * year. */
struct history_spec {
    const char *dir;
    struct rrd_archive archives[4]; /* step 0 ends the list; all 0: the default */
};

struct history;
struct history *history_open(const struct history_spec *spec, struct rrd *rrd,
                             struct err *err);
void history_close(struct history **h);

/* Writes every entity's finished minutes since its last flush, up to `until`
 * (exclusive), in one batch a file.  Errors of one file cost that file: the first is in
 * *err, their number in the stats.  Gives the number of rows written, or -1 when
 * nothing worked. */
int64_t history_flush(struct history *h, struct windows *w, instant until,
                      struct err *err);

/* Fills `past` of a unit whose names and metrics are set, for [from, to), at the finest
 * step kept for it.  Cells are malloc'ed.  0 also when there is no file: rows is 0. */
int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err);

struct history_stats {
    uint64_t files, rows, failures, set_aside;
};
struct history_stats history_stats(const struct history *h);

#endif
