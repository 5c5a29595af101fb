/* bench/bench_feed.c - sends the made fleet's samples to a server by remote write.
 *
 * Prometheus and VictoriaMetrics take the same requests, so both get the same bytes:
 * protobuf messages as the protocol has them (prompb, WriteRequest 1.0), in Snappy's
 * block format with literals only, which every reader of it takes.  Time goes on slice
 * by slice over all series, as samples come in service.  One thread, one connection. */
#include "base/buf.h"
#include "base/httpc.h"
#include "bench/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICE_MIN = 12, /* samples of a series in one request */
    REQUEST_SERIES = 5000,
    LITERAL_MAX = 1 << 16, /* bytes of one literal with a length of two bytes */
    TIMEOUT_MS = 120000,
};

/* --- protobuf --- */

static void add_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_add_ch(b, (char)(v | 0x80));
    buf_add_ch(b, (char)v);
}

/* A field of bytes: its number, its length, itself. */
static void add_bytes(struct buf *b, unsigned field, const void *bytes, size_t n)
{
    add_varint(b, field << 3 | 2);
    add_varint(b, n);
    buf_add_n(b, bytes, n);
}

static void add_label(struct buf *series, const char *name, const char *value)
{
    OWNED_BUF label = {0};
    add_bytes(&label, 1, name, strlen(name));
    add_bytes(&label, 2, value, strlen(value));
    add_bytes(series, 1, label.data, label.len);
}

static void add_sample(struct buf *series, double value, int64_t ms)
{
    OWNED_BUF sample = {0};
    add_varint(&sample, 1 << 3 | 1);
    buf_add_n(&sample, &value, sizeof value); /* little endian, as on this machine */
    add_varint(&sample, 2 << 3 | 0);
    add_varint(&sample, (uint64_t)ms);
    add_bytes(series, 2, sample.data, sample.len);
}

/* Labels in the order of their names, as the protocol wants them. */
static void add_series(struct buf *request, unsigned host, unsigned metric,
                       int64_t from, int64_t pivot)
{
    OWNED_BUF series = {0};
    char name[FLEET_NAME];
    fleet_host(host, name);
    add_label(&series, "__name__", "m");
    add_label(&series, "host", name);
    add_label(&series, "metric", fleet_metric(metric));
    add_label(&series, "service", FLEET_SERVICE);
    for (int64_t t = from; t < from + SLICE_MIN; t++)
        add_sample(&series, fleet_minute(host, metric, t, pivot), t * 60000);
    add_bytes(request, 1, series.data, series.len);
}

/* --- snappy --- */

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

/* --- sending --- */

static int send_request(struct httpc *c, const struct buf *request, struct err *err)
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

static int feed(struct httpc *c, unsigned hosts, int64_t pivot, struct err *err)
{
    const int64_t end = pivot + FLEET_AFTER_MIN;
    for (int64_t t = pivot - FLEET_BEFORE_MIN; t < end; t += SLICE_MIN) {
        OWNED_BUF request = {0};
        unsigned held = 0;
        for (unsigned h = 0; h < hosts; h++) {
            for (unsigned m = 0; m < FLEET_METRICS; m++)
                add_series(&request, h, m, t, pivot);
            held += FLEET_METRICS;
            if (held < REQUEST_SERIES && h + 1 < hosts)
                continue;
            if (send_request(c, &request, err) < 0)
                return -1;
            buf_clear(&request);
            held = 0;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: bench_feed URL HOSTS PIVOT-MINUTE\n");
        return 2;
    }
    struct httpc *c = httpc_new(argv[1], &err);
    int rc = c == NULL ? -1
                       : feed(c, (unsigned)strtoul(argv[2], NULL, 10),
                              strtoll(argv[3], NULL, 10), &err);
    if (c != NULL)
        httpc_free(&c);
    if (rc < 0)
        fprintf(stderr, "bench_feed: %s\n", err.text);
    return rc < 0;
}
