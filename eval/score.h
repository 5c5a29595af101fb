/* eval/score.h - from yes and no to rates with intervals.  Pure. */
#ifndef EVAL_SCORE_H
#define EVAL_SCORE_H

#include <stddef.h>

/* `hits` of `n`. */
struct rate {
    size_t hits, n;
};

static inline void rate_add(struct rate *r, int hit)
{
    r->hits += hit != 0;
    r->n++;
}

double rate_share(struct rate r); /* NaN for none */

/* Wilson's interval at 95 %: it stays inside 0..1 and is honest at 0 hits. */
struct interval {
    double low, high;
};
struct interval rate_interval(struct rate r);

/* The smallest threshold that at most this share of the scores is above; `score` is
 * reordered. */
double score_threshold(double *score, size_t n, double share);

/* Quantile of values in rising order of size; NaN for none. `v` is reordered. */
double score_median(double *v, size_t n);

#endif
