/* collector/in_remote_write.h - samples as Prometheus' remote write 1.0.
 *
 * A body is a Snappy block that holds a protobuf WriteRequest
 * (prometheus.io/docs/specs/prw/remote_write_spec):
 *     WriteRequest { TimeSeries 1 *; MetricMetadata 3 * }
 *     TimeSeries   { Label { name 1, value 2 } 1 *; Sample { double 1, int64 ms 2 } 2
 * *; Exemplar 3 *; Histogram 4 * } `node_load1{instance="h1:9100",job="node"}` gives
 * the metric `node_load1` of host h1 in service node; other labels stand behind the
 * name, `node_disk_io_now{device=sda}`.
 *
 * Prometheus does not say with a sample what is a counter.  By their convention names
 * that end in _total, _bucket, _count or _sum are; where the sender's metadata calls a
 * metric a gauge, it is none whatever its name.  Counters become rates per second
 * (collector/counter.h).  A stale marker is no sample: it ends the series, so a counter
 * begins anew.  Native histograms are counted as dropped, exemplars are passed over.
 *
 * A series that is refused costs itself only; a body that is no such message is refused
 * whole, but what was read before the damage was found is kept.  No clock in here. */
#ifndef COLLECTOR_IN_REMOTE_WRITE_H
#define COLLECTOR_IN_REMOTE_WRITE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "collector/intake.h"
#include "collector/tags.h"

#include <stddef.h>
#include <stdint.h>

enum {
    REMOTE_WRITE_LABELS_MAX = 64,
    REMOTE_WRITE_LABEL_BYTES_MAX = 4096, /* all labels of one series */
};

/* What is known of series from one request to the next.  Any number of threads. */
struct in_remote_write;
struct in_remote_write *in_remote_write_new(void);
void in_remote_write_free(struct in_remote_write **w);

struct in_remote_write_ask {
    instant now;
    struct bounds bounds;
    const struct entity_tags *tags;
};

/* Begins as {0}. */
struct in_remote_write_result {
    struct tally tally;
    uint64_t series, refused; /* series of the body, and of these refused or in part */
    char first[320]; /* "series 3 (up): what, and what was expected"; "": none */
};

/* Reads an unpacked message.  -1 and *err when it is damaged. */
int in_remote_write_read(struct in_remote_write *w, const struct sink *sink,
                         const void *bytes, size_t n,
                         const struct in_remote_write_ask *ask,
                         struct in_remote_write_result *result, struct err *err);

/* Adds "series 3 (up): ...; 2 of 120 series refused"; nothing when none was. */
void in_remote_write_write_error(const struct in_remote_write_result *result,
                                 struct buf *to);

/* Adds the number of series known, in Prometheus' text format. */
void in_remote_write_write_metrics(struct in_remote_write *w, struct buf *to);

#endif
