/* base/gz.c - gzip over zlib.  A stream belongs to one thread. */
#include "base/gz.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    ANY_HEADER = 32 + MAX_WBITS, /* gzip or zlib, found out by zlib */
    GZIP_HEADER = 16 + MAX_WBITS,
    PIECE = 64 << 10,
    FEED_MAX = 1 << 30, /* zlib counts its input in 32 bits */
};

struct gz_stream {
    z_stream z;
    bool inside; /* of a member */
};

struct gz_stream *gz_stream_new(struct err *err)
{
    struct gz_stream *s = calloc(1, sizeof *s);
    if (s == NULL || inflateInit2(&s->z, ANY_HEADER) != Z_OK) {
        free(s);
        err_set(err, ENOMEM, "no memory to inflate with");
        return NULL;
    }
    return s;
}

void gz_stream_free(struct gz_stream **s)
{
    if (*s == NULL)
        return;
    inflateEnd(&(*s)->z);
    free(*s);
    *s = NULL;
}

bool gz_stream_whole(const struct gz_stream *s)
{
    return !s->inside;
}

ssize_t gz_stream_read(struct gz_stream *s, const char **in, size_t *n_in, char *out,
                       size_t n_out, struct err *err)
{
    size_t feed = *n_in < FEED_MAX ? *n_in : FEED_MAX;
    size_t room = n_out < FEED_MAX ? n_out : FEED_MAX;
    s->z.next_in = (Bytef *)(uintptr_t)*in;
    s->z.avail_in = (uInt)feed;
    s->z.next_out = (Bytef *)out;
    s->z.avail_out = (uInt)room;
    while (s->z.avail_out > 0 && (s->z.avail_in > 0 || s->inside)) {
        uInt in_before = s->z.avail_in, out_before = s->z.avail_out;
        s->inside = true;
        int rc = inflate(&s->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END) {
            s->inside = false;
            inflateReset2(&s->z, ANY_HEADER);
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            return err_set(err, EBADMSG, "damaged gzip data: %s",
                           s->z.msg != NULL ? s->z.msg : "it does not unpack");
        } else if (s->z.avail_in == in_before && s->z.avail_out == out_before) {
            break; /* it needs more input */
        }
    }
    *in += feed - s->z.avail_in;
    *n_in -= feed - s->z.avail_in;
    return (ssize_t)(room - s->z.avail_out);
}

int gz_inflate(const void *bytes, size_t n, size_t bytes_max, struct buf *to,
               struct err *err)
{
    struct gz_stream *s = gz_stream_new(err);
    if (s == NULL)
        return -1;
    const char *in = bytes;
    size_t sum = 0;
    ssize_t got = 0;
    int rc = 0;
    do {
        char *room = buf_room(to, PIECE);
        got = room != NULL ? gz_stream_read(s, &in, &n, room, PIECE, err)
                           : err_set(err, ENOMEM, "out of memory");
        if (got > 0) {
            to->len += (size_t)got;
            to->data[to->len] = '\0';
            sum += (size_t)got;
        }
        rc = got < 0 ? -1 : 0;
        if (sum > bytes_max)
            rc = err_set(err, EMSGSIZE, "the data inflates to more than %zu bytes",
                         bytes_max);
    } while (rc == 0 && got > 0);
    if (rc == 0 && !gz_stream_whole(s))
        rc = err_set(err, EBADMSG, "the gzip data is cut short");
    gz_stream_free(&s);
    return rc;
}

int gz_deflate(const void *bytes, size_t n, struct buf *to, struct err *err)
{
    z_stream z = {0};
    if (n > FEED_MAX)
        return err_set(err, EMSGSIZE, "%zu bytes are too many to pack at once", n);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_HEADER, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, ENOMEM, "no memory to pack with");
    size_t most = deflateBound(&z, n);
    char *room = buf_room(to, most);
    int rc = Z_MEM_ERROR;
    if (room != NULL) {
        z.next_in = (Bytef *)(uintptr_t)bytes;
        z.avail_in = (uInt)n;
        z.next_out = (Bytef *)room;
        z.avail_out = (uInt)most;
        rc = deflate(&z, Z_FINISH);
        if (rc == Z_STREAM_END) {
            to->len += z.total_out;
            to->data[to->len] = '\0';
        }
    }
    deflateEnd(&z);
    return rc == Z_STREAM_END ? 0 : err_set(err, ENOMEM, "out of memory");
}
