/* collector/in_feedback.h - readers' marks over HTTP, answered when they are on disk.
 *
 * POST /v1/changes/{id}/feedback with {"rule": "cpu.high", "useful": false, "by":
 * "li"}: 201 when it is durable, 200 for one that is there already, 404 when there is
 * no such change, 400 with the field and the place, 503 with Retry-After when it was
 * not stored. One reader has one mark for a change and a rule: another one takes its
 * place.  Success is {"status", "feedback"}. */
#ifndef COLLECTOR_IN_FEEDBACK_H
#define COLLECTOR_IN_FEEDBACK_H

#include "base/httpd.h"
#include "base/instant.h"
#include "storage/feedback.h"
#include "storage/ledger.h"

/* A handler's whole work; `r` is called with it again until it is answered. */
void in_feedback_serve(struct httpd_req *r, struct ledger *ledger, instant now);

/* Reads the bytes of a request; NULL and *err with field and place when they are no
 * mark. */
struct feedback *in_feedback_read(const char *text, size_t n, const char *change_id,
                                  instant now, struct err *err);

#endif
