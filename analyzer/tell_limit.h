/* analyzer/tell_limit.h - a hard limit that was broken, told. */
#ifndef ANALYZER_TELL_LIMIT_H
#define ANALYZER_TELL_LIMIT_H

#include "analyzer/limit.h"
#include "analyzer/teller.h"

void tell_limit(struct teller *t, const struct limit_check *c);

#endif
