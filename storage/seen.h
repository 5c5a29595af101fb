/* storage/seen.h - the names of all metrics that a data directory knows.
 *
 * For checks of rules, beside a running service: the history's index is read
 * (storage/catalog.h), and the file of recent samples, which has the names that came in
 * since the last flush. */
#ifndef STORAGE_SEEN_H
#define STORAGE_SEEN_H

#include "base/err.h"

#include <stddef.h>

enum { SEEN_MAX = 1 << 20 }; /* different names */

struct seen {
    char **name; /* in order of their bytes, each once */
    size_t n;
    size_t damaged; /* lines of the index that could not be read */
};

/* Fills *ret_seen, to be freed.  -1 when neither is there, or one cannot be read. */
int seen_read(const char *data_dir, struct seen *ret_seen, struct err *err);
void seen_free(struct seen *s);

#endif
