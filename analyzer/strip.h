/* analyzer/strip.h - the rows of one judgement: far ones several to a value, near ones
 * each by itself.
 *
 * A week is known by five minutes, the last hour by the minute.  Everything is counted
 * in the short rows, so a window may begin anywhere; the far ones are never written out
 * one by one, they lie in cells of `wide` equal rows.  Cells end at `cut`, where the
 * single rows begin.  Cells that nobody will look at can be left out: rows keep their
 * numbers, but such ones have no value. */
#ifndef ANALYZER_STRIP_H
#define ANALYZER_STRIP_H

#include <stddef.h>
#include <stdint.h>

enum { STRIP_WIDE_MAX = UINT16_MAX }; /* what strip_place's part can count */

enum { STRIP_GAPS_MAX = 4 };
struct strip_gap {
    size_t from, to; /* rows that are left out; bounds of cells */
    size_t at;       /* the value that comes next */
};

struct strip {
    size_t rows; /* in all */
    size_t cut;  /* rows before this one lie in cells */
    size_t wide; /* rows of a cell; 1: cells and rows are the same */
    size_t lead; /* rows of the first cell that are before row 0 */
    size_t cells;
    size_t n; /* values: the cells, then the rows from `cut` on */
    size_t n_gaps;
    struct strip_gap gap[STRIP_GAPS_MAX]; /* rising */
};

/* A strip of `rows` rows with cells of `wide`, the first of which has `lead` (less than
 * wide) before row 0.  `cut` is rounded down to a cell's end. */
struct strip strip_make(size_t rows, size_t cut, size_t wide, size_t lead);

/* Leaves out the cells that lie in rows [from, to) as a whole, but the first cell; not
 * when there are as many gaps already.  `from` is behind the gaps there are. */
void strip_leave_out(struct strip *s, size_t from, size_t to);

/* Where a row begins: `part` rows into value `at`.  One that was left out begins where
 * the next value does. */
struct strip_place {
    uint32_t at, part;
};
static inline struct strip_place strip_place(const struct strip *s, size_t row)
{
    if (row >= s->cut)
        return (struct strip_place){(uint32_t)(s->cells + row - s->cut), 0};
    size_t far = row + s->lead;
    for (size_t i = 0; i < s->n_gaps && row > s->gap[i].from; i++)
        far -= (row < s->gap[i].to ? row : s->gap[i].to) - s->gap[i].from;
    return (struct strip_place){(uint32_t)(far / s->wide), (uint32_t)(far % s->wide)};
}

/* The first row of a value; for the first cell, row 0. */
static inline size_t strip_row(const struct strip *s, size_t at)
{
    if (at >= s->cells)
        return s->cut + at - s->cells;
    size_t row = at == 0 ? 0 : at * s->wide - s->lead;
    for (size_t i = 0; i < s->n_gaps && at >= s->gap[i].at; i++)
        row += s->gap[i].to - s->gap[i].from;
    return row;
}

#endif
