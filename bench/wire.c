/* bench/wire.c - writes and sends remote write.  No state. */
#include "bench/wire.h"

#include <errno.h>
#include <string.h>

enum {
    LITERAL_MAX = 1 << 16, /* bytes of one literal with a length of two bytes */
    TIMEOUT_MS = 120000,
};

static void add_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_add_ch(b, (char)(v | 0x80));
    buf_add_ch(b, (char)v);
}

void wire_bytes(struct buf *b, unsigned field, const void *bytes, size_t n)
{
    add_varint(b, field << 3 | 2);
    add_varint(b, n);
    buf_add_n(b, bytes, n);
}

void wire_label(struct buf *series, const char *name, const char *value)
{
    OWNED_BUF label = {0};
    wire_bytes(&label, 1, name, strlen(name));
    wire_bytes(&label, 2, value, strlen(value));
    wire_bytes(series, 1, label.data, label.len);
}

void wire_sample(struct buf *series, double value, int64_t ms)
{
    OWNED_BUF sample = {0};
    add_varint(&sample, 1 << 3 | 1);
    buf_add_n(&sample, &value, sizeof value); /* little endian, as on this machine */
    add_varint(&sample, 2 << 3 | 0);
    add_varint(&sample, (uint64_t)ms);
    wire_bytes(series, 2, sample.data, sample.len);
}

static void add_snappy(struct buf *to, const struct buf *from)
{
    add_varint(to, from->len);
    for (size_t at = 0; at < from->len;) {
        size_t n = from->len - at < LITERAL_MAX ? from->len - at : LITERAL_MAX;
        buf_add_ch(to, (char)(61 << 2)); /* a literal, its length less 1 in two bytes */
        buf_add_ch(to, (char)((n - 1) & 0xff));
        buf_add_ch(to, (char)((n - 1) >> 8));
        buf_add_n(to, from->data + at, n);
        at += n;
    }
}

int wire_send(struct httpc *c, const struct buf *request, struct err *err)
{
    OWNED_BUF body = {0}, answer = {0};
    unsigned status = 0;
    add_snappy(&body, request);
    if (buf_done(request) < 0 || buf_done(&body) < 0)
        return err_set(err, ENOMEM, "out of memory");
    struct httpc_ask ask = {.method = "POST",
                            .path = "/api/v1/write",
                            .type = "application/x-protobuf",
                            .headers = "Content-Encoding: snappy\r\n"
                                       "X-Prometheus-Remote-Write-Version: 0.1.0\r\n",
                            .body = body.data,
                            .n = body.len,
                            .timeout_ms = TIMEOUT_MS};
    if (httpc_call(c, &ask, &status, &answer, err) < 0)
        return -1;
    return status / 100 == 2
               ? 0
               : err_set(err, EPROTO, "status %u: %.150s", status, buf_text(&answer));
}
