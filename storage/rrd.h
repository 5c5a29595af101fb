/* storage/rrd.h - librrd in a child process of its own: files and pictures.
 *
 * Only storage/rrd_child.c includes rrd.h.  librrd 1.7 is slower in two threads than in
 * one and its graph function crashes there; in a process of its own it does neither,
 * and a crash costs one chart or batch, not the service: the child is started again and
 * the call that lost it gives -1.  librrd and the 40 libraries behind it are loaded in
 * the child only, so the service does not carry their 7 MB.  Calls may come from any
 * thread and take turns. */
#ifndef STORAGE_RRD_H
#define STORAGE_RRD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rrd;

/* Values of err->code that a caller may act on; others are errno values or storage/
 * child.h's. */
enum rrd_failure {
    RRD_DAMAGED = 10101, /* the file is no sound RRD file, or the child crashed on it */
    RRD_OTHER_SHAPE,     /* the file has another step or number of sources */
};

/* Starts the child.  Call it before other threads are started: it forks (why, and what
 * it forks, is in storage/child.c).  `dir` holds the files and, under scratch/, what
 * pictures need while they are drawn; it is made when missing.  One process owns a
 * `dir` at a time.  The child dies with its parent. */
struct rrd *rrd_start(const char *dir, struct err *err);
/* Waits for the child to finish what it was given. */
void rrd_stop(struct rrd **r);
/* How often the child had to be started again. */
uint64_t rrd_restarts(const struct rrd *r);
/* The child's process number; 0 when there is none at the moment. */
pid_t rrd_child(struct rrd *r);

/* One archive of a file: `step` per row, `rows` rows, AVERAGE. */
struct rrd_archive {
    span step;
    uint32_t rows;
};

/* Data sources are called by 1 to 19 of [A-Za-z0-9_]; a file's name, relative to dir,
 * is made of [0-9a-f/.] and "rrd", without "..".  Both are asserted: they are made by
 * us, never taken from strangers. */
enum {
    RRD_SOURCE_MAX = 20,
    RRD_SOURCES_MAX = 4096,
    RRD_ROWS_MAX = 10000, /* of one put */
};
struct rrd_source {
    char name[RRD_SOURCE_MAX];
};

struct rrd_file {
    const char *name;
    span step; /* the file's own step: whole seconds */
    size_t n_sources;
    const struct rrd_source *sources; /* type GAUGE */
    const struct rrd_archive *archives;
    size_t n_archives;
};

/* Adds rows to a file, made when it is missing.  The sources must begin with those of
 * the file, in its order; further ones are added to it, which writes the file anew with
 * all it holds.  Row r covers [times[r], times[r] + step): times are multiples of the
 * step and rise, but may leave gaps, which stay unknown.  values[row * n_sources + i],
 * NaN for unknown; nine digits are kept.  Rows that end no later than the file's last
 * update are left out and counted in *ret_old (may be NULL). */
int rrd_put(struct rrd *r, const struct rrd_file *file, const instant *times,
            const double *values, size_t n_rows, size_t *ret_old, struct err *err);

/* What a file holds. */
struct rrd_shape {
    span step;
    instant last; /* end of the last row put */
    size_t n_sources;
    struct rrd_source *sources; /* malloc'ed */
};
/* A file that is not there has 0 sources and is no error. */
int rrd_look(struct rrd *r, const char *name, struct rrd_shape *ret_shape,
             struct err *err);

struct rrd_rows {
    instant from; /* row r covers [from + r * step, from + (r + 1) * step) */
    span step;
    span file_step; /* the file's own */
    size_t rows, n_sources;
    struct rrd_source *sources; /* malloc'ed */
    double *values; /* malloc'ed, [row * n_sources + i]; NaN where nothing is known */
};
/* Reads [from, to), widened to whole rows, at the finest archive with a step of at
 * least `step_least` that reaches back to `from`; when none does, at the one that
 * reaches back furthest.  A file that is not there has 0 rows and is no error. */
int rrd_get(struct rrd *r, const char *name, instant from, instant to, span step_least,
            struct rrd_rows *ret_rows, struct err *err);
void rrd_rows_free(struct rrd_rows *rows);

/* A chart of one finding.  Times on it are UTC. */
enum { RRD_MARKS_MAX = 50 };
enum rrd_picture_format { RRD_PNG, RRD_SVG };
struct rrd_line {
    const char *label; /* any text: escaped inside */
    unsigned rgb;
    const double *value; /* one a step, NaN for gaps; [i] is that of the i-th step */
    bool dashed;
};
struct rrd_picture {
    enum rrd_picture_format format;
    unsigned width, height;         /* of the whole picture: 120 x 80 to 2000 x 2000 */
    const char *title, *unit;       /* NULL: none */
    instant from;                   /* rounded down to a whole step */
    span step;                      /* whole seconds */
    size_t n;                       /* 2 to 20000 */
    const struct rrd_line *lines;   /* the first is drawn on top */
    size_t n_lines;                 /* 1 to 12 */
    instant pivot;                  /* the vertical line; INSTANT_NONE: none */
    const instant *marks;           /* further vertical lines, without a legend */
    size_t n_marks;                 /* up to RRD_MARKS_MAX */
    instant before_from, before_to; /* shaded */
    instant after_from, after_to;   /* shaded, another colour */
    double limit; /* a horizontal line, in the legend only when far off; NaN: none */
    bool dark;
    unsigned zoom; /* pixels for each of width and height: 0 or 1 is one, at most 3 */
    /* in the legend; NULL: "before", "after", "change" */
    const char *before_label, *after_label, *pivot_label;
};
/* Adds the picture's bytes to `to`.  The same call gives the same bytes on the same
 * machine.  -1 with the field's name when it is out of bounds. */
int rrd_draw(struct rrd *r, const struct rrd_picture *p, struct buf *to,
             struct err *err);

/* True when the machine has a font with the letters of a language ("zh-cn", as
 * fontconfig calls it): without one they would be drawn as boxes.  Asked for once. */
bool rrd_has_letters(struct rrd *r);

#endif
