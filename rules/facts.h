/* rules/facts.h - a rule set as storage/pack.h has it, for people who read it
 * elsewhere. */
#ifndef RULES_FACTS_H
#define RULES_FACTS_H

#include "base/buf.h"
#include "rules/ruleset.h"

/* Adds the JSON object of the set's rules, windows and overrides: the same set gives
 * the same bytes. */
void facts_write(const struct ruleset *rs, struct buf *to);

#endif
