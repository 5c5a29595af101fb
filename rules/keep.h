/* rules/keep.h - memory that lives and goes as one: all that a rule set holds. */
#ifndef RULES_KEEP_H
#define RULES_KEEP_H

#include <stdbool.h>
#include <stddef.h>

struct keep_chunk;
struct keep_end;

/* Start it as `struct keep k = {0};`. */
struct keep {
    struct keep_chunk *newest;
    struct keep_end *ends;
    bool failed; /* some call had no memory */
};

/* `n` zeroed bytes, good until keep_free; NULL without memory, which `failed`
 * remembers. */
void *keep_alloc(struct keep *k, size_t n);
char *keep_text(struct keep *k, const char *text);
/* Has keep_free call end(what) first; calls it at once when there is no memory. */
int keep_until_end(struct keep *k, void (*end)(void *what), void *what);
void keep_free(struct keep *k);

#endif
