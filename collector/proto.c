/* collector/proto.c - protobuf's wire format.  Pure. */
#include "collector/proto.h"

#include <string.h>

enum { VARINT_BYTES_MAX = 10, NUMBER_MAX = 536870911 };

static bool varint(struct proto *p, uint64_t *ret)
{
    uint64_t v = 0;
    for (int i = 0; i < VARINT_BYTES_MAX && p->p < p->end; i++) {
        uint8_t byte = *p->p++;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *ret = v;
            return i < VARINT_BYTES_MAX - 1 || byte <= 1;
        }
    }
    return false;
}

/* `n` bytes, the lowest first. */
static bool fixed(struct proto *p, size_t n, uint64_t *ret)
{
    if ((size_t)(p->end - p->p) < n)
        return false;
    *ret = 0;
    for (size_t i = 0; i < n; i++)
        *ret |= (uint64_t)p->p[i] << (8 * i);
    p->p += n;
    return true;
}

static bool value(struct proto *p, struct proto_field *f)
{
    switch (f->type) {
    case PROTO_VARINT:
        return varint(p, &f->value);
    case PROTO_FIXED64:
        return fixed(p, 8, &f->value);
    case PROTO_FIXED32:
        return fixed(p, 4, &f->value);
    case PROTO_BYTES:
        if (!varint(p, &f->value) || f->value > (uint64_t)(p->end - p->p))
            return false;
        f->bytes = p->p;
        f->n = (size_t)f->value;
        p->p += f->n;
        return true;
    }
    return false;
}

bool proto_next(struct proto *p, struct proto_field *ret_field)
{
    uint64_t key;
    if (p->bad || p->p == p->end)
        return false;
    *ret_field = (struct proto_field){0};
    p->bad = !varint(p, &key) || key >> 3 == 0 || key >> 3 > NUMBER_MAX;
    if (p->bad)
        return false;
    ret_field->number = (uint32_t)(key >> 3);
    ret_field->type = (enum proto_type)(key & 7);
    p->bad = !value(p, ret_field);
    return !p->bad;
}

double proto_double(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}
