/* collector/hostinfo/ctxt.c - context switches, forks and interrupts a second, from
 * /proc/stat. */
#include "collector/hostinfo/reading.h"

bool hostinfo_ctxt(struct reading *r)
{
    uint64_t v;
    reading_line(r, "ctxt", NULL, NULL);
    if (!scan_keyed(r->text, "ctxt ", &v))
        return false;
    reading_rate(r, "switches", v, 1);
    if (scan_keyed(r->text, "processes ", &v))
        reading_rate(r, "forks", v, 1);
    if (scan_keyed(r->text, "intr ", &v))
        reading_rate(r, "interrupts", v, 1);
    return true;
}
