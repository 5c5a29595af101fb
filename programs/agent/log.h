/* programs/agent/log.h - files that get lines as sources: access logs as call records,
 * and lines that fit a pattern as counts.
 *
 * What was read in an interval is sent at its end: calls in the compact form to
 * /v1/calls, at the time that the lines say, in spans of the interval; and
 *
 *     log,log=NAME lines=120,unmatched=0,too_long=0,dropped=0,folded=0,files=1,lost=0
 *     log,log=NAME,count=COUNT matches=3
 *
 * each of the last interval, except files.  unmatched are lines that are no call by the
 * entry's pattern, dropped those beyond its rate, folded calls under the name "other",
 * lost files whose rest could not be found again. */
#ifndef PROGRAMS_AGENT_LOG_H
#define PROGRAMS_AGENT_LOG_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_log;

#endif
