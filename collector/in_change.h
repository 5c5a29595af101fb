/* collector/in_change.h - change events over HTTP, answered when they are on disk.
 *
 * POST /v1/changes with one event as JSON (storage/change.h has its shape), or in an
 * envelope of CloudEvents (collector/in_cloudevent.h).  202 when
 * it is new and durable, 200 for a repeat, 409 when its source and id were used for
 * another event, 400 with the field and the place, 503 with Retry-After when it was not
 * stored or storing takes long: the sender tries again, and a repeat does no harm.
 * Success is
 * {"change_id": "8812", "status": "accepted" or "repeat", "url": "/changes/8812"}. */
#ifndef COLLECTOR_IN_CHANGE_H
#define COLLECTOR_IN_CHANGE_H

#include "base/httpd.h"
#include "base/instant.h"
#include "storage/ledger.h"

/* Whom a new event concerns: called on the ledger's writing thread. */
struct in_change_listener {
    void (*on_change)(void *arg); /* NULL: nobody */
    void *arg;
};

/* Where events go; the ledger must outlive the server. */
struct in_change_door {
    struct ledger *ledger;
    const struct in_change_listener *listener;
    instant now;
};

/* A handler's whole work; `r` is called with it again until it is answered. */
void in_change_serve(struct httpd_req *r, const struct in_change_door *door);

/* The same in parts, for sources with a form of their own: first in_change_again, true
 * when the request was here before and is dealt with; then in_change_take for the event
 * that was read, which it takes over. */
bool in_change_again(struct httpd_req *r);
void in_change_take(struct httpd_req *r, struct change_event **e,
                    const struct in_change_door *door);

/* Reads the bytes of a request; NULL and *err with field and place when they are no
 * change event. */
struct change_event *in_change_read(const char *text, size_t n, instant now,
                                    struct err *err);
/* Reads an event whose text was made here from a sender's own form.  A complaint names
 * the event's field behind `where` ("data."), and no place, as the sender knows none.
 */
struct change_event *in_change_read_made(const struct buf *made, const char *where,
                                         instant now, struct err *err);

#endif
