/* analyzer/layers.h - every series against how it moves by itself, in two layers.
 *
 * The host layer scores each changed host's series, the group layer the changed hosts
 * as one.  Both look at what is left of a series when its level (the median of the day
 * before), its scale (logs) and what the unchanged hosts did in the same minutes have
 * been taken off; the score is that of analyzer/shift.h, the p-value that of
 * analyzer/pool.h, with one pool per metric for hosts and one of all metrics for
 * groups.
 *
 * The past is read for the habits only (analyzer/learn.h); the scores come from the hot
 * rows and a habit, whenever that was learned.  Sums run in the order of host buckets
 * and of hosts within them (analyzer/gather.h), so the bytes are the same for any
 * number of threads and parts.  Pure. */
#ifndef ANALYZER_LAYERS_H
#define ANALYZER_LAYERS_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/habit.h"
#include "analyzer/series.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYER_DAYS_MAX = SHEET_DAYS_MAX /* of past that is looked at */ };

struct layer_score {
    bool known;     /* false: too little past or too few samples */
    bool recovered; /* the move is over */
    bool returned;  /* the level is what it was before the window before: p is 1 */
    double z, p;
    double effect; /* relative, 0.2 is 20 % */
    double move;   /* signed, in logs: above zero is up */
    double usual;  /* relative move that past days show at this hour; NaN: unknown */
    int moments, moments_like; /* pretended changes, and those at least as extreme */
};

struct layers {
    size_t n, n_members;
    struct layer_score *group; /* one a series of the list */
    struct layer_score *host;  /* one a member of the list, in its order */
    size_t *controls;          /* control hosts used, one a series */
    double *group_p, *host_p;  /* p-values of those that are known */
    size_t n_group_p, n_host_p;
};

/* Scores all series of the list that a rule speaks for.  A series of the service itself
 * has a group score only. */
int layers_score(const struct lineup *l, const struct controls *k,
                 const struct series_list *s, struct layers *ret_layers,
                 struct err *err);

/* The same with the habit of these series, which has been learned before. */
int layers_score_by(const struct habit *h, const struct lineup *l,
                    const struct controls *k, const struct series_list *s,
                    unsigned threads, struct layers *ret_layers, struct err *err);
void layers_free(struct layers *y);
#define OWNED_LAYERS __attribute__((cleanup(layers_free))) struct layers

/* The largest p-value that passes at false-discovery rate q over the whole layer, by
 * Benjamini and Hochberg; 0: none passes. */
double layers_group_bar(const struct layers *y, double q);
double layers_host_bar(const struct layers *y, double q);

#endif
