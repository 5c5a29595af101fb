/* notifier/pack_words.c - looks texts up in notifier/pack_words_list.h.  Some hundred
 * comparisons a text, a few texts a finding.  Pure; any thread. */
#include "notifier/pack_words.h"

#include "notifier/pack_words_list.h"

#include <stddef.h>
#include <string.h>

static const char *const table[][LANGUAGE_N] = {
#define X(en, zh) {[LANGUAGE_EN] = (en), [LANGUAGE_ZH] = (zh)},
    PACK_WORDS(X)
#undef X
};

static const char *find(enum language l, const char *text)
{
    for (size_t i = 0; text != NULL && i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i][LANGUAGE_EN], text) == 0)
            return table[i][l < LANGUAGE_N ? l : LANGUAGE_EN];
    return NULL;
}

const char *pack_words(enum language l, const char *text)
{
    const char *known = l != LANGUAGE_EN ? find(l, text) : NULL;
    return known != NULL ? known : text;
}

bool pack_words_known(enum language l, const char *text)
{
    return find(l, text) != NULL;
}
