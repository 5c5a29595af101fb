/* programs/agent/scrape.h - Prometheus exporters of this host as sources.
 *
 * What an exporter says becomes a message of remote write: the service makes rates of
 * counters as it does with Prometheus' own.  Each scrape also gives `up{scrape=NAME}`,
 * 1 or 0, which the shipped rules know as a probe, and
 *
 *     scrape,scrape=NAME seconds=0.012,samples=850,dropped=0,bad_lines=0,bytes=61000
 *
 * Labels host and service are this host's and the entry's; an exporter's own of these
 * names become exported_host and exported_service.  Buckets of histograms are left out,
 * as sum and count say what a change did to them, unless `buckets: true`. */
#ifndef PROGRAMS_AGENT_SCRAPE_H
#define PROGRAMS_AGENT_SCRAPE_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_scrape;

#endif
