/* collector/in_core.h - records of coredumps over HTTP, answered when they are on disk.
 *
 * POST /v1/coredumps with one record as JSON (storage/core.h has its shape).  202 when
 * it is durable, as new or as a repeat of the same host, pid, time and exe; 400 with
 * the field and the place; 503 with Retry-After when it was not stored or storing takes
 * long: the sender tries again.  Success is
 * {"signature": "9f86d081884c7d65", "status": "accepted" or "repeat"}, the signature
 * being the fine fingerprint. */
#ifndef COLLECTOR_IN_CORE_H
#define COLLECTOR_IN_CORE_H

#include "base/httpd.h"
#include "base/instant.h"
#include "storage/core.h"
#include "storage/ledger.h"

/* A handler's whole work; `r` is called with it again until it is answered.  The
 * ledger must outlive the server. */
void in_core_serve(struct httpd_req *r, struct ledger *ledger, instant now);

/* Reads the bytes of a request; NULL and *err with field and place when they are no
 * record of a coredump. */
struct core *in_core_read(const char *text, size_t n, instant now, struct err *err);

#endif
