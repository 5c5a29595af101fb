/* collector/hostinfo/remote_pack.h - samples as a message of Prometheus' remote write
 * 1.0 (the reader's side is collector/in_remote_write).
 *
 * A series with one sample each; metadata only where a metric's kind is another than
 * its name says.  The message is packed as a Snappy block (google/snappy,
 * format_description.txt) without the library, which would be the largest part of the
 * agent's memory. */
#ifndef COLLECTOR_HOSTINFO_REMOTE_PACK_H
#define COLLECTOR_HOSTINFO_REMOTE_PACK_H

#include "base/buf.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

enum { REMOTE_PACK_LABELS_MAX = 48 };

struct remote_label {
    const char *name, *value;
};

/* Adds a series' bytes to a message; the labels are sorted in place. */
void remote_pack_series(struct buf *to, struct remote_label *label, size_t n,
                        instant at, double value);
/* Says that a metric is a counter, or a gauge. */
void remote_pack_metadata(struct buf *to, const char *name, bool counter);

/* Packs the bytes as one Snappy block, added to `to`. */
void remote_pack_snappy(const char *bytes, size_t n, struct buf *to);

#endif
