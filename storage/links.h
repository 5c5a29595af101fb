/* storage/links.h - from a name to the numbers that belong to it: which entities a
 * service has, or a host.
 *
 * Kept in memory only.  Names are borrowed and must outlive it.  Not locked. */
#ifndef STORAGE_LINKS_H
#define STORAGE_LINKS_H

#include <stddef.h>
#include <stdint.h>

struct links;
/* `seed` as for table_hash.  NULL: no memory. */
struct links *links_new(uint64_t seed);
void links_free(struct links **l);

/* Makes room for `more` links_add, so that they cannot fail.  0, or -1: no memory. */
int links_reserve(struct links *l, size_t more);
/* `kind` tells apart the sorts of links one name may have.  Numbers of a name are added
 * in rising order; the same one twice counts once. */
void links_add(struct links *l, unsigned kind, const char *name, uint32_t number);

/* The numbers, rising, in a malloc'ed array (NULL when there are none).  0, or -1: no
 * memory. */
int links_list(const struct links *l, unsigned kind, const char *name,
               uint32_t **ret_numbers, size_t *ret_n);

#endif
