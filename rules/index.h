/* rules/index.h - which patterns may fit a name, without asking all of them.
 *
 * Patterns are found by the letters they begin with, so a name is held against the few
 * that begin as it does.  Immutable once made; any thread. */
#ifndef RULES_INDEX_H
#define RULES_INDEX_H

#include "rules/keep.h"
#include "rules/match.h"

#include <stdint.h>

struct index_entry {
    const struct match *match;
    uint32_t rule;
    uint32_t next; /* the next entry with the same beginning, + 1; 0: none */
};

struct index {
    size_t n, cap;
    struct index_entry *entry;
    size_t slots;     /* a power of two; 0: nothing in here */
    uint32_t *slot;   /* an entry + 1; 0: free */
    uint64_t lengths; /* bit per length of beginnings that occurs, up to 63 */
};

/* Makes room for `n` patterns; -1 without memory. */
int index_make(struct index *x, size_t n, struct keep *keep);
/* Rules are added in their order. */
void index_add(struct index *x, const struct match *match, uint32_t rule);

/* Calls `each` for every pattern that may fit: all that do are among them, in no order
 * that means anything. */
void index_ask(const struct index *x, const char *name,
               void (*each)(const struct index_entry *e, void *arg), void *arg);

#endif
