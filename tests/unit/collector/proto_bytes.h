/* proto_bytes.h - protobuf messages by hand, for tests. */
#ifndef TESTS_PROTO_BYTES_H
#define TESTS_PROTO_BYTES_H

#include "base/buf.h"

#include <stdint.h>
#include <string.h>

static inline void proto_varint(struct buf *b, uint64_t v)
{
    for (; v > 0x7f; v >>= 7)
        buf_add_ch(b, (char)(v | 0x80));
    buf_add_ch(b, (char)v);
}

static inline void proto_put_varint(struct buf *b, unsigned number, uint64_t v)
{
    proto_varint(b, (uint64_t)number << 3);
    proto_varint(b, v);
}

static inline void proto_put_bits(struct buf *b, unsigned number, uint64_t bits)
{
    proto_varint(b, (uint64_t)number << 3 | 1);
    buf_add_n(b, &bits, sizeof bits); /* little-endian machines only */
}

static inline void proto_put_double(struct buf *b, unsigned number, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    proto_put_bits(b, number, bits);
}

static inline void proto_put_bytes(struct buf *b, unsigned number, const void *bytes,
                                   size_t n)
{
    proto_varint(b, (uint64_t)number << 3 | 2);
    proto_varint(b, n);
    buf_add_n(b, bytes, n);
}

static inline void proto_put_buf(struct buf *b, unsigned number, struct buf *part)
{
    proto_put_bytes(b, number, part->data, part->len);
    buf_free(part);
}

/* A label of a series of remote write. */
static inline void proto_put_label(struct buf *series, const char *name,
                                   const char *value)
{
    struct buf label = {0};
    proto_put_bytes(&label, 1, name, strlen(name));
    proto_put_bytes(&label, 2, value, strlen(value));
    proto_put_buf(series, 1, &label);
}

static inline void proto_put_sample(struct buf *series, double v, int64_t ms)
{
    struct buf sample = {0};
    proto_put_double(&sample, 1, v);
    proto_put_varint(&sample, 2, (uint64_t)ms);
    proto_put_buf(series, 2, &sample);
}

#endif
