/* collector/hostinfo/files.c - open files of the whole host, from
 * /proc/sys/fs/file-nr: open, unused (always 0), limit. */
#include "collector/hostinfo/reading.h"

bool hostinfo_files(struct reading *r)
{
    const char *p = r->text;
    uint64_t in_use, unused, most;
    if (!scan_number(&p, &in_use) || !scan_number(&p, &unused) ||
        !scan_number(&p, &most) || most == 0)
        return false;
    reading_line(r, "files", NULL, NULL);
    reading_gauge(r, "open", (double)in_use);
    reading_gauge(r, "used_pct", 100 * (double)in_use / (double)most);
    return true;
}
