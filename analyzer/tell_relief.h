/* analyzer/tell_relief.h - new hosts that take no load, told. */
#ifndef ANALYZER_TELL_RELIEF_H
#define ANALYZER_TELL_RELIEF_H

#include "analyzer/relief.h"
#include "analyzer/teller.h"

/* `n_like`: findings that only say the same of other figures. */
void tell_relief(struct teller *t, const struct relief *r, size_t n_like);

#endif
