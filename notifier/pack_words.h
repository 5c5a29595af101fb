/* notifier/pack_words.h - titles and advice of the shipped rules in other languages.
 *
 * Rule files are in one language, their author's; the shipped ones are in English.  A
 * text that is word for word one of theirs is known here in every language, any other
 * is the author's own and stays as it is. */
#ifndef NOTIFIER_PACK_WORDS_H
#define NOTIFIER_PACK_WORDS_H

#include "notifier/language.h"

#include <stdbool.h>

/* `text` itself in English, where it is not known, and for NULL. */
const char *pack_words(enum language l, const char *text);
bool pack_words_known(enum language l, const char *text);

#endif
