/* analyzer/run.h - long straight runs over arrays, where most of a judgement's time
 * goes.
 *
 * Each is a plain loop without branches on the values, written so that a compiler can
 * take several values at a step.  On x86-64 it is compiled for the wider units too and
 * the widest one that the machine has is taken at run time.  Every path gives the same
 * bits: each value is worked out by itself, nothing is summed in another order, and
 * multiplying and adding are never fused.  NaN is "not there".  Pure. */
#ifndef ANALYZER_RUN_H
#define ANALYZER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* v = log(max(v, 0) + offset) - level; `offset` is above zero. */
void run_logs(float *v, size_t n, double offset, double level);

/* v = v / size - level. */
void run_scaled(float *v, size_t n, double size, double level);

/* to = v - less. */
void run_less(float *to, const float *v, const float *less, size_t n);

/* True when a value is not there. */
bool run_any_missing(const float *v, size_t n);

/* True when a value is below zero. */
bool run_any_below(const float *v, size_t n);

/* to = |v|. */
void run_sizes(float *to, const double *v, size_t n);

/* How many values are below a bound. */
size_t run_count_below(const float *v, size_t n, float bound);
size_t run_count_under(const double *v, size_t n, double bound);

/* sum += v. */
void run_add(double *sum, const float *v, size_t n);

/* The same where values may be missing: `count` counts those that are there. */
void run_add_known(double *sum, uint16_t *count, const float *v, size_t n);

/* Row by row the mean over `n` runs, each value divided by its run's divisor, without
 * the `cut` smallest and the `cut` largest of them. */
enum { RUN_CUT_MAX = 8 };
void run_trimmed(float *to, const double *const *from, const double *divisor, size_t n,
                 size_t cut, size_t rows);

/* Sums of a series' rows up to each of several places: `at` counts values, `part` is
 * how far into one of them a place lies, in parts of a `wide`-th. */
struct run_places {
    const uint32_t *at;
    const uint16_t *part;
};

/* For each of `n` pretended changes the mean between places 2 and 3 less the mean
 * between 0 and 1, which hold so many rows.  `sum` has room for one sum more than any
 * place asks for. */
void run_moves(double *to, const double *sum, const struct run_places place[4],
               double wide, double n_before, double n_after, size_t n);

/* The middle one of three, row by row. */
void run_middle(double *to, const double *a, const double *b, const double *c,
                size_t n);

/* Six runs of RUN_OTHERS_ROWS values, of which `n` count: each value less lambda times
 * the median of the other five of its row.  `to` gets the runs one behind the other,
 * `n` values of each. */
enum { RUN_OTHERS = 6, RUN_OTHERS_ROWS = 16 };
void run_less_others(double *restrict to, const double *restrict from, size_t n,
                     double lambda);

/* Sorts RUN_LANES columns of `rows` values each, v[row * RUN_LANES + lane], by
 * comparisons that do not depend on what was found before.  None may be NaN. */
enum { RUN_LANES = 8 };
void run_sort(double *v, size_t rows);

/* The logarithm that run_logs takes, for one value above zero. */
double run_log(double x);

#endif
