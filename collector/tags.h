/* collector/tags.h - whose a sample is, from the labels it carries.
 *
 * Sources that know labels (line protocol, remote write, Graphite, StatsD) name a
 * series by a measurement and key=value pairs.  Two keys say the host and the service;
 * the others are sorted by key and put behind the name: `disk.util{device=sda}`.  A
 * sample without a host belongs to its service; one with neither is nobody's. */
#ifndef COLLECTOR_TAGS_H
#define COLLECTOR_TAGS_H

#include "base/err.h"
#include "collector/intake.h"
#include "storage/windows.h"

#include <stdbool.h>
#include <stddef.h>

enum { ENTITY_TAG_NAMES_MAX = 8 };

/* Which labels say the host and the service: the first of each list that a sample has.
 * Of a label named `instance` the port is taken off.  Ended by NULL. */
struct entity_tags {
    const char *host[ENTITY_TAG_NAMES_MAX + 1];
    const char *service[ENTITY_TAG_NAMES_MAX + 1];
};
/* host, else instance; service, else job */
extern const struct entity_tags entity_tags_default;

/* One pair; both texts end with a NUL and are the caller's to change. */
struct tag {
    char *key, *value;
    size_t n_key, n_value;
    bool used; /* it names the entity, so it is no part of the series' name */
};

/* Sorts the pairs by key and finds what entity they name; its texts lie in the pairs.
 * DROP_N: all is well; else *err says what is wrong (two pairs of one key, a bad name,
 * nobody's). */
enum drop tags_entity(struct tag *pair, size_t n, const struct entity_tags *tags,
                      struct entity *ret_who, struct err *err);

/* "{device=sda,mode=rw}" of the pairs that tags_entity left; "" when none is.  Gives
 * its length, `size` or more when it did not fit (then nothing useful is in `to`). */
size_t tags_suffix(const struct tag *pair, size_t n, char *to, size_t size);

#endif
