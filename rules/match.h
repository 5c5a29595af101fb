/* rules/match.h - what a rule writes to say which names it is about: a glob such as
 * "pay-*", or a regular expression between slashes such as "/^pay-(api|web)$/"
 * (rules/pattern.h).  A text that begins with a slash is always an expression. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "base/err.h"
#include "rules/keep.h"

#include <stdbool.h>
#include <stddef.h>

enum { MATCH_BYTES_MAX = 500 };

struct pattern;

/* Made by match_make, or by hand for a glob: {.text = "pay-*"}. */
struct match {
    const char *text;
    const struct pattern *regex; /* NULL: a glob */
};

struct matches {
    size_t n;
    struct match *at;
};

/* Makes a match of `text`, which is borrowed; what it needs is kept in `keep`.  -1 with
 * *err when the text is empty, too long or no regular expression. */
int match_make(const char *text, struct keep *keep, struct match *ret_match,
               struct err *err);

/* How well it fits a name: 0 not at all; larger is more specific.  An exact name is
 * above all, then globs and expressions by the letters that all names that fit have;
 * 1 is a fit without a single letter of its own. */
int match_fit(const struct match *m, const char *name);

/* The same for a figure's name: a match without a tag speaks for it whatever its tags,
 * "cpu.busy" for "cpu.busy{idc=sh1}". */
int match_fit_tagged(const struct match *m, const char *name);

/* The best fit of the list; 0 when none fits. */
int matches_fit(const struct matches *m, const char *name);
int matches_fit_tagged(const struct matches *m, const char *name);
/* True when there is no list, or one of it fits; a name of NULL is "". */
bool matches_allow(const struct matches *m, const char *name);

/* How many bytes at its beginning stand for themselves; all that fits begins so. */
size_t match_prefix(const struct match *m);
/* True when some name may fit both: never false when one does, but it may be true for
 * regular expressions that have none in common. */
bool match_may_meet(const struct match *a, const struct match *b);

#endif
