/* analyzer/draw.h - the curve of a finding: what it speaks of, minute by minute.
 *
 * At most CURVE_POINTS_MAX points; one is the mean of the rows and members that fall
 * into it.  What is short of memory is remembered by the teller. */
#ifndef ANALYZER_DRAW_H
#define ANALYZER_DRAW_H

#include "analyzer/teller.h"

/* From the first window before to the last one after, and the first pivot between. */
struct draw_range {
    instant from, to, pivot;
};
extern const struct draw_range draw_range_none;
void draw_widen(struct draw_range *r, const struct slot *s);

/* Sums of many lanes over the points of a curve. */
struct draw_bins {
    instant from;
    span step;
    size_t n;
    double *sum;
    uint32_t *count;
};
/* False when the range holds no whole row, or memory is short.  To be freed in either
 * case. */
bool draw_bins_make(struct draw_bins *b, const struct draw_range *r, span step);
void draw_bins_free(struct draw_bins *b);
/* NaN, and what lies outside, is passed over. */
void draw_bins_add(struct draw_bins *b, instant at, double v);

/* Gives the bins' means to a curve, as its value or its control. */
void draw_line(struct teller *t, struct curve *c, const struct draw_bins *b,
               bool control);

/* Fills the finding's curve from the rows of members and of those controls that no
 * other change touched. */
void draw_members(struct teller *t, struct finding *f, const struct draw_range *range,
                  const struct member *const *member, size_t n,
                  const struct member *control, size_t n_controls);

/* The first point since the change that shows at least half of the move, and whose next
 * one, where there is one, does so as well. */
instant draw_first_seen(const struct curve *c, instant pivot, double before,
                        double after);

#endif
