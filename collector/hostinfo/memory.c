/* collector/hostinfo/memory.c - memory and swap, from /proc/meminfo (in KiB there,
 * bytes here).  Used is what is not available: caches that can be given back are not
 * used. */
#include "collector/hostinfo/reading.h"

static void line_of_swap(struct reading *r)
{
    uint64_t total, unused;
    if (!scan_keyed(r->text, "SwapTotal:", &total) || total == 0 ||
        !scan_keyed(r->text, "SwapFree:", &unused))
        return;
    reading_line(r, "swap", NULL, NULL);
    reading_gauge(r, "used_pct", 100 - 100 * (double)unused / (double)total);
}

bool hostinfo_memory(struct reading *r)
{
    uint64_t total, available, v;
    if (!scan_keyed(r->text, "MemTotal:", &total) || total == 0 ||
        !scan_keyed(r->text, "MemAvailable:", &available))
        return false;
    reading_line(r, "mem", NULL, NULL);
    reading_gauge(r, "used_pct", 100 - 100 * (double)available / (double)total);
    reading_gauge(r, "available", (double)available * 1024);
    if (scan_keyed(r->text, "Cached:", &v))
        reading_gauge(r, "cached", (double)v * 1024);
    if (scan_keyed(r->text, "Dirty:", &v))
        reading_gauge(r, "dirty", (double)v * 1024);
    line_of_swap(r);
    return true;
}
