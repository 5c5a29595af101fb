/* notifier/callout.h - verdicts for webhooks: put into the outbox as they are made, and
 * carried out from there like mails, with their patience and their ends.
 *
 * A delivery is a parcel whose recipients read "webhook:NAME"; its message id, which
 * the receiver gets as Aftercheck-Delivery, is the same for every try.  What a webhook
 * looks like, the routing in force says when it is called: one that is gone is called
 * no more. */
#ifndef NOTIFIER_CALLOUT_H
#define NOTIFIER_CALLOUT_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/post.h"
#include "rules/routing.h"
#include "storage/ledger.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
    CALLOUT_CONNECT_S = 10,
    CALLOUT_WHOLE_S = 30,
    CALLOUT_REST_S = 60, /* one that did not answer is left alone for so long, so that
                            it does not hold up all others */
};

struct callout_ask {
    struct ledger *ledger;
    const struct routing *routing;
    const char *public_url; /* NULL: not known */
    const struct change *change;
    const struct verdict *verdict;
    bool final; /* told as the final one */
    instant now;
};
/* Puts a parcel for each webhook that is to be called; those that are there already are
 * left alone.  Gives how many are to be called, or -1. */
int callout_put(const struct callout_ask *ask, struct err *err);

/* The webhook's name when the parcel is for one; else NULL. */
const char *callout_name(const struct parcel *p);

/* What is known of webhooks that did not answer.  One thread. */
struct callout;
struct callout *callout_new(struct err *err);
void callout_free(struct callout **c);

/* Calls the parcel's webhook.  POST_LATER without a call while it rests. */
void callout_send(struct callout *c, const struct routing *r, const struct parcel *p,
                  instant now, const atomic_bool *stop, struct post_result *ret);

#endif
