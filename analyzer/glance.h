/* analyzer/glance.h - one straight read of the rows around a change: what levels and
 * spikes need of every member of a list.
 *
 * Samples lie host by host, all metrics of a minute together, while series are judged
 * metric by metric.  Read that way round, each value costs a line of memory of its own;
 * so each host's rows are turned once, and what the windows hold of each of its series
 * is kept.  Threads share the hosts; each member has a place of its own, so the bytes
 * are the same for any number of them.  Pure. */
#ifndef ANALYZER_GLANCE_H
#define ANALYZER_GLANCE_H

#include "analyzer/align.h"
#include "analyzer/seats.h"
#include "analyzer/series.h"
#include "base/err.h"

/* One each a member of the list; those of series without a rule are zero. */
struct glances {
    struct cut *cut;
    unsigned char *hint; /* enum spike_hint */
};

/* `seats` are those of the list's members. */
int glance(const struct lineup *l, const struct series_list *s,
           const struct seats *seats, unsigned threads, struct glances *ret_glances,
           struct err *err);
void glances_free(struct glances *g);

#endif
