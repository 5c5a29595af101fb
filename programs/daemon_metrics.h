/* programs/daemon_metrics.h - /-/healthy, /-/ready and /metrics of the service. */
#ifndef PROGRAMS_DAEMON_METRICS_H
#define PROGRAMS_DAEMON_METRICS_H

#include "analyzer/checkup.h"
#include "base/buf.h"
#include "base/httpd.h"
#include "notifier/notifier.h"
#include "programs/daemon_config.h"
#include "storage/history.h"
#include "storage/ledger.h"
#include "storage/rrd.h"
#include "storage/windows.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What the routes are handed. */
struct daemon_health {
    atomic_bool ready;
    void (*write_metrics)(struct buf *to, void *arg);
    void *arg;
};
/* The handlers take a `struct daemon_health *` as their app. */
extern const struct httpd_route daemon_routes[];

/* The service's own state; the caller guards it. */
struct daemon_state {
    bool reload_ok;
    bool rules_ok;   /* the last reading of rules, at a reload or a change of files */
    bool routing_ok; /* the same of who is told */
    uint64_t rules_reloads, routing_reloads;
    uint64_t reloads;
    int64_t slowest_ms; /* round of looks */
    uint64_t forgotten; /* files of history */
    char pack[32];      /* hash of the rules in force */
    char routing[32];   /* of the routing; "": there is no file */
    struct daemon_health health;
};

struct daemon_sources {
    struct notifier *notifier;
    struct ledger *ledger;
    struct windows *windows;
    struct history *history;
    struct rrd *rrd;
    struct checkup *checkup;
    struct httpd *httpd;
};
void daemon_metrics_write(const struct daemon_sources *from,
                          const struct daemon_state *state, struct buf *to);

#endif
