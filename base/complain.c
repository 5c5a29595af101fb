/* base/complain.c - complaints about files, gathered so that one run tells them all.
 *
 * What is kept is clean: control characters of the complained-about file are blanked,
 * so each complaint stays one line.  errors + warnings = kept + unkept always holds, so
 * nobody takes a list without room for a file without errors.  One thread at a time. */
#include "base/complain.h"

#include "base/names.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAREST_BYTES_MAX = 64, TEXT_LONG_MAX = 2000 };

static void blank_controls(char *text)
{
    size_t n = strlen(text), i = 0;
    while (i < n) {
        size_t len = utf8_next(text + i, n - i);
        if (len == 0)
            text[i] = '?', len = 1;
        else if (utf8_is_control(text + i, len))
            memset(text + i, ' ', len);
        i += len;
    }
}

static bool make_room(struct complaints *c)
{
    if (c->n < c->cap)
        return true;
    if (c->n >= COMPLAINTS_MAX)
        return false;
    size_t cap = c->cap > 0 ? c->cap * 2 : 16;
    struct complaint *at = realloc(c->at, cap * sizeof *at);
    if (at == NULL)
        return false;
    c->at = at;
    c->cap = cap;
    return true;
}

static void complaint_free(struct complaint *k)
{
    free(k->file);
    free(k->code);
    free(k->text);
}

/* Takes over *k, whose strings are NULL where memory was short. */
static void keep(struct complaints *c, struct complaint *k)
{
    if (k->file == NULL || k->code == NULL || k->text == NULL ||
        c->n == COMPLAINTS_MAX || !make_room(c)) {
        c->unkept++;
        complaint_free(k);
        return;
    }
    blank_controls(k->file);
    blank_controls(k->text);
    c->at[c->n++] = *k;
}

__attribute__((format(printf, 1, 0))) static char *format(const char *fmt, va_list ap)
{
    char text[TEXT_LONG_MAX];
    vsnprintf(text, sizeof text, fmt, ap);
    return strdup(text);
}

void complain(struct complaints *c, const char *file, unsigned line, unsigned column,
              const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct complaint k = {strdup(file), strdup(code), format(fmt, ap),
                          line,         column,       false};
    va_end(ap);
    c->errors++;
    keep(c, &k);
}

void complain_warn(struct complaints *c, const char *file, unsigned line,
                   unsigned column, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct complaint k = {strdup(file), strdup(code), format(fmt, ap),
                          line,         column,       true};
    va_end(ap);
    c->warnings++;
    keep(c, &k);
}

static int order(const void *a, const void *b)
{
    const struct complaint *x = a, *y = b;
    int by_file = strcmp(x->file, y->file);
    if (by_file != 0)
        return by_file;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    int by_code = strcmp(x->code, y->code);
    return by_code != 0 ? by_code : strcmp(x->text, y->text);
}

void complaints_sort(struct complaints *c)
{
    if (c->n > 1)
        qsort(c->at, c->n, sizeof *c->at, order);
}

void complaints_write(const struct complaints *c, struct buf *to)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct complaint *k = &c->at[i];
        buf_addf(to, "%s:%u:%u: %s[%s]: %s\n", k->file, k->line, k->column,
                 k->warning ? "warning" : "error", k->code, k->text);
    }
    if (c->unkept > 0)
        buf_addf(to, "and %zu more\n", c->unkept);
}

void complaints_free(struct complaints *c)
{
    for (size_t i = 0; i < c->n; i++)
        complaint_free(&c->at[i]);
    free(c->at);
    *c = (struct complaints){0};
}

/* Letters differ whatever their case; '-', '_' and '.' are one. */
static char plain_letter(char c)
{
    if (c == '_' || c == '.')
        return '-';
    return (char)tolower((unsigned char)c);
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped with their neighbour to
 * make one word of the other (the optimal string alignment distance). */
static size_t letters_apart(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][NEAREST_BYTES_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    assert(n <= NEAREST_BYTES_MAX && m <= NEAREST_BYTES_MAX);
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *free_row = before;
        before = last, last = row, row = free_row;
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char x = plain_letter(a[i - 1]), y = plain_letter(b[j - 1]);
            row[j] =
                least_of(least_of(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == plain_letter(b[j - 2]) &&
                y == plain_letter(a[i - 2]))
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
    }
    return row[m];
}

const char *nearest_name(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t best_apart = SIZE_MAX, n = strlen(word);
    if (n > NEAREST_BYTES_MAX)
        return NULL;
    for (; *names != NULL; names++) {
        size_t m = strlen(*names);
        if (m > NEAREST_BYTES_MAX)
            continue;
        size_t apart = letters_apart(word, n, *names, m);
        if (apart < best_apart && 3 * apart <= (n > m ? n : m)) {
            best = *names;
            best_apart = apart;
        }
    }
    return best;
}
