/* collector/in_cloudevent.h - change events in an envelope: CloudEvents 1.0 and, inside
 * them, CDEvents.
 *
 * A CloudEvent says its id, source, type and time itself (github.com/cloudevents/spec),
 * in JSON beside its data ("structured": Content-Type application/cloudevents+json) or
 * as headers ce-id, ce-source, ... with the data as body ("binary").  Its data is
 * - a change event of our own, which the envelope's source, id and time complete where
 *   it lacks them; or
 * - a CDEvents event about a service (cdevents.dev: dev.cdevents.service.deployed,
 *   upgraded, rolledback, removed or published), whose subject is the service.  Hosts,
 *   batches, kind, phase, change_id, actor and url, which CDEvents has no words for,
 * are taken from customData where they stand there. Either becomes the text of a change
 * event (storage/change.h). */
#ifndef COLLECTOR_IN_CLOUDEVENT_H
#define COLLECTOR_IN_CLOUDEVENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* The attributes of an envelope; NULL: absent. */
struct cloudevent {
    const char *specversion, *id, *source, *type, *time;
};

/* Decodes a header's value in place: %41 is A.  False when what comes out is not
 * valid. */
bool cloudevent_header(char *value);

/* Adds the change event's text for an envelope and its data.  -1 with the field and
 * what was expected. */
int cloudevent_open(const struct cloudevent *ce, const struct json_at *data,
                    struct buf *to, struct err *err);

/* The same for a structured event, envelope and data in one document. */
int cloudevent_open_structured(const char *text, size_t n, struct buf *to,
                               struct err *err);

#endif
