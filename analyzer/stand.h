/* analyzer/stand.h - what was found at one look stands when a later one cannot judge.
 *
 * A change that broke something, and then all that could tell of it - its hosts died,
 * or their collector did - must not end as "not judged": whoever waits for the verdict
 * would take that for no news.  Pure. */
#ifndef ANALYZER_STAND_H
#define ANALYZER_STAND_H

#include "storage/change.h"
#include "storage/verdict.h"

/* When `now` is not judged, the change was not cancelled, and `earlier` (NULL: none)
 * found something: *now gets its grade and findings, keeps its own looks, times and
 * coverage, and its reason says so.  0, or -1 when memory is short. */
int stand(const struct change *c, const struct verdict *earlier, struct verdict *now);

#endif
