/* programs/agent/host.h - the host's own metrics (collector/hostinfo) as a source. */
#ifndef PROGRAMS_AGENT_HOST_H
#define PROGRAMS_AGENT_HOST_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_host;

#endif
