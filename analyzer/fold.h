/* analyzer/fold.h - findings that have one cause are put under the weightiest of them.
 *
 * All findings stay in the verdict with their own numbers and grades; one that goes
 * with another says so in `with`.  Two go together when they are alike in whether they
 * are over and whether they are muted, and are about
 *   one figure   the same metric, moved the same way on some of the same hosts: a
 * broken limit and the level, hosts and their group; one edge     return codes,
 * failures and timeouts of the same calls; with the other callers of that interface,
 * its times and its traffic when the moves began together; one resource processor,
 * memory, network, discs or file systems of mostly the same hosts, when the moves began
 * together: these figures are parts and readings of one thing; one rhythm   any series
 * of mostly the same hosts whose moves began together, when before the change, too,
 * both went up and down together far more often than chance has it (and in the sense of
 * the moves). "Together" is within FOLD_ROWS points.  That both moved at the change is
 * not enough: whatever a release breaks begins then.  Every follower goes with the
 * first or the leading finding itself, never by way of another follower.  Pure. */
#ifndef ANALYZER_FOLD_H
#define ANALYZER_FOLD_H

#include "base/err.h"
#include "storage/verdict.h"

enum {
    FOLD_ROWS = 3,
    FOLD_STEPS_LEAST = 16, /* moves from point to point, to see a rhythm in them */
    FOLD_SURE = 4,         /* standard deviations of chance */
};

/* Orders the findings and sets `with` in them; what they held before of it is lost.
 * `pivot`: when the first host was changed. */
int fold_findings(struct verdict *v, instant pivot, struct err *err);

#endif
