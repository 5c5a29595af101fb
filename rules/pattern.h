/* rules/pattern.h - what a name in a rule fits: an exact name, a glob or a regular
 * expression.
 *
 *   pay-api               this name and no other
 *   pay-*, host-??        a glob: '*' any run of bytes, '?' one character
 *   /^pay-(api|web)$/i    between slashes: a Perl-like regular expression, found
 *                         anywhere in the name unless ^ and $ tie it to the ends;
 *                         behind the last slash: i (capital letters are small ones),
 *                         x (blanks and # comments in it do not count)
 *
 * A text that begins with '/' is always an expression.  '.' and '?' are one character
 * of UTF-8.
 *
 * No pattern can hang who asks: an expression gives up on a name after a bounded number
 * of steps and a bounded heap and stack, which counts as no fit and is counted.  A
 * pattern is immutable but for that count; many threads may ask at once.  The only
 * place that includes pcre2.h. */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATTERN_BYTES_MAX = 500,
    PATTERN_NAME_MAX = 4096, /* longer names are given up on by an expression */
    PATTERN_STEPS_MAX = 100000,
    PATTERN_COSTLY = 50000, /* steps on a name of 200 bytes: more than its square */
};

enum pattern_kind { PATTERN_EXACT, PATTERN_GLOB, PATTERN_REGEX };

struct pattern;

/* NULL with *err and *ret_at, the place in `text` in bytes, when it is none. */
struct pattern *pattern_new(const char *text, size_t *ret_at, struct err *err);
void pattern_free(struct pattern **p);
const char *pattern_text(const struct pattern *p);
enum pattern_kind pattern_kind(const struct pattern *p);

bool pattern_match(const struct pattern *p, const char *name);
/* How well it fits: 0 not at all, PATTERN_FIT_ALL by nothing of its own (such as "*"),
 * larger is more specific: an exact name above all others, then by the letters that
 * every name that fits has. */
enum { PATTERN_FIT_ALL = 1, PATTERN_FIT_EXACT = 1 << 20 };
int pattern_fit(const struct pattern *p, const char *name);
/* The same for an exact name or glob that no pattern was made of. */
int pattern_glob_fit(const char *glob, const char *name);
/* What pattern_fit says of the names that fit. */
int pattern_letters(const struct pattern *p);

/* Names it gave up on since it was made. */
uint64_t pattern_gave_up(const struct pattern *p);

/* The same of all patterns there ever were in this process. */
uint64_t pattern_gave_up_all(void);

/* True when it takes more than PATTERN_COSTLY steps on one of the names of 200 bytes
 * that are made to be hard for it: its own letters again and again, with an end that
 * does not fit.  It may give up on such names.  Takes up to some tens of milliseconds:
 * for checks of rules, not for judging. */
bool pattern_costly(const struct pattern *p);

/* --- lines of logs --- */

/* A regular expression, without slashes, that takes lines apart by its named groups,
 * (?<code>[0-9]+).  Of bytes, not of UTF-8; always interpreted, so that it needs little
 * memory; with the same limits.  One thread. */
enum { PATTERN_GROUPS_MAX = 16, PATTERN_GROUPS_BYTES_MAX = 2000 };
struct pattern_groups;
struct pattern_piece {
    const char *at; /* in the line; NULL: the group took no part */
    size_t n;
};

/* NULL with *err and *ret_at (or ret_at NULL) when it is none, or has a group of a name
 * that is not among these. */
struct pattern_groups *pattern_groups_new(const char *text, const char *const *names,
                                          size_t n_names, size_t *ret_at,
                                          struct err *err);
void pattern_groups_free(struct pattern_groups **g);
/* Is there a group of names[i]? */
bool pattern_groups_has(const struct pattern_groups *g, size_t i);
/* Fills ret_piece[i] for names[i].  1 it fits, 0 it does not, -1 it gave up. */
int pattern_groups_match(struct pattern_groups *g, const char *line, size_t n,
                         struct pattern_piece *ret_piece);

#endif
