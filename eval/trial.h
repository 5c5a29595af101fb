/* eval/trial.h - makes the cases and asks everybody: fills a book. */
#ifndef EVAL_TRIAL_H
#define EVAL_TRIAL_H

#include "eval/book.h"
#include "eval/draw.h"
#include "rules/ruleset.h"

#include <stdbool.h>

struct trial {
    const struct recordings *recordings;
    const struct ruleset *rules;
    struct draw_want want; /* one host and one metric: a single series */
    uint64_t seed;
    int jobs;         /* processes; the result does not depend on them */
    size_t rest;      /* cases from here on are tried quiet only, at 30 minutes */
    const char *only; /* no other effects than the one of this name; NULL: all */
    bool coarse;      /* the past as means of 5 minutes */
    bool tell;        /* a line for each false finding of the judge to standard error */
};

/* Whether this effect is tried at this look: all at 30 minutes, few at the others; few
 * where there are no controls. */
bool trial_has(const struct trial *t, enum effect e, int look);

int trial_run(const struct trial *t, struct book *b, struct err *err);

#endif
