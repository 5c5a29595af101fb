/* notifier/envelope.h - who would get a change's report now, in which envelope, and why
 * or why not: for `aftercheck report --to X --dry-run`.  Nothing is sent or stored. */
#ifndef NOTIFIER_ENVELOPE_H
#define NOTIFIER_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "notifier/mail_config.h"
#include "rules/routing.h"
#include "storage/ledger.h"

struct envelope_ask {
    struct ledger *ledger;
    const struct mail_config *config;
    const struct routing *routing;
    const char *change_id;
    const char *to; /* an audience or an address of the routing; NULL: everybody */
    instant now;
};

/* Adds it in words, or as JSON.  -1 with ENOENT when there is no such change, with
 * EINVAL when `to` is nobody in the routing. */
int envelope_text(const struct envelope_ask *ask, struct buf *to, struct err *err);
int envelope_json(const struct envelope_ask *ask, struct buf *to, struct err *err);

#endif
