/* bench/bench_feed.c - sends the made fleet's samples to a server by remote write.
 *
 * Prometheus and VictoriaMetrics take the same requests, so both get the same bytes.
 * Time goes on slice by slice over all series, as samples come in service.  One thread,
 * one connection. */
#include "base/buf.h"
#include "base/httpc.h"
#include "bench/fleet.h"
#include "bench/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICE_MIN = 12, /* samples of a series in one request */
    REQUEST_SERIES = 5000,
};

/* Labels in the order of their names, as the protocol wants them. */
static void add_series(struct buf *request, unsigned host, unsigned metric,
                       int64_t from, int64_t pivot)
{
    OWNED_BUF series = {0};
    char name[FLEET_NAME];
    fleet_host(host, name);
    wire_label(&series, "__name__", "m");
    wire_label(&series, "host", name);
    wire_label(&series, "metric", fleet_metric(metric));
    wire_label(&series, "service", FLEET_SERVICE);
    for (int64_t t = from; t < from + SLICE_MIN; t++)
        wire_sample(&series, fleet_minute(host, metric, t, pivot), t * 60000);
    wire_bytes(request, 1, series.data, series.len);
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
            if (wire_send(c, &request, err) < 0)
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
