/* analyzer/sweep.h - a pass over all series of a change: every host's rows less what
 * the unchanged hosts did in the same minutes, and the changed hosts as one.
 *
 * Values are made comparable first (analyzer/yardstick.h): a sweep of all rows finds
 * the yardsticks, one of the near rows takes them as found.  Units are read one at a
 * time, with all their metrics; threads share the hosts' buckets among them and sums
 * run in the order of hosts, so the bytes are the same for any number of threads.
 *
 * A sweep goes through a few series at a time, as many as fit into memory, in steps:
 *
 *     controls -> refer -> (peers -> refer_peers) -> members -> groups
 *
 * controls, peers and members read the hosts of a share of the buckets, and only those.
 * Between the steps sums may be given from sweep to sweep (of the same case, in another
 * process): once all shares are there, refer, refer_peers and groups give the same
 * bytes everywhere.  Pure. */
#ifndef ANALYZER_SWEEP_H
#define ANALYZER_SWEEP_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/gather.h"
#include "analyzer/seats.h"
#include "analyzer/series.h"
#include "analyzer/sheet.h"
#include "analyzer/shift.h"
#include "analyzer/yardstick.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SWEEP_CONTROLS_MAX = 256 /* of one series: more add cost, not sight */ };

/* What one thread has for itself. */
struct sweep_hand {
    unsigned number;
    struct shift_plan plan; /* for the callbacks' own use, as is `null` */
    bool planned;
    struct shift_null null;
    double *sum;     /* strip.n + 2 */
    double *scratch; /* twice as many */
    uint32_t *count;
    float *sheet; /* the series of one unit */
    float *left, *room;
    uint32_t *metric; /* of the sheet's series */
};

/* The changed hosts of one series as one: rows are counted from each host's own pivot,
 * the earliest of which is row `pivot`. */
struct sweep_group {
    size_t hosts; /* 0: there is no group */
    size_t pivot;
    size_t head; /* its first member, whose distance of samples speaks for all */
    struct shift_look look;
};

/* All is borrowed. */
struct sweep_case {
    const struct lineup *lineup;
    const struct controls *controls;
    const struct series_list *series; /* those without a rule are passed over */
    const struct timeline *line;
    unsigned threads;
    bool learn;                  /* the pasts are read and the yardsticks found */
    struct yardstick *member;    /* one a member of the list; found when learning */
    const struct chosen *chosen; /* one a series; their yardsticks likewise */
    /* Called once for each member that has a yardstick and each series with a group, by
     * several threads. */
    void (*on_member)(void *arg, struct sweep_hand *hand, size_t series, size_t member,
                      const float *v);
    void (*on_group)(void *arg, struct sweep_hand *hand, size_t series,
                     const struct sweep_group *group, const float *v);
    void *arg;
};

/* Fills `chosen` with hosts that have the series, out of two arrays for all: *ret_hosts
 * and *ret_yardsticks are the caller's to free, also on failure. */
int sweep_choose(const struct lineup *l, const struct controls *k,
                 const struct series_list *s, struct chosen *chosen,
                 uint32_t **ret_hosts, struct yardstick **ret_yardsticks,
                 struct err *err);

/* Rows of a slot's windows; false when it has none to compare. */
bool sweep_look(const struct slot *s, const struct timeline *t, int every,
                struct shift_look *ret_look);

/* All steps over all buckets. */
int sweep_run(const struct sweep_case *c, struct err *err);

/* --- step by step --- */

struct sweep;
struct sweep *sweep_open(const struct sweep_case *c, struct err *err);
void sweep_free(struct sweep **s);

/* The next series: 1, 0 when there are none left, -1 when memory is short (as it then
 * was in a step before, maybe).  They are those of [*ret_from, *ret_to). */
int sweep_next(struct sweep *s, size_t *ret_from, size_t *ret_to, struct err *err);

void sweep_controls(struct sweep *s, struct gather_share own);
void sweep_refer(struct sweep *s);
bool sweep_wants_peers(const struct sweep *s);
void sweep_peers(struct sweep *s, struct gather_share own);
void sweep_refer_peers(struct sweep *s);
void sweep_members(struct sweep *s, struct gather_share own);
void sweep_groups(struct sweep *s);

/* What the last of controls, peers and members came to in these buckets. */
void sweep_give(const struct sweep *s, struct gather_share share, struct buf *to);
/* Takes what was given; -1: it is not of this case. */
int sweep_take(struct sweep *s, const char *bytes, size_t n, struct err *err);

#endif
