/* analyzer/shift.h - has a level moved more than it moves by itself?
 *
 * The empirical null: the move at the change (mean after minus mean before) is set
 * against the same move at some 200 pretended change times of the same series - every
 * tenth row of the last day, and around the same clock time of earlier days - after a
 * learned share of the usual move at this hour has been taken off.  Constants and their
 * origin: 30-minute before window, placebos every 10 minutes and up to an hour around
 * the clock time of up to 6 earlier days, season from 3 days, spread = max(1.4826 MAD,
 * q95 / 1.96) of either kind of placebo, floor 0.005.  Found by measuring on recorded
 * host metrics; the differential test holds this code to the numpy reference.
 *
 * Everything is counted in rows, so windows of seconds are the same code.  A series is
 * given as prefix sums of its transformed values (logs, references taken off), which
 * makes every window mean two subtractions.  Pure; the caller owns all memory. */
#ifndef ANALYZER_SHIFT_H
#define ANALYZER_SHIFT_H

#include "analyzer/run.h"
#include "analyzer/strip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHIFT_DAYS = 6,            /* earlier days whose same-clock placebos count */
    SHIFT_SEASON_DAYS = 3,     /* of them, those that make the season */
    SHIFT_DAY_PLACEBOS = 144,  /* pretended changes a day: one every ten minutes */
    SHIFT_CLOCK_PLACEBOS = 13, /* around the same clock time: an hour either way */
    SHIFT_PLACEBOS_MAX = SHIFT_DAY_PLACEBOS + SHIFT_CLOCK_PLACEBOS * SHIFT_DAYS,
};
#define SHIFT_SPREAD_LEAST  0.005
#define SHIFT_PRESENT_LEAST 0.6 /* share of a window's samples that must be there */

/* Rows of a look. */
struct shift_look {
    int before; /* rows before the pivot */
    int settle; /* rows left out after it */
    int after;  /* end of the after window, in rows from the pivot: the mean is over
                   [settle, after) */
    int day;    /* rows of a day */
    int every;  /* a sample comes every so many rows; 0 and 1: in each */
};

/* Sums of a series up to each row: of the values that are there, and how many. */
struct shift_sums {
    const double *sum;         /* n + 1 */
    const uint32_t *count;     /* n + 1; not looked at where the series is whole */
    size_t n;                  /* rows; the pivot is a row number below n */
    const struct strip *strip; /* its values are this strip's; NULL: each is one row */
    bool whole;                /* no value is missing */
};
/* Fills sum and count (n + 1 each) from values; NaN is "not there". */
void shift_sum_up(const float *value, size_t n, double *sum, uint32_t *count);
/* The same of a strip's values; sum and count have room for strip->n + 2, and count is
 * left alone where nothing is missing. */
struct shift_sums shift_sum_strip(const float *value, const struct strip *strip,
                                  double *sum, uint32_t *count);

/* Where the windows of all pretended changes lie: the same for every series that is
 * looked at alike, so it is worked out once.  Each has four places, the before window's
 * ends and the after window's.  They are in one row: those of the last day, the same of
 * each day of the season, those around the clock time of each earlier day (as many as
 * analyzer/run.h takes), at last the clock times themselves.  (Large: rather on the
 * heap.) */
enum {
    SHIFT_TODAY_MAX = 2 * SHIFT_DAY_PLACEBOS,
    SHIFT_SPOTS_MAX = SHIFT_TODAY_MAX * (1 + SHIFT_SEASON_DAYS) +
                      RUN_OTHERS_ROWS * SHIFT_DAYS + SHIFT_DAYS,
};
struct shift_plan {
    size_t pivot;
    struct shift_look look; /* `every` may differ from series to series */
    size_t n, n_today;
    bool all_inside; /* no spot lies outside of the rows */
    uint32_t at[4][SHIFT_SPOTS_MAX];
    uint16_t part[4][SHIFT_SPOTS_MAX];
    bool outside[SHIFT_SPOTS_MAX];
};
void shift_plan_make(const struct strip *strip, size_t pivot,
                     const struct shift_look *look, struct shift_plan *ret_plan);

/* How the series moves by itself around `pivot`; everything before the look. */
struct shift_null {
    double lambda; /* share of the usual move that this series follows, 0..1 */
    double usual;  /* the usual move at this clock time, before lambda; 0: unknown */
    double spread;
    double earlier; /* mean of the window before the window before; NaN: unknown */
    int days;       /* earlier days that were used */
    int n;          /* placebos; below SHIFT_PLACEBOS_LEAST there is no null */
    int n_today;    /* of them, those of the last day */
    double placebo[SHIFT_PLACEBOS_MAX]; /* signed z of each */
};
enum { SHIFT_PLACEBOS_LEAST = 20 };

/* False when too few placebos could be computed (less than about six hours of rows). */
bool shift_null_make(const struct shift_sums *s, size_t pivot,
                     const struct shift_look *look, struct shift_null *ret_null);
/* The same by a plan, which is of the same strip. */
bool shift_null_by_plan(const struct shift_sums *s, const struct shift_plan *plan,
                        int every, struct shift_null *ret_null);

/* --- many nulls at once --- */

/* A null whose spread is still to come: what is left of the pretended moves. */
struct shift_draft {
    double lambda, usual, earlier;
    int days, n_today, n_clock;
    double today[SHIFT_DAY_PLACEBOS];
    double clock[SHIFT_DAYS * SHIFT_CLOCK_PLACEBOS];
};
/* False as shift_null_make. */
bool shift_draft_make(const struct shift_sums *s, const struct shift_plan *plan,
                      int every, struct shift_draft *ret_draft);
/* With the larger of the spreads of both (by shift_spread, or analyzer/spreads.h for
 * many), and no less than SHIFT_SPREAD_LEAST. */
void shift_draft_end(const struct shift_draft *d, double spread,
                     struct shift_null *ret_null);

struct shift_score {
    double move; /* mean after - mean before - lambda * usual, in transformed units */
    double z;
    double effect;  /* exp(|move|) - 1: relative, for logs */
    bool recovered; /* the median of the last rows holds less than half of the move */
    /* Only the window before was odd: seen from its median, or from the window before
     * it, less than half of the move is left.  Or only a few rows of the window after
     * were: of its median less than half is left, and the last rows stand no higher. */
    bool returned;
};
/* `value` is the series itself (the last rows are looked at one by one: with a strip
 * they are not in cells).  False when either window has too few values. */
bool shift_score_make(const struct shift_sums *s, const float *value, size_t pivot,
                      const struct shift_look *look, const struct shift_null *null,
                      struct shift_score *ret_score);

/* Mean of the known values of rows [from, to); NaN where there is none. */
double shift_mean(const struct shift_sums *s, size_t from, size_t to);

/* Mean after minus mean before at a pivot; NaN when a window has too few values or lies
 * outside. */
double shift_move(const struct shift_sums *s, size_t pivot,
                  const struct shift_look *look);

/* max(1.4826 * median |p - median|, q95 |p - median| / 1.96); `p` is reordered. */
double shift_spread(double *p, size_t n);

/* Puts the k-th smallest to p[k], none larger before it and none smaller behind: more
 * order than that a median does not need.  The same input is reordered the same. */
double shift_select(double *p, size_t n, size_t k);

/* Median, with the mean of the two middle values; `p` is reordered.  NaN for none. */
double shift_median(double *p, size_t n);
/* Linear-interpolated quantile as numpy's; `p` is reordered. */
double shift_quantile(double *p, size_t n, double q);

#endif
