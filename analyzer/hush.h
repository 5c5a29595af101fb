/* analyzer/hush.h - which findings are muted.
 *
 * A muted finding stays in the verdict with its own grade, and says by whom, until when
 * and why; it does not count for the verdict's grade.  Pure. */
#ifndef ANALYZER_HUSH_H
#define ANALYZER_HUSH_H

#include "base/err.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

/* True when all that the mute names fits.  A finding without a service is of the
 * change's; one about several hosts fits when every one of them does, one about the
 * service as a whole fits no mute of hosts. */
bool hush_fits(const struct mute *m, const struct change *c, const struct finding *f);

/* Marks the bad findings that a mute fits, by the one that ends last of several.
 * `mutes`: those that count for the look; NULL: none. */
int hush_findings(const struct mutes *mutes, const struct change *c, struct verdict *v,
                  struct err *err);

/* A text that differs when another set of mutes may fit findings of this change: a
 * reason to judge it anew. */
enum { HUSH_MARK_MAX = 17 };
int hush_mark(const struct mutes *mutes, const struct change *c,
              char ret_mark[HUSH_MARK_MAX], struct err *err);

#endif
