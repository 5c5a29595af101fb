/* analyzer/watch.h - which host and which side of a change a single event belongs to.
 *
 * Series are cut into windows; crashes and alarms come one by one, each at its host and
 * time.  After a change they count from the host's own pivot on, the settle time
 * included: many a bad release shows as it starts. */
#ifndef ANALYZER_WATCH_H
#define ANALYZER_WATCH_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum watch_side { WATCH_NONE, WATCH_BEFORE, WATCH_AFTER };

struct watch {
    const struct lineup *lineup;
    const char **control; /* sorted, each once: unchanged hosts, free for all of it */
    size_t n_controls;
    /* of what is watched, together: changed hosts, or the service as a whole */
    size_t hosts;
    double minutes_before, minutes_after;
    double control_minutes; /* of the unchanged ones, after the change */
    instant first;          /* the first pivot: all pasts end here */
};

/* The lineup is borrowed for the watch's life, host texts as well. */
int watch_make(const struct lineup *l, const struct controls *k,
               struct watch *ret_watch, struct err *err);
void watch_free(struct watch *w);
#define OWNED_WATCH __attribute__((cleanup(watch_free))) struct watch

/* False while a host waits for the change: then nothing of it counts. */
bool watch_slot(const struct slot *s);
/* The side of an instant at such a slot. */
enum watch_side watch_side(const struct slot *s, instant at);
/* The slot of a changed host that is watched; of the whole when the change names no
 * hosts and the event is its service's, from a host that sends no samples.  NULL: it is
 * no changed host.  `service` may be NULL. */
const struct slot *watch_changed(const struct watch *w, const char *host,
                                 const char *service);
/* True for a host of `control`: its sides are those of the lineup's whole. */
bool watch_control(const struct watch *w, const char *host);

/* 0 when `to` is not later. */
double watch_minutes(instant from, instant to);

#endif
