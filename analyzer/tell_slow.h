/* analyzer/tell_slow.h - what the slow look found, told as a later finding. */
#ifndef ANALYZER_TELL_SLOW_H
#define ANALYZER_TELL_SLOW_H

#include "analyzer/slow.h"
#include "analyzer/teller.h"

/* True when a finding of an ordinary look, or of an earlier slow one, already says that
 * this figure got worse; what was over by then says nothing. */
bool tell_slow_known(const struct verdict *v, const struct series *of,
                     const char *host);

/* Adds a finding for every group and host that was graded and is not known yet; gives
 * their number. */
size_t tell_slow(struct teller *t, const struct slow *s, span lag);

#endif
