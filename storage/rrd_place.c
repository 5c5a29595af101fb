/* storage/rrd_place.c - where RRD files lie: found, made room for, written out.
 *
 * It runs in the rrd child, which stands in the files' folder and is the only process
 * that touches them; nothing is opened outside of it.  A new file's pages are dropped
 * from the page cache once: else each later update writes a megabyte instead of a few
 * pages, for large pages made by the creation are dirtied whole through librrd's
 * mapping. */
#include "storage/rrd_part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void rrd_place_clean(void)
{
    DIR *d = opendir(RRD_SCRATCH);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        unlinkat(dirfd(d), e->d_name, 0); /* a folder stays */
    closedir(d);
}

int rrd_place_open(const char *name, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS)
        return open(name, flags | O_CLOEXEC | O_NOFOLLOW);
    return (int)fd;
}

enum rrd_presence rrd_place_find(const char *name, struct err *err)
{
    int fd = rrd_place_open(name, O_PATH);
    if (fd < 0 && errno == ENOENT)
        return RRD_ABSENT;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(err, errno, "%s cannot be opened", name);
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, EINVAL, "%s is no file", name);
    } else {
        close(fd);
        return RRD_PRESENT;
    }
    if (fd >= 0)
        close(fd);
    return RRD_REFUSED;
}

int rrd_place_folders(const char *name, struct err *err)
{
    char path[RRD_NAME_MAX_BYTES];
    snprintf(path, sizeof path, "%s", name);
    for (char *p = path; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        if (mkdir(path, 0750) < 0 && errno != EEXIST)
            return err_sys(err, errno, "folder %s cannot be made", path);
    }
    return 0;
}

void rrd_place_settle(const char *name)
{
    int fd = rrd_place_open(name, O_RDWR);
    if (fd < 0)
        return;
    if (fdatasync(fd) == 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}
