/* analyzer/tell_spikes.h - points far beyond the usual, told. */
#ifndef ANALYZER_TELL_SPIKES_H
#define ANALYZER_TELL_SPIKES_H

#include "analyzer/spike.h"
#include "analyzer/teller.h"

void tell_spikes(struct teller *t, const struct spikes *s);

#endif
