/* analyzer/why_series.h - the numbers of a rule about series: moves of levels with
 * their bars, spikes, limits and conditions.  Pure. */
#ifndef ANALYZER_WHY_SERIES_H
#define ANALYZER_WHY_SERIES_H

#include "analyzer/why.h"

/* Writes the members "levels", "spikes" and "limits" about rule `r`. */
int why_series(const struct why_desk *d, const struct rule *r, struct explain *e,
               struct err *err);
/* Levels of something else, mean times of calls: their bars are their own. */
int why_levels(const struct why_desk *d, const struct rule *r, const struct level *l,
               size_t n, struct explain *e, struct err *err);

/* The member "limits": hard limits and conditions. */
void why_limits(const struct why_desk *d, const struct rule *r, struct explain *e);

/* The two windows of a host, and its look. */
void why_frame(const struct frame *f, struct explain *e);
/* Each comparison of a condition with its values. */
void why_condition(const struct condition *c, const double *value, struct explain *e);

#endif
