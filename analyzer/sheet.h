/* analyzer/sheet.h - a unit's series written out side by side, all on one clock.
 *
 * The clock of a judgement counts rows of the windows' step from as far back as anyone
 * reaches (but no further than the days that are looked at) to the end of the last
 * look.  A sample belongs to the first row that begins with it or after it, so what was
 * measured after a change is never in a row before it.  Rows before the windows' first
 * lie in cells of the history's step.  Pure. */
#ifndef ANALYZER_SHEET_H
#define ANALYZER_SHEET_H

#include "analyzer/align.h"
#include "analyzer/strip.h"
#include "storage/panel.h"

#include <stddef.h>

enum { SHEET_DAYS_MAX = 7 }; /* of past that is looked at */

struct timeline {
    instant from;
    span step;
    size_t day; /* rows of a day */
    struct strip strip;
};

/* strip.rows is 0 where there is nothing to look at. */
struct timeline timeline_of(const struct lineup *l);
/* The single rows of a timeline, as one of its own. */
struct timeline timeline_near(const struct timeline *t);
/* The rows before a time. */
struct timeline timeline_until(const struct timeline *t, instant at);
/* The row that a time lies in, 0 before the first. */
size_t timeline_row(const struct timeline *t, instant at);

/* Fills `to` with metrics of a unit, strip.n values each, one series after another; NaN
 * where there is no sample.  `past` may be empty.  `room` has strip.rows floats. */
void sheet_read(const struct timeline *t, const struct unit *u,
                const struct track *past, const uint32_t *metric, size_t n_metrics,
                float *to, float *room);

#endif
