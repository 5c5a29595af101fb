/* programs/rules_watch.c - a stamp of names, sizes and times of rule files, made anew
 * every few seconds by the main thread.  Looking is preferred to inotify: it works on
 * every file system, through links that are swapped, and needs no state in the kernel.
 */
#include "programs/rules_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* FNV-1a */
#define HASH_FIRST UINT64_C(14695981039346656037)
#define HASH_TIMES UINT64_C(1099511628211)

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * HASH_TIMES;
    return h;
}

static uint64_t stamp_of(const char *name, const struct stat *st)
{
    uint64_t h = hash_bytes(HASH_FIRST, name, strlen(name));
    h = hash_bytes(h, &st->st_ino, sizeof st->st_ino);
    h = hash_bytes(h, &st->st_size, sizeof st->st_size);
    h = hash_bytes(h, &st->st_mtim.tv_sec, sizeof st->st_mtim.tv_sec);
    return hash_bytes(h, &st->st_mtim.tv_nsec, sizeof st->st_mtim.tv_nsec);
}

/* Sums, so that the order of a folder's entries does not count. */
static uint64_t stamp_of_folder(const char *path)
{
    uint64_t sum = 1;
    DIR *d = opendir(path);
    if (d == NULL)
        return 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        size_t n = strlen(e->d_name);
        bool is_pack = n > 4 && strcmp(e->d_name + n - 4, ".yml") == 0;
        if (is_pack && fstatat(dirfd(d), e->d_name, &st, 0) == 0)
            sum += stamp_of(e->d_name, &st);
    }
    closedir(d);
    return sum;
}

uint64_t rules_stamp(const char *path)
{
    struct stat st;
    if (path == NULL)
        return 1;
    if (stat(path, &st) < 0)
        return 0;
    return S_ISDIR(st.st_mode) ? stamp_of_folder(path) : stamp_of("", &st);
}

bool rules_watch_look(struct rules_watch *w, const char *path)
{
    uint64_t now = rules_stamp(path);
    bool still = now == w->last;
    w->last = now;
    if (!still || now == w->known)
        return false;
    w->known = now;
    return true;
}
