/* analyzer/why_events.h - the numbers of a rule about what comes one by one: crashes,
 * alarms, results of tests, probes, silent hosts, relief.  Pure. */
#ifndef ANALYZER_WHY_EVENTS_H
#define ANALYZER_WHY_EVENTS_H

#include "analyzer/why.h"

/* Writes the member "counts", what there was to judge in all, and a list of what was
 * judged by rule `r`: each with its windows, its counts, and what the rule asks for
 * with the file and line that say so.  Nothing for series and calls. */
void why_events(const struct why_desk *d, const struct rule *r, struct explain *e);

#endif
