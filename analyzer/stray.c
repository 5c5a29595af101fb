/* analyzer/stray.c - an allowance for hosts that answer a common move differently.
 *
 * What must hold: no score grows and no p-value falls by it.  Pure, any thread. */
#include "analyzer/stray.h"

#include "analyzer/pool.h"
#include "analyzer/shift.h"

#include <math.h>

#define USUAL_QUANTILE 0.75

double stray_usual(double *spread, size_t n)
{
    return shift_quantile(spread, n, USUAL_QUANTILE);
}

double stray_allowance(double controls_spread, double common, double usual)
{
    double wider = controls_spread * controls_spread - usual * usual;
    return wider > 0 ? fmin(sqrt(wider), fabs(common)) : 0; /* NaN is no allowance */
}

double stray_z(double z, double spread, double allowance)
{
    return allowance > 0 ? z * spread / hypot(spread, allowance) : z;
}

double stray_p(double p, double was, double z)
{
    double from = log(pool_p_cold(was)), to = log(pool_p_cold(z));
    /* a score near zero has no p-value to speak of, nor has one without a p */
    if (!(p > 0) || !(from < 0) || fabs(z) >= fabs(was))
        return p;
    return fmax(p, pow(p, to / from));
}
