/* programs/agent/probe_child.h - one probe, in a process of its own.
 *
 * argv: URL, "get" or "connect", milliseconds, a file of certificates or "", "verify"
 * or "insecure".  Writes one line: "ok", then DNS, connect, TLS, first byte and total
 * in milliseconds, status, and days that the certificate is good for, -1 for what there
 * is none of; or "failed WORDS". */
#ifndef PROGRAMS_AGENT_PROBE_CHILD_H
#define PROGRAMS_AGENT_PROBE_CHILD_H

enum {
    AGENT_PROBE_CHILD_ARGS = 5,
    AGENT_PROBE_CHILD_CANNOT = 3, /* exit code: there is no libcurl */
};

/* The process's whole life; gives its exit code. */
int agent_probe_child(int argc, char **argv);

#endif
