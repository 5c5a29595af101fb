/* rules/value.h - one value of a rule file, from text and back.
 *
 * What a text means is up to the field's type alone, so `no`, `012` and `1e3` are what
 * the table says: a text for a title, no count, a number for a weight. */
#ifndef RULES_VALUE_H
#define RULES_VALUE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/yaml.h"
#include "rules/codes.h"
#include "rules/schema.h"

/* Reads one text into the field's member at `at`; lists take one more entry.
 * RULES_CODE_N, or what is wrong, with *err in words: "'q' is 'x', expected ...". `at`
 * is left alone then. */
enum rules_code value_read(const struct schema_field *f, const struct yaml_node *node,
                           struct keep *keep, void *at, struct err *err);

/* What the field expects, in words: "a share such as 30%", "one of up, down". */
void value_words(const struct schema_field *f, struct buf *to);

/* The value as it would be written in a file: "30%", "[1m, 2m]", "3 of 5"; nothing for
 * what is not there. */
void value_write(const struct schema_field *f, const void *at, struct buf *to);

/* True for fields that may have several values; how many at most. */
bool value_is_list(enum schema_type type);
size_t value_most(enum schema_type type);

/* What an amount is in the figure's own unit, such as "%", "ms", "bytes/s"; `unit` may
 * be NULL.  -1 with *err when the two do not go together. */
int amount_in(const struct amount *a, const char *unit, double *ret_value,
              struct err *err);

#endif
