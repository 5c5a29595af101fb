/* programs/coredump/config.h - what aftercheck-coredump was told: its file, then its
 * flags. */
#ifndef PROGRAMS_COREDUMP_CONFIG_H
#define PROGRAMS_COREDUMP_CONFIG_H

#include "base/buf.h"
#include "base/instant.h"
#include "base/names.h"
#include "programs/coredump/loop.h"

#include <stddef.h>

enum { CONFIG_SERVICES_MAX = 10000 };

/* Flags of the command line; NULL where not given. */
struct config_flags {
    const char *config, *server, *service, *host, *state;
};

/* Whose program is it? */
struct config_service {
    char *exe, *unit; /* globs; NULL: any */
    char *service;
};

struct config {
    char *server, *host;
    char *service;    /* of what nothing else names; "": none */
    char *state;      /* directory */
    span hold, stack; /* the longest that the dead is held, and that a stack may take */
    size_t frames;
    struct loop_rule loop;
    struct config_service *services;
    size_t n_services;
};

/* The defaults, over them the file's fields, over them the flags.  -1 when anything is
 * wrong: `why` has all of it, a line each. */
int config_load(const struct config_flags *flags, struct config *ret_config,
                struct buf *why);
void config_free(struct config *c);

/* The service of a program that ran as a unit ("": none): the table's first match, else
 * the unit's name, else `service`; "" when there is none. */
const char *config_service_of(const struct config *c, const char *exe, const char *unit,
                              char out[NAME_BYTES_MAX + 1]);

/* The file that is read when --config is not given, if it is there. */
extern const char config_default_path[];

#endif
