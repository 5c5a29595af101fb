/* rules/defaults.h - the shipped packs as built into the program (rules/embed.cmake).
 */
#ifndef RULES_DEFAULTS_H
#define RULES_DEFAULTS_H

#include <stddef.h>

struct default_pack {
    const char *name, *text; /* "calls.yml" and its text */
    size_t n;
};
extern const struct default_pack default_packs[]; /* in order of names, ended by {0} */

#endif
