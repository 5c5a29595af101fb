/* collector/in_collectd.h - samples as collectd's write_http plugin posts them in JSON.
 *
 *     [{"values": [1901474177, 20], "dstypes": ["derive", "gauge"], "dsnames": ["rx",
 * "tx"], "time": 1280959128.25, "interval": 10, "host": "h1", "plugin": "interface",
 *       "plugin_instance": "eth0", "type": "if_octets", "type_instance": ""}]
 * (collectd.org/wiki/index.php/JSON) gives the metrics
 * `interface.if_octets.rx{plugin_instance=eth0}` and `...tx{...}` of host h1: plugin,
 * type and the source's name unless that is `value`, with the instances that are not
 * empty behind.  collectd knows no services, so these are the host's own.
 *
 * `derive` and `counter` become rates per second (collector/counter.h), `absolute` is
 * divided by the interval; so leave collectd's StoreRates at false, its default: with
 * it the types still say counter and the values are rates.  A value of null is unknown
 * and no sample.  No clock in here. */
#ifndef COLLECTOR_IN_COLLECTD_H
#define COLLECTOR_IN_COLLECTD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "collector/intake.h"

#include <stddef.h>
#include <stdint.h>

enum { COLLECTD_VALUES_MAX = 256, /* of one record */ COLLECTD_JSON_MAX = 1 << 20 };

/* Counters from one request to the next.  Any number of threads. */
struct in_collectd;
struct in_collectd *in_collectd_new(void);
void in_collectd_free(struct in_collectd **c);

/* Begins as {0}. */
struct in_collectd_result {
    struct tally tally;
    uint64_t records, refused;
    char first[600]; /* why the first was refused, and where; "": none */
};

/* A bad record costs itself only.  -1 and *err when the document is none (code
 * EMSGSIZE: it holds more than COLLECTD_JSON_MAX values). */
int in_collectd_read(struct in_collectd *c, const struct sink *sink, const char *text,
                     size_t n, const struct bounds *bounds,
                     struct in_collectd_result *result, struct err *err);

/* Adds "[2].host (line 1, column 80): ...; 1 of 20 records refused"; nothing when none
 * was. */
void in_collectd_write_error(const struct in_collectd_result *result, struct buf *to);

#endif
