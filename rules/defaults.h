/* rules/defaults.h - the shipped packs as built into the program. */
#ifndef RULES_DEFAULTS_H
#define RULES_DEFAULTS_H

#include "base/embedded.h"

extern const struct embedded default_packs[]; /* in order of names, ended by {0} */

#endif
