/* bench/bench_ingest_feed.c - sends samples to a server, one of each series a round.
 *
 *     bench_ingest_feed URL line|remote HOSTS ROUNDS START-MINUTE
 *
 * HOSTS hosts have METRICS figures each.  `line` is the line protocol as Telegraf sends
 * it, all figures of a host in one line; `remote` is Prometheus remote write 1.0, one
 * sample a series.
 * Rounds are a minute apart, so all servers get the same bytes.  Requests hold about
 * REQUEST samples.  One thread, one connection.  Prints how many samples were taken and
 * the seconds that this program itself was busy. */
#include "base/buf.h"
#include "base/httpc.h"
#include "bench/wire.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { METRICS = 40, REQUEST = 10000, TIMEOUT_MS = 120000 };

static double value_of(unsigned host, unsigned metric, int64_t minute)
{
    uint64_t x =
        (uint64_t)host * 2654435761u + metric * 40503u + (uint64_t)minute * 97u;
    x ^= x >> 15;
    x *= UINT64_C(0x2c1b3c6d);
    x ^= x >> 12;
    return 20 + metric + (double)(x % 1000) / 100;
}

/* --- line protocol --- */

static void add_line(struct buf *b, unsigned host, int64_t minute)
{
    buf_addf(b, "bench,host=h%06u,service=fleet ", host);
    for (unsigned m = 0; m < METRICS; m++)
        buf_addf(b, "%sf%02u=%.2f", m > 0 ? "," : "", m, value_of(host, m, minute));
    buf_addf(b, " %lld\n", (long long)minute * 60 * 1000000000);
}

/* --- remote write --- */

static void add_series(struct buf *request, unsigned host, unsigned metric,
                       int64_t minute)
{
    OWNED_BUF series = {0};
    char name[20], instance[20];
    snprintf(name, sizeof name, "bench_f%02u", metric);
    snprintf(instance, sizeof instance, "h%06u:9100", host);
    wire_label(&series, "__name__", name);
    wire_label(&series, "instance", instance);
    wire_label(&series, "job", "fleet");
    wire_sample(&series, value_of(host, metric, minute), minute * 60000);
    wire_bytes(request, 1, series.data, series.len);
}

/* --- sending --- */

static int send_lines(struct httpc *c, const struct buf *lines, struct err *err)
{
    OWNED_BUF answer = {0};
    unsigned status = 0;
    if (buf_done(lines) < 0)
        return err_set(err, ENOMEM, "out of memory");
    struct httpc_ask ask = {.method = "POST",
                            .path = "/write",
                            .type = "text/plain",
                            .body = lines->data,
                            .n = lines->len,
                            .timeout_ms = TIMEOUT_MS};
    if (httpc_call(c, &ask, &status, &answer, err) < 0)
        return -1;
    return status / 100 == 2
               ? 0
               : err_set(err, EPROTO, "status %u: %.150s", status, buf_text(&answer));
}

static int feed_round(struct httpc *c, bool remote, unsigned hosts, int64_t minute,
                      struct err *err)
{
    OWNED_BUF request = {0};
    unsigned held = 0;
    for (unsigned h = 0; h < hosts; h++) {
        if (remote)
            for (unsigned m = 0; m < METRICS; m++)
                add_series(&request, h, m, minute);
        else
            add_line(&request, h, minute);
        held += METRICS;
        if (held < REQUEST && h + 1 < hosts)
            continue;
        if ((remote ? wire_send : send_lines)(c, &request, err) < 0)
            return -1;
        buf_clear(&request);
        held = 0;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc != 6) {
        fprintf(stderr,
                "usage: bench_ingest_feed URL line|remote HOSTS ROUNDS START-MINUTE\n");
        return 2;
    }
    bool remote = strcmp(argv[2], "remote") == 0;
    unsigned hosts = (unsigned)strtoul(argv[3], NULL, 10);
    long rounds = strtol(argv[4], NULL, 10);
    int64_t start = strtoll(argv[5], NULL, 10);
    struct httpc *c = httpc_new(argv[1], &err);
    int rc = c != NULL ? 0 : -1;
    for (long i = 0; rc == 0 && i < rounds; i++)
        rc = feed_round(c, remote, hosts, start + i, &err);
    if (c != NULL)
        httpc_free(&c);
    if (rc < 0) {
        fprintf(stderr, "bench_ingest_feed: %s\n", err.text);
        return 1;
    }
    printf("%llu %.3f\n",
           (unsigned long long)hosts * METRICS * (unsigned long long)rounds,
           (double)clock() / CLOCKS_PER_SEC);
    return 0;
}
