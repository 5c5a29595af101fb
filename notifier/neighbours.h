/* notifier/neighbours.h - which services a service calls, and which call it, as the
 * calls of the last hours say. */
#ifndef NOTIFIER_NEIGHBOURS_H
#define NOTIFIER_NEIGHBOURS_H

#include "base/err.h"
#include "storage/windows.h"

#include <stddef.h>

enum { NEIGHBOURS_MAX = 64 }; /* on either side; of more the first by name are given */

struct neighbours {
    const char *callee[NEIGHBOURS_MAX], *caller[NEIGHBOURS_MAX]; /* sorted; the texts
                                                                    live as long as the
                                                                    windows */
    size_t n_callees, n_callers;
};

/* `w` NULL: none are known. */
int neighbours_read(const struct windows *w, const char *service,
                    struct neighbours *ret, struct err *err);

#endif
