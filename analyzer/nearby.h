/* analyzer/nearby.h - other changes in the same minutes, and whose doing it rather is.
 *
 * Each is named with what it touched and when.  Where something got worse, the
 * weightiest finding that names hosts is asked what tells the two changes apart:
 *   where   hosts of both changes, of this one only, of the other only: on how many of
 *           each did the figure move?  A change that explains most of its own hosts,
 *           while the other leaves most of its own in peace, is the likelier cause;
 *   when    a move that was there before this change came to most of its hosts, but
 *           not before the other, speaks for the other; one that was there before the
 *           other began, for this one; one that came after both, where no host was
 *           changed by one of them alone, for the one that it followed at once.
 * Reasons that contradict one another, or none, name nobody.  Pure. */
#ifndef ANALYZER_NEARBY_H
#define ANALYZER_NEARBY_H

#include "analyzer/align.h"
#include "base/err.h"
#include "storage/verdict.h"

#include <stddef.h>

/* Fills the verdict's list, the earliest first; its findings must be in their order. */
int nearby_tell(const struct lineup *l, const struct change *const *nearby, size_t n,
                struct verdict *v, struct err *err);

#endif
