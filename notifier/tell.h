/* notifier/tell.h - decides who hears of a verdict, and puts the mails into the
 * ledger's outbox.
 *
 * must-handle is told at once, every other grade when it is final, to the audiences
 * that want that grade.  Who was told a grade that a later look takes back is told that
 * too, whether they want the new grade or not: at once when it became must-handle, else
 * when it is final.  What the slow look finds, long after that, is told to those who
 * want its grade, once for each look that found more.  The same revision is never told
 * twice to an audience. */
#ifndef NOTIFIER_TELL_H
#define NOTIFIER_TELL_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/mail_config.h"
#include "storage/ledger.h"
#include "storage/rrd.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tell_stats {
    _Atomic uint64_t revisions, mails, charts_lost, failures;
};

struct tell {
    struct ledger *ledger;
    const struct mail_config *config;
    struct rrd *rrd;    /* NULL: no charts */
    const char *notice; /* for the foot of mails; NULL: none */
    struct tell_stats stats;
};

/* Deals with every untold revision.  One that fails stays untold, is counted, and does
 * not stop the others: -1 and the first error. */
int tell_round(struct tell *t, instant now, struct err *err);

/* What an audience is told over a change's revisions, oldest first. */
struct tell_step {
    enum grade grade;
    int revision;
    bool final;
    size_t later; /* findings that the slow look has added, to be looked at */
};
/* True when the last of the steps is to be told. */
bool tell_due(const struct audience *a, const struct tell_step *steps, size_t n);

#endif
