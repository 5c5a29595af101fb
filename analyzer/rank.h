/* analyzer/rank.h - the order of findings. */
#ifndef ANALYZER_RANK_H
#define ANALYZER_RANK_H

#include "storage/verdict.h"

/* Worst grade first, within a grade by weight and size; recovered ones last. */
void rank_findings(struct verdict *v);

#endif
