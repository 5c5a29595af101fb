/* programs/term.h - what a person at a terminal sees while a command waits.
 *
 * Colours and the line that rewrites itself are only for a terminal: with NO_COLOR set,
 * TERM=dumb, or output that goes elsewhere, plain lines are printed, at most one every
 * TERM_PLAIN_MS unless the text says something new. */
#ifndef PROGRAMS_TERM_H
#define PROGRAMS_TERM_H

#include "storage/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum { TERM_PLAIN_MS = 10000, TERM_LIVE_MS = 100 };

/* The grade's name, coloured when stdout is a terminal that wants colours. */
const char *term_grade(enum grade g, char out[48]);
/* Bold text on such a terminal: the codes, or "". */
const char *term_bold(void);
const char *term_plain(void);

struct progress {
    bool live, shown;
    int64_t said_ms;
    char last[160]; /* the line that stands there */
};
struct progress progress_begin(void);
/* Says what is being waited for. */
void progress_say(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes the live line away. */
void progress_end(struct progress *p);

#endif
