/* bench/wire.h - Prometheus remote write 1.0 as bytes, for the benches' feeders.
 *
 * Protobuf messages as the protocol has them (prompb, WriteRequest), packed in Snappy's
 * block format with literals only, which every reader of it takes. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpc.h"

#include <stdint.h>

/* A field of bytes: its number, its length, itself. */
void wire_bytes(struct buf *b, unsigned field, const void *bytes, size_t n);
void wire_label(struct buf *series, const char *name, const char *value);
void wire_sample(struct buf *series, double value, int64_t ms);

/* Packs the request and posts it; -1 also when it is not taken. */
int wire_send(struct httpc *c, const struct buf *request, struct err *err);

#endif
