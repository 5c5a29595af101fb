/* base/buf.c - growing text.  One owner at a time, no locks. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *buf_room(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n >= BUF_BYTES_MAX || b->len + n >= BUF_BYTES_MAX) {
        b->failed = true;
        return NULL;
    }
    if (b->len + n + 1 > b->cap) {
        size_t cap = b->cap > 0 ? b->cap : 128;
        while (cap < b->len + n + 1)
            cap *= 2;
        char *data = realloc(b->data, cap);
        if (data == NULL) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

void buf_add_n(struct buf *b, const void *bytes, size_t n)
{
    char *to = buf_room(b, n);
    if (to == NULL)
        return;
    if (n > 0)
        memcpy(to, bytes, n);
    to[n] = '\0';
    b->len += n;
}

void buf_add(struct buf *b, const char *text)
{
    buf_add_n(b, text, strlen(text));
}

void buf_add_ch(struct buf *b, char c)
{
    buf_add_n(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *to = n >= 0 ? buf_room(b, (size_t)n) : NULL;
    if (to != NULL) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    } else {
        b->failed = true;
    }
    va_end(again);
}

int buf_done(const struct buf *b)
{
    return b->failed ? -1 : 0;
}

char *buf_give(struct buf *b)
{
    if (!b->failed && b->data == NULL)
        buf_add_n(b, "", 0);
    char *text = b->failed ? NULL : b->data;
    if (b->failed)
        free(b->data);
    *b = (struct buf){0};
    return text;
}

const char *buf_text(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
