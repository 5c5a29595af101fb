/* programs/demo_load.h - the demo's traffic: real HTTP requests at a steady rate, and
 * the access log turned into return-code records.
 *
 * Requests are sent at fixed times by many threads, so a slow answer does not slow the
 * others down.  A follower thread reads the access log and posts one record a second
 * and status to the service. */
#ifndef PROGRAMS_DEMO_LOAD_H
#define PROGRAMS_DEMO_LOAD_H

#include "base/err.h"
#include "programs/demo_site.h"

#include <stdint.h>

struct demo_load;
/* `service_url` is where the records are posted, `host` the name of this host in them.
 */
struct demo_load *demo_load_start(const struct demo_site *site, const char *service_url,
                                  const char *host, struct err *err);
/* Requests answered, and records that the service did not take. */
void demo_load_counts(struct demo_load *l, uint64_t *ret_answered, uint64_t *ret_lost);
void demo_load_stop(struct demo_load **l);

#endif
