/* notifier/phrases.h - every word of a report, in every language, from one table.
 *
 * A phrase has places for texts: "{0}" takes the first argument as it is, and
 * "{0|finding|findings}" takes the first word when that argument reads "1", else the
 * second; which arguments a phrase takes is the same in all languages, their order is
 * not.  Arguments are texts that are ready to be read (notifier/figure.h, plain.h):
 * nothing here is a printf format.  Where Chinese characters meet Latin letters or
 * digits a space is put between them, as Chinese is typeset. */
#ifndef NOTIFIER_PHRASES_H
#define NOTIFIER_PHRASES_H

#include "base/buf.h"
#include "notifier/language.h"
#include "notifier/phrases_list.h"

#include <stddef.h>

#define X(id, en, zh) PHRASE_##id,
enum phrase { PHRASES(X) PHRASE_N };
#undef X

enum { PHRASE_ARGS_MAX = 8 };

/* The phrase as it stands: for those without places. */
const char *phrase(enum language l, enum phrase p);

/* Adds it with its places filled: `n` is how many arguments it takes. */
void phrase_add(struct buf *to, enum language l, enum phrase p, const char *const *args,
                size_t n);
/* PHRASE_PUT(&b, language, FINDING_SINCE, at, state) */
#define PHRASE_PUT(to, l, id, ...)                                                     \
    phrase_add(to, l, PHRASE_##id, (const char *const[]){__VA_ARGS__},                 \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* How many arguments it takes in a language. */
size_t phrase_args(enum language l, enum phrase p);

#endif
