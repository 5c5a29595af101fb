/* analyzer/profile.h - habits of open changes, learned ahead of their looks, in bounded
 * memory.
 *
 * One habit a change: that of its next look.  Where a new one does not fit, those that
 * were put in longest ago go first; what went is made anew when its look comes.  One
 * thread. */
#ifndef ANALYZER_PROFILE_H
#define ANALYZER_PROFILE_H

#include "analyzer/habit.h"

#include <stddef.h>
#include <stdint.h>

struct profile;
/* NULL: out of memory. */
struct profile *profile_new(size_t bytes_max);
void profile_free(struct profile **p);

/* That of a change; NULL when there is none. */
const struct habit *profile_find(const struct profile *p, const char *change_id);

/* Takes it over, in place of the change's last one.  One that is larger than all the
 * room is dropped at once.  -1: out of memory, *h is freed all the same. */
int profile_take(struct profile *p, const char *change_id, struct habit **h);

/* Puts what days said into the habit of a change, in place of what it had; not where
 * there is no room.  *days is taken over. */
void profile_take_days(struct profile *p, const char *change_id, struct buf *days);

/* Forgets that of a change that needs none any more; it does not count as dropped. */
void profile_forget(struct profile *p, const char *change_id);

struct profile_stats {
    uint64_t habits, bytes; /* held now */
    uint64_t dropped;       /* for want of room */
};
struct profile_stats profile_stats(const struct profile *p);

#endif
