/* analyzer/tell_crashes.h - crashes, told. */
#ifndef ANALYZER_TELL_CRASHES_H
#define ANALYZER_TELL_CRASHES_H

#include "analyzer/cores.h"
#include "analyzer/teller.h"

/* Those that were graded, the TELL_CRASHES_MAX worst one by one; the worst says how
 * many more there are. */
enum { TELL_CRASHES_MAX = 20 };
void tell_crashes(struct teller *t, const struct crashes *c);

#endif
