/* collector/intake.h - the one door that samples come in by.
 *
 * A source (in_line, in_calls, ...) turns its format into rows of one entity and one
 * time and hands them to a sink.  In the service the sink is the windows store; replay
 * has one of its own.  Whatever a source meets is counted in a tally: every sample is
 * taken once and then either kept or dropped for a reason of the list below, so that
 * taken = kept + all dropped.  A tally belongs to one request; intake_add makes it part
 * of the process's counters. */
#ifndef COLLECTOR_INTAKE_H
#define COLLECTOR_INTAKE_H

#include "base/buf.h"
#include "base/instant.h"
#include "storage/windows.h"

#include <stddef.h>
#include <stdint.h>

/* name in /metrics, what it means */
#define DROPS(X)                                                                       \
    X(SYNTAX, "syntax", "not of the format, or a field missing or of another kind")    \
    X(NOT_FINITE, "not_finite", "NaN, infinite, or too large for a sample")            \
    X(TOO_OLD, "too_old", "its time is more than 30 days ago")                         \
    X(FUTURE, "future", "its time is more than 10 minutes ahead")                      \
    X(NAME, "name", "a name is empty, over 200 bytes, or has control characters")      \
    X(NO_ENTITY, "no_entity", "neither a host nor a service is named")                 \
    X(TEXT_VALUE, "text_value", "a text or a boolean, which is not measured")          \
    X(KIND, "kind", "a kind of sample that is not taken, such as a native histogram")  \
    X(LATE, "late", "older than the rows that are kept")                               \
    X(RATE, "rate", "its sender brings more than it may")                              \
    X(FULL, "full", "no room for a new entity, metric or row")
#define X(id, name, help) DROP_##id,
enum drop { DROPS(X) DROP_N };
#undef X
const char *drop_name(enum drop why);

/* What happened to the samples of one request. */
struct tally {
    uint64_t taken, kept, dropped[DROP_N];
};
/* The only way to lose a sample.  It must have been added to `taken` as well. */
static inline void tally_drop(struct tally *t, enum drop why, uint64_t n)
{
    t->dropped[why] += n;
}
uint64_t tally_lost(const struct tally *t); /* all reasons together */

/* Times that are believed: 30 days back and 10 minutes ahead of the present. */
struct bounds {
    instant oldest, newest;
};
struct bounds intake_bounds(instant now);
/* All times, for replay. */
#define BOUNDS_NONE ((struct bounds){INSTANT_NONE, INSTANT_FAR})
/* DROP_N: within the bounds.  `words` (may be NULL) is set to what is wrong. */
enum drop bounds_check(const struct bounds *b, instant at, const char **ret_words);

/* Where rows go.  The same promises as the functions of storage/windows.h. */
struct sink {
    uint32_t (*entity)(const struct entity *who, void *arg);
    uint32_t (*metric)(const char *name, size_t n, enum merge merge, void *arg);
    enum windows_put (*put)(uint32_t entity, instant at, size_t n,
                            const uint32_t *metric, const float *value,
                            size_t *ret_taken, void *arg);
    void *arg;
};
struct sink sink_of_windows(struct windows *w);

/* One row into the sink; what it takes and refuses is counted in `t` (`taken` too). */
void sink_put(const struct sink *s, struct tally *t, uint32_t entity, instant at,
              size_t n, const uint32_t *metric, const float *value);

/* The process's counters.  Any thread may call. */
struct intake;
struct intake *intake_new(void);
void intake_free(struct intake **in);
void intake_add(struct intake *in, const struct tally *t);
struct tally intake_read(const struct intake *in);

/* Adds the counters in Prometheus' text format: aftercheck_samples_total,
 * aftercheck_samples_kept_total, aftercheck_dropped_total{reason=}. */
void intake_write_metrics(const struct intake *in, struct buf *to);

#endif
