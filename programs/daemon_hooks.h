/* programs/daemon_hooks.h - the part `webhooks` of aftercheckd's configuration: the
 * doors of deployment systems, their secrets and what their names mean here. */
#ifndef PROGRAMS_DAEMON_HOOKS_H
#define PROGRAMS_DAEMON_HOOKS_H

#include "base/complain.h"
#include "base/yaml.h"
#include "collector/hook.h"

#include <stdio.h>

struct daemon_hooks; /* what the settings point to */

/* Reads the map and the files of secrets it names; complains of what is wrong.  The
 * result's texts lie in the doc and in *ret_own, which the caller frees (it may be NULL
 * only when memory is short, which is complained of). */
void daemon_hooks_read(const struct yaml_doc *doc, const struct yaml_node *map,
                       struct hooks *ret_hooks, struct daemon_hooks **ret_own,
                       struct complaints *c);
void daemon_hooks_free(struct daemon_hooks **own);

/* The list of fields, for people. */
void daemon_hooks_help(FILE *to);

#endif
