/* analyzer/tell_call.h - return codes, failures, timeouts and traffic of a call edge,
 * told. */
#ifndef ANALYZER_TELL_CALL_H
#define ANALYZER_TELL_CALL_H

#include "analyzer/calls.h"
#include "analyzer/fresh_calls.h"
#include "analyzer/teller.h"

/* Of the codes whose failures one finding tells as a whole, the TELL_CODES_MAX with the
 * most calls; that finding counts the others.  `all`: the tests it is one of. */
enum { TELL_CODES_MAX = 20 };
void tell_call(struct teller *t, const struct call_test *test, const struct calls *all);
/* Of hosts without a past, against the old ones. */
void tell_call_fresh(struct teller *t, const struct fresh_call *c,
                     const struct fresh_calls *all);

#endif
