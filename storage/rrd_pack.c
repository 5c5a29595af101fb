/* storage/rrd_pack.c - requests to the rrd child and its answers, as bytes.
 *
 * Numbers stand as they lie in memory, for both sides are one program.  The side that
 * takes believes no number: it never reads beyond what came, and notes when it would
 * have.  It runs on both sides of the fork; no state. */
#include "storage/rrd_part.h"

#include <stdlib.h>
#include <string.h>

void rrd_pack_int(struct buf *b, int64_t v)
{
    buf_add_n(b, &v, sizeof v);
}

void rrd_pack_text(struct buf *b, const char *text)
{
    size_t n = strlen(text) + 1;
    rrd_pack_int(b, (int64_t)n);
    buf_add_n(b, text, n);
}

const char *rrd_take(struct rrd_bytes *in, size_t n)
{
    if (in->bad || n > in->left) {
        in->bad = true;
        return NULL;
    }
    const char *at = in->at;
    in->at += n;
    in->left -= n;
    return at;
}

int64_t rrd_take_int(struct rrd_bytes *in)
{
    int64_t v = 0;
    const char *at = rrd_take(in, sizeof v);
    if (at != NULL)
        memcpy(&v, at, sizeof v);
    return v;
}

size_t rrd_take_count(struct rrd_bytes *in, size_t each)
{
    int64_t n = rrd_take_int(in);
    if (n < 0 || (uint64_t)n > in->left / each) {
        in->bad = true;
        return 0;
    }
    return (size_t)n;
}

const char *rrd_take_text(struct rrd_bytes *in)
{
    size_t n = rrd_take_count(in, 1);
    const char *at = rrd_take(in, n);
    if (at == NULL || n == 0 || at[n - 1] != '\0') {
        in->bad = true;
        return "";
    }
    return at;
}

void *rrd_take_copy(struct rrd_bytes *in, size_t n, size_t each)
{
    const char *at = rrd_take(in, n * each);
    void *copy = at != NULL ? malloc(n > 0 ? n * each : 1) : NULL;
    if (copy == NULL) {
        in->bad = true;
        return NULL;
    }
    return memcpy(copy, at, n * each);
}
