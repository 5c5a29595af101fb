/* collector/hostinfo/exposition.h - reading what Prometheus exporters say.
 *
 * Both text forms: 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and
 * OpenMetrics 1.0. Lines "# TYPE name kind", and samples
 *
 *     name{label="value",...} value [time] [# exemplar]
 *
 * In a value of a label \\, \" and \n are escaped.  Times are whole milliseconds in the
 * one form and seconds in the other; no present lies where both could be meant.  A line
 * that is not of the form costs itself only and is counted.  One thread a reader. */
#ifndef COLLECTOR_HOSTINFO_EXPOSITION_H
#define COLLECTOR_HOSTINFO_EXPOSITION_H

#include "base/buf.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EXPOSITION_LABELS_MAX = 32,
    EXPOSITION_LINE_MAX = 16 << 10,
};

enum exposition_kind {
    EXPOSITION_UNTYPED, /* unknown, untyped, info, stateset, or nothing was said */
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_SUMMARY,
};

struct exposition_label {
    const char *name, *value;
};

/* Good until the next is read. */
struct exposition_sample {
    const char *name;
    enum exposition_kind kind; /* of its family */
    bool bucket;               /* one of a histogram's */
    size_t n;
    struct exposition_label label[EXPOSITION_LABELS_MAX];
    double value; /* may be NaN or infinite */
    instant at;   /* INSTANT_NONE: it says no time */
};

/* Begin as `struct exposition e = {.p = text, .end = text + n};`. */
struct exposition {
    const char *p, *end;
    size_t lines, bad; /* lines that were read, and those not of the form */
    bool ended;        /* "# EOF" was there */
    /* its own */
    struct buf family, text;
    enum exposition_kind kind;
};

/* The next sample; false at the end. */
bool exposition_next(struct exposition *e, struct exposition_sample *ret);
void exposition_free(struct exposition *e);

#endif
