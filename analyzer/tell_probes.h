/* analyzer/tell_probes.h - probes that began to fail, told. */
#ifndef ANALYZER_TELL_PROBES_H
#define ANALYZER_TELL_PROBES_H

#include "analyzer/probes.h"
#include "analyzer/teller.h"

/* Those that fail, with their grade, and those that failed for a while: the
 * TELL_PROBES_MAX worst; the first says how many more there are. */
enum { TELL_PROBES_MAX = 20 };
void tell_probes(struct teller *t, const struct probes *p);

#endif
