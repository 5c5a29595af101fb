/* base/worker.h - a thread that does its rounds: called, told when to call again,
 * poked.
 *
 * A round gets the present and says when it wants the next one.  Waiting is on the
 * monotonic clock, so a step of the wall clock delays nothing by more than
 * WORKER_NAP_MAX_MS. */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/err.h"
#include "base/instant.h"

enum { WORKER_NAP_MAX_MS = 30000 };

struct worker;
/* Starts the thread; its first round comes at once.  `name` (at most 15 bytes) is what
 * top and gdb show. */
struct worker *worker_start(const char *name, instant (*round)(void *arg, instant now),
                            void *arg, struct err *err);
/* Makes the next round come now; a poke during a round is not lost. */
void worker_poke(struct worker *w);
/* Lets the round under way end, joins, frees. */
void worker_stop(struct worker **w);

#endif
