/* collector/hostinfo/pressure.c - the share of time in which some task had to wait for
 * a processor, for memory, for a disk, from /proc/pressure (Linux 4.20; "Pressure Stall
 * Information" in its documentation): "some avg10=0.00 ... total=123", microseconds. */
#include "collector/hostinfo/reading.h"

#include <math.h>
#include <string.h>

static bool pressure(struct reading *r, const char *field)
{
    const char *line = scan_behind(r->text, "some ");
    const char *total = line != NULL ? strstr(line, "total=") : NULL;
    uint64_t us;
    if (total == NULL)
        return false;
    total += strlen("total=");
    if (!scan_number(&total, &us))
        return false;
    reading_line(r, "pressure", NULL, NULL);
    double share = reading_rate_of(r, field, us) / 1e4; /* us a second to percent */
    reading_gauge(r, field, isnan(share) ? NAN : fmin(share, 100));
    return true;
}

bool hostinfo_pressure_cpu(struct reading *r)
{
    return pressure(r, "cpu");
}

bool hostinfo_pressure_memory(struct reading *r)
{
    return pressure(r, "memory");
}

bool hostinfo_pressure_io(struct reading *r)
{
    return pressure(r, "io");
}
