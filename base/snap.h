/* base/snap.h - Snappy's block format, bounded.  The only place that includes
 * snappy-c.h. */
#ifndef BASE_SNAP_H
#define BASE_SNAP_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Adds the bytes of one block to `to`.  -1 when it is damaged, or says of itself that
 * it holds more than `bytes_max` (code EMSGSIZE): nothing is unpacked before that is
 * known.
 */
int snap_unpack(const void *bytes, size_t n, size_t bytes_max, struct buf *to,
                struct err *err);

/* Adds the bytes as one block. */
int snap_pack(const void *bytes, size_t n, struct buf *to, struct err *err);

#endif
