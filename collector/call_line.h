/* collector/call_line.h - call records in the compact form, a record a line.
 *
 *     web>pay:/charge -1001 12 340.5 91 callee_host=h1 side=server
 *
 * is CALLER>CALLEE:INTERFACE CODE COUNT, then, if known, the sum and the maximum of
 * their milliseconds, then further members as NAME=VALUE: outcome, caller_host,
 * callee_host, side, ts (RFC 3339 or seconds since 1970) and span_s.  Interface and
 * colon may be left out.  The codes 0, ok and 100 to 399 have the outcome ok, timeout
 * has timeout, all others have fail.  Blank lines and those that begin with # say
 * nothing.  Names with a space, or a '>' or ':' in their middle, need the JSON form. */
#ifndef COLLECTOR_CALL_LINE_H
#define COLLECTOR_CALL_LINE_H

#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

enum { CALL_LINE_BYTES_MAX = 8192 };

/* A record's texts, in the line that was read; NULL: not said. */
struct call_line {
    const char *caller, *callee, *iface, *code, *count, *sum_ms, *max_ms;
    const char *outcome, *caller_host, *callee_host, *side, *ts, *span_s;
};

/* The members in their order, and which of them are numbers. */
struct call_line_member {
    const char *name;
    size_t offset; /* of a const char * in struct call_line */
    bool number;
};
enum { CALL_LINE_MEMBERS = 13 };
extern const struct call_line_member call_line_members[CALL_LINE_MEMBERS];
/* The member's text. */
const char **call_line_at(struct call_line *c, size_t member);

/* Takes one line apart, in place; what *c held before stays for members that the line
 * does not name.  -1 and *err when it cannot be taken apart. */
int call_line_read(char *line, struct call_line *c, struct err *err);

/* The outcome that a code has by itself. */
const char *call_line_outcome(const char *code);

/* The next line of a text: its bytes as a NUL-ended copy in `line`, *ret_next behind
 * it. 1: a line; 0: it is blank or a comment; -1 and *err: it is too long or holds a
 * NUL. */
int call_line_next(const char *text, const char *end, char line[CALL_LINE_BYTES_MAX],
                   const char **ret_next, struct err *err);

#endif
