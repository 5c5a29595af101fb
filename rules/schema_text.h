/* rules/schema_text.h - the language's table as texts for others: a JSON Schema for
 * editors, the reference of docs/rules.md, the manual page rules(5).
 *
 * The same table always gives the same bytes. */
#ifndef RULES_SCHEMA_TEXT_H
#define RULES_SCHEMA_TEXT_H

#include "base/buf.h"

/* docs/rules.schema.json */
void schema_write_json(struct buf *to);
/* The reference in Markdown: every map with its fields, the types, the names of
 * conditions, the codes of complaints. */
void schema_write_markdown(struct buf *to);
/* man/rules.5 */
void schema_write_man(struct buf *to);

/* The same of routing files: docs/routing.schema.json, the reference of
 * docs/routing.md, man/aftercheck-routing.5. */
void schema_write_routing_json(struct buf *to);
void schema_write_routing_markdown(struct buf *to);
void schema_write_routing_man(struct buf *to);

#endif
