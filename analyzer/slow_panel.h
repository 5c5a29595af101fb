/* analyzer/slow_panel.h - days of a change's hosts in long rows, for the slow look.
 *
 * A panel like any other, but with one track only, its hot one: all of the past and the
 * time after the change, in rows of a quarter of an hour or so.  Rows are bounded at
 * the first pivot; what begins in a row belongs to it.  Of many hosts a part is taken,
 * spread evenly over their names, since a leak of a release is on all of them.  Only
 * host series.  Pure but for what unit_past does. */
#ifndef ANALYZER_SLOW_PANEL_H
#define ANALYZER_SLOW_PANEL_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/change.h"
#include "storage/panel.h"

#include <stddef.h>

enum { SLOW_CHANGED_MAX = 200, SLOW_OTHERS_MAX = 200 };

struct slow_panel {
    struct panel panel; /* names and texts are those of the panel it was made of */
    size_t changed, changed_taken; /* hosts that the change names and that are known */
};

/* Rows of `step` from `from` (or up to a step earlier) to `to`, one of them beginning
 * at `pivot`.  `p` must outlive it. */
int slow_panel_make(const struct panel *p, const struct change *c, instant pivot,
                    instant from, instant to, span step, struct slow_panel *ret,
                    struct err *err);
void slow_panel_free(struct slow_panel *s);

#endif
