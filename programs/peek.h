/* programs/peek.h - a service's data directory, looked into beside the service that
 * works in it: nothing in it is changed, locked or repaired. */
#ifndef PROGRAMS_PEEK_H
#define PROGRAMS_PEEK_H

#include "analyzer/again.h"
#include "base/err.h"
#include "base/instant.h"

struct peek {
    const char *dir; /* borrowed */
    struct again_stores stores;
    struct rrd *rrd;
    instant latest;      /* the newest sample's row, as far as was looked */
    instant oldest_kept; /* the windows may hold rows from here on */
};

/* Call it before other threads are started. */
int peek_open(struct peek *p, const char *dir, struct err *err);
/* Before a change is read whose rows the windows may still hold: these go on being
 * written, and what is newer than their opening is not seen. */
int peek_refresh(struct peek *p, instant from, struct err *err);
void peek_close(struct peek *p);

/* "2026-11-21 10:00:00 +0800" */
const char *peek_local(instant at, char out[EXPLAIN_LOCAL_MAX]);

#endif
