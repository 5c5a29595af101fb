/* eval/peers.h - what others would say of the same cases.
 *
 * Written from the description of each rule, not from its code:
 *
 *   Kayenta's rule    Mann-Whitney's test of the minutes after against those before:
 * the 98 % interval of the shift must clear a quarter of the estimated shift itself
 * (confidence 0.98, tolerance 0.25, its defaults).
 *   ... effect size   the same, and the ratio of the means must lie outside 0.8..1.25.
 *   ratio             the means differ by more than 20 %.
 *   median/MAD        the medians differ by more than 3 times 1.4826 MAD of the minutes
 *                     before.
 *
 * Source for Kayenta: its classifier as described in spinnaker/kayenta, commit a69573b.
 * All get the hour before and the same minutes after as our judge, so they too are
 * spared the minutes that a restart takes.  Pure. */
#ifndef EVAL_PEERS_H
#define EVAL_PEERS_H

#include <stdbool.h>
#include <stddef.h>

#define PEERS(X)                                                                       \
    X(KAYENTA, "Kayenta's rule")                                                       \
    X(KAYENTA_EFFECT, "Kayenta's rule, effect size 0.8/1.25")                          \
    X(RATIO, "mean ratio > 20 %")                                                      \
    X(MAD, "median/MAD z > 3")
#define X(id, name) PEER_##id,
enum peer { PEERS(X) PEER_N };
#undef X

enum { PEER_BEFORE_ROWS = 60, PEER_ROWS_MAX = 64 };

struct peer_says {
    bool flag;
    double score; /* larger is odder; what a threshold can be set on */
};

/* Both sides of one series; the values come back sorted. */
struct sides {
    double before[PEER_ROWS_MAX], after[PEER_ROWS_MAX];
    size_t n_before, n_after;
};

void peers_ask(struct sides *s, struct peer_says ret_says[PEER_N]);

/* Mann-Whitney's z at a supposed shift of `after` by `shift`, corrected for ties and
 * continuity; both sides must be sorted. */
double peers_rank_z(const struct sides *s, double shift, bool correct);

#endif
