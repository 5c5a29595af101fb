/* eval/tables.h - the results as a page for people. */
#ifndef EVAL_TABLES_H
#define EVAL_TABLES_H

#include "base/buf.h"
#include "eval/book.h"
#include "eval/codes.h"
#include "eval/economies.h"
#include "eval/trial.h"

struct tables {
    const struct trial *trial; /* as it was run last */
    const struct book *singles, *changes;
    const struct book *alone;        /* whole changes without controls */
    const struct codes_found *codes; /* of simulated return codes */
    struct economies *economies;     /* its numbers come back reordered */
};
void tables_write(const struct tables *t, struct buf *to);

#endif
