/* collector/counter.c - rates of counters.  Pure. */
#include "collector/counter.h"

bool counter_next(struct counter *c, instant at, double value, double *ret_rate)
{
    struct counter last = *c;
    if (last.at.ms != 0 && at.ms <= last.at.ms)
        return false;
    *c = (struct counter){value, at};
    if (last.at.ms == 0 || at.ms - last.at.ms > COUNTER_GAP_MAX_MS)
        return false;
    double grown = value >= last.value ? value - last.value : value;
    *ret_rate = grown * 1000 / (double)(at.ms - last.at.ms);
    return true;
}
