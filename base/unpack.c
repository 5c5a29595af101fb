/* base/unpack.c - reading packed files.  One thread. */
#include "base/unpack.h"

#include "base/gz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { IN_BYTES = 128 << 10, MAGIC_BYTES = 4, ZSTD_WINDOW_LOG_MAX = 27 };

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct unpack {
    int fd;
    const char *path;
    enum packing packing;
    bool ended; /* of the file */
    struct gz_stream *gz;
    ZSTD_DStream *zstd;
    bool zstd_inside; /* of a frame */
    const char *at;   /* what was read and not used yet */
    size_t left;
    char in[IN_BYTES];
};

/* Reads more behind what is left; false at the end or on an error. */
static int fill(struct unpack *u, struct err *err)
{
    memmove(u->in, u->at, u->left);
    u->at = u->in;
    ssize_t n;
    do {
        n = read(u->fd, u->in + u->left, sizeof u->in - u->left);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(err, errno, "%s cannot be read", u->path);
    u->left += (size_t)n;
    u->ended = n == 0;
    return 0;
}

static int find_packing(struct unpack *u, struct err *err)
{
    while (u->left < MAGIC_BYTES && !u->ended)
        if (fill(u, err) < 0)
            return -1;
    if (u->left >= 2 && memcmp(u->at, "\x1f\x8b", 2) == 0) {
        u->packing = PACKING_GZIP;
        u->gz = gz_stream_new(err);
        return u->gz != NULL ? 0 : -1;
    }
    if (u->left < MAGIC_BYTES || memcmp(u->at, "\x28\xb5\x2f\xfd", 4) != 0)
        return 0;
    u->packing = PACKING_ZSTD;
    u->zstd = ZSTD_createDStream();
    if (u->zstd == NULL)
        return err_set(err, ENOMEM, "no memory to unpack %s with", u->path);
    /* frames that want more memory than this are refused */
    ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    return 0;
}

struct unpack *unpack_open(const char *path, struct err *err)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (u == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    u->at = u->in;
    u->path = strcmp(path, "-") == 0 ? "standard input" : path;
    u->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (u->fd < 0)
        err_sys(err, errno, "%s cannot be opened", path);
    if (u->fd < 0 || find_packing(u, err) < 0)
        unpack_close(&u);
    return u;
}

void unpack_close(struct unpack **u)
{
    if (*u == NULL)
        return;
    gz_stream_free(&(*u)->gz);
    ZSTD_freeDStream((*u)->zstd);
    if ((*u)->fd > STDIN_FILENO)
        close((*u)->fd);
    free(*u);
    *u = NULL;
}

static ssize_t take_plain(struct unpack *u, char *to, size_t n)
{
    size_t part = u->left < n ? u->left : n;
    memcpy(to, u->at, part);
    u->at += part;
    u->left -= part;
    return (ssize_t)part;
}

static ssize_t take_zstd(struct unpack *u, char *to, size_t n, struct err *err)
{
    ZSTD_inBuffer in = {u->at, u->left, 0};
    ZSTD_outBuffer out = {to, n, 0};
    while (out.pos == 0 && (in.pos < in.size || u->zstd_inside)) {
        size_t before = in.pos;
        size_t rc = ZSTD_decompressStream(u->zstd, &out, &in);
        if (ZSTD_isError(rc))
            return err_set(err, EBADMSG, "%s is damaged: %s", u->path,
                           ZSTD_getErrorName(rc));
        u->zstd_inside = rc != 0;
        if (in.pos == before && out.pos == 0)
            break; /* it needs more input */
    }
    u->at += in.pos;
    u->left -= in.pos;
    return (ssize_t)out.pos;
}

static ssize_t take(struct unpack *u, char *to, size_t n, struct err *err)
{
    if (u->packing == PACKING_GZIP) {
        struct err why = {0};
        ssize_t got = gz_stream_read(u->gz, &u->at, &u->left, to, n, &why);
        return got >= 0 ? got : err_set(err, EBADMSG, "%s: %s", u->path, why.text);
    }
    return u->packing == PACKING_ZSTD ? take_zstd(u, to, n, err) : take_plain(u, to, n);
}

static bool cut_short(const struct unpack *u)
{
    return (u->packing == PACKING_GZIP && !gz_stream_whole(u->gz)) ||
           (u->packing == PACKING_ZSTD && u->zstd_inside);
}

ssize_t unpack_read(struct unpack *u, char *to, size_t n, struct err *err)
{
    for (;;) {
        ssize_t got = take(u, to, n, err);
        if (got != 0)
            return got;
        if (u->ended)
            return cut_short(u) ? err_set(err, EBADMSG, "%s is cut short", u->path) : 0;
        if (fill(u, err) < 0)
            return -1;
    }
}
