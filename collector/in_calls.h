/* collector/in_calls.h - return codes of calls between modules, `calls.v1`.
 *
 *     {"ts": "2026-11-21T10:00:00Z", "span_s": 10, "caller": "web", "callee": "pay",
 *      "iface": "charge", "caller_host": "w1", "callee_host": "p1", "code": "-1001",
 *      "outcome": "fail", "count": 12, "sum_ms": 340.5, "max_ms": 91, "side": "client"}
 *
 * One record or an array of them.  Required: caller, callee, code (a text or a whole
 * number), outcome (ok, fail, timeout), count.  `ts` is the start of the time that the
 * record counts: RFC 3339, or seconds since 1970, or milliseconds from 1e11 on (as
 * seconds that would be the year 5138); without it the record ends now.  The whole
 * record is put at its start.  `side` is client unless it says server; each sees every
 * call, so the two are kept apart and never added together.  Further members are left
 * alone.
 *
 * POST with Content-Type text/plain takes the compact form, a record a line
 * (collector/call_line.h):
 *
 *     web>pay:charge -1001 12 340.5 91 caller_host=w1 callee_host=p1 ts=1795255200
 *
 * A record becomes samples of the call edge (caller, callee, iface, their hosts, side):
 * `ok CODE`, `fail CODE` or `timeout CODE` with the count, `ms` with sum_ms, both added
 * up, and `ms.max` with max_ms.  After CALLS_CODES_MAX codes of an edge and
 * CALLS_IFACES_MAX interfaces of a callee further ones are called "other" and counted.
 * A record is taken whole or refused whole; the good ones of an array are kept. */
#ifndef COLLECTOR_IN_CALLS_H
#define COLLECTOR_IN_CALLS_H

#include "base/buf.h"
#include "base/json.h"
#include "collector/intake.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CALLS_CODES_MAX = 50,
    CALLS_IFACES_MAX = 1000,
    CALLS_CODE_BYTES_MAX = 64,
    CALLS_SPAN_S_MAX = 3600,
    /* A small value in JSON takes some 50 times its bytes in memory. */
    CALLS_VALUES_MAX = 1 << 20,
};

struct in_calls_ask {
    instant now;
    struct bounds bounds;
};

/* Begins as {0} and adds up over several calls. */
struct in_calls_result {
    struct tally tally;
    uint64_t records, refused;
    char first[600]; /* what is wrong with the first bad record, and where */
};

/* Knows the codes and interfaces that were seen.  Any thread may call; the sink is
 * borrowed by each call. */
struct in_calls;
struct in_calls *in_calls_new(void);
void in_calls_free(struct in_calls **c);

/* Reads the JSON text of a request.  -1 and *err when it is not JSON, or is neither an
 * object nor a list, or has more than CALLS_VALUES_MAX values (code EMSGSIZE); bad
 * records are in the result. */
int in_calls_read(struct in_calls *c, const struct sink *sink, const char *text,
                  size_t n, const struct in_calls_ask *ask,
                  struct in_calls_result *result, struct err *err);

/* Reads the compact form; bad lines are in the result. */
void in_calls_read_lines(struct in_calls *c, const struct sink *sink, const char *text,
                         size_t n, const struct in_calls_ask *ask,
                         struct in_calls_result *result);

/* One record that was parsed already, as replay has it.  -1 and *err when it was
 * refused. */
int in_calls_take(struct in_calls *c, const struct sink *sink,
                  const struct json_at *record, const struct in_calls_ask *ask,
                  struct tally *tally, struct err *err);

/* Adds "[3].count (line 1, column 80): ...; 2 of 120 records refused". */
void in_calls_write_error(const struct in_calls_result *result, struct buf *to);

/* Adds aftercheck_folded_total{what="code"|"iface"} in Prometheus' text format. */
void in_calls_write_metrics(const struct in_calls *c, struct buf *to);

#endif
