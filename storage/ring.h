/* storage/ring.h - one entity's rows: a ring of steps, all metrics side by side.
 *
 * It works on memory that is lent to it (an area, part of the windows' file format) and
 * knows no file and no lock.  Layout of the area for `cap` columns: struct ring_head,
 * uint32 metric[cap], uint64 mark[rows], then per row float cell[cap], uint8
 * count[cap].
 *
 * A step of time has a tag: its number since 1970 plus one; 0 is none.  A row's mark is
 * its tag and a sum over its cells.  A row whose mark has another tag is empty, so
 * nothing is ever swept: a row is cleared when its place in the ring comes round.
 *
 * Stores are ordered so that a process killed between any two of them leaves a ring
 * that reads well: a new row is marked when it is complete, a column is counted when it
 * is named. */
#ifndef STORAGE_RING_H
#define STORAGE_RING_H

#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_CAP_STEP = 8, RING_CAP_MAX = 4096 }; /* cap is a multiple of the step */
#define RING_NONE UINT32_MAX

struct ring_head {
    uint32_t n_metrics, list_sum; /* list_sum: of the metric numbers, in order */
    uint32_t newest;              /* tag */
    uint32_t spare;
};

struct ring {
    char *area; /* aligned to 8 */
    uint32_t rows, cap;
    uint32_t seed;        /* of the sums; another one for each use of an area */
    const uint8_t *merge; /* enum merge by metric number */
    uint16_t *index;      /* ring_index; NULL: columns are looked for one by one */
};

/* Bytes of an area. */
uint64_t ring_bytes(uint32_t rows, uint32_t cap);
/* Makes it an empty ring, whatever is in the area.  `zero`: the area is known to be all
 * zero, and nothing in it is touched. */
void ring_start(const struct ring *r, bool zero);
/* How far a ring that a file brought can be believed. */
enum ring_trust {
    RING_WHOLE, /* its writer was at most killed */
    RING_TORN, /* power was lost: rows may be torn, and the list of metrics cut short */
    RING_NEW,  /* and it was made so shortly before that even the list may be of a
                  former use of the area */
};
/* Mends it: columns whose metric is not in 1..n_names go, with all behind them, and so
 * do torn rows and those with a mark that cannot be.  Gives the number of rows kept. */
uint32_t ring_settle(const struct ring *r, uint32_t n_names, enum ring_trust trust);
/* Columns and kept rows of `from` into `to`, which is started and no smaller. */
void ring_copy(const struct ring *to, const struct ring *from);

static inline struct ring_head *ring_head(const struct ring *r)
{
    return (struct ring_head *)r->area;
}
const uint32_t *ring_metrics(const struct ring *r);
/* The column of a metric, or RING_NONE; quick when it is `guess`. */
uint32_t ring_column(const struct ring *r, uint32_t metric, uint32_t guess);
/* The first of `n` columns that hold these metrics in this order, looked for at `guess`
 * and where the first of them is; or RING_NONE. */
uint32_t ring_run(const struct ring *r, const uint32_t *metric, size_t n,
                  uint32_t guess);
/* A new last column; there must be room. */
void ring_add(const struct ring *r, uint32_t metric);
/* A table that makes ring_column quick; the caller frees it when the ring is gone, and
 * puts it into every struct ring before ring_add.  NULL: no memory. */
uint16_t *ring_index(const struct ring *r);

/* The tag of a time, 0 when it has none. */
uint32_t ring_tag(instant at, span step);
/* True when the ring has moved on beyond this tag. */
bool ring_old(const struct ring *r, uint32_t tag);

/* One row being written: open, put, close. */
struct ring_row {
    float *cell;
    uint8_t *count;
    uint32_t tag, sum;
    size_t taken; /* samples put */
    bool fresh;   /* it was empty */
};
struct ring_row ring_row_open(const struct ring *r, uint32_t tag);
/* Values that are not finite are left out. */
void ring_row_put(const struct ring *r, struct ring_row *row, uint32_t column,
                  float value);
/* `n` columns from `column` on. */
void ring_row_run(const struct ring *r, struct ring_row *row, uint32_t column, size_t n,
                  const float *value);
void ring_row_close(const struct ring *r, const struct ring_row *row);

/* Copies the first `n` columns of `rows` rows from step number `first` on; NaN and 0
 * where there is nothing. */
void ring_cut(const struct ring *r, int64_t first, size_t rows, size_t n, float *cells,
              uint8_t *counts);
/* Tag of the oldest row that is kept, 0 when there is none. */
uint32_t ring_oldest(const struct ring *r);

#endif
