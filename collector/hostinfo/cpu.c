/* collector/hostinfo/cpu.c - what the processors did, from the first line of /proc/stat
 * (proc(5)): ticks of user nice system idle iowait irq softirq steal.  Guest time is in
 * user already.  Shares are of the ticks that passed, so they add up to 100 whatever
 * the tick is; iowait may run backwards a little and then counts as none. */
#include "collector/hostinfo/reading.h"

#include <math.h>

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, STATES };

static const char *const state_names[STATES] = {
    "_user", "_nice", "_system", "_idle", "_iowait", "_irq", "_softirq", "_steal"};

bool hostinfo_cpu(struct reading *r)
{
    const char *p = scan_behind(r->text, "cpu ");
    double tick[STATES] = {0}, all = 0;
    bool known = true;
    if (p == NULL)
        return false;
    reading_line(r, "cpu", NULL, NULL);
    for (int i = 0; i < STATES; i++) {
        uint64_t v;
        if (!scan_number(&p, &v)) {
            if (i <= IDLE)
                return false;
            continue; /* kernels before 2.6.11 have fewer */
        }
        tick[i] = reading_rate_of(r, state_names[i], v);
        if (isnan(tick[i]) && i != IOWAIT)
            known = false;
        if (isnan(tick[i]))
            tick[i] = 0;
        all += tick[i];
    }
    if (!known || all <= 0)
        return true; /* the first reading */
    double percent = 100 / all;
    reading_gauge(r, "busy", 100 - (tick[IDLE] + tick[IOWAIT]) * percent);
    reading_gauge(r, "user", (tick[USER] + tick[NICE]) * percent);
    reading_gauge(r, "system", (tick[SYSTEM] + tick[IRQ] + tick[SOFTIRQ]) * percent);
    reading_gauge(r, "iowait", tick[IOWAIT] * percent);
    reading_gauge(r, "steal", tick[STEAL] * percent);
    return true;
}
