/* collector/hostinfo/proc.c - how many processes: running and blocked from /proc/stat,
 * all of them by counting the folders of /proc that are numbers. */
#include "collector/hostinfo/reading.h"

#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel writes it (getdents(2)); the C library's readdir would take 32 KiB. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short bytes;
    unsigned char type;
    char name[];
};

static double count_processes(const struct reading *r)
{
    _Alignas(struct entry) char piece[4096];
    double n = 0;
    int fd = openat(r->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NAN;
    long got;
    while ((got = syscall(SYS_getdents64, fd, piece, sizeof piece)) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *e = (const struct entry *)(const void *)(piece + at);
            n += e->name[0] >= '1' && e->name[0] <= '9';
            at += e->bytes;
        }
    }
    close(fd);
    return got < 0 ? NAN : n;
}

bool hostinfo_proc(struct reading *r)
{
    uint64_t v;
    reading_line(r, "procs", NULL, NULL);
    if (!scan_keyed(r->text, "procs_running ", &v))
        return false;
    reading_gauge(r, "running", (double)v);
    if (scan_keyed(r->text, "procs_blocked ", &v))
        reading_gauge(r, "blocked", (double)v);
    reading_gauge(r, "total", count_processes(r));
    return true;
}
