/* base/yaml_part.h - what the tree and the typed fields of yaml.h share; nobody else
 * includes it. */
#ifndef BASE_YAML_PART_H
#define BASE_YAML_PART_H

#include "base/yaml.h"

/* `n` bytes that live as long as the document, which grows behind its const; NULL: out
 * of memory. */
void *yaml_room(const struct yaml_doc *doc, size_t n);

/* A value that was left out: `key:` with nothing behind it. */
bool yaml_nothing(const struct yaml_node *node);

#endif
