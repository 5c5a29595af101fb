/* rules/fields.h - a mapping of a rule file into its struct, by the language's table.
 *
 * Complains about unknown fields (with the nearest known name), missing ones, wrong
 * shapes and wrong values, all in one run; a field that is complained about keeps what
 * it had. */
#ifndef RULES_FIELDS_H
#define RULES_FIELDS_H

#include "base/yaml.h"
#include "rules/codes.h"
#include "rules/schema.h"

/* What a reading goes by. */
struct fields {
    const struct yaml_doc *doc;
    struct complaints *c;
    struct keep *keep;
    unsigned must; /* flags a field must have to be allowed here: SCHEMA_SHARED */
};

/* 0, or -1 after a complaint. */
int fields_read(struct fields *f, const struct yaml_node *map,
                const struct schema_map *schema, void *into);
/* One field by its path, as overrides name them: "must-handle.effect".  `key` is where
 * the path stands. */
int fields_read_path(struct fields *f, const struct yaml_node *key,
                     const struct yaml_node *value, const struct schema_map *schema,
                     void *into);
/* One text as the value of a field, which is where `at` points to. */
int fields_read_value(struct fields *f, const struct schema_field *field,
                      const struct yaml_node *node, void *at);
/* Sets what the table says for fields that are left out. */
void fields_standard(const struct schema_map *schema, void *into);

/* Complains at a node with a code of the list. */
void fields_complain(struct fields *f, const struct yaml_node *at, enum rules_code code,
                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void fields_warn(struct fields *f, const struct yaml_node *at, enum rules_code code,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The node at a path below a mapping, as far as it goes: where to point.  The mapping
 * itself when nothing of the path is there. */
const struct yaml_node *fields_place(const struct yaml_node *map, const char *path);
/* The same, but NULL unless all of the path is there. */
const struct yaml_node *fields_node(const struct yaml_node *map, const char *path);

#endif
