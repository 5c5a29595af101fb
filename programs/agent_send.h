/* programs/agent_send.h - the agent's second thread: takes readings to the service.
 *
 * In order, oldest first, over one kept-alive connection; what the service does not
 * take is kept and tried again with each new reading.  It logs when sending begins to
 * fail, when it works again, and at most once a minute what had to be dropped. */
#ifndef PROGRAMS_AGENT_SEND_H
#define PROGRAMS_AGENT_SEND_H

#include "base/err.h"
#include "base/instant.h"

#include <stddef.h>
#include <stdint.h>

/* Readings wait this long for the service to come back. */
enum { AGENT_KEEP_S = 600 };

struct agent_send;
struct agent_send *agent_send_start(const char *server, struct err *err);

/* A new reading, lines of line protocol of time `at`; lines[n] is NUL. */
void agent_send_put(struct agent_send *s, instant at, const char *lines, size_t n);

/* From now on to another server, which must be a URL that httpc_new takes. */
int agent_send_move(struct agent_send *s, const char *server, struct err *err);

/* Samples dropped since the last call. */
uint64_t agent_send_dropped(struct agent_send *s);

/* Sends what waits for up to `ms`, then frees.  When that did not do, some is lost and
 * the log says how much; the memory then stays until the process ends. */
void agent_send_stop(struct agent_send **s, int ms);

#endif
