/* analyzer/gather.h - what many hosts did, as one series.
 *
 * Hosts fall into GATHER_BUCKETS buckets by a fixed hash of their names.  A bucket's
 * sums are taken in the order of its hosts, then come means within the buckets, then
 * the mean over buckets without the outer tenth on either side.  So the buckets may be
 * filled by as many threads as one likes, each by one at a time, and parts join to the
 * same bytes.  Pure. */
#ifndef ANALYZER_GATHER_H
#define ANALYZER_GATHER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GATHER_BUCKETS = 64 };

size_t gather_bucket(const char *host);

/* Buckets [first, end): what one part of a judgement owns. */
struct gather_share {
    uint32_t first, end;
};
static inline bool gather_owns(struct gather_share s, size_t bucket)
{
    return bucket >= s.first && bucket < s.end;
}

/* A bucket's rows lie together, so that adding a host is one straight run. */
struct gather {
    size_t rows;
    double *sum; /* sum[bucket * rows + row] */
    uint16_t
        *count; /* of the same shape: hosts with a value, of those that miss some */
    uint32_t hosts[GATHER_BUCKETS]; /* added */
    uint32_t whole[GATHER_BUCKETS]; /* of them, those that miss no value */
};

/* Bytes of memory that a gather of so many rows takes. */
size_t gather_bytes(size_t rows);
/* -1: no memory.  What is opened is empty. */
int gather_open(struct gather *g, size_t rows);
void gather_close(struct gather *g);
void gather_clear(struct gather *g);

/* Adds a host's rows, NaN where it has none.  `whole`: it has all. */
void gather_add(struct gather *g, size_t bucket, const float *v, bool whole);

/* Hosts added so far. */
size_t gather_hosts(const struct gather *g);

/* Appends what the buckets of a share hold, empty ones left out: plain numbers, to be
 * put into another gather of as many rows.  Gives how many buckets. */
uint32_t gather_give(const struct gather *g, struct gather_share share, struct buf *to);

/* Takes one bucket as it was given, in place of what was in it, from the front of `n`
 * bytes.  Gives the bytes used; 0: they are no such bucket. */
size_t gather_take(struct gather *g, const char *bytes, size_t n);

/* The mean of each row that at least so many hosts have; NaN in the others. */
void gather_mean(const struct gather *g, size_t least, float *to);

#endif
