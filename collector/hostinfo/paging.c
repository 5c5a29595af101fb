/* collector/hostinfo/paging.c - pages that had to come from disk, pages swapped, and
 * processes killed for want of memory, from /proc/vmstat. */
#include "collector/hostinfo/reading.h"

#include <unistd.h>

bool hostinfo_paging(struct reading *r)
{
    uint64_t v;
    if (!scan_keyed(r->text, "pgmajfault ", &v))
        return false;
    reading_line(r, "mem", NULL, NULL);
    reading_rate(r, "major_faults", v, 1);
    if (scan_keyed(r->text, "oom_kill ", &v)) /* since Linux 4.13 */
        reading_rate(r, "oom_kills", v, 1);
    reading_line(r, "swap", NULL, NULL);
    double page = (double)sysconf(_SC_PAGESIZE);
    if (scan_keyed(r->text, "pswpin ", &v))
        reading_rate(r, "in", v, page);
    if (scan_keyed(r->text, "pswpout ", &v))
        reading_rate(r, "out", v, page);
    return true;
}
