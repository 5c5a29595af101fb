/* collector/hostinfo/perfdata.h - what a monitoring plugin says (the Monitoring Plugins
 * Development Guidelines, https://www.monitoring-plugins.org/doc/guidelines.html, and
 * the plugin API of Nagios for further lines).
 *
 *     DISK OK - free space: / 3326 MB|'/'=2643MB;5948;5958;0;5968 inodes=12%
 *     more words|/var=1U
 *     more=3
 *
 * The first line has a text and, behind '|', perfdata; of the further lines those up to
 * the next '|' are words, what is behind it is perfdata, over all lines.  A pair is
 * LABEL=VALUE[UNIT];[WARN];[CRIT];[MIN];[MAX]; a label with blanks or '=' stands in
 * single quotes, where '' is one quote.  A value of U is not known.  Units become base
 * units: us, ms, ns and s are seconds, KB to TB (of 1000) and KiB to TiB bytes, % and
 * no unit stay; c is a counter.  WARN and CRIT are ranges, [@]START:END with ~ for
 * minus infinity. */
#ifndef COLLECTOR_HOSTINFO_PERFDATA_H
#define COLLECTOR_HOSTINFO_PERFDATA_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PERFDATA_LABEL_MAX = 128, /* with its NUL; longer labels are refused */
    PERFDATA_PAIRS_MAX = 200, /* of one output */
};

/* What is alarming: below `start`, above `end`, or with `inside` between them. */
struct perf_range {
    bool given, inside;
    double start, end; /* in the value's base unit; infinite: no bound */
};

enum perf_unit {
    PERF_NONE,
    PERF_SECONDS,
    PERF_BYTES,
    PERF_PERCENT,
    PERF_COUNTER,
    PERF_OTHER, /* a unit of the plugin's own; the value is as it was */
    PERF_UNIT_N
};
const char *perf_unit_name(enum perf_unit u); /* "s", "bytes", "pct", "", ... */

struct perf {
    char label[PERFDATA_LABEL_MAX];
    bool known; /* else the value was U */
    double value;
    enum perf_unit unit;
    struct perf_range warn, crit;
    double min, max; /* NaN: not given */
};

/* Where the pairs of an output are; start it with perfdata_begin. */
struct perfdata {
    const char *p, *end;
    size_t pairs, refused;
    bool first_line;
};

/* Copies the first line's words into `words` (cut at `size` - 1, without controls), and
 * leaves `d` at the first pair. */
void perfdata_begin(struct perfdata *d, const char *output, size_t n, char *words,
                    size_t size);

/* The next pair; false at the end.  One that is not of the form is passed over up to
 * the next blank and counted in `refused`, as are those beyond PERFDATA_PAIRS_MAX. */
bool perfdata_next(struct perfdata *d, struct perf *ret);

#endif
