/* collector/routes.h - the collector's side of the HTTP server.
 *
 * POST /v1/changes, and /v1/changes/github, /gitlab, /jenkins and /argocd below it,
 * POST /v1/coredumps, /v1/alarms, /v1/alarms/alertmanager and /v1/tests,
 * POST /v1/changes/{id}/feedback, POST /v1/mutes and /v1/mutes/{id}/end, POST /write,
 * /api/v2/write, /api/v1/write and /collectd, POST /v1/calls. Samples answer 204; a
 * partly bad body 400 with the first complaint, its good part being kept. */
#ifndef COLLECTOR_ROUTES_H
#define COLLECTOR_ROUTES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpd.h"
#include "collector/gate.h"
#include "collector/hook.h"
#include "collector/in_change.h"
#include "collector/in_line.h"
#include "collector/intake.h"
#include "collector/wires.h"
#include "storage/inputs.h"
#include "storage/ledger.h"
#include "storage/windows.h"

/* What strangers may send at a time, as sent and after gzip. */
enum {
    CHANGE_BODY_MAX = EVENT_BYTES_MAX,
    HOOK_BODY_MAX = 1 << 20, /* with logs, files and the like that are passed over */
    CORE_BODY_MAX = CORE_BYTES_MAX,
    SAMPLES_BODY_MAX = 4 << 20,
    SAMPLES_INFLATED_MAX = 32 << 20,
};

struct collector_spec {
    struct windows *windows; /* both are borrowed and must outlive the collector */
    struct ledger *ledger;
    struct entity_tags tags; /* empty: entity_tags_default; the texts are borrowed */
    struct in_change_listener listener;
    struct wire_spec graphite, statsd;
    struct gate_limits limits; /* of each sender; they need `inputs` */
    struct inputs *inputs;     /* who sends what; NULL: nobody asks */
    const struct hooks *hooks; /* as for collector_set_hooks; NULL: none are set */
};

/* What the handlers work with.  Any number of threads. */
struct collector;
struct collector *collector_new(const struct collector_spec *spec, struct err *err);
/* Other settings for the doors of deployment systems, from the next request on;
 * borrowed for the collector's life. */
void collector_set_hooks(struct collector *c, const struct hooks *hooks);
/* After the server has stopped. */
void collector_free(struct collector **c);

/* The handlers take a `struct collector *` as their app. */
extern const struct httpd_route collector_routes[];

/* Adds the collector's own counters in Prometheus' text format. */
void collector_write_metrics(const struct collector *c, struct buf *to);
struct tally collector_tally(const struct collector *c);

#endif
