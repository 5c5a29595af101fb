/* notifier/notifier.h - the stage as a whole: what its thread does, and what its HTTP
 * handlers share. */
#ifndef NOTIFIER_NOTIFIER_H
#define NOTIFIER_NOTIFIER_H

#include "base/err.h"
#include "base/instant.h"
#include "notifier/mail_config.h"
#include "notifier/outbox.h"
#include "notifier/tell.h"
#include "rules/routing.h"
#include "storage/inputs.h"
#include "storage/ledger.h"
#include "storage/rrd.h"
#include "storage/windows.h"

#include <stdatomic.h>
#include <stdint.h>

struct notifier_spec {
    struct ledger *ledger;
    struct windows *windows; /* for pages about services; NULL: none on this machine */
    struct inputs *inputs;   /* for the page about them; NULL: likewise */
    struct rrd *rrd;         /* NULL: no charts */
    const struct mail_config *config;
    const struct routing *routing; /* NULL: routing_everyone */
    const char *mail_dir;
    instant (*now)(void); /* for `since=24h` in requests */
};

struct alarm_text;

struct notifier {
    uint32_t tag;
    struct notifier_spec spec;
    const struct mail_config *_Atomic config; /* in force; the spec's is the first */
    const struct routing *_Atomic routing;    /* in force, the same */
    const char *_Atomic notice;               /* NULL: none */
    struct tell tell;
    struct outbox *outbox;
    struct alarm_text *alarms; /* the stage's thread's; kept to the end */
    uint64_t dead_seen;        /* mails given up that it knows of; the same thread's */
    instant alarm_next;
    const char *_Atomic alarm; /* mails that were given up of late; NULL: none */
};

/* All in the spec is borrowed, the texts too. */
struct notifier *notifier_open(const struct notifier_spec *spec, struct err *err);
/* After its thread and the HTTP server have been stopped. */
void notifier_close(struct notifier **n);

/* One round of the notifier's thread: tells what is untold, carries out what is due.
 * Gives when the next round is wanted; a new verdict is a reason to come at once.  The
 * first thing that went wrong is in *err. */
instant notifier_round(struct notifier *n, instant now, struct err *err);

/* Puts another configuration in force, from any thread: handlers read it from now on,
 * the stage's thread from its next round on.  The old one must stay until the end:
 * somebody may still be reading it. */
void notifier_set_config(struct notifier *n, const struct mail_config *config);

/* The same of who is told; NULL: everyone. */
void notifier_set_routing(struct notifier *n, const struct routing *routing);

/* What pages and the foot of mails say of the service itself, such as rules that could
 * not be read; NULL: nothing any more.  From any thread; the text must stay until the
 * end. */
void notifier_set_notice(struct notifier *n, const char *text);

/* Cuts a delivery under way short, from any thread, so that the round ends soon. */
void notifier_stop(struct notifier *n);

/* The one place where a handler's `void *` becomes a notifier. */
struct notifier *notifier_of(void *app);

#endif
