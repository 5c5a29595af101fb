/* base/instant.h - points in time and lengths of time, as types of their own.
 *
 * An instant is milliseconds since 1970-01-01T00:00:00Z, a span is milliseconds and may
 * be negative.  Both are structs, so adding two instants does not compile.  Only
 * programs, storage and collector ask for the present (instant_now); everything below
 * analyzer/ and rules/ gets it as an argument. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t ms;
} instant;

typedef struct {
    int64_t ms;
} span;

#define INSTANT_NONE ((instant){INT64_MIN})
#define INSTANT_FAR  ((instant){INT64_MAX})

enum { INSTANT_TEXT_MAX = 32, SPAN_TEXT_MAX = 32 };

static inline instant instant_add(instant a, span s)
{
    return (instant){a.ms + s.ms};
}
static inline span instant_since(instant a, instant b)
{
    return (span){a.ms - b.ms};
}
static inline bool instant_is_none(instant a)
{
    return a.ms == INT64_MIN;
}
static inline span span_seconds(int64_t s)
{
    return (span){s * 1000};
}

/* The wall clock, and a clock that never steps (for timeouts only). */
instant instant_now(void);
int64_t monotonic_ms(void);

/* RFC 3339 ("2026-11-21T10:00:00Z", with fraction and offset) to an instant.  The whole
 * text is eaten or refused; years 1970 to 2261. */
int instant_parse(const char *text, instant *ret_at, struct err *err);

/* Writes "2026-11-21T10:00:00Z", with ".250" when there are milliseconds. */
const char *instant_text(instant at, char out[INSTANT_TEXT_MAX]);

/* "90s", "30m", "1h30m", "2d", "500ms", "2w": units ms s m h d w, each at most once and
 * falling.  A bare "0" is allowed, other bare numbers are not; not negative. */
int span_parse(const char *text, span *ret_span, struct err *err);

/* The shortest such text: "90s" is "1m30s", 0 is "0s". */
const char *span_text(span s, char out[SPAN_TEXT_MAX]);

#endif
