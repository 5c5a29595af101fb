/* analyzer/spreads.h - the spreads of several series' pretended changes at once.
 *
 * A spread is made of three quantiles.  Found one by one they cost more than all else
 * that is done to a series; sorted side by side, by the same steps whatever the values,
 * several series take hardly longer than one.  Pure. */
#ifndef ANALYZER_SPREADS_H
#define ANALYZER_SPREADS_H

#include "analyzer/run.h"
#include "analyzer/shift.h"

#include <stddef.h>

/* Of up to RUN_LANES drafts; `room` holds SPREADS_ROOM values. */
enum { SPREADS_ROOM = RUN_LANES * SHIFT_DAY_PLACEBOS };
void spreads_find(const struct shift_draft *draft, size_t n, double *room,
                  double *ret_spread);

#endif
