/* storage/history.h - past days of every series, in RRD files of bounded size.
 *
 * One file holds up to HISTORY_SOURCES_MAX metrics of one entity and one measurement
 * (the part of the name before the first '.'; call edges have one measurement), so a
 * new metric makes a small file new, not a large one.  File names are SHA-256 digests,
 * never host or metric names, and a data source is called by a digest of its metric: a
 * file says itself what it holds, so nothing but the files is needed to read them.  The
 * file `index` beside them (storage/catalog.h) says which is whose, for people; lines
 * that are lost are written again.  One thread flushes; any thread reads. */
#ifndef STORAGE_HISTORY_H
#define STORAGE_HISTORY_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/panel.h"
#include "storage/rrd.h"
#include "storage/windows.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HISTORY_ARCHIVES_MAX = 4,
    HISTORY_SOURCES_MAX = 64, /* of one file */
    HISTORY_PARTS_MAX = 64,   /* files of one entity and measurement */
};

/* How long what is kept: by default 1 min for a day (and four hours, so that a day back
 * from a change some hours ago is there), 5 min for two weeks, 1 h for a year. */
struct history_spec {
    const char *dir; /* the one given to rrd_start */
    /* Steps in whole seconds, rising, each a multiple of the first; step 0 ends the
     * list; all 0: the default.  Where the windows' step is longer than the first, it
     * takes the first's place and the others are widened to multiples of it. */
    struct rrd_archive archives[HISTORY_ARCHIVES_MAX];
    /* To read beside the service that writes: nothing is flushed, no index is kept, and
     * a damaged file stays where it is. */
    bool peek;
    instant last; /* with `peek`: up to when there is history, as far as is known */
};

struct history;
struct history *history_open(const struct history_spec *spec, struct rrd *rrd,
                             struct err *err);
void history_close(struct history **h);

/* Writes every entity's finished rows (minutes, by default) since its last flush, up to
 * `until` (exclusive), in one batch a file.  A cell is the mean, sum or maximum of its
 * samples in that minute, as the metric merges.  Samples that come for a minute after
 * it was flushed are not in it, so `until` leaves the late ones time.  How far an
 * entity has come is known from its files after a restart, and what failed is tried
 * again while the windows keep it.  Always for the same `w`.
 *
 * Errors of one file cost that file: the first is in *err, their number in the stats; a
 * damaged file is renamed to NAME.damaged and a new one begun.  Gives the number of
 * rows written (of all files), or -1 when something failed and nothing was written. */
int64_t history_flush(struct history *h, struct windows *w, instant until,
                      struct err *err);

/* Fills `past` of a unit whose names, metrics and merges are set, for [from, to), at
 * the finest step that is kept for as long as from `from` to `to` or to the last flush:
 * a day gives minutes, a week 5 minutes.  Rows are widened to whole steps.  A cell is
 * the mean of its minutes, for sums as a sum over the row's own step.  Cells are
 * malloc'ed.  A row of a coarser step is known when its time was flushed to its end.
 * 0 also when there is no file: rows is 0.  One damaged file leaves its metrics
 * unknown. */
int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err);

/* The finest step kept for as long as from `from` to `to` or to the last flush: the one
 * that history_read gives where the files have it. */
span history_step(const struct history *h, instant from, instant to);

struct history_stats {
    uint64_t files;     /* met since opening */
    uint64_t rows;      /* written since opening, each file's counted by itself */
    uint64_t failures;  /* batches that were not written */
    uint64_t set_aside; /* damaged files, and damaged lines of the index */
    uint64_t left_out;  /* series not kept: their measurement's files are all full */
};
struct history_stats history_stats(const struct history *h);

#endif
