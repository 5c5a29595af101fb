/* collector/in_statsd.h - samples as StatsD's datagrams, over UDP.
 *
 *     pay.charges:1|c|@0.1|#host:h1,region:east
 *     pay.charge.ms:320|ms
 *     pay.queue:12|g      pay.queue:-3|g      pay.users:li|s
 *
 * is NAME:VALUE|TYPE with, if given, the share that was sampled and tags
 * (github.com/statsd/statsd docs/metric_types.md; docs.datadoghq.com, "DogStatsD
 * protocol": several values NAME:1:2|ms, types h and d as ms, a container c: and a time
 * T behind are passed over, events and service checks are counted as not taken).
 *
 * Datagrams are gathered; at each flush one sample goes to the sink for
 * - a counter `NAME`: its sum per second, values over the sampled share; a known one
 *   that nobody counts up is 0 until STATSD_IDLE_S, so that silence is seen;
 * - a gauge `NAME`: its last value, if there was any; +N and -N add to it;
 * - a timer `NAME.rate` (how many a second), `.mean`, `.max` and `.p95`: exact up to
 *   GATHERED_VALUES_MAX values, of more a fair share of them;
 * - a set `NAME`: how many different values, if there was any.
 *
 * Whose they are: the tags host (or instance) and service (or job), else what templates
 * say of the name (collector/path.h), else the sender's address is the host, which for
 * senders on this machine is `local_host`.  A sender that comes in by a bridge or relay
 * needs tags or templates. */
#ifndef COLLECTOR_IN_STATSD_H
#define COLLECTOR_IN_STATSD_H

#include "base/instant.h"
#include "collector/intake.h"
#include "collector/tags.h"

#include <stddef.h>

enum {
    STATSD_SERIES_MAX = 1 << 16, /* at a time */
    STATSD_IDLE_S = 900,
};

struct in_statsd_spec {
    const char *const *templates;
    size_t n_templates;
    const char *local_host; /* NULL: the sender's address, always */
    const struct entity_tags *tags;
};

/* What was gathered since the last flush.  The spec's texts are borrowed for its life.
 * One thread at a time. */
struct in_statsd;
struct in_statsd *in_statsd_new(const struct in_statsd_spec *spec, struct err *err);
void in_statsd_free(struct in_statsd **s);

/* Begins as {0}. */
struct in_statsd_result {
    struct tally tally;
    char first[320]; /* why the first was refused; "": none */
};

/* Takes one datagram of the sender with this address.  A value that is taken counts as
 * kept: it is in what the next flush says. */
void in_statsd_read(struct in_statsd *s, const struct sink *sink, const char *peer,
                    const char *text, size_t n, instant now,
                    struct in_statsd_result *result);

/* Hands what was gathered in the `span` before `now`, taken for a second at least, to
 * the sink. */
void in_statsd_flush(struct in_statsd *s, const struct sink *sink, instant now,
                     span gathered, struct in_statsd_result *result);

size_t in_statsd_series(const struct in_statsd *s);

#endif
