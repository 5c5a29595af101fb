/* programs/agent/probe.h - speed tests: HTTP and TCP asked from this host.
 *
 * Each runs in a short-lived child, this program again as `--probe-child`, which loads
 * libcurl; the agent itself never does.  It gives
 *
 *     probe,probe=NAME success=1,dns_ms=1.2,connect_ms=0.3,tls_ms=4.1,first_byte_ms=2,
 *         total_ms=8,status=200,cert_days=61.5
 *
 * dns, connect, tls and first_byte (from the request on) follow one another; total has
 * the whole answer.  A field is left out where there is none of it, and all but success
 * and status where the probe failed: a refusal is no quick answer. */
#ifndef PROGRAMS_AGENT_PROBE_H
#define PROGRAMS_AGENT_PROBE_H

#include "programs/agent/source.h"

extern const struct agent_kind agent_probe;

#endif
