/* notifier/outbox.h - carries the ledger's parcels out: to an SMTP server, to webhooks,
 * or to files.
 *
 * Each mail is in the ledger before anything is tried, so a crash repeats it with the
 * same Message-ID (or overwrites the same file).  A failed try is repeated after 30 s,
 * doubling to 15 min, for 24 h; then, or when a server refuses for good, the parcel
 * is dead and is counted.  Of several servers each is tried when those before it cannot
 * take the mail now; where only the answer to the mail is missing no other one is
 * asked, since it may have gone. */
#ifndef NOTIFIER_OUTBOX_H
#define NOTIFIER_OUTBOX_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/mail_config.h"
#include "rules/routing.h"
#include "storage/ledger.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTBOX_FIRST_S = 30,
    OUTBOX_MOST_S = 15 * 60,
    OUTBOX_LIFE_S = 24 * 3600,
    OUTBOX_NAME_MAX = 250,
};

struct outbox;
/* `dir` is where mails become files when no server is configured; it is made when it is
 * needed.  All is borrowed. */
struct outbox *outbox_new(struct ledger *l, const struct mail_config *config,
                          const char *dir, struct err *err);
/* Before a round, on its thread. */
void outbox_set_config(struct outbox *o, const struct mail_config *config);
/* Says which webhooks there are; none before the first time. */
void outbox_set_routing(struct outbox *o, const struct routing *routing);
void outbox_free(struct outbox **o);

/* Tries every parcel that is due at `now`.  *ret_next is when the next one is.  -1 when
 * the ledger could not be read or written; a failed delivery is no error of the round
 * but is in the stats and with its parcel. */
int outbox_round(struct outbox *o, instant now, instant *ret_next, struct err *err);

/* Ends a delivery under way within a second, from any thread, for good. */
void outbox_stop(struct outbox *o);

struct outbox_stats {
    uint64_t sent, written, called, retried, dead;
    uint64_t refused;     /* recipients */
    char last_error[300]; /* "": none so far */
};
struct outbox_stats outbox_stats(struct outbox *o);

/* How long to wait after the try number `tries` (from 1) of the parcel named `key`: a
 * fixed share up to a fifth more, so that many parcels do not come back together. */
span outbox_backoff(const char *key, int tries);

/* "pay-8812-0f3c9a7be1-r2-ops.eml": the same for the same parcel, harmless whatever the
 * names are. */
const char *outbox_file_name(const struct parcel *p, char out[OUTBOX_NAME_MAX]);

#endif
