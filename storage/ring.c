/* storage/ring.c - reading and writing the rows of one entity.  Whoever calls holds the
 * entity's lock.
 *
 * A row's sum is `start` plus a mix of every cell that holds samples, so one sample
 * changes it without a look at the others.  A row that was being merged into when the
 * process was killed keeps a wrong sum: it reads well, and only a later loss of power
 * costs it. */
#include "storage/ring.h"

#include "storage/windows.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct ring_head) == 16, "part of the file format");
_Static_assert((int)RING_CAP_MAX == (int)WINDOWS_METRICS_MAX,
               "a ring holds any entity");

/* Keeps the compiler from moving stores past it; the order in which a killed thread's
 * stores reach the file is that of its program. */
static void store_before(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

/* Of the head, the metrics and the marks. */
static uint64_t front_bytes(uint32_t rows, uint32_t cap)
{
    return sizeof(struct ring_head) + (uint64_t)cap * sizeof(uint32_t) +
           (uint64_t)rows * sizeof(uint64_t);
}

static uint32_t *list_of(const struct ring *r)
{
    return (uint32_t *)(r->area + sizeof(struct ring_head));
}

static _Atomic uint64_t *mark_of(const struct ring *r, uint32_t tag)
{
    char *marks = r->area + sizeof(struct ring_head) + sizeof(uint32_t) * r->cap;
    return (_Atomic uint64_t *)marks + (tag - 1) % r->rows;
}

static float *cells_of(const struct ring *r, uint32_t tag)
{
    uint64_t row = (tag - 1) % r->rows;
    return (float *)(r->area + front_bytes(r->rows, r->cap) +
                     row * r->cap * (sizeof(float) + 1));
}

static uint8_t *counts_of(const struct ring *r, float *cells)
{
    return (uint8_t *)(cells + r->cap);
}

static uint64_t mark_get(const struct ring *r, uint32_t tag)
{
    return atomic_load_explicit(mark_of(r, tag), memory_order_relaxed);
}

static void mark_set(const struct ring *r, uint32_t tag, uint64_t mark)
{
    store_before();
    atomic_store_explicit(mark_of(r, tag), mark, memory_order_relaxed);
    store_before();
}

uint64_t ring_bytes(uint32_t rows, uint32_t cap)
{
    return front_bytes(rows, cap) + (uint64_t)rows * cap * (sizeof(float) + 1);
}

/* --- sums: part of the file format --- */

static uint32_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
    return (uint32_t)(x >> 32);
}

static uint32_t sum_start(const struct ring *r, uint32_t tag)
{
    return mix((uint64_t)r->seed << 32 | tag);
}

/* An odd factor for each column: a change of any one cell always shows, of several
 * nearly always. */
