/* analyzer/stray.h - how far hosts stray from one another when something moves them
 * all.
 *
 * Taking off what the unchanged hosts did leaves nothing only where all hosts answer
 * alike.  They do not: when traffic doubles, one host's figure doubles and another's
 * hardly moves, and each differs from their mean by more than it ever did by itself.
 * How differently they answer is seen on the unchanged hosts in the very same minutes:
 * what their moves are spread wider than moves usually are is allowed for - but never
 * more than the size of their common move, because without one there is nothing to
 * answer differently.  In a quiet half hour nothing is allowed for.  Pure. */
#ifndef ANALYZER_STRAY_H
#define ANALYZER_STRAY_H

#include <stddef.h>

/* The spread that moves usually have: of hosts steady and restless mixed, nearer to
 * that of the restless ones; so the upper quartile.  `spread` is reordered; NaN for
 * none. */
double stray_usual(double *spread, size_t n);

/* What is allowed for, in the moves' unit: how much wider than `usual` the controls'
 * moves are spread, at most their common move. */
double stray_allowance(double controls_spread, double common, double usual);

/* A score of a move, `spread` being what it was divided by, with an allowance. */
double stray_z(double z, double spread, double allowance);

/* The p-value of score `z` when its pool gave `p` to the score `was` (at least as
 * large): between the two it rises as it does by the formula for a cold start. */
double stray_p(double p, double was, double z);

#endif
