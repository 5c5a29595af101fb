/* rules/trial_part.h - what reading tests of rules and checking them share; nobody else
 * includes it. */
#ifndef RULES_TRIAL_PART_H
#define RULES_TRIAL_PART_H

#include "rules/fields.h"
#include "rules/trial_file.h"

struct trial_reader {
    struct fields f;
    struct trial_file *file;
    struct trial *t;
};

/* True when the map has the field. */
static inline bool trial_given(const struct yaml_node *map, const char *field)
{
    return fields_node(map, field) != NULL;
}

/* Complains where the map lacks a field that must be there. */
void trial_lacks(struct trial_reader *r, const struct yaml_node *map, const char *what,
                 const char *field, const char *words);

void trial_check_expect(struct trial_reader *r);
void trial_check_same(struct trial_reader *r);
void trial_check_size(struct trial_reader *r);

#endif
