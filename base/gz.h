/* base/gz.h - gzip both ways, bounded.  The only place that includes zlib.h. */
#ifndef BASE_GZ_H
#define BASE_GZ_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Adds the inflated bytes of a gzip (or zlib) stream, members one after another, to
 * `to`.  -1 when it is damaged, cut short, or inflates to more than `bytes_max`
 * (code EMSGSIZE). */
int gz_inflate(const void *bytes, size_t n, size_t bytes_max, struct buf *to,
               struct err *err);

int gz_deflate(const void *bytes, size_t n, struct buf *to, struct err *err);

#endif
