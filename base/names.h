/* base/names.h - what a name from outside may look like.
 *
 * A name (host, service, metric, change id, ...) is 1 to NAME_BYTES_MAX bytes of valid
 * UTF-8 without control characters (C0, DEL, C1) and without the line and paragraph
 * separators U+2028 and U+2029.  A text (title, reason) follows the same rules but may
 * be longer and empty. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { NAME_BYTES_MAX = 200, TEXT_BYTES_MAX = 1024 };

/* 0, or -1 and *err says what is wrong ("is empty", "is 312 bytes long, at most 200",
 * "has a control character at byte 7", "is not valid UTF-8 at byte 3"), to be put
 * behind the field's name.  Bytes count from 1. */
int name_check(const char *text, size_t n, struct err *err);
int text_check(const char *text, size_t n, struct err *err);

/* True when all `n` bytes are well-formed UTF-8 (no overlong forms, no surrogates). */
bool utf8_valid(const char *text, size_t n);

/* How many of the `n` bytes the well-formed character at their start takes: 1 to 4, or
 * 0 when none starts there or `n` is 0. */
size_t utf8_next(const char *text, size_t n);

/* True for the `n` bytes of one well-formed character that no name may hold: a control
 * character, or a line or paragraph separator. */
bool utf8_is_control(const char *character, size_t n);

/* Glob: '*' stands for any run of bytes, '?' for one UTF-8 character, all else for
 * itself.  The time is at worst the product of both lengths, whatever the stars. */
bool glob_match(const char *glob, const char *text);

#endif