static uint32_t sum_factor(uint32_t column)
{
    return column * 0x3c6ef372u + 0x9e3779b1u;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t sum_cell(uint32_t column, float value, uint8_t count)
{
    return (bits_of(value) + count * 0x85ebca77u) * sum_factor(column);
}

static uint32_t sum_row(const struct ring *r, uint32_t tag, uint32_t n)
{
    float *cell = cells_of(r, tag);
    const uint8_t *count = counts_of(r, cell);
    uint32_t sum = sum_start(r, tag);
    for (uint32_t i = 0; i < n; i++)
        if (count[i] > 0)
            sum += sum_cell(i, cell[i], count[i]);
    return sum;
}

static uint32_t sum_list(uint32_t sum, uint32_t metric)
{
    return mix((uint64_t)sum << 32 | metric);
}

/* --- the whole ring --- */

void ring_start(const struct ring *r, bool zero)
{
    if (!zero)
        memset(r->area, 0, front_bytes(r->rows, r->cap));
    *ring_head(r) = (struct ring_head){.list_sum = r->seed};
}

/* Number of columns at the front that are in order; *ret_sum is theirs. */
static uint32_t good_columns(const struct ring *r, uint32_t n_names, uint32_t *ret_sum)
{
    uint32_t n = ring_head(r)->n_metrics < r->cap ? ring_head(r)->n_metrics : r->cap;
    uint32_t sum = r->seed, i = 0;
    for (; i < n && list_of(r)[i] >= 1 && list_of(r)[i] <= n_names; i++)
        sum = sum_list(sum, list_of(r)[i]);
    *ret_sum = sum;
    return i;
}

/* Empties the columns from `n` on in one row, so that new metrics find them empty. */
static void trim_row(const struct ring *r, uint32_t tag, uint32_t n)
{
    memset(counts_of(r, cells_of(r, tag)) + n, 0, r->cap - n);
    mark_set(r, tag, (uint64_t)sum_row(r, tag, n) << 32 | tag);
}

/* True when the row in this place may stay. */
static bool row_good(const struct ring *r, uint32_t place, uint64_t mark,
                     enum ring_trust trust)
{
    uint32_t tag = (uint32_t)mark;
    if (tag == UINT32_MAX || (tag - 1) % r->rows != place)
        return false;
    return trust == RING_WHOLE || sum_row(r, tag, r->cap) == mark >> 32;
}

uint32_t ring_settle(const struct ring *r, uint32_t n_names, enum ring_trust trust)
{
    struct ring_head *head = ring_head(r);
    uint32_t sum, newest = 0, kept = 0, had = head->n_metrics;
    uint32_t n = good_columns(r, n_names, &sum);
    if (trust == RING_NEW && sum != head->list_sum)
        n = 0, sum = r->seed; /* nobody knows whose cells these are */
    head->n_metrics = n;
    head->list_sum = sum;
    for (uint32_t place = 0; place < r->rows; place++) {
        uint64_t mark = mark_get(r, place + 1);
        uint32_t tag = (uint32_t)mark;
        if (tag == 0)
            continue;
        if (n == 0 || !row_good(r, place, mark, trust)) {
            mark_set(r, place + 1, 0);
            continue;
        }
        if (n < had || trust != RING_WHOLE) /* the list may be older than the row */
            trim_row(r, tag, n);
        newest = tag > newest ? tag : newest;
        kept++;
    }
    head->newest = newest; /* a kill may have come between a mark and this */
    return kept;
}

void ring_copy(const struct ring *to, const struct ring *from)
{
    uint32_t n = ring_head(from)->n_metrics, newest = ring_head(from)->newest;
    assert(n <= to->cap && to->rows == from->rows);
    for (uint32_t i = 0; i < n; i++)
        ring_add(to, list_of(from)[i]);
    for (uint32_t row = 1; row <= from->rows; row++) {
        uint64_t mark = mark_get(from, row);
        uint32_t tag = (uint32_t)mark;
        if (tag == 0 || ring_old(from, tag))
            continue;
        float *had = cells_of(from, tag), *cell = cells_of(to, tag);
        memcpy(cell, had, n * sizeof *cell);
        memcpy(counts_of(to, cell), counts_of(from, had), n);
        memset(counts_of(to, cell) + n, 0, to->cap - n);
        uint32_t sum =
            (uint32_t)(mark >> 32) - sum_start(from, tag) + sum_start(to, tag);
        mark_set(to, tag, (uint64_t)sum << 32 | tag);
    }
    ring_head(to)->newest = newest;
}

/* --- columns --- */

static uint32_t index_mask(const struct ring *r)
{
    uint32_t size = 16;
    while (size < r->cap * 2)
        size *= 2;
    return size - 1;
}

static void index_put(const struct ring *r, uint16_t *index, uint32_t column)
{
    uint32_t mask = index_mask(r), at = mix(list_of(r)[column]) & mask;
    while (index[at] != 0)
        at = (at + 1) & mask;
    index[at] = (uint16_t)(column + 1);
}

uint16_t *ring_index(const struct ring *r)
{
    uint16_t *index = calloc(index_mask(r) + 1, sizeof *index);
    for (uint32_t i = 0; index != NULL && i < ring_head(r)->n_metrics; i++)
        index_put(r, index, i);
    return index;
}

const uint32_t *ring_metrics(const struct ring *r)
{
    return list_of(r);
}

static uint32_t column_scan(const struct ring *r, uint32_t metric)
{
    for (uint32_t i = 0; i < ring_head(r)->n_metrics; i++)
        if (list_of(r)[i] == metric)
            return i;
    return RING_NONE;
}

uint32_t ring_column(const struct ring *r, uint32_t metric, uint32_t guess)
{
    if (guess < ring_head(r)->n_metrics && list_of(r)[guess] == metric)
        return guess;
    if (r->index == NULL)
        return column_scan(r, metric);
    uint32_t mask = index_mask(r);
    for (uint32_t at = mix(metric) & mask; r->index[at] != 0; at = (at + 1) & mask)
        if (list_of(r)[r->index[at] - 1] == metric)
            return r->index[at] - 1u;
    return RING_NONE;
}

uint32_t ring_run(const struct ring *r, const uint32_t *metric, size_t n,
                  uint32_t guess)
{
    if (n == 0 || n > ring_head(r)->n_metrics)
        return RING_NONE;
    uint32_t at = ring_column(r, metric[0], guess);
    if (at == RING_NONE || n > ring_head(r)->n_metrics - at ||
        memcmp(list_of(r) + at, metric, n * sizeof *metric) != 0)
        return RING_NONE;
    return at;
}

void ring_add(const struct ring *r, uint32_t metric)
{
    uint32_t n = ring_head(r)->n_metrics;
    assert(n < r->cap && metric != 0);
    list_of(r)[n] = metric;
    ring_head(r)->list_sum = sum_list(ring_head(r)->list_sum, metric);
    store_before();
    ring_head(r)->n_metrics = n + 1;
    if (r->index != NULL)
        index_put(r, r->index, n);
}

/* --- rows --- */

uint32_t ring_tag(instant at, span step)
{
    if (at.ms < 0 || at.ms / step.ms >= UINT32_MAX - 1)
        return 0;
    return (uint32_t)(at.ms / step.ms) + 1;
}

bool ring_old(const struct ring *r, uint32_t tag)
{
    return tag < ring_head(r)->newest && ring_head(r)->newest - tag >= r->rows;
}

struct ring_row ring_row_open(const struct ring *r, uint32_t tag)
{
    uint64_t mark = mark_get(r, tag);
    float *cell = cells_of(r, tag);
    struct ring_row row = {.cell = cell,
                           .count = counts_of(r, cell),
                           .tag = tag,
                           .sum = (uint32_t)(mark >> 32),
                           .fresh = (uint32_t)mark != tag};
    if (row.fresh) {
        mark_set(r, tag, 0); /* the old row goes before its cells do */
        memset(row.count, 0, r->cap);
        row.sum = sum_start(r, tag);
    }
    return row;
}

static float merged(enum merge how, float had, uint8_t count, float value)
{
    switch (how) {
    case MERGE_SUM: {
        double sum = (double)had + value;
        return (float)(sum > FLT_MAX ? FLT_MAX : sum < -FLT_MAX ? -FLT_MAX : sum);
    }
    case MERGE_MAX:
        return value > had ? value : had;
    default:
        return (float)(had + ((double)value - had) / (count + 1));
    }
}

void ring_row_put(const struct ring *r, struct ring_row *row, uint32_t column,
                  float value)
{
    float *cell = &row->cell[column];
    uint8_t count = row->count[column];
    if (!isfinite(value))
        return;
    if (count > 0) {
        row->sum -= sum_cell(column, *cell, count);
        value =
            merged(r->merge[list_of(r)[column]], *cell,
                   count < WINDOWS_COUNT_MAX ? count : WINDOWS_COUNT_MAX - 1, value);
    }
    count += count < WINDOWS_COUNT_MAX;
    *cell = value;
    store_before(); /* a count stands for a value that is there */
    row->count[column] = count;
    row->sum += sum_cell(column, value, count);
    row->taken++;
}

/* Adds what `n` cells with one sample each add to a sum; false, and nothing added, when
 * a value is not finite.  One pass, as this is where most samples go through. */
static bool sum_run(uint32_t *sum, uint32_t column, size_t n, const float *value)
{
    uint32_t more = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(value[i]);
        more += sum_cell(column + (uint32_t)i, value[i], 1);
        top |= (bits & 0x7fffffff) + 0x00800000; /* carries when the exponent is full */
    }
    if (top >> 31 != 0)
        return false;
    *sum += more;
    return true;
}

