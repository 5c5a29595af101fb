/* collector/hostinfo/backlog.c - a queue of readings without their repeated text.
 *
 * In a shape a byte NUMBER stands where a number stood and a byte TIME for each line's
 * time; neither can occur in the lines themselves, whose names hold no control
 * characters.  One thread at a time. */
#include "collector/hostinfo/backlog.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 1, TIME = 2 };

struct shape {
    size_t users, n;
    char text[];
};

struct waiting {
    struct waiting *next;
    struct shape *shape;
    uint64_t number;
    instant at;
    size_t n;
    float value[];
};

struct backlog {
    span keep;
    struct waiting *first, *last;
    uint64_t next_number;
    struct backlog_stats stats;
};

struct backlog *backlog_new(span keep)
{
    struct backlog *b = calloc(1, sizeof *b);
    if (b != NULL) {
        b->keep = keep;
        b->next_number = 1;
    }
    return b;
}

static size_t bytes_of(const struct waiting *w)
{
    return sizeof *w + w->n * sizeof w->value[0];
}

static void shape_unref(struct backlog *b, struct shape *s)
{
    if (--s->users > 0)
        return;
    b->stats.bytes -= sizeof *s + s->n;
    free(s);
}

static void drop_first(struct backlog *b)
{
    struct waiting *w = b->first;
    b->first = w->next;
    if (b->first == NULL)
        b->last = NULL;
    b->stats.readings--;
    b->stats.bytes -= bytes_of(w);
    shape_unref(b, w->shape);
    free(w);
}

void backlog_free(struct backlog **b)
{
    if (*b == NULL)
        return;
    while ((*b)->first != NULL)
        drop_first(*b);
    free(*b);
    *b = NULL;
}

static void lose_first(struct backlog *b)
{
    b->stats.dropped += b->first->n;
    b->stats.readings_dropped++;
    drop_first(b);
}

/* The end of a line's head: its first space that is not escaped. */
static const char *head_end(const char *p, const char *end)
{
    for (; p < end && *p != ' '; p++)
        p += *p == '\\' && p + 1 < end;
    return p;
}

/* Splits the lines into `shape` and `values` (floats); false on lines of another form.
 */
static bool split(const char *p, const char *end, struct buf *shape, struct buf *values)
{
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (nl == NULL)
            return false;
        const char *fields = head_end(p, nl);
        buf_add_n(shape, p, (size_t)(fields - p));
        for (p = fields; p < nl;) {
            const char *equals = memchr(p, '=', (size_t)(nl - p));
            if (equals == NULL)
                break;
            char *behind;
            float v = strtof(equals + 1, &behind);
            buf_add_n(shape, p, (size_t)(equals + 1 - p));
            buf_add_ch(shape, NUMBER);
            buf_add_n(values, &v, sizeof v);
            p = behind;
        }
        if (p == fields || p >= nl || *p != ' ')
            return false;
        buf_add_ch(shape, TIME);
        p = nl + 1;
    }
    return !shape->failed && !values->failed;
}

/* The last reading's shape when it is this one, else a new one; with a use added. */
static struct shape *shape_for(struct backlog *b, const struct buf *text)
{
    struct shape *s = b->last != NULL ? b->last->shape : NULL;
    assert(text->data != NULL); /* a reading has a name at least */
    if (s == NULL || s->n != text->len || memcmp(s->text, text->data, s->n) != 0) {
        s = malloc(sizeof *s + text->len);
        if (s == NULL)
            return NULL;
        s->users = 0;
        s->n = text->len;
        memcpy(s->text, text->data, s->n);
        b->stats.bytes += sizeof *s + s->n;
    }
    s->users++;
    return s;
}

static bool append(struct backlog *b, instant at, const struct buf *shape,
                   const struct buf *values)
{
    struct waiting *w = malloc(sizeof *w + values->len);
    if (w == NULL)
        return false;
    *w = (struct waiting){.number = b->next_number,
                          .at = at,
                          .n = values->len / sizeof w->value[0],
                          .shape = shape_for(b, shape)};
    if (w->shape == NULL) {
        free(w);
        return false;
    }
    memcpy(w->value, values->data, values->len);
    b->next_number++;
    *(b->last != NULL ? &b->last->next : &b->first) = w;
    b->last = w;
    b->stats.readings++;
    b->stats.bytes += bytes_of(w);
    return true;
}

void backlog_put(struct backlog *b, instant at, const char *lines, size_t n)
{
    OWNED_BUF shape = {0}, values = {0};
    if (n == 0)
        return;
    if (!split(lines, lines + n, &shape, &values) || shape.len > BACKLOG_TEXT_MAX ||
        !append(b, at, &shape, &values)) {
        b->stats.dropped += values.len / sizeof(float);
        b->stats.readings_dropped++;
        return;
    }
    while (b->first != b->last && (b->stats.bytes > BACKLOG_BYTES_MAX ||
                                   instant_since(at, b->first->at).ms > b->keep.ms))
        lose_first(b);
}

static void write_reading(const struct waiting *w, struct buf *to)
{
    size_t n = 0;
    const char *p = w->shape->text, *end = p + w->shape->n;
    while (p < end) {
        const char *mark = p;
        while (mark < end && *mark != NUMBER && *mark != TIME)
            mark++;
        buf_add_n(to, p, (size_t)(mark - p));
        if (mark < end && *mark == NUMBER)
            buf_addf(to, "%.7g", (double)w->value[n++]);
        else if (mark < end)
            buf_addf(to, " %lld\n", (long long)(w->at.ms / 1000));
        p = mark + 1;
    }
}

uint64_t backlog_peek(const struct backlog *b, size_t bytes, struct buf *to)
{
    uint64_t number = 0;
    for (const struct waiting *w = b->first; w != NULL; w = w->next) {
        if (number != 0 && to->len + w->shape->n + w->n * 8 > bytes)
            break;
        write_reading(w, to);
        number = w->number;
    }
    return number;
}

void backlog_sent(struct backlog *b, uint64_t number)
{
    while (b->first != NULL && b->first->number <= number)
        drop_first(b);
}

struct backlog_stats backlog_stats(const struct backlog *b)
{
    return b->stats;
}
