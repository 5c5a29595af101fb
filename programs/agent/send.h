/* programs/agent/send.h - takes what is in the buffer to the service.
 *
 * In order, oldest first, one request at a time over one kept-alive connection.  What
 * the service does not take for now is tried again later and later, up to a minute
 * apart and never at the same moment as other hosts do; what was kept meanwhile follows
 * at a bounded pace, so that a service that comes back is not flooded.  What it refuses
 * for good is counted and let go, so nothing behind it waits.  Logs what changes.  In
 * the loop. */
#ifndef PROGRAMS_AGENT_SEND_H
#define PROGRAMS_AGENT_SEND_H

#include "base/err.h"
#include "programs/agent/buffer.h"
#include "programs/agent/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_send;
/* Both are borrowed.  NULL and *err when the URL is of no proper form. */
struct agent_send *agent_send_new(struct loop *l, struct agent_buffer *b,
                                  const char *server, struct err *err);
/* A request that is under way is given up. */
void agent_send_free(struct agent_send **s);

/* Something was put into the buffer. */
void agent_send_news(struct agent_send *s);

/* From now on to another server. */
int agent_send_move(struct agent_send *s, const char *server, struct err *err);
/* Where it was last told to send to. */
const char *agent_send_server(const struct agent_send *s);

/* Sends what there is without any pause; for the end. */
void agent_send_hurry(struct agent_send *s);
/* Nothing waits, or the service does not take it. */
bool agent_send_idle(const struct agent_send *s);

struct agent_send_stats {
    uint64_t posts, failures, refused; /* requests, since the start */
};
struct agent_send_stats agent_send_stats(const struct agent_send *s);

#endif
