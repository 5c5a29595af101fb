/* notifier/retell.c - matches sentences against patterns.  Pure; any thread.
 *
 * A place that takes any text tries each end for it in turn, so patterns hold at most
 * two such places in front of other text, and texts are a few hundred bytes: the work
 * is bounded by their product.  Depth of recursion is the number of parts of a pattern.
 */
#include "notifier/retell.h"

#include "notifier/figure.h"
#include "notifier/phrases.h"
#include "notifier/retell_list.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES_MAX = 8, TEXT_MAX = 2000, DEPTH_MAX = 2 };

static const char *const table[][LANGUAGE_N] = {
#define X(en, zh) {[LANGUAGE_EN] = (en), [LANGUAGE_ZH] = (zh)},
    RETOLD(X)
#undef X
};
enum { PATTERNS = sizeof table / sizeof *table };

/* What the places of a pattern took. */
struct taken {
    struct piece {
        const char *at;
        size_t n;
    } place[PLACES_MAX];
};

struct place {
    size_t no, length; /* of the place as it is written */
    char type;         /* 'n', 's', 'l', 'p'; '|': words; 0: any text */
    const char *words;
};

static struct place place_at(const char *at)
{
    const char *end = strchr(at, '}');
    assert(end != NULL && at[1] >= '0' && at[1] < '0' + PLACES_MAX);
    return (struct place){.no = (size_t)(at[1] - '0'),
                          .length = (size_t)(end - at) + 1,
                          .type = (char)(at[2] == '}' ? '\0' : at[2]),
                          .words = at + 3};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of "12,345" at the start of a text. */
static size_t number_length(const char *text, const char *end)
{
    size_t n = 0;
    while (text + n < end &&
           (is_digit(text[n]) ||
            (text[n] == ',' && n > 0 && text + n + 1 < end && is_digit(text[n + 1]))))
        n++;
    return n;
}

static const struct {
    const char *word;
    enum phrase phrase;
} units[] = {{" hour", PHRASE_HOURS},
             {" minute", PHRASE_MINUTES},
             {" second", PHRASE_SECONDS},
             {" day", PHRASE_DAYS}};

/* Bytes of "3 minutes" at the start of a text, and its unit. */
static size_t span_length(const char *text, const char *end, enum phrase *ret_unit)
{
    size_t n = number_length(text, end);
    for (size_t i = 0; n > 0 && i < sizeof units / sizeof *units; i++) {
        size_t word = strlen(units[i].word);
        if ((size_t)(end - text) < n + word ||
            strncmp(text + n, units[i].word, word) != 0)
            continue;
        *ret_unit = units[i].phrase;
        n += word;
        return n + (text + n < end && text[n] == 's');
    }
    return 0;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as a pattern of ours has parts */
static bool matches(const char *pattern, const char *text, const char *end,
                    struct taken *to);

/* The word of "{0|was|were}" that stands at the text; 0: neither.  Of two that both fit
 * the longer one is taken. */
static size_t words_length(const struct place *p, const char *text, const char *end)
{
    size_t best = 0;
    for (const char *word = p->words; *word != '}';) {
        size_t n = strcspn(word, "|}");
        if (n > best && (size_t)(end - text) >= n && strncmp(text, word, n) == 0)
            best = n;
        word += n + (word[n] == '|');
    }
    return best;
}

/* Any text, as short as what follows allows. */
static bool matches_any(const struct place *p, const char *rest, const char *text,
                        const char *end, struct taken *to)
{
    for (const char *stop = *rest == '\0' ? end : text + 1; stop <= end; stop++) {
        if (*rest != '\0' && *rest != '{' && stop < end && *stop != *rest)
            continue;
        if (stop > text && matches(rest, stop, end, to)) {
            to->place[p->no] = (struct piece){text, (size_t)(stop - text)};
            return true;
        }
    }
    return false;
}

static bool matches_place(const struct place *p, const char *rest, const char *text,
                          const char *end, struct taken *to)
{
    enum phrase unit;
    size_t n = 0;
    switch (p->type) {
    case 'n':
        n = number_length(text, end);
        break;
    case 's':
        n = span_length(text, end, &unit);
        break;
    case '|':
        n = words_length(p, text, end);
        return n > 0 && matches(rest, text + n, end, to);
    default:
        return matches_any(p, rest, text, end, to);
    }
    if (n == 0 || !matches(rest, text + n, end, to))
        return false;
    to->place[p->no] = (struct piece){text, n};
    return true;
}

static bool matches(const char *pattern, const char *text, const char *end,
                    struct taken *to)
{
    size_t n = strcspn(pattern, "{");
    if ((size_t)(end - text) < n || strncmp(pattern, text, n) != 0)
        return false;
    pattern += n;
    text += n;
    if (*pattern == '\0')
        return text == end;
    struct place p = place_at(pattern);
    return matches_place(&p, pattern + p.length, text, end, to);
}

/* NOLINTEND(misc-no-recursion) */

/* --- the other language --- */

/* NOLINTBEGIN(misc-no-recursion): at most DEPTH_MAX levels */

static bool retell_clause(enum language l, const char *text, size_t n, int depth,
                          struct buf *to);

/* "h1, h2 and 3 more" */
static void put_list(enum language l, const struct piece *p, struct buf *to)
{
    const char *end = p->at + p->n, *names_end = end;
    struct taken rest = {0};
    for (const char *and = p->at; and < end; and++)
        if (*and == ' ' && matches(" and {0n} more", and, end, &rest)) {
            names_end = and;
            break;
        }
    OWNED_BUF names = {0};
    for (const char *at = p->at; at < names_end;) {
        const char *comma = memmem(at, (size_t)(names_end - at), ", ", 2);
        size_t n = (size_t)((comma != NULL ? comma : names_end) - at);
        buf_add_n(&names, at, n);
        at += n;
        if (comma != NULL) {
            buf_add(&names, phrase(l, PHRASE_COMMA));
            at += 2;
        }
    }
    if (names_end == end) {
        buf_add(to, buf_text(&names));
        return;
    }
    OWNED_BUF more = {0};
    buf_add_n(&more, rest.place[0].at, rest.place[0].n);
    PHRASE_PUT(to, l, AND_MORE_HOSTS, buf_text(&names), buf_text(&more));
}

static void put_span(enum language l, const struct piece *p, struct buf *to)
{
    enum phrase unit = PHRASE_SECONDS;
    span_length(p->at, p->at + p->n, &unit);
    OWNED_BUF number = {0};
    buf_add_n(&number, p->at, number_length(p->at, p->at + p->n));
    const char *arg = buf_text(&number);
    phrase_add(to, l, unit, &arg, 1);
}

/* Parts behind commas, each in the table. */
static bool put_parts(enum language l, const struct piece *p, int depth, struct buf *to)
{
    const char *at = p->at, *end = p->at + p->n;
    while (at < end) {
        const char *comma = memmem(at, (size_t)(end - at), ", ", 2);
        size_t n = (size_t)((comma != NULL ? comma : end) - at);
        if (!retell_clause(l, at, n, depth + 1, to))
            return false;
        at += n;
        if (comma != NULL) {
            buf_add(to, phrase(l, PHRASE_COMMA));
            at += 2;
        }
    }
    return true;
}

static bool put_place(enum language l, const struct place *p, const struct taken *taken,
                      int depth, struct buf *to)
{
    const struct piece *piece = &taken->place[p->no];
    OWNED_BUF known = {0};
    switch (p->type) {
    case 'l':
        put_list(l, piece, to);
        return true;
    case 's':
        put_span(l, piece, to);
        return true;
    case 'p':
        return put_parts(l, piece, depth, to);
    case 'n':
        buf_add_n(to, piece->at, piece->n);
        return true;
    default: /* words that may be one of ours, such as a reason */
        if (depth < DEPTH_MAX &&
            retell_clause(l, piece->at, piece->n, DEPTH_MAX, &known))
            buf_add(to, buf_text(&known));
        else
            buf_add_n(to, piece->at, piece->n);
        return true;
    }
}

static bool put(enum language l, const char *pattern, const struct taken *taken,
                int depth, struct buf *to)
{
    for (const char *at = pattern; *at != '\0';) {
        size_t n = strcspn(at, "{");
        buf_add_n(to, at, n);
        at += n;
        if (*at == '\0')
            break;
        struct place p = place_at(at);
        if (!put_place(l, &p, taken, depth, to))
            return false;
        at += p.length;
    }
    return true;
}

static bool retell_clause(enum language l, const char *text, size_t n, int depth,
                          struct buf *to)
{
    for (size_t i = 0; depth <= DEPTH_MAX && i < PATTERNS; i++) {
        struct taken taken = {0};
        if (!matches(table[i][LANGUAGE_EN], text, text + n, &taken))
            continue;
        OWNED_BUF words = {0};
        if (!put(l, table[i][l], &taken, depth, &words))
            continue;
        buf_add(to, buf_text(&words));
        return true;
    }
    return false;
}

/* NOLINTEND(misc-no-recursion) */

/* Clauses up to `end`, joined as the language joins them. */
static bool retell_sentence(enum language l, const char *at, const char *end,
                            struct buf *to)
{
    while (at < end) {
        const char *stop = memmem(at, (size_t)(end - at), "; ", 2);
        size_t n = (size_t)((stop != NULL ? stop : end) - at);
        if (!retell_clause(l, at, n, 0, to))
            return false;
        at += n;
        if (stop != NULL) {
            buf_add(to, phrase(l, PHRASE_SEMICOLON));
            at += 2;
        }
    }
    return true;
}

/* A percent sign stands close behind its figure, as figure.h has it in Chinese. */
static void add_figures(struct buf *to, const char *text)
{
    for (const char *sign; (sign = strstr(text, " %")) != NULL; text = sign + 1)
        buf_add_n(to, text, (size_t)(sign - text));
    buf_add(to, text);
}

bool retell(enum language l, const char *english, struct buf *to)
{
    OWNED_BUF words = {0};
    size_t n = strlen(english);
    if (l == LANGUAGE_EN || l >= LANGUAGE_N || n == 0 || n > TEXT_MAX)
        return false;
    for (const char *at = english, *all = english + n; at < all;) {
        const char *stop = memmem(at, (size_t)(all - at), ". ", 2);
        const char *end = stop != NULL ? stop : all;
        bool full = stop == NULL && all[-1] == '.';
        if (!retell_sentence(l, at, full ? end - 1 : end, &words))
            return false;
        if (full || stop != NULL)
            buf_add(&words, phrase(l, PHRASE_STOP));
        at = stop != NULL ? stop + 2 : all;
    }
    to->failed |= words.failed;
    add_figures(to, buf_text(&words));
    return true;
}
