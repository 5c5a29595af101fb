/* notifier/language.c - the one list of languages.  Pure; any thread. */
#include "notifier/language.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *tag;
} languages[LANGUAGE_N] = {
    [LANGUAGE_EN] = {"en", "en"},
    [LANGUAGE_ZH] = {"zh", "zh-CN"},
};

const char *language_name(enum language l)
{
    return languages[l < LANGUAGE_N ? l : LANGUAGE_EN].name;
}

const char *language_tag(enum language l)
{
    return languages[l < LANGUAGE_N ? l : LANGUAGE_EN].tag;
}

enum language language_of(const char *name)
{
    for (int l = 0; name != NULL && l < LANGUAGE_N; l++)
        if (strcmp(languages[l].name, name) == 0)
            return (enum language)l;
    return LANGUAGE_N;
}
