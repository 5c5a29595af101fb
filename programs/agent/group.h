/* programs/agent/group.h - groups of processes (collector/hostinfo/groups) as sources.
 */
#ifndef PROGRAMS_AGENT_GROUP_H
#define PROGRAMS_AGENT_GROUP_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_group;

#endif
