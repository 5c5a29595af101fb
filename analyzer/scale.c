/* analyzer/scale.c - moves of figures.  Pure, any thread. */
#include "analyzer/scale.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

struct scale scale_make(double usual, double least, bool falls, const char *unit)
{
    double one = unit != NULL && strcmp(unit, "%") == 0 ? 0.1 : 0;
    struct scale s = {.linear = falls};
    s.shift = fmax(0.02 * usual + least, fmax(one, 1e-9));
    s.size = fmax(usual, fmax(least, 1e-9));
    s.floor = fmax(0.005, 0.25 * least / (falls ? s.size : usual + s.shift));
    return s;
}

double scale_of(const struct scale *s, double value)
{
    return s->linear ? value / s->size : log(fmax(value, 0) + s->shift);
}

double scale_value(const struct scale *s, double place)
{
    return s->linear ? place * s->size : exp(place) - s->shift;
}

double scale_move(const struct scale *s, double before, double after)
{
    if (s->linear)
        return (after - before) / s->size;
    return log((fmax(after, 0) + s->shift) / (fmax(before, 0) + s->shift));
}

double scale_moved(const struct scale *s, double before, double move)
{
    if (s->linear)
        return before + move * s->size;
    return (fmax(before, 0) + s->shift) * exp(move) - s->shift;
}

double scale_effect(const struct scale *s, double expected, double after, double move)
{
    if (fabs(expected) > (s->linear ? 1e-3 * s->size : s->shift))
        return (after - expected) / fabs(expected);
    return s->linear ? move : expm1(move);
}
