/* bench/bench_line.c - nanoseconds per sample from line protocol to the store.
 *
 * Lines of 5,000 hosts with 40 fields each, one a host and minute, are parsed on one
 * core: once into a sink that throws them away, once into the windows store in memory.
 * Prints one line each; the first round, in which hosts and metrics are new, is shown
 * by itself. */
#include "base/buf.h"
#include "collector/in_line.h"
#include "storage/windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HOSTS = 5000, FIELDS = 40, ROUNDS = 60, START_S = 1795255200 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t no_entity(const struct entity *who, void *arg)
{
    (void)who;
    return (*(uint32_t *)arg)++;
}

static uint32_t no_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)name, (void)n, (void)merge;
    return (*(uint32_t *)arg)++;
}

static enum windows_put no_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    (void)entity, (void)at, (void)metric, (void)value, (void)arg;
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

static void write_round(struct buf *b, int round)
{
    buf_clear(b);
    for (int h = 0; h < HOSTS; h++) {
        buf_addf(b, "system,host=web-%04d.example,service=pay ", h);
        for (int f = 0; f < FIELDS; f++)
            buf_addf(b, "%smetric_%02d=%d.%d", f > 0 ? "," : "", f,
                     (h * 31 + f * 17 + round * 7) % 1000, (h + f + round) % 10);
        buf_addf(b, " %d\n", START_S + round * 60);
    }
}

static void measure(const char *what, const struct sink *sink)
{
    OWNED_BUF b = {0};
    struct in_line *l = in_line_new(sink, &entity_tags_default);
    struct in_line_result result = {0};
    double first = 0, rest = 0, bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        instant now = {(START_S + round * 60) * 1000ll};
        struct in_line_ask ask = {
            .precision = LINE_S, .now = now, .bounds = intake_bounds(now)};
        write_round(&b, round);
        double from = seconds();
        in_line_read(l, b.data, b.len, &ask, &result);
        *(round == 0 ? &first : &rest) += seconds() - from;
        bytes += round == 0 ? 0 : (double)b.len;
    }
    double samples = (double)HOSTS * FIELDS;
    printf("%-8s %6.1f ns/sample, first round %6.1f ns/sample, %5.0f MB/s, kept %llu "
           "of %llu %s\n",
           what, rest / (samples * (ROUNDS - 1)) * 1e9, first / samples * 1e9,
           bytes / rest / 1e6, (unsigned long long)result.tally.kept,
           (unsigned long long)result.tally.taken, result.first);
    in_line_free(&l);
}

int main(void)
{
    uint32_t next = 0;
    struct sink nowhere = {no_entity, no_metric, no_put, &next};
    measure("parse", &nowhere);

    struct windows_spec spec = {
        .step = span_seconds(60), .rows = 128, .bytes_max = 2ull << 30};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    if (w == NULL) {
        fprintf(stderr, "bench_line: %s\n", err.text);
        return 1;
    }
    struct sink sink = sink_of_windows(w);
    measure("store", &sink);
    windows_close(&w);
    return 0;
}
