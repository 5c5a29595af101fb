/* rules/override.h - other values for a rule in some services. */
#ifndef RULES_OVERRIDE_H
#define RULES_OVERRIDE_H

#include "rules/fields.h"

struct override_case {
    struct fields *f;        /* `f->doc` is set anew for each override's file */
    const struct rule *rule; /* sorted by id */
    size_t n_rules;
    const struct rule_override *override;
    size_t n;
};

/* Complains about overrides of unknown rules, of fields that cannot be overridden, with
 * wrong values or values that make the rule wrong, and about any two that set one field
 * for services that may be the same. */
void overrides_check(struct override_case *oc);

/* Sets the override's fields in a copy of its rule, which is settled afterwards by the
 * caller.  -1 after a complaint. */
int override_apply(struct fields *f, const struct rule_override *o, struct rule *r);

#endif
