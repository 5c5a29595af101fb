/* storage/lookup.h - a hash table of numbers.  Readers need no lock; one writer at a
 * time.
 *
 * It knows hashes only: the reader walks the candidates and compares what they stand
 * for.  A number that is in never leaves.  Tables outgrown are kept until lookup_free,
 * for the sake of readers still in them; they add up to less than the present one.
 * Start it as `struct lookup l = {0};`. */
#ifndef STORAGE_LOOKUP_H
#define STORAGE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_table;

struct lookup {
    _Atomic(struct lookup_table *) table;
    size_t n;
};

/* Makes room for `more` numbers, so that adding them cannot fail.  0, or -1: no
 * memory. */
int lookup_reserve(struct lookup *l, size_t more);
/* Room must have been reserved.  `number` is below 0xffffffff. */
void lookup_add(struct lookup *l, uint64_t hash, uint32_t number);
void lookup_free(struct lookup *l);

/* for (struct lookup_walk at = lookup_start(l, hash); lookup_next(&at, &number);) */
struct lookup_walk {
    const struct lookup_table *table;
    size_t pos;
    uint32_t want;
};
struct lookup_walk lookup_start(const struct lookup *l, uint64_t hash);
bool lookup_next(struct lookup_walk *at, uint32_t *ret_number);

#endif
