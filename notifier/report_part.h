/* notifier/report_part.h - what the parts of a report are made with; only
 * notifier/report*.c include it. */
#ifndef NOTIFIER_REPORT_PART_H
#define NOTIFIER_REPORT_PART_H

#include "notifier/report.h"

/* Keeps a text for the report's life.  Takes it over; "" when memory is short. */
const char *report_keep(struct report *r, char *text);
const char *report_say(struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A stranger's text made plain.  NULL stays NULL; an empty text becomes NULL too. */
const char *report_clean(struct report *r, const char *text, size_t chars);
/* The same of a name; "?" when there is none. */
const char *report_name(struct report *r, const char *name);

/* Room for one more in an array of `n`. */
void *report_grow(struct report *r, void *at, size_t n, size_t *cap, size_t size);
/* Nothing is added for a value of NULL. */
void report_add_row(struct report *r, struct report_rows *rows, const char *label,
                    const char *value);

const char *report_plural(long long n, const char *one, const char *many);
/* "A day later", "6 hours later", as a sentence or a part of one begins. */
const char *report_later(struct report *r, span later, bool first);
/* Needs somebody's attention: what is muted has it already. */
bool report_is_bad(const struct finding *f);

/* Fills finding, top, todo and code from the verdict. */
void report_add_findings(struct report *r);

#endif
