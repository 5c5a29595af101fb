/* notifier/phrases.c - finds a phrase and fills its places.  The table is
 * notifier/phrases_list.h; what is not text there is read here, once for each use.
 * Pure; any thread. */
#include "notifier/phrases.h"

#include <assert.h>
#include <stdbool.h>
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

/* --- spaces in Chinese --- */

static bool is_latin(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A Chinese character, of which the first byte stands at `text`: U+4E00 to U+9FFF, as
 * good as all that phrases use; marks are below and above. */
static bool is_chinese(const char *text, size_t n)
{
    const unsigned char *c = (const unsigned char *)text;
    return n >= 3 && c[0] >= 0xe4 && c[0] <= 0xe9;
}

/* True when a text that ends so and one that begins so need a space between them:
 * where Latin letters or digits and Chinese characters meet. */
static bool meet(const char *end, size_t n_end, const char *begin)
{
    if (n_end == 0 || *begin == '\0')
        return false;
    if (is_latin((unsigned char)end[n_end - 1]))
        return is_chinese(begin, strnlen(begin, 3));
    return is_latin((unsigned char)*begin) && n_end >= 3 &&
           is_chinese(end + n_end - 3, 3);
}

/* Adds a text behind what was added since `start`. */
static void join(struct buf *to, size_t start, enum language l, const char *text,
                 size_t n)
{
    if (n == 0)
        return;
    if (l == LANGUAGE_ZH && to->len > start &&
        meet(to->data + start, to->len - start, text))
        buf_add_ch(to, ' ');
    buf_add_n(to, text, n);
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
    size_t start = to->len;
    for (const char *at = phrase(l, p); *at != '\0';) {
        size_t text = strcspn(at, "{");
        join(to, start, l, at, text);
        at += text;
        if (*at == '\0')
            break;
        struct place place = place_at(at);
        const char *arg = args[place.no];
        if (place.one == NULL)
            join(to, start, l, arg, strlen(arg));
        else if (strcmp(arg, "1") == 0)
            join(to, start, l, place.one, place.one_length);
        else
            join(to, start, l, place.many, place.many_length);
        at += place.length;
    }
}
