/* analyzer/count.h - are there more (or fewer) events than chance and habit explain?
 *
 * Events (failures, a return code, alarms) of so many chances (calls, host-minutes)
 * after the change, against those before.  The predictive distribution is negative
 * binomial: mu  = (events_before + 0.5) * of_after / of_before var = mu * (1 + of_after
 * / of_before) + kappa * mu^2 with the over-dispersion kappa learned from pretended
 * changes of the past day, because plain Poisson calls one quiet series in six unusual.
 * "Before" is the hour before plus a twelfth of the past day (or whatever the caller
 * has).  The tails of the negative binomial are regularized incomplete beta functions
 * (DLMF 8.17, continued fraction 8.17.22).  Pure. */
#ifndef ANALYZER_COUNT_H
#define ANALYZER_COUNT_H

#include <stdbool.h>
#include <stddef.h>

struct count_case {
    double events_before, of_before;
    double events_after, of_after;
    double kappa;
};

struct count_score {
    double expected; /* mu */
    double p_more;   /* P(at least as many), one-sided */
    double p_fewer;  /* P(at most as many), one-sided */
    double ratio;    /* rate after / rate before, with half an event added to both */
};
/* False when there were no chances on either side. */
bool count_score_make(const struct count_case *c, struct count_score *ret_score);

/* Rows of events and chances, one a minute (or step), NaN as none. */
struct count_rows {
    const float *events, *of;
    size_t n;
};
enum { COUNT_PLACEBO_STEP = 15, COUNT_PLACEBOS_LEAST = 8 };
/* Kappa from pretended changes in the rows: `after` rows against the `before` rows in
 * front of them, every COUNT_PLACEBO_STEP rows; the largest 2 % of the squared errors
 * are cut.  False when there are too few. */
bool count_dispersion(const struct count_rows *rows, size_t before, size_t after,
                      double *ret_kappa);

/* Tails of the negative binomial with this mean and variance (var >= mean). */
double count_nb_at_least(double x, double mu, double var);
double count_nb_at_most(double x, double mu, double var);

/* I_x(a, b). */
double count_beta(double x, double a, double b);

#endif
