/* collector/intake.c - limits, lateness and the books of what came in.
 *
 * A source fills a tally of its own without any lock; intake_add then adds it to the
 * atomic counters.  The counters of one request appear one after another, so a reader
 * in between may see a sample as taken that is not yet kept: taken is added last, kept
 * and dropped first, and at rest the sums agree.  Any thread may run any of this. */
#include "collector/intake.h"

#include <stdatomic.h>
#include <stdlib.h>

#define X(id, name, help) [DROP_##id] = {name, help},
static const struct {
    const char *name, *help;
} drops[DROP_N] = {DROPS(X)};
#undef X

enum { DAY_S = 86400, OLDEST_S = 30 * DAY_S, NEWEST_S = 600 };

struct intake {
    _Atomic uint64_t taken, kept, dropped[DROP_N];
};

const char *drop_name(enum drop why)
{
    return drops[why].name;
}

uint64_t tally_lost(const struct tally *t)
{
    uint64_t lost = 0;
    for (int i = 0; i < DROP_N; i++)
        lost += t->dropped[i];
    return lost;
}

struct bounds intake_bounds(instant now)
{
    return (struct bounds){instant_add(now, span_seconds(-OLDEST_S)),
                           instant_add(now, span_seconds(NEWEST_S))};
}

enum drop bounds_check(const struct bounds *b, instant at, const char **ret_words)
{
    enum drop why = at.ms < b->oldest.ms   ? DROP_TOO_OLD
                    : at.ms > b->newest.ms ? DROP_FUTURE
                                           : DROP_N;
    if (ret_words != NULL && why != DROP_N)
        *ret_words = drops[why].help;
    return why;
}

static uint32_t windows_sink_entity(const struct entity *who, void *arg)
{
    return windows_entity(arg, who);
}

static uint32_t windows_sink_metric(const char *name, size_t n, enum merge merge,
                                    void *arg)
{
    return windows_metric(arg, name, n, merge);
}

static enum windows_put windows_sink_put(uint32_t entity, instant at, size_t n,
                                         const uint32_t *metric, const float *value,
                                         size_t *ret_taken, void *arg)
{
    return windows_put(arg, entity, at, n, metric, value, ret_taken);
}

struct sink sink_of_windows(struct windows *w)
{
    return (struct sink){windows_sink_entity, windows_sink_metric, windows_sink_put, w};
}

void sink_put(const struct sink *s, struct tally *t, uint32_t entity, instant at,
              size_t n, const uint32_t *metric, const float *value)
{
    size_t kept = 0;
    enum windows_put end = s->put(entity, at, n, metric, value, &kept, s->arg);
    t->taken += n;
    t->kept += kept;
    if (kept < n)
        tally_drop(t, end == WINDOWS_PUT_OLD ? DROP_LATE : DROP_FULL, n - kept);
}

struct intake *intake_new(void)
{
    return calloc(1, sizeof(struct intake));
}

void intake_free(struct intake **in)
{
    free(*in);
    *in = NULL;
}

void intake_add(struct intake *in, const struct tally *t)
{
    atomic_fetch_add(&in->kept, t->kept);
    for (int i = 0; i < DROP_N; i++)
        if (t->dropped[i] > 0)
            atomic_fetch_add(&in->dropped[i], t->dropped[i]);
    atomic_fetch_add(&in->taken, t->taken);
}

struct tally intake_read(const struct intake *in)
{
    struct tally t = {.taken = atomic_load(&in->taken), .kept = atomic_load(&in->kept)};
    for (int i = 0; i < DROP_N; i++)
        t.dropped[i] = atomic_load(&in->dropped[i]);
    return t;
}

void intake_write_metrics(const struct intake *in, struct buf *to)
{
    struct tally t = intake_read(in);
    buf_addf(to,
             "# HELP aftercheck_samples_total Samples that came in.\n"
             "# TYPE aftercheck_samples_total counter\n"
             "aftercheck_samples_total %llu\n"
             "# HELP aftercheck_samples_kept_total Samples that were stored.\n"
             "# TYPE aftercheck_samples_kept_total counter\n"
             "aftercheck_samples_kept_total %llu\n"
             "# HELP aftercheck_dropped_total Samples that were not stored, by why.\n"
             "# TYPE aftercheck_dropped_total counter\n",
             (unsigned long long)t.taken, (unsigned long long)t.kept);
    for (int i = 0; i < DROP_N; i++)
        buf_addf(to, "aftercheck_dropped_total{reason=\"%s\"} %llu\n", drops[i].name,
                 (unsigned long long)t.dropped[i]);
}
