/* programs/agent/check.h - commands of the monitoring-plugins convention as sources.
 *
 * A check's exit code is its result: 0 ok, 1 warning, 2 critical, 3 unknown.  It gives
 *
 *     probe,check=NAME success=1,state=0,total_ms=12
 *     perf,check=NAME,label=LABEL,unit=bytes value=123
 *
 * success is 1 for ok, 0 for warning and critical (a result that changes with a change
 * is what the judge asks for), 0 for one that did not end in time or was killed; where
 * the check does not know, or could not run, there is none.  Counters among the
 * perfdata are sent as rates a second.  With `alarm: true` a change of the result is
 * sent as an alarm, too. */
#ifndef PROGRAMS_AGENT_CHECK_H
#define PROGRAMS_AGENT_CHECK_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_check;

#endif
