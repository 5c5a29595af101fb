/* notifier/retell.h - the judge's English sentences in another language.
 *
 * A verdict's notes (why it was not judged, with whom was compared, how hosts came
 * back, which other change is likelier) are sentences of fixed words with figures and
 * names between them.  They are found again here by those words
 * (notifier/retell_list.h) and said in the other language.  What is not found is left
 * as it is by the caller: a sentence in English is better than none, and better than a
 * guess. */
#ifndef NOTIFIER_RETELL_H
#define NOTIFIER_RETELL_H

#include "base/buf.h"
#include "notifier/language.h"

#include <stdbool.h>

/* Adds the text in language `l`.  False, with nothing added, when a part of it is not
 * known in that language. */
bool retell(enum language l, const char *english, struct buf *to);

#endif
