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

/* sum += v. */
void run_add(double *sum, const float *v, size_t n);

/* The same where values may be missing: `count` counts those that are there. */
void run_add_known(double *sum, uint16_t *count, const float *v, size_t n);

/* Row by row the mean over `n` runs, each value divided by its run's divisor, without
 * the `cut` smallest and the `cut` largest of them. */
enum { RUN_CUT_MAX = 8 };
void run_trimmed(float *to, const double *const *from, const double *divisor, size_t n,
                 size_t cut, size_t rows);

/* The logarithm that run_logs takes, for one value above zero. */
double run_log(double x);

#endif
