/* base/unpack.h - a file or standard input, plain, gzip or zstd, read piece by piece.
 *
 * Which of the three it is, its first bytes say, not its name.  The only place that
 * includes zstd.h; gzip is base/gz.h's. */
#ifndef BASE_UNPACK_H
#define BASE_UNPACK_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct unpack;
/* "-" is standard input. */
struct unpack *unpack_open(const char *path, struct err *err);
/* Up to `n` bytes; 0 at the end; -1 when the file is damaged, cut short or unreadable.
 */
ssize_t unpack_read(struct unpack *u, char *to, size_t n, struct err *err);
void unpack_close(struct unpack **u);

#endif
