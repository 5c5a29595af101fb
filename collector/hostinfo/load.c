/* collector/hostinfo/load.c - load averages and the number of threads, from
 * /proc/loadavg: "0.20 0.18 0.12 1/80 11206". */
#include "collector/hostinfo/reading.h"

bool hostinfo_load(struct reading *r)
{
    const char *p = r->text;
    double load[3];
    uint64_t running, threads;
    for (int i = 0; i < 3; i++)
        if (!scan_decimal(&p, &load[i]))
            return false;
    reading_line(r, "load", NULL, NULL);
    reading_gauge(r, "1m", load[0]);
    reading_gauge(r, "5m", load[1]);
    reading_gauge(r, "15m", load[2]);
    if (!scan_number(&p, &running) || *p++ != '/' || !scan_number(&p, &threads))
        return false;
    reading_line(r, "procs", NULL, NULL);
    reading_gauge(r, "threads", (double)threads);
    return true;
}
