/* analyzer/tell_level.h - a level that moved, told. */
#ifndef ANALYZER_TELL_LEVEL_H
#define ANALYZER_TELL_LEVEL_H

#include "analyzer/edges.h"
#include "analyzer/level.h"
#include "analyzer/teller.h"

/* One finding for the hosts as a group, or one for each direction and state of those
 * found one by one.  `edge`: the level is the mean time of its calls; NULL: it is a
 * series. */
void tell_level(struct teller *t, const struct level *l, const struct edge *edge);

#endif
