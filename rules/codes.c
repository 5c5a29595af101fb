/* rules/codes.c - the list of codes as tables.  No state, any thread. */
#include "rules/codes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code, *word, *help;
} codes[] = {
#define X(id, code, word, help) [RULES_E_##id] = {code, word, help},
    RULES_CODES(X)
#undef X
};

const char *rules_code(enum rules_code code)
{
    assert(code >= 0 && code < RULES_CODE_N);
    return codes[code].code;
}

const char *rules_code_help(enum rules_code code)
{
    assert(code >= 0 && code < RULES_CODE_N);
    return codes[code].help;
}

void rules_code_all(struct complaints *c, size_t from)
{
    for (size_t i = from; i < c->n; i++)
        for (int k = 0; k < RULES_CODE_N; k++)
            if (codes[k].word[0] != '\0' && strcmp(c->at[i].code, codes[k].word) == 0) {
                char *code = strdup(codes[k].code);
                if (code == NULL)
                    continue; /* the word says the same */
                free(c->at[i].code);
                c->at[i].code = code;
            }
}
