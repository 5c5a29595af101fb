/* bench/past_made.h - a stand-in for storage/history.h's reading.
 *
 * The program that links this gets history_read from here and never reaches RRD files:
 * a week of 5,000 hosts in them would be 25 GB and the disk what is measured.  All else
 * is the real path, so a panel is gathered as in service.  A host's week is one of
 * PAST_MADE_KINDS that were made beforehand; handing one out is a copy, and what the
 * copies cost is counted by itself. */
#ifndef BENCH_PAST_MADE_H
#define BENCH_PAST_MADE_H

#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

enum { PAST_MADE_KINDS = 64 };

/* Makes the weeks, for reads inside [from, to).  False: no memory. */
bool past_made_open(instant from, instant to);
void past_made_close(void);

struct past_made_cost {
    size_t reads;
    double cpu_s;
};
struct past_made_cost past_made_cost(void);

#endif
