/* analyzer/strip.c - laying out rows in cells.  Pure. */
#include "analyzer/strip.h"

#include <assert.h>

struct strip strip_make(size_t rows, size_t cut, size_t wide, size_t lead)
{
    assert(wide >= 1 && wide <= STRIP_WIDE_MAX && lead < wide);
    struct strip s = {.rows = rows, .wide = wide, .lead = lead};
    cut = cut < rows ? cut : rows;
    s.cells = (cut + lead) / wide;
    s.cut = s.cells > 0 ? s.cells * wide - lead : 0;
    if (s.cells == 0)
        s.lead = 0;
    s.n = s.cells + rows - s.cut;
    return s;
}

void strip_leave_out(struct strip *s, size_t from, size_t to)
{
    size_t first = strip_place(s, from).at + (strip_place(s, from).part > 0);
    size_t end = strip_place(s, to < s->cut ? to : s->cut).at;
    first = first > 0 ? first : 1;
    if (s->n_gaps == STRIP_GAPS_MAX || end <= first || first >= s->cells)
        return;
    struct strip_gap gap = {strip_row(s, first), strip_row(s, end), first};
    if (s->n_gaps > 0 && gap.at <= s->gap[s->n_gaps - 1].at)
        return;
    s->gap[s->n_gaps++] = gap;
    s->cells -= end - first;
    s->n -= end - first;
}
