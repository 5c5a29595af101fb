/* analyzer/align.h - which minutes of which host are compared.
 *
 * Every host of a change is laid out at its own pivot: the window before it, the window
 * after its work was done and settled.  Another change on the same host inside these
 * windows cuts them short, so that only this change's minutes are compared.  Series are
 * read as lanes and cut by such a frame; how many points to expect is learned from the
 * series itself, so that data sent every 5 minutes is whole in rows of 1 minute. */
#ifndef ANALYZER_ALIGN_H
#define ANALYZER_ALIGN_H

#include "analyzer/labels.h"
#include "base/err.h"
#include "base/instant.h"
#include "rules/ruleset.h"
#include "storage/change.h"
#include "storage/panel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two windows; a row belongs to one when it lies in it as a whole. */
struct frame {
    instant before_from, before_to, after_from, after_to;
};

enum slot_state {
    SLOT_READY,
    SLOT_WAITING, /* not changed yet, or its first look has not ended */
    SLOT_OVERLAP, /* other changes left too little of its windows */
};

/* A changed host, or the service as a whole (host is NULL). */
struct slot {
    const char *host;
    enum slot_state state;
    bool fresh; /* it has no past of its own: it began to send (nearly) with the change
                 */
    instant pivot;
    span look;
    struct frame frame;
    size_t cohort; /* hosts of one frame share a number */
};

/* A time at which another change worked on a host; host "" is all of the service. */
struct touch {
    const char *host;
    instant from, to;
};

struct lineup {
    const struct change *change;
    const struct windows_rule *windows;
    span step; /* of the panel's hot rows */
    size_t n_units;
    const struct unit **unit; /* sorted by kind and texts, whatever the panel's order */
    bool named; /* the change names its hosts; else all known of the service are taken
                 */
    size_t n_slots;
    struct slot *slot; /* sorted by host */
    struct slot whole; /* from the first host changed to the last look */
    size_t n_cohorts;
    struct frame *cohort;
    size_t n_touches;
    struct touch *touch; /* sorted by host, then time */
    struct labels labels;
    bool ahead; /* the after windows have not come yet: who was heard shortly before
                   counts as alive; set by the caller */
};

/* Everything in it is borrowed from the arguments but the arrays.  `ends` is the
 * checkpoint's. */
int align(const struct change *c, const struct change *const *nearby, size_t n_nearby,
          const struct panel *p, const struct windows_rule *w, instant ends,
          struct lineup *ret_lineup, struct err *err);
void lineup_free(struct lineup *l);
#define OWNED_LINEUP __attribute__((cleanup(lineup_free))) struct lineup

/* NULL: the change does not concern this host. */
const struct slot *lineup_slot(const struct lineup *l, const char *host);

/* True when another change worked on the host inside [from, to]. */
bool lineup_touched(const struct lineup *l, const char *host, instant from, instant to);

/* One series: its rows as doubles, NaN where there is no sample. */
struct lane {
    instant from;
    span step;
    size_t n;
    const double *v; /* borrowed */
};

/* Whether any metric of a unit has a sample in [from, to) of a track. */
bool track_has_any(const struct unit *u, const struct track *t, instant from,
                   instant to);

/* When the last of the hosts that are ready was changed. */
instant align_last_pivot(const struct lineup *l);

/* No host's past is asked for where it was heard before this: hosts that were not may
 * be new. */
instant align_lived_until(const struct change *c, const struct windows_rule *w);

/* Reads metric `i` of a unit's hot rows into `room` (rows doubles). */
struct lane lane_of(const struct unit *u, size_t i, double *room);

/* Rows of a lane that lie wholly inside [from, to): *ret_from .. *ret_to (exclusive).
 */
void lane_rows(const struct lane *l, instant from, instant to, size_t *ret_from,
               size_t *ret_to);

/* Mean of the points that lie wholly inside [from, to), and the share of those to
 * expect; NaN without a point. */
double lane_mean(const struct lane *l, instant from, instant to, double *ret_share);

/* A lane cut by a frame. */
struct cut {
    double before, after;     /* means; NaN without a point */
    double tail;              /* median of the last points of the after window */
    size_t n_before, n_after; /* points there are */
    double share_before, share_after; /* of the points to expect, 0..1 */
    double least; /* the smallest step between neighbouring points; 0: it never moved */
    bool falls;   /* it has a negative value somewhere */
};
struct cut lane_cut(const struct lane *l, const struct frame *f);

/* True when both windows hold this share of their points, and at least POINTS_LEAST
 * before the change. */
enum { POINTS_LEAST = 3 };
bool cut_enough(const struct cut *c, double share);

/* Means of the before window's parts, `n_parts` equal ones; NaN where a part is empty.
 */
void lane_parts(const struct lane *l, const struct frame *f, size_t n_parts,
                double *ret_means);

#endif
