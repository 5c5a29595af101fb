/* analyzer/restart.h - how long were the changed hosts away?
 *
 * A restart makes a hole: the host sends nothing, or it serves no calls, or its load is
 * gone for a moment.  Such a hole is no finding, it is what was to be expected, and the
 * verdict names it.  Looked for are rows without a sample of the host's own, and rows
 * with less than half of the calls into it - where calls do not tell hosts apart, of
 * its figure of load (that of a rule of relief) - when the window before never fell so
 * low. A hole begins between the change's start and the end of
 * the host's settle time and ends with the first row that is as before; of several the
 * longest counts.  A host that does not come back, or comes back worse, is for others
 * to find (pulse.h, level.h, calls.h): here it is only named.  Pure. */
#ifndef ANALYZER_RESTART_H
#define ANALYZER_RESTART_H

#include "analyzer/align.h"
#include "rules/ruleset.h"

#include <stdbool.h>
#include <stddef.h>

struct restarts {
    size_t n;             /* changed hosts with a past that were looked at */
    size_t away;          /* of them, those with a hole */
    size_t back;          /* of these, those that came back */
    span median, worst;   /* of those that came back */
    const char *not_back; /* the first that did not; NULL: all did */
};

/* `room`: as many doubles as the longest track has rows. */
int restarts_find(const struct lineup *l, const struct ruleset *rs, double *room,
                  struct restarts *ret_restarts, struct err *err);

/* In words, as a plain text that the caller frees.  *ret_note is NULL when the change
 * is no restart and not even half of the hosts were away.  -1: out of memory. */
int restarts_note(const struct lineup *l, const struct restarts *r, char **ret_note);

#endif
