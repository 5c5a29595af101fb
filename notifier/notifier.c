/* notifier/notifier.c - holds the stage together.  notifier_round runs on the stage's
 * own thread; handlers on HTTP threads only read the spec. */
#include "notifier/notifier.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { NOTIFIER_TAG = 0x4e4f5446, AGAIN_MS = 10000 };

struct notifier *notifier_open(const struct notifier_spec *spec, struct err *err)
{
    struct notifier *n = calloc(1, sizeof *n);
    if (n == NULL) {
        err_set(err, ENOMEM, "no memory for the notifier");
        return NULL;
    }
    n->tag = NOTIFIER_TAG;
    n->spec = *spec;
    n->tell.ledger = spec->ledger;
    atomic_store(&n->config, spec->config);
    notifier_set_routing(n, spec->routing);
    n->tell.rrd = spec->rrd;
    n->outbox = outbox_new(spec->ledger, spec->config, spec->mail_dir, err);
    if (n->outbox == NULL)
        notifier_close(&n);
    return n;
}

void notifier_close(struct notifier **n)
{
    if (*n == NULL)
        return;
    outbox_free(&(*n)->outbox);
    free(*n);
    *n = NULL;
}

instant notifier_round(struct notifier *n, instant now, struct err *err)
{
    instant next = INSTANT_FAR, next_note = INSTANT_FAR;
    n->tell.routing = atomic_load(&n->routing);
    n->tell.config = atomic_load(&n->config);
    n->tell.notice = atomic_load(&n->notice);
    outbox_set_config(n->outbox, n->tell.config);
    outbox_set_routing(n->outbox, n->tell.routing);
    int told = tell_round(&n->tell, now, &next_note, err);
    int sent = outbox_round(n->outbox, now, &next, err);
    next = next_note.ms < next.ms ? next_note : next;
    instant again = instant_add(now, (span){AGAIN_MS});
    if ((told < 0 || sent < 0) && next.ms > again.ms)
        next = again;
    return next;
}

void notifier_set_config(struct notifier *n, const struct mail_config *config)
{
    atomic_store(&n->config, config);
}

void notifier_set_routing(struct notifier *n, const struct routing *routing)
{
    atomic_store(&n->routing, routing != NULL ? routing : &routing_everyone);
}

void notifier_set_notice(struct notifier *n, const char *text)
{
    atomic_store(&n->notice, text);
}

void notifier_stop(struct notifier *n)
{
    outbox_stop(n->outbox);
}

struct notifier *notifier_of(void *app)
{
    struct notifier *n = app;
    assert(n != NULL && n->tag == NOTIFIER_TAG);
    return n;
}
