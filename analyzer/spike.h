/* analyzer/spike.h - points far beyond the usual that come and go.
 *
 * A mean hides them: ten minutes of an hour at five times the level, scattered, move it
 * little.  So the points after the change that lie more than TAPE_FAR median absolute
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
 * tenth of the controls did as well is no finding, nor is a burst that is past.
 *
 * It goes in three steps, so that rows are read where they lie:
 *     spike_hint   the rows around the change alone: who has points enough beyond?
 *     spikes_ask   of those the day is read, one host at a time; it gives records
 *     spikes_find  series by series, with the controls
 * On a quiet change hardly any day is read.  Pure. */
#ifndef ANALYZER_SPIKE_H
#define ANALYZER_SPIKE_H

#include "analyzer/gather.h"
#include "analyzer/level.h"
#include "analyzer/seats.h"
#include "analyzer/series.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

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

/* --- hints --- */

/* What the rows around the change alone say of a member. */
enum spike_hint {
    SPIKE_UNASKED, /* too few points to tell */
    SPIKE_NOTHING, /* asked, and too few of them lie beyond */
    SPIKE_SEEMS,   /* enough of them do: its day has to be looked at */
};

/* The rows that a hint is made of: a unit's hot rows, behind `lead` rows that nobody
 * has. */
size_t spike_lead(const struct lineup *l, const struct slot *slot,
                  const struct unit *u);

/* `v` has these rows of the member's series, NaN where there is no sample; `some` has
 * room for as many. */
enum spike_hint spike_hint(const struct lineup *l, const struct member *m,
                           enum worse worse, const float *v, double *some);

/* Makes nothing of the hints of those whose level is told already, and not as something
 * that is over: a level between spikes often looks so.  `l` is graded, of the same
 * series; `hint` is its first member's. */
void spikes_leave_told(const struct level *l, unsigned char *hint);

/* --- days --- */

struct spikes_case {
    const struct lineup *lineup;
    const struct series_list *series;
    const struct seats *seats;
    const unsigned char *hint; /* one a member of the list */
    unsigned threads;
    /* Records made before, sorted: those whose rows are the same still are taken as
     * they are, and no day is read for them.  NULL: there are none. */
    const struct buf *had;
};
/* How many members seem to have spikes. */
size_t spikes_seeming(const struct spikes_case *c);

/* Looks at the days of those of a share's hosts that seem to have spikes, and appends
 * what they say: plain records, by the member's number in the list. */
int spikes_ask(const struct spikes_case *c, struct gather_share own, struct buf *to,
               struct err *err);

/* The records of all shares, one behind the other in any order: they get sorted.  -1:
 * these are none. */
int spikes_order(struct buf *records, struct err *err);

/* --- all hosts of a series --- */

struct spikes_how {
    const unsigned char *hint;  /* one a member of the list */
    const struct member *first; /* of the list */
    const struct buf *records;  /* sorted */
};
/* The case's rule has a bar for attention; its `worse` says which side counts.  -1 also
 * when the records miss a host. */
int spikes_find(const struct level_case *lc, const struct spikes_how *how,
                struct spikes *ret_spikes, struct err *err);
void spikes_free(struct spikes *s);

/* Grades all of a change together: the share of false findings is kept over all hosts
 * and series that were asked.  -1: out of memory. */
int spikes_grade(struct spikes *spikes, size_t n, struct err *err);

#endif
