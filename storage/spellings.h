/* storage/spellings.h - which metrics have the most names.
 *
 * A label that never stays the same (an id, a time, an address) makes a new name, and
 * so a new series, of each value: `http.ms{user=1}`, `http.ms{user=2}`, ...  Here the
 * names are counted by what stands before the brace. */
#ifndef STORAGE_SPELLINGS_H
#define STORAGE_SPELLINGS_H

#include "base/buf.h"
#include "storage/windows.h"

#include <stddef.h>

enum { SPELLINGS_TOP = 10 };

struct spelling {
    const char *name; /* one of its names; lives as long as the store */
    size_t n_name;    /* of it, up to the brace */
    size_t n;         /* different names */
};

/* Those with the most names, the most first; those with one only are left out.  Gives
 * their number; 0, too, when memory is short.  Looks at every
 * name there is. */
size_t spellings_top(const struct windows *w, struct spelling ret[SPELLINGS_TOP]);

/* Adds aftercheck_top_metric_names{metric=} in Prometheus' text format. */
void spellings_write_metrics(const struct windows *w, struct buf *to);

#endif
