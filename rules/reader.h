/* rules/reader.h - one file after another into the parts of a rule set. */
#ifndef RULES_READER_H
#define RULES_READER_H

#include "rules/fields.h"

/* What grows while files are read; the arrays are the caller's to free. */
struct reader {
    struct complaints *c;
    struct keep *keep;
    struct rule *rule;
    size_t n, cap;
    struct rule_override *override;
    size_t n_overrides, cap_overrides;
    bool failed; /* without memory */
};

/* Reads what stands in a parsed file: its head into *file, whose `path` and `doc` are
 * set, its rules and overrides into the lists. */
void reader_take(struct reader *rd, struct rule_file *file);

/* Complains about ids that are there twice. */
void reader_check_ids(struct reader *rd);

#endif
