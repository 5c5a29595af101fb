/* collector/hostinfo/remote_pack.c - protobuf by hand, and a small Snappy packer.
 *
 * The packer looks for four bytes that stood there before, by a table of the places
 * where such fours were last seen; labels repeat from series to series, so that is most
 * of a message.  A hash that lies costs room only, never correctness: every match is
 * compared.  Pure. */
#include "collector/hostinfo/remote_pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- protobuf ---- */

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, VARINT_MAX = 10 };

static void add_varint(struct buf *to, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_add_ch(to, (char)(v | 0x80));
    buf_add_ch(to, (char)v);
}

static size_t varint_bytes(uint64_t v)
{
    size_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static void add_key(struct buf *to, unsigned number, unsigned wire)
{
    add_varint(to, number << 3 | wire);
}

static void add_text(struct buf *to, unsigned number, const char *text, size_t n)
{
    add_key(to, number, WIRE_BYTES);
    add_varint(to, n);
    buf_add_n(to, text, n);
}

/* The bytes of a field whose number is below 16. */
static size_t text_bytes(size_t n)
{
    return 1 + varint_bytes(n) + n;
}

static size_t label_bytes(const struct remote_label *l)
{
    return text_bytes(strlen(l->name)) + text_bytes(strlen(l->value));
}

static void add_sample(struct buf *to, instant at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_key(to, 2, WIRE_BYTES);
    add_varint(to, 1 + 8 + 1 + varint_bytes((uint64_t)at.ms));
    add_key(to, 1, WIRE_FIXED64);
    for (int i = 0; i < 64; i += 8)
        buf_add_ch(to, (char)(bits >> i));
    add_key(to, 2, WIRE_VARINT);
    add_varint(to, (uint64_t)at.ms);
}

static int by_name(const void *a, const void *b)
{
    const struct remote_label *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void remote_pack_series(struct buf *to, struct remote_label *label, size_t n,
                        instant at, double value)
{
    size_t bytes = text_bytes(1 + 8 + 1 + varint_bytes((uint64_t)at.ms));
    qsort(label, n, sizeof *label, by_name);
    for (size_t i = 0; i < n; i++)
        bytes += text_bytes(label_bytes(&label[i]));
    add_key(to, 1, WIRE_BYTES);
    add_varint(to, bytes);
    for (size_t i = 0; i < n; i++) {
        add_key(to, 1, WIRE_BYTES);
        add_varint(to, label_bytes(&label[i]));
        add_text(to, 1, label[i].name, strlen(label[i].name));
        add_text(to, 2, label[i].value, strlen(label[i].value));
    }
    add_sample(to, at, value);
}

void remote_pack_metadata(struct buf *to, const char *name, bool counter)
{
    size_t n = strlen(name);
    add_key(to, 3, WIRE_BYTES);
    add_varint(to, 2 + text_bytes(n));
    add_key(to, 1, WIRE_VARINT);
    add_varint(to, counter ? 1 : 2);
    add_text(to, 2, name, n);
}

/* ---- Snappy ---- */

enum { PLACES_BITS = 12, OFFSET_MAX = 65535, MATCH_LEAST = 4, COPY_MOST = 64 };

static uint32_t four(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void add_literal(struct buf *to, const char *p, size_t n)
{
    while (n > 0) {
        size_t some = n < 65536 ? n : 65536, code = some - 1;
        if (code < 60) {
            buf_add_ch(to, (char)(code << 2));
        } else if (code < 256) {
            buf_add_ch(to, (char)(60 << 2));
            buf_add_ch(to, (char)code);
        } else {
            buf_add_ch(to, (char)(61 << 2));
            buf_add_ch(to, (char)code);
            buf_add_ch(to, (char)(code >> 8));
        }
        buf_add_n(to, p, some);
        p += some;
        n -= some;
    }
}

static void add_copy(struct buf *to, size_t offset, size_t n)
{
    while (n > 0) {
        size_t some = n < COPY_MOST ? n : COPY_MOST;
        buf_add_ch(to, (char)((some - 1) << 2 | 2));
        buf_add_ch(to, (char)offset);
        buf_add_ch(to, (char)(offset >> 8));
        n -= some;
    }
}

/* Where the four bytes at `at` were before, SIZE_MAX: nowhere near; from now on they
 * are here. */
static size_t place(uint32_t *places, const char *bytes, size_t at)
{
    uint32_t *slot = &places[(four(bytes + at) * 0x1e35a7bdu) >> (32 - PLACES_BITS)];
    size_t was = *slot; /* 0: never; else one more than the place */
    *slot = (uint32_t)at + 1;
    if (was == 0 || at - (was - 1) > OFFSET_MAX ||
        four(bytes + was - 1) != four(bytes + at))
        return SIZE_MAX;
    return was - 1;
}

void remote_pack_snappy(const char *bytes, size_t n, struct buf *to)
{
    static uint32_t places[1 << PLACES_BITS];
    size_t at = 0, done = 0;
    add_varint(to, n);
    if (n == 0)
        return;
    memset(places, 0, sizeof places);
    while (at + MATCH_LEAST <= n) {
        size_t was = place(places, bytes, at);
        if (was == SIZE_MAX) {
            at += 1 + ((at - done) >> 5); /* faster through what does not repeat */
            continue;
        }
        size_t same = MATCH_LEAST;
        while (at + same < n && bytes[was + same] == bytes[at + same])
            same++;
        add_literal(to, bytes + done, at - done);
        add_copy(to, at - was, same);
        at += same;
        done = at;
    }
    add_literal(to, bytes + done, n - done);
}
