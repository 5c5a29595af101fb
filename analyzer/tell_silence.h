/* analyzer/tell_silence.h - changed hosts that fell silent, told. */
#ifndef ANALYZER_TELL_SILENCE_H
#define ANALYZER_TELL_SILENCE_H

#include "analyzer/silence.h"
#include "analyzer/teller.h"

/* The hosts that rule `r` of `rs` speaks for.  Nothing is told when nobody else is
 * heard: then the collector is as likely to be at fault. */
void tell_silence(struct teller *t, const struct ruleset *rs, const struct rule *r,
                  const struct pulses *p);

#endif
