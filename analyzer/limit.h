/* analyzer/limit.h - hard limits from rules, a layer of their own.
 *
 * A limit is broken by a host when it is in `hold` of the last `of` points of the
 * window after, was not so in the last `of` points of the window before, and is not so
 * on most of the controls.  A host without a past cannot have broken it before. Points,
 * not rows: data every five minutes is not missed.  A grade's condition (`when`) is
 * held against a host in the same way: with `hold` against each of the last points,
 * else against the means of the windows.  Pure. */
#ifndef ANALYZER_LIMIT_H
#define ANALYZER_LIMIT_H

#include "analyzer/level.h"

struct limit_host {
    const struct member *member;
    bool broken;
    int n_after, n_before;       /* points looked at */
    int over_after, over_before; /* of them, beyond the limit */
    double before, after;        /* their means */
    instant first;               /* the first point beyond it since the change */
    double mean_before;          /* of a condition: of all of the window before */
};

struct limit_check {
    const struct rule *rule;
    const struct bar *when; /* the rule's grade with a condition; NULL: its limit */
    enum grade grade;
    const char *metric, *service;
    const struct edge *edge; /* the figure is the mean time of its calls; NULL: not */
    size_t n;                /* hosts with enough points to tell */
    struct limit_host *host; /* in the members' order */
    size_t n_broken;
    size_t without_before, without_after; /* hosts with too few points, where */
    size_t n_controls, controls_over;
    double control_before, control_after; /* of a condition that asks for them; NaN */
    bool excused;                         /* most controls are beyond it, too */
    const struct member *control;         /* borrowed from the case */
    size_t n_control_members;
};

/* The case's rule has a limit, or `when` is one of its grades and has a condition. */
int limit_check_make(const struct level_case *lc, const struct bar *when,
                     struct limit_check *ret_check, struct err *err);
void limit_check_free(struct limit_check *c);
/* What the names of the check's condition are for a host: with `hold` for the mean of
 * its last points.  `value` has room for FIGURE_SERIES_N. */
void limit_figures(const struct limit_check *c, const struct limit_host *h,
                   double *value);

/* "above 95 in 3 of 5 points", "after > before * 1.3 in 3 of 5 points". */
struct buf;
void limit_words(const struct limit_check *c, struct buf *to);

#endif
