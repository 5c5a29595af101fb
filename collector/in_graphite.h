/* collector/in_graphite.h - samples as Graphite's plaintext, over TCP.
 *
 *     servers.h1.cpu.load 1.25 1795255200
 *     disk.used;host=h1;device=sda 97 1795255200
 *
 * is PATH VALUE TIME, the time in seconds since 1970 (a fraction is allowed; -1, as
 * carbon has it, or none: now).  Templates say what the parts of a path are
 * (collector/path.h); without any, the first part is the host and the rest the metric.
 * Graphite does not say what is a counter: metrics whose name fits one of `counters`
 * (globs) become rates per second (collector/counter.h).
 *
 * A line is taken or refused by itself; nobody is answered, so what is refused is seen
 * in the counters only. */
#ifndef COLLECTOR_IN_GRAPHITE_H
#define COLLECTOR_IN_GRAPHITE_H

#include "base/instant.h"
#include "collector/intake.h"
#include "collector/tags.h"

#include <stddef.h>

enum { GRAPHITE_LINE_BYTES_MAX = 4096, GRAPHITE_SERIES_MAX = 1 << 20 };

struct in_graphite_spec {
    const char *const *templates; /* 0: "* host.metric*" */
    size_t n_templates;
    const char *const *counters;
    size_t n_counters;
    const struct entity_tags *tags;
};

/* What is known of series; the spec's texts are borrowed for its life.  Any number of
 * threads. */
struct in_graphite;
struct in_graphite *in_graphite_new(const struct in_graphite_spec *spec,
                                    struct err *err);
void in_graphite_free(struct in_graphite **g);

/* Begins as {0}. */
struct in_graphite_result {
    struct tally tally;
    char first[320]; /* why the first was refused; "": none */
};

/* Reads `n` bytes of whole lines; the last may lack its end. */
void in_graphite_read(struct in_graphite *g, const struct sink *sink, const char *text,
                      size_t n, instant now, struct in_graphite_result *result);

#endif
