/* rules/tidy.h - a rule file in its usual form, without a change of what it says.
 *
 * Fields stand in the order of the manual (rules/schema), two blanks deeper than what
 * they belong to; lists stand below their field; there is one blank after a colon and a
 * comma and none within brackets, one empty line between two rules, none at the ends
 * and never two.  Comments stay with what they are written above or behind.  Texts are
 * not touched: neither their quotes nor their line ends.  A tidy file is left as it is,
 * so tidying twice is tidying once.
 *
 * What comes out is read again and compared with what went in, value by value and
 * comment by comment: a file that cannot be tidied so is refused.  Pure; any thread. */
#ifndef RULES_TIDY_H
#define RULES_TIDY_H

#include "base/buf.h"
#include "base/complain.h"

#include <stddef.h>

/* Adds the tidy text of a file that yaml_parse takes; it need not be a good rule file.
 * -1 with complaints, and nothing added, when it does not or cannot be tidied. */
int tidy(const char *file, const char *text, size_t n, struct buf *to,
         struct complaints *c);

#endif
