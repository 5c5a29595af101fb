/* storage/picture.h - a chart as arguments for librrd's graph function.
 *
 * Pure text work: axes, colours, shading, and labels made harmless.  storage/rrd.c
 * hands the result to librrd.  The values are scaled down to between 0.001 and 1000 and
 * the unit prefix is written into the axis labels, so that huge and tiny values look
 * like any others. */
#ifndef STORAGE_PICTURE_H
#define STORAGE_PICTURE_H

#include "base/buf.h"
#include "base/err.h"
#include "storage/rrd.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PICTURE_WIDTH_MIN = 120,
    PICTURE_HEIGHT_MIN = 80,
    PICTURE_SIDE_MAX = 2000,
    PICTURE_POINTS_MAX = 20000,
    PICTURE_LINES_MAX = 12,
    PICTURE_ZOOM_MAX = 3,
};

struct picture_plan {
    struct buf args; /* n_args texts, each ended by a NUL */
    size_t n_args;
    double scale; /* the file's values are those of the lines times this */
};

/* The arguments for drawing `p` out of the RRD file `file`, whose data source l<i>
 * holds line i from p->from (in whole steps) on.  -1 when `p` asks for what cannot be
 * drawn: *err names the field. */
int picture_plan(const struct rrd_picture *p, const char *file,
                 struct picture_plan *ret_plan, struct err *err);
void picture_plan_free(struct picture_plan *plan);

/* `text` as a label in a graph argument: invalid UTF-8, control and direction
 * characters made harmless, ':' escaped, backslashes swapped for their look-alike, cut
 * after `chars_max` characters. */
void picture_label(struct buf *to, const char *text, size_t chars_max);

#endif
