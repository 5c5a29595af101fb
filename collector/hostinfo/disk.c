/* collector/hostinfo/disk.c - whole disks, from /proc/diskstats
 * (Documentation/admin-guide/iostats.rst of Linux).  A whole disk is what has a folder
 * in /sys/block; loop and memory devices are left out, and disks never used. */
#include "collector/hostinfo/reading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Columns behind the name. */
enum {
    READS,
    READS_MERGED,
    READ_SECTORS,
    READ_MS,
    WRITES,
    WRITES_MERGED,
    WRITE_SECTORS,
    WRITE_MS,
    IN_FLIGHT,
    BUSY_MS,
    COLUMNS
};

enum { SECTOR = 512 }; /* of this file, whatever the disk's is */

static bool is_whole_disk(const struct reading *r, const char *name)
{
    static const char *const left_out[] = {"loop", "ram", "zram", "fd", "sr"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strncmp(name, left_out[i], strlen(left_out[i])) == 0)
            return false;
    char path[READING_NAME_MAX + 16];
    snprintf(path, sizeof path, "sys/block/%s", name);
    return faccessat(r->root, path, F_OK, 0) == 0;
}

static void disk_line(struct reading *r, const char *name, const uint64_t v[COLUMNS])
{
    reading_line(r, "disk", "device", name);
    double busy = reading_rate_of(r, "_busy", v[BUSY_MS]) / 10;
    double requests = reading_rate_of(r, "_requests", v[READS] + v[WRITES]);
    double waited = reading_rate_of(r, "_waited", v[READ_MS] + v[WRITE_MS]);
    reading_gauge(r, "util", isnan(busy) ? NAN : fmin(busy, 100));
    reading_rate(r, "read_bytes", v[READ_SECTORS], SECTOR);
    reading_rate(r, "write_bytes", v[WRITE_SECTORS], SECTOR);
    reading_rate(r, "reads", v[READS], 1);
    reading_rate(r, "writes", v[WRITES], 1);
    reading_gauge(r, "await", requests > 0 ? waited / requests : NAN);
}

bool hostinfo_disk(struct reading *r)
{
    const char *p = r->text;
    size_t shown = 0;
    do {
        char name[READING_NAME_MAX];
        uint64_t major, minor, v[COLUMNS];
        if (!scan_number(&p, &major) || !scan_number(&p, &minor) ||
            !scan_word(&p, name))
            continue;
        int n = 0;
        while (n < COLUMNS && scan_number(&p, &v[n]))
            n++;
        if (n == COLUMNS && v[READS] + v[WRITES] > 0 && shown < READING_THINGS_MAX &&
            is_whole_disk(r, name)) {
            disk_line(r, name, v);
            shown++;
        }
    } while (scan_next_line(&p));
    return true;
}
