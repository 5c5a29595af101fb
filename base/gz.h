/* base/gz.h - gzip both ways, bounded.  The only place that includes zlib.h. */
#ifndef BASE_GZ_H
#define BASE_GZ_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Adds the inflated bytes of a gzip (or zlib) stream, members one after another, to
 * `to`.  -1 when it is damaged, cut short, or inflates to more than `bytes_max` (code
 * EMSGSIZE). */
int gz_inflate(const void *bytes, size_t n, size_t bytes_max, struct buf *to,
               struct err *err);

/* Adds the bytes as one gzip member. */
int gz_deflate(const void *bytes, size_t n, struct buf *to, struct err *err);

/* Inflating piece by piece, for streams of any length. */
struct gz_stream;
struct gz_stream *gz_stream_new(struct err *err);
void gz_stream_free(struct gz_stream **s);
/* Inflates from *in (*n_in bytes, both moved on) into `out`; gives the bytes written,
 * which may be 0 when more input is needed, or -1 when the stream is damaged. */
ssize_t gz_stream_read(struct gz_stream *s, const char **in, size_t *n_in, char *out,
                       size_t n_out, struct err *err);
/* True when the input may end here: between two members. */
bool gz_stream_whole(const struct gz_stream *s);

#endif
