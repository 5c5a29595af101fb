/* storage/history_prune.c - rounds through the history's folders.
 *
 * Files lie as ab/cd/DIGEST.rrd.  What must hold: no file goes that could still be
 * read - the time it was last written is only asked because that is cheap, and what the
 * file itself says of its last row decides.  On some file systems writing through a
 * mapping leaves that time as it was.  Runs on the flushing thread. */
#include "storage/history_prune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS = 65536, TAIL = 256 };

static void failed(struct history_prune *p, const char *name, struct err *err)
{
    int code = errno;
    p->failures++;
    err_sys(err, code, "%s/%s", p->dir, name);
}

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);
    return n > t && strcmp(name + n - t, tail) == 0;
}

/* True when the file's own last row is old as well.  One that is damaged is left to
 * whoever reads it next: it is set aside then, and goes later. */
static bool is_old(struct history_prune *p, const char *name, instant before)
{
    struct rrd_shape shape = {0};
    if (rrd_look(p->rrd, name, &shape, NULL) < 0)
        return false;
    bool old = shape.n_sources > 0 && shape.last.ms < before.ms;
    free(shape.sources);
    return old;
}

/* `name` is relative to the history's folder, `base` to its own. */
static void look_at(struct history_prune *p, int folder, const char *name,
                    const char *base, instant before, struct err *err)
{
    struct stat st;
    bool file = ends_with(base, ".rrd"), aside = ends_with(base, ".rrd.damaged");
    if (!file && !aside)
        return;
    if (fstatat(folder, base, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            failed(p, name, err);
        return;
    }
    int64_t written = st.st_mtim.tv_sec * INT64_C(1000);
    if (!S_ISREG(st.st_mode) || written >= before.ms)
        return;
    if (file && !is_old(p, name, before))
        return;
    if (unlinkat(folder, base, 0) == 0)
        p->deleted++;
    else if (errno != ENOENT)
        failed(p, name, err);
}

/* The number of files in folder ab/cd; 0 when it is not there. */
static size_t look_through(struct history_prune *p, instant before, struct err *err)
{
    char at[8], path[4300], name[8 + TAIL];
    size_t n = 0;
    snprintf(at, sizeof at, "%02x/%02x", p->next >> 8 & 0xff, p->next & 0xff);
    int len = snprintf(path, sizeof path, "%s/%s", p->dir, at);
    DIR *d = len > 0 && (size_t)len < sizeof path ? opendir(path) : NULL;
    if (d == NULL) {
        if (errno != ENOENT)
            failed(p, at, err);
        return 0;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL; n++) {
        snprintf(name, sizeof name, "%s/%.*s", at, TAIL - 1, e->d_name);
        look_at(p, dirfd(d), name, e->d_name, before, err);
    }
    closedir(d);
    return n;
}

/* Passes over all folders ab/.. when ab is not there. */
static bool is_missing(const struct history_prune *p)
{
    char path[4300];
    struct stat st;
    int len = snprintf(path, sizeof path, "%s/%02x", p->dir, p->next >> 8 & 0xff);
    return len > 0 && (size_t)len < sizeof path && stat(path, &st) < 0 &&
           errno == ENOENT;
}

bool history_prune_step(struct history_prune *p, instant before, struct err *err)
{
    size_t files = 0;
    for (unsigned folders = 0;
         folders < HISTORY_PRUNE_FOLDERS && files < HISTORY_PRUNE_FILES; folders++) {
        if ((p->next & 0xff) == 0 && is_missing(p)) {
            p->next += 256;
        } else {
            files += look_through(p, before, err);
            p->next++;
        }
        if (p->next >= FOLDERS) {
            p->next = 0;
            return true;
        }
    }
    return false;
}
