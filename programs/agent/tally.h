/* programs/agent/tally.h - calls of log lines added up until they are sent.
 *
 * Of interfaces the first N different ones have their own names, for as long as the
 * tally lives, further ones are called "other"; and one that was only ever answered
 * with 400 to 499 never gets a name: strangers ask for anything.  In the loop. */
#ifndef PROGRAMS_AGENT_TALLY_H
#define PROGRAMS_AGENT_TALLY_H

#include "base/buf.h"
#include "programs/agent/line.h"

#include <stddef.h>
#include <stdint.h>

enum {
    AGENT_TALLY_IFACES_MAX = 1000,
    AGENT_TALLY_EDGES_MAX = 2000, /* of caller, callee, interface and code */
};

struct agent_tally;
struct agent_tally *agent_tally_new(size_t ifaces, struct err *err);
void agent_tally_free(struct agent_tally **t);

/* `l->iface` becomes "other" when it is folded. */
void agent_tally_add(struct agent_tally *t, struct agent_line *l);
/* Lines whose interface, or all of whose names, became "other", since the start. */
uint64_t agent_tally_folded(const struct agent_tally *t);

/* Adds all records in the compact form, in the order in which they first came, each
 * with `tail` (" callee_host=h1 ts=1795255200 ...") behind it, and forgets them.  Gives
 * their number. */
size_t agent_tally_write(struct agent_tally *t, const char *tail, struct buf *to);

#endif
