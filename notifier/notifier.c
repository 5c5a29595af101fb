/* notifier/notifier.c - holds the stage together.  notifier_round runs on the stage's
 * own thread; handlers on HTTP threads only read the spec. */
#include "notifier/notifier.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTIFIER_TAG = 0x4e4f5446,
    AGAIN_MS = 10000,
    ALARM_MS = 86400000, /* how long a mail that was given up is told of */
    ALARM_LOOK_MS = 600000,
    ALARM_BYTES = 900,
};

/* A text that a page may be reading. */
struct alarm_text {
    struct alarm_text *next;
    char text[ALARM_BYTES];
};

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
    while ((*n)->alarms != NULL) {
        struct alarm_text *a = (*n)->alarms;
        (*n)->alarms = a->next;
        free(a);
    }
    free(*n);
    *n = NULL;
}

/* Says on pages that mails were given up within the last day, the newest of them. */
static void sound_alarm(struct notifier *n, instant now)
{
    struct dead_mails dead;
    instant since = {now.ms - ALARM_MS};
    const char *before = atomic_load(&n->alarm);
    uint64_t died = outbox_stats(n->outbox).dead;
    if (died == n->dead_seen && now.ms < n->alarm_next.ms)
        return;
    n->dead_seen = died;
    n->alarm_next = instant_add(now, (span){ALARM_LOOK_MS});
    if (ledger_dead(n->spec.ledger, since, &dead, NULL) < 0)
        return;
    if (dead.n == 0) {
        atomic_store(&n->alarm, NULL);
        return;
    }
    struct alarm_text *a = calloc(1, sizeof *a);
    if (a == NULL)
        return;
    snprintf(a->text, sizeof a->text,
             "%zu %s given up within a day, the last one to %s: %s", dead.n,
             dead.n == 1 ? "mail was" : "mails were",
             dead.who[0] != '\0' ? dead.who : "a file", dead.why);
    if (before != NULL && strcmp(before, a->text) == 0) {
        free(a);
        return;
    }
    a->next = n->alarms;
    n->alarms = a;
    atomic_store(&n->alarm, a->text);
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
    sound_alarm(n, now);
    if (atomic_load(&n->alarm) != NULL && n->alarm_next.ms < next.ms)
        next = n->alarm_next; /* to take it off when its day is over */
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
