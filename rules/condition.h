/* rules/condition.h - one-line conditions: `after > before * 1.3 and delta > 10`.
 *
 *   condition  := condition or condition | condition and condition | not condition
 *               | value < value   (also <= > >= == !=; two in a row must be joined)
 *   value      := number | name | value + value (also - * /) | - value | ( value )
 *               | min(value, ...) | max(value, ...) | abs(value)
 *   number     := 12  0.5  1e3  2k  3M  |  5%  |  500ms 90s 1h30m 2d 1w  |  4096B 2kB
 *                 8GiB
 *
 * `not` binds tighter than `and`, which binds tighter than `or`.  There are no loops,
 * nothing is allocated or can fail once a condition is made, and the names are those of
 * the caller's table.
 *
 * Units are checked when the condition is made: what is compared, added or chosen from
 * must be of one kind, a share or ratio may be multiplied with anything, and a kind
 * divided by itself is a ratio.  Names in the metric's own unit take numbers without
 * one.
 *
 * A value that is missing (NaN or infinite), a division by zero and a result too large
 * for a double make a comparison neither true nor false but unknown; `and`, `or` and
 * `not` go on from there as Kleene's three-valued logic does.  No state; a condition is
 * immutable and may be asked by many threads at once. */
#ifndef RULES_CONDITION_H
#define RULES_CONDITION_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    CONDITION_BYTES_MAX = 500, /* of text */
    CONDITION_DEPTH_MAX = 64,  /* of operators and parentheses within one another */
    CONDITION_PARTS_MAX = 32,  /* comparisons */
    CONDITION_NAMES_MAX = 64,  /* in a table */
};

enum condition_unit {
    CONDITION_PLAIN,  /* a number: counts, z */
    CONDITION_RATIO,  /* a factor, written 1.3 or 130% */
    CONDITION_SHARE,  /* 0 to 1, written with %, such as 5% */
    CONDITION_SPAN,   /* milliseconds, written with their unit */
    CONDITION_SIZE,   /* bytes, written with their unit */
    CONDITION_METRIC, /* in the metric's own unit, see condition_new */
    CONDITION_UNIT_N
};

/* A name that a condition may use.  The table is borrowed for good: make it static. */
struct condition_name {
    const char *name; /* small letters, digits and _, a letter first */
    enum condition_unit unit;
    double least, most; /* what it can be, in its unit; both 0: anything */
    const char *help;   /* one line of plain English */
};

struct condition;

/* Makes a condition of `text`.  `own_unit` says what the values of names of
 * CONDITION_METRIC are given in, as a rule's `unit` does: "%" (0 to 100), "share" (0 to
 * 1), "us", "ms", "s", "min", "h", "bytes", "kB", "KiB", "MB", ..., each also with "/s"
 * behind; NULL or any other text: numbers without a unit only.  NULL with *err and
 * *ret_at, the place in `text` in bytes (its length: the end), when it is none.  All
 * before that place is ASCII, so columns may be counted on from it. */
struct condition *condition_new(const char *text, const struct condition_name *names,
                                size_t n_names, const char *own_unit, size_t *ret_at,
                                struct err *err);
void condition_free(struct condition **c);
const char *condition_text(const struct condition *c);

/* True when it asks for the name with this index of the table. */
bool condition_uses(const struct condition *c, size_t name);

enum condition_truth { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

/* Why something is unknown, when it is not the index of a missing name. */
enum { CONDITION_KNOWN = -1, CONDITION_DIVISION = -2, CONDITION_TOO_LARGE = -3 };

/* `value` has one number for each name of the table, in the name's unit (own: as the
 * metric comes).  *ret_why, which may be NULL, says why the answer is unknown: of
 * several reasons the leftmost that had a say. */
enum condition_truth condition_ask(const struct condition *c, const double *value,
                                   int *ret_why);
/* Adds "before is missing", "a division by zero", "a result too large". */
void condition_why(const struct condition *c, int why, struct buf *b);

/* One comparison, as it stands in the text from left to right. */
struct condition_part {
    size_t from, n;     /* in the text */
    double left, right; /* NaN: unknown */
    enum condition_truth truth;
    int why;
    enum condition_unit unit;
    double scale; /* times left or right: of the unit itself */
};

/* Fills at most CONDITION_PARTS_MAX parts, gives their number. */
size_t condition_explain(const struct condition *c, const double *value,
                         struct condition_part *parts);
/* "after > before * 1.3: 55 > 40.3, true"; "delta > 5: delta is missing, unknown". */
void condition_part_write(const struct condition *c, const struct condition_part *part,
                          struct buf *b);

/* What can be said of a condition before any value is known. */
enum condition_sway {
    CONDITION_OPEN,   /* it depends, as far as can be seen */
    CONDITION_NEVER,  /* no values within the names' bounds make it true */
    CONDITION_ALWAYS, /* none make it false */
};

/* By intervals, and by what the comparisons of a name with numbers that stand side by
 * side leave of it: NEVER and ALWAYS are certain, OPEN is not. */
enum condition_sway condition_sway(const struct condition *c);
/* The same of one comparison, by its place in condition_explain's list; *ret_from and
 * *ret_n say where it stands.  OPEN beyond the last. */
enum condition_sway condition_part_sway(const struct condition *c, size_t part,
                                        size_t *ret_from, size_t *ret_n);

#endif
