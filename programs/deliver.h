/* programs/deliver.h - takes what waits in a spool to the service, in order. */
#ifndef PROGRAMS_DELIVER_H
#define PROGRAMS_DELIVER_H

#include "base/err.h"
#include "base/httpc.h"
#include "programs/spool.h"

#include <stddef.h>

struct delivered {
    size_t sent, refused;
    size_t left;     /* still waiting for this service */
    size_t strange;  /* waiting for another service */
    char first[400]; /* the words for the first refused one */
};

/* Sends what waits for `server` (as spool_record has it) until there is no more, for up
 * to `ms`; two processes do not send at once.  What the service refuses is set aside
 * with its words.  0 when nothing is left; else -1 and why, EAGAIN when another process
 * is still sending.  *ret is filled in both cases. */
int deliver(struct spool *s, struct httpc *c, const char *server, int ms,
            struct delivered *ret, struct err *err);

/* Would the same bytes fare no better another time?  A request that is wrong: yes; a
 * service that is busy, away, or behind a gateway that wants something else: no. */
bool deliver_is_refusal(unsigned status);

#endif
