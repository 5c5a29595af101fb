/* analyzer/gather.c - bucket means and the trimmed mean over them.  Pure; a bucket is
 * one thread's at a time. */
#include "analyzer/gather.h"
#include "analyzer/run.h"
#include "base/table_hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIM 0.1 /* of the buckets, on either side */

size_t gather_bucket(const char *host)
{
    return table_hash(host, strlen(host), 0) % GATHER_BUCKETS;
}

size_t gather_bytes(size_t rows)
{
    return GATHER_BUCKETS * rows * (sizeof(double) + sizeof(uint16_t));
}

int gather_open(struct gather *g, size_t rows)
{
    *g = (struct gather){.rows = rows};
    g->sum = malloc(GATHER_BUCKETS * (rows + 1) * sizeof *g->sum);
    g->count = malloc(GATHER_BUCKETS * (rows + 1) * sizeof *g->count);
    return g->sum != NULL && g->count != NULL ? 0 : -1;
}

void gather_close(struct gather *g)
{
    free(g->sum);
    free(g->count);
    *g = (struct gather){0};
}

void gather_clear(struct gather *g)
{
    memset(g->hosts, 0, sizeof g->hosts);
    memset(g->whole, 0, sizeof g->whole);
}

void gather_add(struct gather *g, size_t bucket, const float *v, bool whole)
{
    double *sum = g->sum + bucket * g->rows;
    uint16_t *count = g->count + bucket * g->rows;
    if (g->hosts[bucket] == 0)
        memset(sum, 0, g->rows * sizeof *sum);
    if (g->hosts[bucket] == g->whole[bucket] && !whole)
        memset(count, 0, g->rows * sizeof *count);
    g->hosts[bucket]++;
    if (whole) {
        g->whole[bucket]++;
        run_add(sum, v, g->rows);
    } else {
        run_add_known(sum, count, v, g->rows);
    }
}

size_t gather_hosts(const struct gather *g)
{
    size_t n = 0;
    for (size_t b = 0; b < GATHER_BUCKETS; b++)
        n += g->hosts[b];
    return n;
}

/* --- from part to part --- */

struct given {
    uint32_t bucket, rows, hosts, whole;
};

uint32_t gather_give(const struct gather *g, struct gather_share share, struct buf *to)
{
    uint32_t n = 0;
    for (uint32_t b = share.first; b < share.end; b++) {
        struct given head = {b, (uint32_t)g->rows, g->hosts[b], g->whole[b]};
        if (head.hosts == 0)
            continue;
        buf_add_n(to, &head, sizeof head);
        buf_add_n(to, g->sum + b * g->rows, g->rows * sizeof *g->sum);
        if (head.hosts > head.whole)
            buf_add_n(to, g->count + b * g->rows, g->rows * sizeof *g->count);
        n++;
    }
    return n;
}

size_t gather_take(struct gather *g, const char *bytes, size_t n)
{
    struct given head;
    if (n < sizeof head)
        return 0;
    memcpy(&head, bytes, sizeof head);
    size_t sums = g->rows * sizeof *g->sum;
    size_t counts = head.hosts > head.whole ? g->rows * sizeof *g->count : 0;
    if (head.bucket >= GATHER_BUCKETS || head.rows != g->rows ||
        head.whole > head.hosts || n - sizeof head < sums + counts)
        return 0;
    memcpy(g->sum + head.bucket * g->rows, bytes + sizeof head, sums);
    memcpy(g->count + head.bucket * g->rows, bytes + sizeof head + sums, counts);
    g->hosts[head.bucket] = head.hosts;
    g->whole[head.bucket] = head.whole;
    return sizeof head + sums + counts;
}

/* --- the mean --- */

/* Keeps the `cut` largest of what it is shown, in falling order. */
static void keep_largest(double *kept, size_t cut, double v)
{
    if (!(v > kept[cut - 1]))
        return;
    size_t i = cut - 1;
    for (; i > 0 && kept[i - 1] < v; i--)
        kept[i] = kept[i - 1];
    kept[i] = v;
}

/* Mean without the outer tenth on either side: few values are cut off, so they are
 * picked out rather than all of them sorted. */
static float trimmed_mean(const double *v, size_t n)
{
    enum { CUT_MAX = RUN_CUT_MAX };
    double high[CUT_MAX], low[CUT_MAX], sum = 0;
    size_t cut = (size_t)(TRIM * (double)n);
    if (n == 0)
        return NAN;
    for (size_t i = 0; i < cut; i++)
        high[i] = low[i] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += v[i];
        if (cut > 0) {
            keep_largest(high, cut, v[i]);
            keep_largest(low, cut, -v[i]);
        }
    }
    for (size_t i = 0; i < cut; i++)
        sum += low[i] - high[i];
    return (float)(sum / (double)(n - 2 * cut));
}

/* Where no host misses a value, all rows are alike. */
static bool mean_of_whole(const struct gather *g, size_t least, float *to)
{
    const double *from[GATHER_BUCKETS];
    double divisor[GATHER_BUCKETS];
    size_t n = 0, hosts = 0;
    for (size_t b = 0; b < GATHER_BUCKETS; b++) {
        if (g->hosts[b] > g->whole[b])
            return false;
        if (g->hosts[b] == 0)
            continue;
        from[n] = g->sum + b * g->rows;
        divisor[n++] = g->hosts[b];
        hosts += g->hosts[b];
    }
    if (hosts < least || hosts == 0)
        return false;
    run_trimmed(to, from, divisor, n, (size_t)(TRIM * (double)n), g->rows);
    return true;
}

void gather_mean(const struct gather *g, size_t least, float *to)
{
    if (mean_of_whole(g, least, to))
        return;
    for (size_t row = 0; row < g->rows; row++) {
        double mean[GATHER_BUCKETS];
        size_t n = 0, hosts = 0;
        for (size_t b = 0; b < GATHER_BUCKETS; b++) {
            uint32_t here = g->whole[b];
            if (g->hosts[b] > here)
                here += g->count[b * g->rows + row];
            hosts += here;
            if (here > 0)
                mean[n++] = g->sum[b * g->rows + row] / here;
        }
        to[row] = hosts >= least && hosts > 0 ? trimmed_mean(mean, n) : NAN;
    }
}
