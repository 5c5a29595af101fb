/* notifier/phrases.c - finds a phrase and fills its places.  The table is
 * notifier/phrases_list.h; what is not text there is read here, once for each use.
 * Pure; any thread. */
#include "notifier/phrases.h"

#include <assert.h>
#include <string.h>

static const char *const table[PHRASE_N][LANGUAGE_N] = {
#define X(id, en, zh) [PHRASE_##id] = {[LANGUAGE_EN] = (en), [LANGUAGE_ZH] = (zh)},
    PHRASES(X)
#undef X
};

const char *phrase(enum language l, enum phrase p)
{
    assert(p < PHRASE_N);
    return table[p][l < LANGUAGE_N ? l : LANGUAGE_EN];
}

/* A place of a phrase: "{2}" or "{2|one|many}". */
struct place {
    size_t no, length;
    const char *one, *many; /* NULL: the argument itself */
    size_t one_length, many_length;
};

/* The table is ours: what is no place there is a mistake of ours. */
static struct place place_at(const char *at)
{
    const char *end = strchr(at, '}'), *bar = strchr(at, '|');
    assert(end != NULL && at[1] >= '0' && at[1] < '0' + PHRASE_ARGS_MAX);
    struct place p = {.no = (size_t)(at[1] - '0'), .length = (size_t)(end - at) + 1};
    if (bar == NULL || bar > end) {
        assert(end == at + 2);
        return p;
    }
    const char *second = strchr(bar + 1, '|');
    assert(second != NULL && second < end);
    p.one = bar + 1;
    p.one_length = (size_t)(second - p.one);
    p.many = second + 1;
    p.many_length = (size_t)(end - p.many);
    return p;
}

static void fill(struct buf *to, const struct place *p, const char *arg)
{
    if (p->one == NULL)
        buf_add(to, arg);
    else if (strcmp(arg, "1") == 0)
        buf_add_n(to, p->one, p->one_length);
    else
        buf_add_n(to, p->many, p->many_length);
}

size_t phrase_args(enum language l, enum phrase p)
{
    size_t most = 0;
    for (const char *at = phrase(l, p); (at = strchr(at, '{')) != NULL;) {
        struct place place = place_at(at);
        most = place.no + 1 > most ? place.no + 1 : most;
        at += place.length;
    }
    return most;
}

void phrase_add(struct buf *to, enum language l, enum phrase p, const char *const *args,
                size_t n)
{
    assert(phrase_args(l, p) <= n);
    for (const char *at = phrase(l, p); *at != '\0';) {
        size_t text = strcspn(at, "{");
        buf_add_n(to, at, text);
        at += text;
        if (*at == '\0')
            break;
        struct place place = place_at(at);
        fill(to, &place, args[place.no]);
        at += place.length;
    }
}
