/* analyzer/tell_alarms.h - alarms that began after the change, told. */
#ifndef ANALYZER_TELL_ALARMS_H
#define ANALYZER_TELL_ALARMS_H

#include "analyzer/alarms.h"
#include "analyzer/teller.h"

/* Of those that were graded, the TELL_ALARMS_MAX worst. */
enum { TELL_ALARMS_MAX = 20 };
void tell_alarms(struct teller *t, const struct new_alarms *a);

#endif
