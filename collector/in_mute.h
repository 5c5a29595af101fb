/* collector/in_mute.h - mutes over HTTP, answered when they are on disk.
 *
 * POST /v1/mutes with a mute as JSON (storage/mute.h has its shape): 201 when it is
 * durable, 200 for one that is there already, 409 when the same was ended early, 400
 * with the field and the place.  POST /v1/mutes/{id}/end with {"by": "li"} ends one
 * early: 200, also when it was ended early before; 404 when there is none, 409 when it
 * was over by itself.  503 with Retry-After when it was not stored or storing takes
 * long: the sender tries again.  Success is {"id", "status", "mute"}: status is
 * "accepted", "ended" or "repeat", the mute is as it stands then. */
#ifndef COLLECTOR_IN_MUTE_H
#define COLLECTOR_IN_MUTE_H

#include "base/httpd.h"
#include "base/instant.h"
#include "collector/in_change.h"
#include "storage/ledger.h"
#include "storage/mute.h"

/* A handler's whole work; `r` is called with it again until it is answered.  The
 * ledger must outlive the server.  The listener hears of every new or ended mute, as
 * open changes are then to be judged anew. */
void in_mute_serve(struct httpd_req *r, struct ledger *ledger,
                   const struct in_change_listener *listener, instant now);
void in_mute_serve_end(struct httpd_req *r, struct ledger *ledger,
                       const struct in_change_listener *listener, instant now);

/* Reads the bytes of a request; NULL and *err with field and place when they are no
 * mute. */
struct mute *in_mute_read(const char *text, size_t n, instant now, struct err *err);

#endif
