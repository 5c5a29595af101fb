/* base/snap.c - Snappy blocks.  Any thread. */
#include "base/snap.h"

#include <errno.h>
#include <snappy-c.h>

int snap_unpack(const void *bytes, size_t n, size_t bytes_max, struct buf *to,
                struct err *err)
{
    size_t size = 0;
    if (snappy_uncompressed_length(bytes, n, &size) != SNAPPY_OK)
        return err_set(err, EINVAL, "not a block of Snappy's format");
    if (size > bytes_max)
        return err_set(err, EMSGSIZE, "unpacks to %zu bytes, at most %zu are taken",
                       size, bytes_max);
    char *plain = buf_room(to, size + 1);
    if (plain == NULL)
        return err_set(err, ENOMEM, "out of memory");
    if (snappy_uncompress(bytes, n, plain, &size) != SNAPPY_OK)
        return err_set(err, EINVAL, "a damaged block of Snappy's format");
    to->len += size;
    to->data[to->len] = '\0';
    return 0;
}

int snap_pack(const void *bytes, size_t n, struct buf *to, struct err *err)
{
    size_t size = snappy_max_compressed_length(n);
    char *packed = buf_room(to, size + 1);
    if (packed == NULL || snappy_compress(bytes, n, packed, &size) != SNAPPY_OK)
        return err_set(err, ENOMEM, "out of memory");
    to->len += size;
    to->data[to->len] = '\0';
    return 0;
}
