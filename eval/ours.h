/* eval/ours.h - what our own code says of a case, in three ways.
 *
 *   layers      analyzer/layers alone: scores, p-values, Benjamini-Hochberg, and the
 *               effect floors of the method's description (3 % for all hosts together,
 *               10 % for one).
 *   reference   the method as first described and measured, from analyzer/shift and
 *               analyzer/pool, which are held to the numpy reference by a test: no
 *               buckets, the reference's own offsets and settle times.
 *   judge       the whole judge with the shipped rules: what a user gets. */
#ifndef EVAL_OURS_H
#define EVAL_OURS_H

#include "analyzer/layers.h"
#include "eval/effects.h"
#include "eval/stage.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stdio.h>

/* What somebody said of a case. */
struct says {
    bool flag, hit;           /* said something; something true */
    unsigned findings, wrong; /* findings, and those of things nothing was done to */
    double score;             /* of a single series: larger is odder */
};

enum { OURS_Q = 2 }; /* false-discovery rates: 5 %, 1 % */
extern const double ours_q[OURS_Q];

struct ours_says {
    struct says layers[OURS_Q], reference[OURS_Q];
    struct says layers_z,
        reference_z;             /* |z| >= 3 of the first series of the first host */
    struct says attention, must; /* the judge's findings of these grades */
};

#define OURS_GROUP_FLOOR 0.03
#define OURS_HOST_FLOOR  0.10
#define OURS_Z           3.0

struct reference;
struct ours {
    struct stage *stage;
    const struct truth *truth;
    const struct ruleset *rules;
    struct reference *reference; /* it has read this case */
    size_t look;                 /* number of the reference's look */
    int minutes;                 /* of that look */
    bool layers;       /* ask the layers alone, too: they cost as much as the judge */
    FILE *tell;        /* a line for each false finding of the judge; NULL: none */
    const char *about; /* the case, for that line */
};
/* The scores of the layers alone, and the judge's grade, at the look that ends then. */
int ours_layers(const struct stage *s, const struct ruleset *rules, instant ends,
                struct layers *ret_layers, struct err *err);
int ours_grade(const struct stage *s, const struct ruleset *rules, instant ends,
               enum grade *ret_grade, struct err *err);

/* Asks them; -1: out of memory and the like. */
int ours_ask(const struct ours *o, struct ours_says *ret_says, struct err *err);

#endif
