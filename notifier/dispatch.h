/* notifier/dispatch.h - notes that are due into mails.
 *
 * Of each address all that is due, or will be within `gather`, is looked at together:
 * within its limits each note becomes a mail of its own, beyond them they wait until
 * the storm is over and become one digest, must-handle first.  Once a day what was
 * noted for the digest becomes one mail.  Files have no limits. */
#ifndef NOTIFIER_DISPATCH_H
#define NOTIFIER_DISPATCH_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/tell.h"

/* As which audience the ledger knows digests. */
#define DISPATCH_STORM "storm digest"
#define DISPATCH_DAY   "digest of the day"

/* One round; *ret_next is when the next one is wanted.  What fails stays and is
 * counted. */
int dispatch_round(struct tell *t, instant now, instant *ret_next, struct err *err);

#endif
