/* analyzer/tape.h - one series' rows around a change, and how many of them lie far
 * beyond the usual: now, and at pretended changes of the past day.
 *
 * What is usual in front of a row is the median of the rows before it and their median
 * distance from it.  analyzer/spike.h says what is made of the counts.  Pure; the
 * caller owns all memory. */
#ifndef ANALYZER_TAPE_H
#define ANALYZER_TAPE_H

#include "rules/ruleset.h"

#include <stdbool.h>
#include <stddef.h>

#define TAPE_FAR 5.0 /* deviations from the level */

struct tape {
    const float *v; /* NaN: no sample */
    size_t n, pivot;
    size_t before, from, to; /* rows: before a pivot, and of the window after it */
    double *some;            /* room for `before` values */
};

/* What is usual in front of a row. */
struct tape_usual {
    double level, deviation; /* NaN: too few points */
};

struct tape_count {
    int n, of, above, late; /* `late`: beyond, in the last third of the window */
    double sum;             /* of the points beyond */
    size_t first;
};

/* Whether the tape reaches far enough to both sides of a row. */
bool tape_reads_at(const struct tape *t, size_t pivot);
struct tape_usual tape_usual_before(const struct tape *t, size_t pivot);

/* As far from the level as this, or further, is beyond.  No deviation counts as less
 * than `floor` and a part of the level. */
double tape_far(const struct tape_usual *u, double floor);

/* Points beyond in the window after a row, on the side that is worse. */
struct tape_count tape_count_after(const struct tape *t, size_t pivot,
                                   const struct tape_usual *u, double far,
                                   enum worse worse);

/* Pretended changes all over the day before the change, none of them with a row of the
 * windows of the real one. */
enum { TAPE_MOMENTS_MAX = 256 };
struct tape_moments {
    int n;
    size_t at[TAPE_MOMENTS_MAX];
    struct tape_usual usual[TAPE_MOMENTS_MAX];
};
void tape_find_moments(const struct tape *t, size_t day, struct tape_moments *ret);

/* The day's part of what no deviation counts as less than. */
double tape_floor(const struct tape_moments *m);

/* How unusual `n` points beyond, of `of` points, are against the moments' counts. */
struct tape_score {
    int moments, like; /* those with points enough, and with as many beyond */
    double z;
};
/* False when there are fewer than `least` moments. */
bool tape_score_make(const struct tape *t, const struct tape_moments *m, double floor,
                     enum worse worse, const struct tape_count *c, int least,
                     struct tape_score *ret);

#endif
