/* programs/coredump/dead.c - reading /proc/PID through one open directory.  One thread.
 */
#include "programs/coredump/dead.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 8192 };

static const char service[] = ".service", deleted[] = " (deleted)";

static bool ends_with(const char *text, size_t n, const char *end)
{
    size_t m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

static void copy(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    to[n] = '\0';
}

const char *dead_unit(const char *cgroup, char out[NAME_BYTES_MAX + 1])
{
    out[0] = '\0';
    for (const char *p = cgroup; *p != '\0';) {
        size_t n = strcspn(p, "/\n");
        if (n > strlen(service) && n <= NAME_BYTES_MAX && ends_with(p, n, service) &&
            name_check(p, n, NULL) == 0)
            copy(out, p, n);
        p += n + (p[n] != '\0');
    }
    return out;
}

const char *dead_service(const char *unit, char out[NAME_BYTES_MAX + 1])
{
    size_t n = strlen(unit);
    out[0] = '\0';
    if (!ends_with(unit, n, service) || n > NAME_BYTES_MAX)
        return out;
    n -= strlen(service);
    const char *instance = memchr(unit, '@', n);
    copy(out, unit,
         instance != NULL && instance > unit ? (size_t)(instance - unit) : n);
    return out;
}

/* As much of a file as there is room for, ended by NUL. */
static size_t read_text(int dir, const char *name, char *to, size_t room)
{
    size_t got = 0;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && got < room - 1) {
        ssize_t n = read(fd, to + got, room - 1 - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    to[got] = '\0';
    return got;
}

/* The number behind "Uid:" is the real one. */
static bool read_id(const char *status, const char *key, unsigned *ret)
{
    const char *line = strstr(status, key);
    char *end;
    if (line == NULL)
        return false;
    line += strlen(key);
    unsigned long id = strtoul(line, &end, 10);
    *ret = (unsigned)id;
    return end != line && id < UINT32_MAX;
}

static void read_exe(int dir, struct dead *d)
{
    char path[sizeof d->exe + sizeof deleted];
    ssize_t n = readlinkat(dir, "exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    size_t len = (size_t)n;
    if (ends_with(path, len, deleted))
        len -= strlen(deleted);
    if (len < sizeof d->exe && text_check(path, len, NULL) == 0)
        copy(d->exe, path, len);
}

/* The program's short name, when its path is not to be had. */
static void read_comm(int dir, struct dead *d)
{
    char text[64];
    read_text(dir, "comm", text, sizeof text);
    size_t n = strcspn(text, "\n");
    if (n > 0 && text_check(text, n, NULL) == 0)
        copy(d->exe, text, n);
}

int dead_open(const char *proc, long pid, struct dead *ret, struct err *err)
{
    char path[256], text[FILE_MAX];
    *ret = (struct dead){.memory = -1, .exe_fd = -1, .root = -1};
    snprintf(path, sizeof path, "%s/%ld", proc, pid);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(err, errno, "%s", path);
    read_exe(dir, ret);
    if (ret->exe[0] == '\0')
        read_comm(dir, ret);
    read_text(dir, "cgroup", text, sizeof text);
    dead_unit(text, ret->unit);
    read_text(dir, "status", text, sizeof text);
    ret->has_user =
        read_id(text, "\nUid:", &ret->uid) && read_id(text, "\nGid:", &ret->gid);
    ret->has_auxv = faccessat(dir, "auxv", R_OK, AT_EACCESS) == 0;
    ret->n_auxv = read_text(dir, "auxv", ret->auxv, sizeof ret->auxv);
    ret->memory = openat(dir, "mem", O_RDONLY | O_CLOEXEC);
    ret->exe_fd = openat(dir, "exe", O_RDONLY | O_CLOEXEC);
    ret->root = openat(dir, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(dir);
    return 0;
}

void dead_close(struct dead *d)
{
    int *const fds[] = {&d->memory, &d->exe_fd, &d->root};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}
