/* rules/settle.h - a rule as read into a rule as used: what follows from its fields,
 * and whether they go together. */
#ifndef RULES_SETTLE_H
#define RULES_SETTLE_H

#include "rules/fields.h"

/* Fills what is made from other fields (subject, patterns, amounts in the figure's
 * unit, shadow, title) and complains about fields that do not go together, at their
 * place in `map`, the rule's own mapping.  May be called again after fields have
 * changed. -1 after a complaint. */
int rule_settle(struct fields *f, const struct yaml_node *map, struct rule *r);

#endif
