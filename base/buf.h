/* base/buf.h - a growing piece of text or bytes.
 *
 * Start it as `struct buf b = {0};`.  `data` is NULL or ends in a NUL that `len` does
 * not count.  A failed add (out of memory, over BUF_BYTES_MAX) is remembered and makes
 * all later adds do nothing, so only the end needs a check: buf_done. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

enum { BUF_BYTES_MAX = 1 << 30 };

struct buf {
    char *data;
    size_t len, cap;
    bool failed;
};

void buf_add(struct buf *b, const char *text);
void buf_add_n(struct buf *b, const void *bytes, size_t n);
void buf_add_ch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `n` more bytes and gives the place to write them to; the caller then
 * adds what it wrote to `len`.  NULL when there is no room. */
char *buf_room(struct buf *b, size_t n);

/* 0, or -1 when any add failed. */
int buf_done(const struct buf *b);

/* Gives the text away (the caller frees it) and leaves *b empty; NULL after a failed
 * add.  An empty buffer gives "". */
char *buf_give(struct buf *b);

/* The text so far, "" for an empty buffer. */
const char *buf_text(const struct buf *b);

/* Forgets the content and any failure, keeps the memory. */
void buf_clear(struct buf *b);

void buf_free(struct buf *b);

/* struct buf on the stack that frees itself. */
#define OWNED_BUF __attribute__((cleanup(buf_free))) struct buf

#endif
