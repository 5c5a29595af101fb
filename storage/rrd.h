/* storage/rrd.h - librrd in a child process of its own: files and pictures.
 *
 * The only place that includes rrd.h.  librrd 1.7 is slower in two threads than in one
 * and its graph function crashes there; in a process of its own it does neither, and a
 * crash costs one chart or batch, not the service: the child is started again and the
 * call that lost it gives -1.  Calls may come from any thread and take turns. */
#ifndef STORAGE_RRD_H
#define STORAGE_RRD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rrd;

/* Forks the child.  Call before other threads are started where possible.  `dir` holds
 * the files and the pictures' scratch files and is made when missing; the child dies
 * with its parent. */
struct rrd *rrd_start(const char *dir, struct err *err);
/* Waits for the child to finish what it was given. */
void rrd_stop(struct rrd **r);
/* How often the child had to be started again. */
uint64_t rrd_restarts(const struct rrd *r);

/* One archive of a file: `step` per row, `rows` rows, AVERAGE. */
struct rrd_archive {
    span step;
    uint32_t rows;
};

struct rrd_file {
    const char
        *name; /* relative to dir, made of [0-9a-f/.] and "rrd" only (asserted) */
    span step; /* the file's own step */
    uint32_t n_sources; /* data sources d0, d1, ... of type GAUGE */
    const struct rrd_archive *archives;
    size_t n_archives;
};

/* Adds rows to a file, made when it is missing.  values[row * n_sources + i], NaN for
 * unknown; times rise.  Rows not after the file's last update are left out and counted
 * in *ret_old. */
int rrd_put(struct rrd *r, const struct rrd_file *file, const instant *times,
            const double *values, size_t n_rows, size_t *ret_old, struct err *err);

/* Reads [from, to) at the finest archive that covers it with a step of at least
 * `step_least`.  *ret_values is malloc'ed, [row * n_sources + i]. */
struct rrd_rows {
    instant from;
    span step;
    uint32_t rows, n_sources;
    double *values;
};
int rrd_get(struct rrd *r, const char *name, instant from, instant to, span step_least,
            struct rrd_rows *ret_rows, struct err *err);

/* A chart of one finding. */
enum rrd_picture_format { RRD_PNG, RRD_SVG };
struct rrd_line {
    const char *label; /* any text: escaped inside */
    unsigned rgb;
    const double *value; /* one a step, NaN for gaps */
    bool dashed;
};
struct rrd_picture {
    enum rrd_picture_format format;
    unsigned width, height;   /* of the whole picture */
    const char *title, *unit; /* NULL: none */
    instant from;
    span step;
    size_t n;
    const struct rrd_line *lines;
    size_t n_lines;
    instant pivot;                  /* the vertical line; INSTANT_NONE: none */
    instant before_from, before_to; /* shaded */
    instant after_from, after_to;   /* shaded, another colour */
    double limit;                   /* a horizontal line; NaN: none */
    bool dark;
};
/* Adds the picture's bytes to `to`.  The same call gives the same bytes on the same
 * machine. */
int rrd_draw(struct rrd *r, const struct rrd_picture *p, struct buf *to,
             struct err *err);

#endif
