/* programs/agent/follow.c - one file, its mark, and what it is known again by.
 *
 * What was read is taken only when the file is still the same behind the read: as long
 * as the place that was read to, and with the same first bytes.  So a truncation can
 * come at any moment, even one after which the file has grown beyond the old place
 * already.  The mark never points into a line.  In the loop. */
#include "programs/agent/follow.h"

#include "base/table_hash.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 32 << 10, NEIGHBOURS_MAX = 2000, HEAD_SEED = 7 };

struct agent_follow {
    char *path;
    int fd;
    struct agent_mark mark;
};

/* ---- marks ---- */

/* Reads the whole of it unless the file is shorter. */
static size_t read_at(int fd, char *to, size_t n, uint64_t at)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = pread(fd, to + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            break;
        got += (size_t)k;
    }
    return got;
}

/* Does the file begin as the mark says, and is it as long? */
static bool is_same(int fd, const struct agent_mark *m, uint64_t least)
{
    char head[AGENT_MARK_BYTES];
    struct stat st;
    if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < least)
        return false;
    return read_at(fd, head, m->head_bytes, 0) == m->head_bytes &&
           table_hash(head, m->head_bytes, HEAD_SEED) == m->head;
}

/* Makes the mark know more of a file that was short when it was begun. */
static void know_more(struct agent_follow *f)
{
    char head[AGENT_MARK_BYTES];
    struct agent_mark *m = &f->mark;
    size_t n = m->offset < sizeof head ? (size_t)m->offset : sizeof head;
    if (n <= m->head_bytes || read_at(f->fd, head, n, 0) != n ||
        table_hash(head, m->head_bytes, HEAD_SEED) != m->head)
        return;
    m->head_bytes = (uint32_t)n;
    m->head = table_hash(head, n, HEAD_SEED);
}

static void mark_begin(struct agent_mark *m, const struct stat *st)
{
    *m = (struct agent_mark){
        .dev = st->st_dev, .ino = st->st_ino, .head = table_hash("", 0, HEAD_SEED)};
}

/* ---- opening ---- */

static struct agent_follow *follow_new(const char *path, int fd)
{
    struct agent_follow *f = calloc(1, sizeof *f);
    char *copy = strdup(path);
    if (f == NULL || copy == NULL) {
        free(f);
        free(copy);
        close(fd);
        return NULL;
    }
    f->path = copy;
    f->fd = fd;
    return f;
}

/* Opens a plain file; a pipe or a device would hold us up. */
static int open_plain(int dir, const char *name, struct stat *ret_st, struct err *err)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(err, errno, "%.300s", name);
    if (fstat(fd, ret_st) == 0 && S_ISREG(ret_st->st_mode))
        return fd;
    close(fd);
    return err_set(err, EINVAL, "%.300s: is no plain file", name);
}

/* Goes to the end of the last whole line; behind it one may be on its way. */
static void go_to_end(struct agent_follow *f, uint64_t size)
{
    char tail[AGENT_FOLLOW_LINE_MAX];
    uint64_t from = size > sizeof tail ? size - sizeof tail : 0;
    size_t n = read_at(f->fd, tail, (size_t)(size - from), from);
    const char *last = n > 0 ? memrchr(tail, '\n', n) : NULL;
    f->mark.inside = last == NULL && from > 0;
    f->mark.offset = last != NULL     ? from + (uint64_t)(last - tail) + 1
                     : f->mark.inside ? size
                                      : 0;
    know_more(f);
}

