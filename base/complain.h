/* base/complain.h - all complaints about a file in one run.
 *
 * Each reads "file:line:column: error[code]: what, and what was expected".  Lines and
 * columns count from 1.  At most COMPLAINTS_MAX are kept, the rest is counted in
 * `unkept`, and in `errors` or `warnings` like all.  Start as `struct complaints c =
 * {0};`. */
#ifndef BASE_COMPLAIN_H
#define BASE_COMPLAIN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { COMPLAINTS_MAX = 1000 };

struct complaint {
    char *file, *code, *text;
    unsigned line, column;
    bool warning;
};

struct complaints {
    struct complaint *at;
    size_t n, cap, errors, warnings, unkept;
};

void complain(struct complaints *c, const char *file, unsigned line, unsigned column,
              const char *code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void complain_warn(struct complaints *c, const char *file, unsigned line,
                   unsigned column, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Orders by file, line, column, so the same mistakes always read the same. */
void complaints_sort(struct complaints *c);
/* One complaint a line; a last line "and N more" when some were not kept. */
void complaints_write(const struct complaints *c, struct buf *to);
void complaints_free(struct complaints *c);

/* The name of `names` (ended by NULL) nearest to `word`, for "did you mean"; NULL when
 * none is near (more than a third of the letters differ) or the word is longer than 64
 * bytes.  Case, and which of '-', '_' and '.' joins words, does not count. */
const char *nearest_name(const char *word, const char *const *names);

#endif
