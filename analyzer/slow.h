/* analyzer/slow.h - has anything crept up in the day after a change?  The slow look for
 * leaks, too slow for the looks of the first hour.
 *
 * The same empirical null as theirs (analyzer/shift.h) with a day's lag: the level of
 * the last stretch (a twelfth of the lag: two hours of a day) before the look, less
 * that of the same clock time before the change, net of what the unchanged hosts did;
 * set against the same lagged move at pretended change times of the past days.  Those
 * lags overlap, so they are few: the tail is Student's with as many degrees of freedom
 * as there are lags side by side, and no spread is smaller than half of what single
 * hosts have.  With controls the move must also stand out from what they did, one by
 * one, in the very same hours.  A leak creeps: no quarter of the lag but the first may
 * hold most of the move, and at the look the level must be near its highest.
 *
 * The group of changed hosts is judged first; one host alone only where p is at most
 * SLOW_HOST_P.  Hosts that another change touched in the meantime are not judged, nor
 * what an ordinary look has told already.  Grade attention at most, unless a hard limit
 * was crossed or a condition of must-handle came true: `hold` is left out, as the level
 * is a mean of its own.  Pure. */
#ifndef ANALYZER_SLOW_H
#define ANALYZER_SLOW_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/series.h"
#include "base/err.h"
#include "rules/ruleset.h"

#include <stdbool.h>
#include <stddef.h>

#define SLOW_HOST_P 1e-4
enum {
    SLOW_PARTS = 4,     /* of the lag, looked at for how the move came about */
    SLOW_LAGS_LEAST = 2 /* side by side before the change: less is no past */
};

/* Where everything lies, in rows of the panel. */
struct slow_clock {
    span step;
    size_t stretch, lag;
};

/* The stretch and the rows of a lag, for samples that come every `native`. */
struct slow_clock slow_clock_of(span lag, span native);
/* How far back before the pivot it is worth looking. */
span slow_reach(span lag);

struct slow_score {
    bool known;
    bool compared;                        /* with enough controls */
    double before, after;                 /* means in the metric's unit */
    double control_before, control_after; /* NaN: no controls */
    double move;                          /* net of the controls, on the scale */
    double part[SLOW_PARTS];              /* the move at each quarter of the lag */
    double effect, delta;                 /* as level.h has them */
    double z, p;
    int lags; /* side by side before the change */
    int moments, moments_like;
    bool creeps; /* no late jump, and not on its way back */
    bool rises;  /* still, at the look */
    enum grade grade;
};

struct slow_host {
    const struct member *member;
    struct slow_score score;
};

struct slow_series {
    const struct series *of;
    struct slow_score group;
    size_t n;
    struct slow_host *host; /* one a member that was not touched */
    size_t n_controls;
    struct member *control;
};

struct slow {
    size_t n;
    struct slow_series *at;
    size_t judged, short_past, thin; /* series */
    size_t touched;                  /* hosts that another change worked on */
};

/* Judges all series of the list that a rule with an attention bar speaks for; `l` is
 * of a slow panel. */
int slow_measure(const struct lineup *l, const struct controls *k,
                 const struct series_list *list, const struct slow_clock *clock,
                 struct slow *ret, struct err *err);
/* Grades them together, so that the share of false findings is kept over all. */
int slow_grade(struct slow *s, const struct lineup *l, const struct ruleset *rules,
               struct err *err);
void slow_free(struct slow *s);

#endif