struct agent_follow *agent_follow_open(const char *path, bool from_end, struct err *err)
{
    struct stat st;
    int fd = open_plain(AT_FDCWD, path, &st, err);
    if (fd < 0)
        return NULL;
    struct agent_follow *f = follow_new(path, fd);
    if (f == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    mark_begin(&f->mark, &st);
    if (from_end)
        go_to_end(f, (uint64_t)st.st_size);
    return f;
}

void agent_follow_free(struct agent_follow **f)
{
    if (*f == NULL)
        return;
    close((*f)->fd);
    free((*f)->path);
    free(*f);
    *f = NULL;
}

const char *agent_follow_path(const struct agent_follow *f)
{
    return f->path;
}

const struct agent_mark *agent_follow_mark(const struct agent_follow *f)
{
    return &f->mark;
}

bool agent_follow_in_place(const struct agent_follow *f)
{
    struct stat st;
    return stat(f->path, &st) == 0 && st.st_dev == f->mark.dev &&
           st.st_ino == f->mark.ino;
}

bool agent_follow_alike(const struct agent_follow *f, const struct agent_follow *other)
{
    return f->mark.head_bytes > 0 && is_same(other->fd, &f->mark, f->mark.head_bytes);
}

/* ---- finding again ---- */

/* One that is the mark's file, or a copy of it with all that was read. */
static int open_marked(int dir, const char *name, const struct agent_mark *m,
                       struct stat *ret_st)
{
    int fd = open_plain(dir, name, ret_st, NULL);
    bool inode = fd >= 0 && ret_st->st_dev == m->dev && ret_st->st_ino == m->ino;
    if (fd >= 0 && (inode || m->head_bytes > 0) && is_same(fd, m, m->offset))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Among the neighbours of `path`, leaving out the inode `but`. */
static int find_beside(const char *path, const struct agent_mark *m, uint64_t but,
                       struct stat *ret_st)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) : 0;
    if (slash == NULL || n >= sizeof folder)
        return -1;
    const char *base = slash + 1;
    memcpy(folder, path, n);
    folder[n] = '\0';
    DIR *d = opendir(n > 0 ? folder : "/");
    const struct dirent *e;
    int fd = -1;
    for (int i = 0;
         d != NULL && fd < 0 && i < NEIGHBOURS_MAX && (e = readdir(d)) != NULL; i++) {
        if (strncmp(e->d_name, base, strlen(base)) != 0 || e->d_ino == but)
            continue;
        fd = open_marked(dirfd(d), e->d_name, m, ret_st);
    }
    if (d != NULL)
        closedir(d);
    return fd;
}

static struct agent_follow *resume(const char *path, int fd, const struct agent_mark *m,
                                   const struct stat *st)
{
    struct agent_follow *f = fd >= 0 ? follow_new(path, fd) : NULL;
    if (f != NULL) {
        f->mark = *m;
        f->mark.dev = st->st_dev;
        f->mark.ino = st->st_ino;
    }
    return f;
}

struct agent_follow *agent_follow_find(const char *path, const struct agent_mark *mark)
{
    struct stat st;
    int fd = open_marked(AT_FDCWD, path, mark, &st);
    if (fd < 0)
        fd = find_beside(path, mark, 0, &st);
    return resume(path, fd, mark, &st);
}

struct agent_follow *agent_follow_restart(struct agent_follow *f, bool *ret_found)
{
    struct stat st;
    struct agent_mark was = f->mark;
    int fd = was.head_bytes > 0 ? find_beside(f->path, &was, was.ino, &st) : -1;
    *ret_found = fd >= 0;
    if (fstat(f->fd, &st) == 0)
        mark_begin(&f->mark, &st);
    if (fd >= 0 && fstat(fd, &st) < 0) {
        close(fd);
        fd = -1;
    }
    return resume(f->path, fd, &was, &st);
}

/* ---- reading ---- */

static void give(struct agent_follow *f, struct agent_reader *r, const char *text,
                 size_t n)
{
    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (f->mark.inside || n > r->line_max)
        r->too_long++;
    else
        r->line(r->arg, text, n);
    f->mark.inside = false;
}

/* Gives the whole lines of a piece; how many bytes are done with. */
static size_t take(struct agent_follow *f, struct agent_reader *r, const char *text,
                   size_t n)
{
    size_t done = 0;
    const char *end;
    while ((end = memchr(text + done, '\n', n - done)) != NULL) {
        give(f, r, text + done, (size_t)(end - text) - done);
        done = (size_t)(end - text) + 1;
    }
    /* too long already: its end is waited for without keeping it */
    if (n - done > r->line_max + 1 || f->mark.inside) {
        f->mark.inside = true;
        done = n;
    }
    return done;
}

enum agent_follow_step agent_follow_read(struct agent_follow *f, struct agent_reader *r)
{
    char room[ROOM];
    assert(r->line_max <= AGENT_FOLLOW_LINE_MAX);
    for (;;) {
        ssize_t n = pread(f->fd, room, sizeof room, (off_t)f->mark.offset);
        if (n < 0)
            return AGENT_FOLLOW_FAILED;
        if (!is_same(f->fd, &f->mark, f->mark.offset + (size_t)n))
            return AGENT_FOLLOW_CUT;
        size_t done = take(f, r, room, (size_t)n);
        if (done == 0)
            return AGENT_FOLLOW_END;
        f->mark.offset += done;
        if (f->mark.head_bytes < AGENT_MARK_BYTES)
            know_more(f);
        if (r->bytes_left <= done) {
            r->bytes_left = 0;
            return AGENT_FOLLOW_MORE;
        }
        r->bytes_left -= done;
    }
}

void agent_follow_rest(struct agent_follow *f, struct agent_reader *r)
{
    char room[AGENT_FOLLOW_LINE_MAX];
    size_t n =
        read_at(f->fd, room, r->line_max < sizeof room ? r->line_max : sizeof room,
                f->mark.offset);
    if (n > 0)
        give(f, r, room, n);
    f->mark.offset += n;
}
