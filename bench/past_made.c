/* bench/past_made.c - weeks of five-minute means, made once and handed out as copies.
 * One thread makes them; any thread may read, the cost is kept by atomic counters. */
#include "bench/past_made.h"

#include "bench/fleet.h"
#include "storage/history.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEP_MS = 300000 };

static struct {
    int64_t from, rows; /* in steps since 1970 */
    float *week[PAST_MADE_KINDS];
    _Atomic uint64_t reads, cpu_ns;
} made;

bool past_made_open(instant from, instant to)
{
    made.from = from.ms / STEP_MS;
    made.rows = (to.ms + STEP_MS - 1) / STEP_MS - made.from;
    size_t cells = (size_t)made.rows * FLEET_METRICS;
    for (unsigned k = 0; k < PAST_MADE_KINDS; k++) {
        float *week = made.week[k] = malloc(cells * sizeof *week);
        if (week == NULL)
            return false;
        for (int64_t r = 0; r < made.rows; r++)
            for (unsigned m = 0; m < FLEET_METRICS; m++)
                *week++ = fleet_five_minutes(k, m, (made.from + r) * 5);
    }
    return true;
}

void past_made_close(void)
{
    for (unsigned k = 0; k < PAST_MADE_KINDS; k++)
        free(made.week[k]);
}

static uint64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The metric's number in the fleet. */
static unsigned number_of(const char *name)
{
    for (unsigned m = 0; m < FLEET_METRICS; m++)
        if (strcmp(fleet_metric(m), name) == 0)
            return m;
    return 0;
}

/* Both instead of storage/history.c's, which is not linked. */
int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err)
{
    (void)h, (void)err;
    uint64_t begun = thread_ns();
    int64_t first = from.ms / STEP_MS, end = (to.ms + STEP_MS - 1) / STEP_MS;
    assert(first >= made.from && end <= made.from + made.rows);
    size_t rows = (size_t)(end - first), n = u->n_metrics;
    u->past = (struct track){.from = {first * STEP_MS}, .step = {STEP_MS}};
    u->past.cells = malloc(rows * n * sizeof *u->past.cells);
    if (u->past.cells == NULL)
        return -1;
    u->past.rows = (uint32_t)rows;
    unsigned column[FLEET_METRICS];
    for (size_t i = 0; i < n; i++)
        column[i] = number_of(u->metric[i]);
    const float *week = made.week[(unsigned)atoi(u->who.host + 4) % PAST_MADE_KINDS] +
                        (size_t)(first - made.from) * FLEET_METRICS;
    float *to_here = u->past.cells;
    for (size_t r = 0; r < rows; r++, week += FLEET_METRICS)
        for (size_t i = 0; i < n; i++)
            *to_here++ = week[column[i]];
    atomic_fetch_add(&made.reads, 1);
    atomic_fetch_add(&made.cpu_ns, thread_ns() - begun);
    return 0;
}

span history_step(const struct history *h, instant from, instant to)
{
    (void)h, (void)from, (void)to;
    return (span){STEP_MS};
}

struct past_made_cost past_made_cost(void)
{
    return (struct past_made_cost){.reads = atomic_load(&made.reads),
                                   .cpu_s = (double)atomic_load(&made.cpu_ns) / 1e9};
}
