/* notifier/plain.h - strangers' text made safe to show to people.
 *
 * What comes out is valid UTF-8 on one line: broken bytes become U+FFFD, control
 * characters and line separators a space, marks that turn the reading direction or have
 * no width are left out, and what is longer than asked ends in an ellipsis.  It is not
 * escaped: that is for whoever puts it into HTML or a header. */
#ifndef NOTIFIER_PLAIN_H
#define NOTIFIER_PLAIN_H

#include "base/buf.h"

#include <stddef.h>

/* Adds at most `chars_max` characters of `text` (NULL: nothing). */
void plain_add(struct buf *to, const char *text, size_t chars_max);

/* Bytes of the well-formed character at `text` (which ends in a NUL) and its code
 * point; 0 at the end or where the bytes are no UTF-8. */
size_t plain_char(const char *text, unsigned *ret_code);

/* Columns that a text takes in a fixed-width font: wide East Asian characters take two.
 */
size_t plain_width(const char *text);

#endif
