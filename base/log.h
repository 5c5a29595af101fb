/* base/log.h - what a program tells its operator, one line each on stderr.
 *
 * Libraries report through struct err; programs log.  Under journald (JOURNAL_STREAM is
 * set) each line begins with its "<N>" priority, elsewhere with the time.  Control
 * characters in the text are written as spaces, so nobody's data forges a line.  Any
 * thread may log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above `most` are left out; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level most);

/* Written before each line, such as "aftercheckd"; borrowed for good. */
void log_set_name(const char *name);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
