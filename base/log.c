/* base/log.c - lines on stderr.  A line is one write, so lines of several threads and
 * processes do not mix. */
#include "base/log.h"

#include "base/instant.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic int level_most = LOG_LEVEL_INFO;
static const char *_Atomic log_name = "aftercheck";

static const struct {
    const char *name;
    int priority; /* of syslog(3) */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARN] = {"warn", 4},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level most)
{
    level_most = (int)most;
}

void log_set_name(const char *name)
{
    log_name = name;
}

__attribute__((format(printf, 2, 0))) static void log_line(enum log_level level,
                                                           const char *fmt, va_list ap)
{
    if ((int)level > level_most)
        return;
    char line[2048], time[INSTANT_TEXT_MAX];
    int n;
    if (getenv("JOURNAL_STREAM") != NULL)
        n = snprintf(line, sizeof line, "<%d>", levels[level].priority);
    else
        n = snprintf(line, sizeof line, "%s %s %s: ", instant_text(instant_now(), time),
                     log_name, levels[level].name);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    size_t len = (size_t)n + (m > 0 ? (size_t)m : 0);
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    for (size_t i = (size_t)n; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored; /* there is nowhere left to complain to */
}

#define LOG_FUNCTION(name, level)                                                      \
    void name(const char *fmt, ...)                                                    \
    {                                                                                  \
        va_list ap;                                                                    \
        va_start(ap, fmt);                                                             \
        log_line(level, fmt, ap);                                                      \
        va_end(ap);                                                                    \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
