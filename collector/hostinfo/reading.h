/* collector/hostinfo/reading.h - what a source has at hand during one reading.
 *
 * For the sources only.  A source gets its file's text, takes numbers out of it with
 * scan_..., and writes lines: reading_line begins one, reading_gauge and reading_rate
 * add fields to it.  A line without fields disappears. */
#ifndef COLLECTOR_HOSTINFO_READING_H
#define COLLECTOR_HOSTINFO_READING_H

#include "base/buf.h"
#include "collector/hostinfo/hostinfo.h"
#include "collector/hostinfo/rates.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READING_FILE_BYTES_MAX = 1 << 20,
    READING_NAME_MAX = 128,  /* of a device, an interface, a mount point */
    READING_THINGS_MAX = 64, /* devices, interfaces, mounts that are shown */
};

struct reading {
    const char *root_path; /* ends in no '/' */
    int root;              /* the folder */
    const char *text;      /* the source's file, ends in NUL */
    struct rates *rates;
    double seconds;     /* since the last reading; 0: this is the first */
    struct buf *to;     /* the lines */
    const char *tags;   /* ",host=h1,service=pay" */
    int64_t at_s;       /* the time of the lines */
    size_t line_from;   /* where the open line begins in `to` */
    size_t line_fields; /* of the open line */
    bool line_open;
    const char *measurement; /* of the open line */
    char thing[READING_NAME_MAX];
    size_t samples;
};

/* What a source does; false when the text is not what it expects. */
#define X(fn, name, path, gives) bool hostinfo_##fn(struct reading *r);
HOSTINFO_SOURCES(X)
#undef X

/* Begins a line; the one before is ended.  With `tag`, `value` becomes a tag. */
void reading_line(struct reading *r, const char *measurement, const char *tag,
                  const char *value);
/* NaN and infinity are left out. */
void reading_gauge(struct reading *r, const char *field, double v);
/* The counter's growth a second since the last reading, times `scale`. */
void reading_rate(struct reading *r, const char *field, uint64_t counter, double scale);
/* The same, but only told; NaN when it is not known.  `field` names the counter. */
double reading_rate_of(struct reading *r, const char *field, uint64_t counter);
void reading_end(struct reading *r);

/* The whole text of an open file from its beginning, into `to`; false when it cannot
 * be read or is longer than READING_FILE_BYTES_MAX. */
bool reading_file(int fd, struct buf *to);

/* --- out of texts; all move *p and stop at a line's end --- */
/* The next whole number on this line; false at its end or at anything else. */
bool scan_number(const char **p, uint64_t *ret);
/* The next decimal number. */
bool scan_decimal(const char **p, double *ret);
/* The next word of at most READING_NAME_MAX - 1 bytes; longer ones are false. */
bool scan_word(const char **p, char word[READING_NAME_MAX]);
/* Moves to the next line; false at the end of the text. */
bool scan_next_line(const char **p);
/* What stands behind `key` at the beginning of a line; NULL when no line has it. */
const char *scan_behind(const char *text, const char *key);
/* The number behind `key` at the beginning of a line. */
bool scan_keyed(const char *text, const char *key, uint64_t *ret);

#endif
