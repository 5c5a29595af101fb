/* collector/wires.h - the doors that are not HTTP: Graphite over TCP, StatsD over UDP.
 *
 * Each is off unless it has an address.  Nobody is answered; what was refused is in the
 * intake's counters, the last complaint with its sender in storage/inputs.h. */
#ifndef COLLECTOR_WIRES_H
#define COLLECTOR_WIRES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "collector/gate.h"
#include "collector/intake.h"
#include "collector/tags.h"
#include "storage/inputs.h"

#include <stddef.h>

/* The settings of one; all is borrowed for the wires' life. */
struct wire_spec {
    const char *listen; /* NULL: off */
    const char *const *templates;
    size_t n_templates;
    const char *const *counters; /* Graphite's */
    size_t n_counters;
    const char *host; /* StatsD's senders on this machine */
    span flush;       /* StatsD's */
};

struct wires_spec {
    struct wire_spec graphite, statsd;
    const struct entity_tags *tags;
    struct windows *windows;
    struct intake *intake;
    struct gate_limits limits;
    struct inputs *inputs;
};

struct wires;
/* NULL and *err when an address cannot be had or a template is wrong. */
struct wires *wires_start(const struct wires_spec *spec, struct err *err);
/* What was gathered is flushed before this returns. */
void wires_stop(struct wires **w);

/* "127.0.0.1:2003" as really bound; NULL: off. */
const char *wires_graphite(const struct wires *w);
const char *wires_statsd(const struct wires *w);

/* Adds aftercheck_wire_lost_total{input=,what=} and the number of StatsD's series in
 * Prometheus' text format. */
void wires_write_metrics(const struct wires *w, struct buf *to);

#endif
