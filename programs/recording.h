/* programs/recording.h - recorded samples and events, read for replay.
 *
 * Samples are gathered as they come, then put into a memory-only store in one fixed
 * order (entity, time, metric, value), so that the order of the lines never shows.  A
 * sample takes 24 bytes until then. */
#ifndef PROGRAMS_RECORDING_H
#define PROGRAMS_RECORDING_H

#include "base/err.h"
#include "base/instant.h"
#include "collector/in_line.h"
#include "storage/ledger.h"
#include "storage/windows.h"

#include <stdint.h>

enum { BAD_LINES_SHOWN = 10 };

struct recording_stats {
    uint64_t lines, bad_lines; /* of samples */
    uint64_t events, bad_events;
    uint64_t samples, lost; /* lost: did not fit */
};

struct recording;
struct recording *recording_new(struct err *err);
void recording_free(struct recording **r);

/* Reads a file of line protocol ("-": standard input; plain, gzip or zstd).  Bad lines
 * are counted and the first BAD_LINES_SHOWN printed to stderr.  -1 when the file cannot
 * be read to its end. */
int recording_read_samples(struct recording *r, const char *path,
                           enum line_precision precision, struct err *err);

/* Reads a file of events, one JSON object a line, and posts the changes and coredumps
 * to the ledger. */
int recording_read_events(struct recording *r, const char *path, struct ledger *l,
                          struct err *err);

/* Puts all samples into a new store of this step; NULL when memory is short. */
struct windows *recording_store(struct recording *r, span step, struct err *err);

/* The earliest and the latest time of anything in it; INSTANT_NONE: nothing. */
instant recording_begin(const struct recording *r);
instant recording_end(const struct recording *r);
struct recording_stats recording_stats(const struct recording *r);

#endif
