/* collector/proto.h - reading protobuf's wire format, field by field.
 *
 * protobuf.dev/programming-guides/encoding: a field is a key (number and type) and a
 * varint, 4 or 8 bytes, or a length and so many bytes.  Nothing is copied and nothing
 * is read beyond the end; groups, long dead, are refused. */
#ifndef COLLECTOR_PROTO_H
#define COLLECTOR_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proto_type {
    PROTO_VARINT = 0,
    PROTO_FIXED64 = 1,
    PROTO_BYTES = 2,
    PROTO_FIXED32 = 5
};

struct proto {
    const uint8_t *p, *end;
    bool bad; /* the bytes are no message */
};

struct proto_field {
    uint32_t number;
    enum proto_type type;
    uint64_t value;       /* of a varint, or the bits of a fixed one */
    const uint8_t *bytes; /* of PROTO_BYTES */
    size_t n;
};

static inline struct proto proto_of(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    return (struct proto){p, p + n, false};
}

/* False at the end, and when `bad` was set. */
bool proto_next(struct proto *p, struct proto_field *ret_field);

/* The bits of a double. */
double proto_double(uint64_t bits);

#endif
