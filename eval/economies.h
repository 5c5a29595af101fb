/* eval/economies.h - what the shipped path's economies cost in accuracy.
 *
 * The judge keeps the past in means of 5 minutes, takes controls and groups together in
 * buckets of hosts, and counts pretended scores in bins once there are many.  Here the
 * same whole changes are scored by the reference, which has none of these, by the
 * shipped layers with a past told minute by minute, and with one in 5-minute means. */
#ifndef EVAL_ECONOMIES_H
#define EVAL_ECONOMIES_H

#include "eval/score.h"
#include "eval/trial.h"

#include <stddef.h>

/* id, what is compared with what */
#define ECONOMIES(X)                                                                   \
    X(BUCKETS, "buckets, past by the minute; against the reference")                   \
    X(BOTH, "buckets, past in 5-minute means; against the reference")                  \
    X(COARSE, "past in 5-minute means; against past by the minute")
#define X(id, name) ECONOMY_##id,
enum economy { ECONOMIES(X) ECONOMY_N };
#undef X
const char *economy_name(enum economy e);

enum { ECONOMY_LAYERS = 2 }; /* single hosts, all of them as one */

struct economies {
    size_t cases; /* whole changes, each quiet and with +20 % */
    struct {
        double *off; /* |difference of z|, of each series */
        size_t n;
        struct rate turned; /* |z| >= 3 on one side only */
    } z[ECONOMY_N][ECONOMY_LAYERS];
    struct rate same_grade; /* judged with either past: the same grade */
    double *p_ratio;        /* p-values from bins over exact ones */
    size_t n_p;
};
/* Runs on the first `cases` whole changes of the trial's seed.  -1: out of memory. */
int economies_run(const struct trial *t, size_t cases, struct economies *ret,
                  struct err *err);
void economies_free(struct economies *e);

#endif
