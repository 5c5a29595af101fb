/* programs/agent/config.h - what aftercheck-agent was told: its file, then its flags.
 */
#ifndef PROGRAMS_AGENT_CONFIG_H
#define PROGRAMS_AGENT_CONFIG_H

#include "base/buf.h"
#include "base/complain.h"
#include "base/instant.h"
#include "programs/agent/source.h"

/* Flags of the command line; NULL where not given. */
struct agent_flags {
    const char *server, *service, *host, *interval, *buffer, *config;
    int check, print;
};

/* One entry of a kind's list. */
struct agent_item {
    const struct agent_kind *kind;
    struct agent_spec *spec; /* kind->spec_bytes of it */
    uint64_t hash;           /* of all that it says, and of what is said for all */
};

enum { AGENT_ITEMS_MAX = 500 };

/* Counted: sources hold the configuration their texts are borrowed from. */
struct agent_config {
    unsigned users;
    struct yaml_doc *doc;          /* NULL: there is no file */
    char *server, *service, *host; /* service: "" when there is none */
    char *ca;                      /* PEM file of whom to trust; "": the system's */
    char *buffer;                  /* a directory; "none": memory only */
    uint64_t buffer_bytes;
    uint64_t at_once; /* commands that run at the same time */
    span interval;    /* whole seconds, 1 s to 10 min */
    struct agent_item *item;
    size_t items;
};

/* The defaults, over them the file's fields, over them the flags.  NULL when anything
 * is wrong: `why` has all of it, a line each. */
struct agent_config *agent_config_load(const struct agent_flags *flags,
                                       struct buf *why);
struct agent_config *agent_config_ref(struct agent_config *c);
/* Leaves NULL; frees it with its last user. */
void agent_config_free(struct agent_config **c);

/* Adds the fields of the file, a line each, for --help and the manual. */
void agent_config_write_fields(struct buf *to);

#endif
