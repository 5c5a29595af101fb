/* analyzer/odds.h - how likely a move is, when only a few moves are there to compare
 * it with.
 *
 * For the time before a series has a past of its own: the spread comes from what other
 * hosts did in the same minutes, or from parts of the window before.  Both are small
 * samples, so their tails are Student's, and never thinner than those measured on real
 * host metrics (pool_p_cold).  Pure. */
#ifndef ANALYZER_ODDS_H
#define ANALYZER_ODDS_H

#include <stddef.h>

/* Two-sided tail of Student's t with `df` degrees of freedom. */
double odds_student(double t, double df);

/* The larger of Student's tail and the one measured on real metrics. */
double odds_small(double z, double df);

/* Mean without the tenth at either end; the order of `v` does not matter, it comes back
 * sorted.  NaN for none. */
double odds_trimmed(double *v, size_t n);

/* Standard deviation of the parts that are not NaN; NaN with fewer than 3. */
double odds_deviation(const double *part, size_t n);

/* The p-values of one layer of tests, and what passes at a rate of false findings. */
struct odds_layer {
    double *p, *sorted;
    size_t n, most;
    struct {
        double q, threshold;
    } known[16];
    size_t n_known;
};
/* Room for `most` tests.  -1: out of memory. */
int odds_layer_make(struct odds_layer *l, size_t most);
void odds_layer_free(struct odds_layer *l);
void odds_layer_add(struct odds_layer *l, double p);
/* The largest p that passes (Benjamini-Hochberg); 0 when none does.  Add all first. */
double odds_layer_threshold(struct odds_layer *l, double q);

#endif
