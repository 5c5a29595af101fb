/* analyzer/probe_past.h - what is ordinary for a probe on one host, from its past.
 *
 * The past is read of hosts that fail or did, one at a time.  Where the pasts lie in
 * several processes, each scores its own hosts and gives records, by the host's number
 * among all hosts of all probes; that is the same everywhere, since they are sorted by
 * their texts.  Pure. */
#ifndef ANALYZER_PROBE_PAST_H
#define ANALYZER_PROBE_PAST_H

#include "analyzer/probes.h"
#include "base/buf.h"

/* Reads the past and fills what the host has of ordinary times.  -1: out of memory. */
int probe_past_score(const struct rule *r, struct probe_host *h, struct err *err);

void probe_past_give(size_t number, const struct probe_host *h, struct buf *to);
/* From the records of all parts, one behind the other in any order; -1: none of them is
 * of this host. */
int probe_past_take(const struct buf *records, size_t number, struct probe_host *h,
                    struct err *err);

#endif
