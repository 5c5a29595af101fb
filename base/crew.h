/* base/crew.h - work cut into parts that do not need one another, done by a few threads
 * at once.
 *
 * The caller is one of them and comes back when all parts are done.  Which thread does
 * which part is chance: results must go to a place of their own, and what is summed
 * must be summed afterwards, in an order of its own. */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stddef.h>

enum { CREW_MAX = 64 };

/* Calls part(arg, i, hand) once for each i below n.  `hand` is the number of the thread
 * that does it, below `threads` (and below CREW_MAX): for scratch room of its own.  0
 * and 1 threads are the caller alone; where a thread cannot be started the others do
 * its share. */
void crew_run(unsigned threads, size_t n,
              void (*part)(void *arg, size_t i, unsigned hand), void *arg);

/* How many processors this process may use; at least 1, at most CREW_MAX. */
unsigned crew_processors(void);

#endif
