/* base/err.c - one failure with its first cause.  No state, any thread. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set /* what the header tells the analyzer is for the callers */
#undef err_sys

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (e == NULL || e->code != 0)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    e->code = code != 0 ? code : EIO; /* 0 would read as "no error" */
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return -1;
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
    if (e == NULL || e->code != 0)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    e->code = errnum != 0 ? errnum : EIO;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    size_t used = strlen(e->text);
    char words[128];
    snprintf(e->text + used, sizeof e->text - used, ": %s",
             strerror_r(errnum, words, sizeof words));
    return -1;
}
