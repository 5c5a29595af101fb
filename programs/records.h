/* programs/records.h - what `aftercheck send` is given, made fit to wait on disk.
 *
 * Records without a time would get the time of their arrival, which may be days later:
 * here they get the present.  Large inputs are cut into pieces, each one request.  What
 * the service checks is not checked twice; only what cannot be taken apart is refused.
 * Pure: no clock, no files. */
#ifndef PROGRAMS_RECORDS_H
#define PROGRAMS_RECORDS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stddef.h>

enum {
    PIECE_BYTES_MAX = 1 << 20, /* a piece is closed once it is this long */
    PIECE_RECORDS_MAX = 1000,
};

struct pieces {
    struct buf *at;
    size_t n;
};
/* A further piece, empty; NULL when memory is short. */
struct buf *pieces_add(struct pieces *p);
/* 0, or -1 when memory was short for any of them. */
int pieces_done(const struct pieces *p);
void pieces_free(struct pieces *p);
#define OWNED_PIECES __attribute__((cleanup(pieces_free))) struct pieces

/* --- calls --- */

/* What records say that do not say it themselves; NULL: nothing. */
struct calls_ask {
    instant now;
    const char *caller_host, *callee_host, *side;
    const char *span; /* seconds, as text */
};

/* JSON - one record, a list, or one record a line - or the compact form, a record a
 * line (collector/call_line.h).  Each piece becomes a list for POST /v1/calls.  -1 with
 * the line and what is wrong; an input without a record is wrong. */
int records_calls(const char *text, size_t n, const struct calls_ask *ask,
                  struct pieces *ret, struct err *err);

/* --- alarms --- */

/* JSON messages of the generic form: one, a list, or one a line.  Each is read as the
 * service would (storage/alarm.h), so what is wrong is said at once. */
int records_alarms(const char *text, size_t n, instant now, struct pieces *ret,
                   struct err *err);

struct alarm_form {
    const char *name, *severity, *host, *service, *state, *at, *text, *labels, *source;
};

/* One message out of flags.  The state may be one of Nagios' words: OK, UP and RECOVERY
 * are resolved; WARNING, CRITICAL, UNKNOWN, DOWN, UNREACHABLE and PROBLEM are firing,
 * and stand in for a severity that is not given.  `at` is RFC 3339 or seconds since
 * 1970. */
int records_alarm_form(const struct alarm_form *form, instant now, struct pieces *ret,
                       struct err *err);

/* --- metrics --- */

struct lines_ask {
    instant now;
    const char *precision;      /* ns, us, ms or s: of all times in the text */
    const char *host, *service; /* tags of lines that lack them; NULL: none */
};

/* Line protocol.  Lines without a time get the present; a line that cannot be taken
 * apart stays as it is, for the service to say what is wrong.  Pieces end with a line.
 */
int records_lines(const char *text, size_t n, const struct lines_ask *ask,
                  struct pieces *ret, struct err *err);

/* "cpu.busy=31.5" or "disk.util{device=sda}=97" as a line of line protocol, with the
 * ask's tags and time.  -1 with what is wrong. */
int records_sample(const char *sample, const struct lines_ask *ask, struct buf *to,
                   struct err *err);

/* --- what they share --- */

/* RFC 3339, or seconds since 1970 with an optional fraction (as Nagios' $TIMET$). */
int records_time(const char *text, instant *ret, struct err *err);

#endif
