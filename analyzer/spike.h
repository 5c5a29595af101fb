/* analyzer/spike.h - points far beyond the usual that come and go.
 *
 * A mean hides them: ten minutes of an hour at five times the level, scattered, move it
 * little.  So the points after the change that lie more than SPIKE_FAR median absolute
 * deviations from the median of the hour before are counted, and that count is set
 * against the same count at pretended changes of the past day:
 *     z = (log(1 + n) - median) / max(q95 / 1.645, 0.35)
 * over log(1 + n) of the pretended ones.  The deviation is never taken as less than
 * half the day's first quartile of deviations plus a hundredth of the level.  The
 * formula was found by measuring on labelled changes; at z >= 3, one of 600 quiet
 * windows of recorded host metrics was marked at any of three looks, and 68 of 300 into
 * which points of three to eight daily deviations had been put at random (at z >= 4:
 * one, and 47).
 *
 * Such a series is worth a look, no more: attention at most.  What more than a
 * tenth of the controls did as well is no finding, nor is a burst that is past.  Only
 * hosts that have enough such points have their day read, so this costs next to nothing
 * on a quiet change. Pure. */
#ifndef ANALYZER_SPIKE_H
#define ANALYZER_SPIKE_H

#include "analyzer/gather.h"
#include "analyzer/level.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define SPIKE_FAR     5.0
#define SPIKE_Z_LEAST 3.0
enum {
    SPIKE_POINTS_LEAST = 5,    /* beyond, after the change */
    SPIKE_LATE_LEAST = 2,      /* of them in the last third, or they are over */
    SPIKE_PLACEBOS_LEAST = 30, /* of the past day: about six hours */
    SPIKE_CONTROLS_MAX = 64,   /* asked whether they did the same */
    SPIKE_COMMON = 10,         /* one in so many did: it is no finding */
};

/* One host's, or that of the service as a whole. */
struct spike {
    const struct member *member;
    int n, of;  /* points beyond after the change, and all points there */
    bool above; /* most of them lie above the level */
    bool over;  /* none came in the last third of the window: a burst, and it is past */
    double level; /* median of the time before */
    double far;   /* what is as far from it as this, or further, counts */
    double peak;  /* mean of the points beyond */
    instant first;
    double z, p;
    int moments, moments_like; /* pretended changes, and those with as many points */
    size_t controls,
        controls_like; /* controls that had enough points; as many beyond */
    enum grade grade;  /* by spikes_grade */
};

/* One metric of one label on all hosts of the change. */
struct spikes {
    const struct rule *rule;
    const char *metric, *service;
    size_t n_asked; /* hosts with enough points to tell */
    size_t n;
    struct spike *at; /* those with points enough beyond, in the members' order */
    const struct member *control; /* borrowed from the case */
    size_t n_control_members;
};

/* The case's rule has a bar for attention; its `worse` says which side counts. */
int spikes_find(const struct level_case *lc, struct spikes *ret_spikes,
                struct err *err);
void spikes_free(struct spikes *s);

/* --- where pasts lie elsewhere --- */

/* Asks the days of a share's own hosts as spikes_find would, and appends what they say:
 * plain records, by the member's number in the list that begins at `first`. */
int spikes_ask(const struct level_case *lc, const struct member *first,
               struct gather_share own, struct buf *to, struct err *err);

/* The records of all shares, one behind the other in any order: they get sorted.  -1:
 * these are none. */
int spikes_order(struct buf *records, struct err *err);

/* How the rest is known. */
struct spikes_how {
    /* The level of the same case, graded: hosts whose level is told already are asked,
     * but their day is not looked at, as spikes_leave_told would leave them out.  NULL:
     * there is none. */
    const struct level *level;
    const struct member *first; /* of the list that the records count by */
    const struct buf *records;  /* sorted: no past is read; NULL: pasts are */
};
/* -1 also when the records miss a host. */
int spikes_find_by(const struct level_case *lc, const struct spikes_how *how,
                   struct spikes *ret_spikes, struct err *err);

/* Leaves out what the level of the same series tells already, and not as something
 * that is over: a level between spikes often looks so.  `l` is of the same case. */
void spikes_leave_told(struct spikes *s, const struct level *l);

/* Grades all of a change together: the share of false findings is kept over all hosts
 * and series that were asked.  -1: out of memory. */
int spikes_grade(struct spikes *spikes, size_t n, struct err *err);

#endif
