/* analyzer/rank.h - the order of findings. */
#ifndef ANALYZER_RANK_H
#define ANALYZER_RANK_H

#include "storage/verdict.h"

/* Worst grade first, within a grade by weight and size; then muted ones, recovered ones
 * last. */
void rank_findings(struct verdict *v);

/* The higher, the earlier: by grade, but what is muted stands behind all that is not,
 * and before what is ok. */
int rank_standing(const struct finding *f);

#endif
