/* notifier/tell.h - decides who hears of a verdict and when, and puts the mails into
 * the ledger's outbox.
 *
 * A round has two halves.  First each untold revision becomes notes, one a recipient
 * (notifier/calm.h says whether and for when); then the notes that are due become
 * mails: one each, one for a storm, or one a day (notifier/dispatch.h).  Both halves
 * are one ledger transaction a step, so whatever a crash cuts off is done again from
 * where it was, and nothing is told twice or never. */
#ifndef NOTIFIER_TELL_H
#define NOTIFIER_TELL_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/mail_config.h"
#include "rules/routing.h"
#include "storage/ledger.h"
#include "storage/rrd.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tell_stats {
    _Atomic uint64_t revisions, mails, digests, storms, charts_lost, failures;
    _Atomic uint64_t withdrawn; /* notes that were not to be told any more */
};

struct tell {
    struct ledger *ledger;
    const struct mail_config *config;
    const struct routing *routing;
    struct rrd *rrd;    /* NULL: no charts */
    const char *notice; /* for the foot of mails; NULL: none */
    struct tell_stats stats;
};

/* Deals with every untold revision and every note that is due; *ret_next is when the
 * next note will be.  One that fails stays as it was, is counted, and does not stop the
 * others: -1 and the first error. */
int tell_round(struct tell *t, instant now, instant *ret_next, struct err *err);

#endif
