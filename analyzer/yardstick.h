/* analyzer/yardstick.h - making the values of different hosts comparable.
 *
 * A series' values become logs, with an offset so that samples near zero do not
 * explode, less its own level; a series that falls below zero is only scaled by its
 * largest value.  Offset and level are found in the day before a pivot, so that nothing
 * after the change has a say.  Pure. */
#ifndef ANALYZER_YARDSTICK_H
#define ANALYZER_YARDSTICK_H

#include "analyzer/sheet.h"

#include <stdbool.h>
#include <stddef.h>

struct yardstick {
    bool any;      /* it has a value in the day before its pivot */
    bool falls;    /* below zero */
    int every;     /* rows between two samples */
    double offset; /* added before taking logs */
    double size;   /* of values that fall: the largest */
    double level;  /* taken off, in logs or parts of the largest */
};

/* `v` has the timeline's strip.n values, `room` is for twice as many and two more. */
void yardstick_find(const struct timeline *t, const float *v, size_t pivot,
                    double *room, struct yardstick *ret_yardstick);

/* One that has nothing leaves the values as they are. */
void yardstick_apply(const struct yardstick *y, float *v, size_t n);

#endif
