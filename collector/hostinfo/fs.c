/* collector/hostinfo/fs.c - how full file systems are: mount points from /proc/mounts,
 * figures from statvfs.
 *
 * Only file systems on devices of this host are asked: a network file system whose
 * server is away would hold the reading up for minutes.  A device that is mounted in
 * several places counts once. */
#include "collector/hostinfo/reading.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { PATH_BYTES_MAX = 1024 };

/* "\040" is a space.  In place; false when a control character comes out. */
static bool unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
            p[3] >= '0' && p[3] <= '7') {
            c = (unsigned char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 3;
        }
        if (c < ' ')
            return false;
        *to++ = (char)c;
    }
    *to = '\0';
    return true;
}

static bool is_local(const char *device, const char *type)
{
    static const char *const left_out[] = {"squashfs", "iso9660", "udf", "erofs"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strcmp(type, left_out[i]) == 0)
            return false; /* read-only by nature: always full */
    return (strncmp(device, "/dev/", 5) == 0 && strncmp(type, "fuse", 4) != 0) ||
           strcmp(type, "zfs") == 0 || strcmp(type, "btrfs") == 0;
}

static bool fs_line(struct reading *r, const char *mount)
{
    char path[PATH_BYTES_MAX];
    struct statvfs s;
    int n = snprintf(path, sizeof path, "%s%s", r->root_path, mount);
    if (n < 0 || (size_t)n >= sizeof path || statvfs(path, &s) < 0 || s.f_blocks == 0)
        return false;
    /* As df reckons: what only root may use is neither used nor free. */
    double used = (double)(s.f_blocks - s.f_bfree);
    reading_line(r, "fs", "mount", mount);
    reading_gauge(r, "used_pct", 100 * used / (used + (double)s.f_bavail));
    if (s.f_files > 0)
        reading_gauge(r, "inodes_pct",
                      100 - 100 * (double)s.f_ffree / (double)s.f_files);
    return true;
}

bool hostinfo_fs(struct reading *r)
{
    char seen[READING_THINGS_MAX][READING_NAME_MAX];
    size_t shown = 0;
    const char *p = r->text;
    do {
        char device[READING_NAME_MAX], mount[READING_NAME_MAX], type[READING_NAME_MAX];
        if (!scan_word(&p, device) || !scan_word(&p, mount) || !scan_word(&p, type) ||
            !is_local(device, type) || !unescape(mount))
            continue;
        size_t i = 0;
        while (i < shown && strcmp(seen[i], device) != 0)
            i++;
        if (i == shown && shown < READING_THINGS_MAX && fs_line(r, mount))
            memcpy(seen[shown++], device, sizeof device);
    } while (scan_next_line(&p));
    return true;
}
