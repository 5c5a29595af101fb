/* rules/shape.h - the course of a figure over time in short: "20x30 27x20 _x5".
 *
 *   shape := part part ...
 *   part  := what           one point
 *          | what x COUNT   so many points
 *          | what x *       as many as there is time for
 *   what  := 20             a value
 *          | 20~2           a value with noise: evenly spread from 18 to 22
 *          | 20..30         a straight line from 20 to 30
 *          | 20..30~2       the same with noise
 *          | _              no point at all
 *
 * Numbers are as in "-1.5", "1e6", "5k", "2M", "1G".  A shape of one part without a
 * count goes on for as long as there is time.  Noise is the same in every run: it
 * follows from the seed and the point's number alone. */
#ifndef RULES_SHAPE_H
#define RULES_SHAPE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_PARTS_MAX = 64, SHAPE_POINTS_MAX = 100000, SHAPE_BYTES_MAX = 2000 };

struct shape_part {
    bool missing; /* "_" */
    bool open;    /* "x*" */
    uint32_t n;   /* points, when it is not open */
    double from, to, noise;
};

struct shape {
    size_t n; /* 0: not given */
    struct shape_part part[SHAPE_PARTS_MAX];
};

/* Which part may be without an end: before a change the first, that goes back in time;
 * after it the last. */
enum shape_side { SHAPE_BEFORE, SHAPE_AFTER };

/* Reads a shape.  -1 with *err and *ret_at, the place in `text` in bytes (its length:
 * the end). */
int shape_read(const char *text, enum shape_side side, struct shape *ret_shape,
               size_t *ret_at, struct err *err);

/* Points of all parts with an end, and whether there is one without. */
uint32_t shape_points(const struct shape *s, bool *ret_open);

/* Value of point `i` of `n`, with `n` at least shape_points: the part without an end
 * takes up what the others leave; without such a part what is over is missing, before a
 * change at the beginning, after it at the end.  NaN: missing. */
double shape_value(const struct shape *s, enum shape_side side, uint32_t i, uint32_t n,
                   uint64_t seed);

/* A seed that follows from a text, and from what came before it (0 at first). */
uint64_t shape_seed(uint64_t seed, const char *text);

#endif
