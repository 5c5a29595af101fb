/* programs/term.c - colours and progress.  One thread. */
#include "programs/term.h"

#include "base/instant.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colours(void)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

const char *term_bold(void)
{
    return wants_colours() ? "\033[1m" : "";
}

const char *term_plain(void)
{
    return wants_colours() ? "\033[0m" : "";
}

const char *term_grade(enum grade g, char out[48])
{
    static const char *const colour[GRADE_N] = {[GRADE_OK] = "\033[32m",
                                                [GRADE_ATTENTION] = "\033[33m",
                                                [GRADE_MUST_HANDLE] = "\033[1;31m",
                                                [GRADE_NOT_JUDGED] = "\033[36m"};
    bool on = wants_colours();
    snprintf(out, 48, "%s%s%s", on ? colour[g] : "", grade_name(g),
             on ? "\033[0m" : "");
    return out;
}

struct progress progress_begin(void)
{
    const char *term = getenv("TERM");
    return (struct progress){.live = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) &&
                                     term != NULL && strcmp(term, "dumb") != 0};
}

void progress_say(struct progress *p, const char *fmt, ...)
{
    int64_t now = monotonic_ms();
    char text[sizeof p->last];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (now - p->said_ms < (p->live ? TERM_LIVE_MS : TERM_PLAIN_MS) && p->said_ms != 0)
        return;
    if (p->live)
        fprintf(stderr, "\r\033[K%s", text);
    else
        fprintf(stderr, "%s\n", text);
    memcpy(p->last, text, sizeof text);
    p->said_ms = now;
    p->shown = true;
}

void progress_end(struct progress *p)
{
    if (p->live && p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
