/* collector/in_line.h - samples as InfluxDB line protocol.
 *
 *     cpu,host=h1,service=pay busy=31.5,user=20i 1795255200000000000
 *
 * gives the metrics `cpu.busy` and `cpu.user` of host h1 in service pay.  Tags that do
 * not name the host or the service are sorted by key and put behind the name:
 * `disk.util{device=sda}`.  A line without a host belongs to its service; one with
 * neither is refused.  Fields are floats, integers (`1i`, `1u`), booleans and quoted
 * texts; the last two are counted and skipped.  The time is optional.  `#` begins a
 * comment line, blank lines are skipped, a CR before the line's end too.  As InfluxDB
 * reads it, `\` before a comma, an equals sign or a space takes its meaning away
 * (docs.influxdata.com, "Line protocol reference").
 *
 * A line is taken whole or refused whole.  No clock in here: the present is an
 * argument. */
#ifndef COLLECTOR_IN_LINE_H
#define COLLECTOR_IN_LINE_H

#include "base/buf.h"
#include "base/instant.h"
#include "collector/intake.h"
#include "collector/tags.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LINE_TAGS_MAX = 64,
    LINE_FIELDS_MAX = 1024,
};

/* Units of the time at the end of a line. */
#define LINE_PRECISIONS(X)                                                             \
    X(NS, "ns", "n", 1000000, 1)                                                       \
    X(US, "us", "u", 1000, 1)                                                          \
    X(MS, "ms", "", 1, 1)                                                              \
    X(S, "s", "", 1, 1000)
#define X(id, name, short_name, divide, multiply) LINE_##id,
enum line_precision { LINE_PRECISIONS(X) LINE_PRECISION_N };
#undef X
/* "ns", "n", "us", ...; LINE_PRECISION_N when there is no such unit. */
enum line_precision in_line_precision(const char *name);

struct in_line_ask {
    enum line_precision precision;
    instant now; /* of lines without a time; INSTANT_NONE: such lines are refused */
    struct bounds bounds;
    /* Hears of every refused line, in the words of `first` below; or NULL. */
    void (*on_refused)(const char *words, void *arg);
    void *arg;
};

/* What came of the lines.  Begins as {0} and adds up over several calls. */
struct in_line_result {
    struct tally tally;
    uint64_t lines;   /* with samples: no blanks, no comments */
    uint64_t refused; /* of these */
    uint64_t line_no; /* read so far, of any sort */
    char first[320];  /* "line 3: what, and what was expected (column 17)"; "": none */
    enum drop why;    /* of the first */
};

/* A reader remembers heads and metrics, so the numbers that its sink gave must stay
 * good.  One thread at a time.  `tags` and the sink's `arg` are borrowed for its life.
 */
struct in_line;
struct in_line *in_line_new(const struct sink *sink, const struct entity_tags *tags);
void in_line_free(struct in_line **l);

/* Reads `n` bytes of whole lines (the last may lack its end).  A quoted text may hold
 * line ends, but not go on beyond the bytes. */
void in_line_read(struct in_line *l, const char *text, size_t n,
                  const struct in_line_ask *ask, struct in_line_result *result);

/* Adds "line 3: ... (column 17); 2 of 120 lines refused"; nothing when none was. */
void in_line_write_error(const struct in_line_result *result, struct buf *to);

#endif
