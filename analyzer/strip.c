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