void ring_row_run(const struct ring *r, struct ring_row *row, uint32_t column, size_t n,
                  const float *value)
{
    if (row->fresh && row->taken == 0 && sum_run(&row->sum, column, n, value)) {
        memcpy(row->cell + column, value, n * sizeof *value);
        memset(row->count + column, 1, n);
        row->taken = n;
        return;
    }
    for (size_t i = 0; i < n; i++)
        ring_row_put(r, row, column + (uint32_t)i, value[i]);
}

void ring_row_close(const struct ring *r, const struct ring_row *row)
{
    if (row->taken == 0)
        return; /* a row without a sample is no row */
    mark_set(r, row->tag, (uint64_t)row->sum << 32 | row->tag);
    if (row->tag > ring_head(r)->newest)
        ring_head(r)->newest = row->tag;
}

/* --- reading --- */

/* True when the row of this tag is there and kept. */
static bool has_row(const struct ring *r, uint32_t tag)
{
    return (uint32_t)mark_get(r, tag) == tag && !ring_old(r, tag);
}

static void cut_row(const struct ring *r, uint32_t tag, size_t n, float *cells,
                    uint8_t *counts)
{
    float *cell = cells_of(r, tag);
    const uint8_t *count = counts_of(r, cell);
    memcpy(counts, count, n);
    for (size_t i = 0; i < n; i++) /* only a damaged file holds what is not finite */
        cells[i] = count[i] > 0 && isfinite(cell[i]) ? cell[i] : NAN;
}

void ring_cut(const struct ring *r, int64_t first, size_t rows, size_t n, float *cells,
              uint8_t *counts)
{
    for (size_t i = 0; i < rows; i++, cells += n, counts += n) {
        int64_t step = first + (int64_t)i;
        if (step >= 0 && step < ring_head(r)->newest &&
            has_row(r, (uint32_t)step + 1)) {
            cut_row(r, (uint32_t)step + 1, n, cells, counts);
            continue;
        }
        memset(counts, 0, n);
        for (size_t k = 0; k < n; k++)
            cells[k] = NAN;
    }
}

uint32_t ring_oldest(const struct ring *r)
{
    uint32_t newest = ring_head(r)->newest;
    uint32_t tag = newest > r->rows ? newest - r->rows + 1 : 1;
    for (; newest > 0 && tag <= newest; tag++)
        if (has_row(r, tag))
            return tag;
    return 0;
}
