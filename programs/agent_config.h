/* programs/agent_config.h - what aftercheck-agent was told: its file, then its flags.
 */
#ifndef PROGRAMS_AGENT_CONFIG_H
#define PROGRAMS_AGENT_CONFIG_H

#include "base/buf.h"
#include "base/complain.h"
#include "base/instant.h"

/* Flags of the command line; NULL where not given. */
struct agent_flags {
    const char *server, *service, *host, *interval, *config;
    int check, print;
};

struct agent_config {
    char *server, *service, *host; /* service: "" when there is none */
    span interval;                 /* whole seconds, 1 s to 10 min */
};

/* The defaults, over them the file's fields, over them the flags.  -1 when anything is
 * wrong: `why` has all of it, a line each. */
int agent_config_load(const struct agent_flags *flags, struct agent_config *ret_config,
                      struct buf *why);
void agent_config_free(struct agent_config *c);

#endif
