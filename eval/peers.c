/* eval/peers.c - other people's rules.  Pure. */
#include "eval/peers.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>

#define KAYENTA_Z         2.3263478740408408 /* 98 %, two-sided */
#define KAYENTA_TOLERANCE 0.25
#define KAYENTA_MORE      1.25
#define KAYENTA_LESS      0.8
#define RATIO_MORE        0.2
#define MAD_MORE          3.0

enum { HALVINGS = 50 };

static double mean_of(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum / (double)n;
}

static double median_of(const double *sorted, size_t n)
{
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* --- Mann-Whitney --- */

/* Sum of the ranks of `after - shift` among all, by merging; *ret_ties is the sum of
 * t^3 - t over groups of equal values. */
static double rank_sum(const struct sides *s, double shift, double *ret_ties)
{
    size_t i = 0, j = 0, rank = 0;
    double sum = 0, ties = 0;
    while (i < s->n_after || j < s->n_before) {
        double a = i < s->n_after ? s->after[i] - shift : INFINITY;
        double b = j < s->n_before ? s->before[j] : INFINITY, least = fmin(a, b);
        size_t from_a = i, same;
        while (i < s->n_after && s->after[i] - shift == least)
            i++;
        same = i - from_a;
        while (j < s->n_before && s->before[j] == least)
            j++, same++;
        sum += (double)(i - from_a) * ((double)rank + ((double)same + 1) / 2);
        ties += (double)(same * same * same - same);
        rank += same;
    }
    *ret_ties = ties;
    return sum;
}

double peers_rank_z(const struct sides *s, double shift, bool correct)
{
    double a = (double)s->n_after, b = (double)s->n_before, ties;
    double above = rank_sum(s, shift, &ties) - a * (a + 1) / 2 - a * b / 2;
    double wide = sqrt(a * b / 12 * (a + b + 1 - ties / ((a + b) * (a + b - 1))));
    if (!(wide > 0))
        return 0;
    if (correct && above != 0)
        above -= above > 0 ? 0.5 : -0.5;
    return above / wide;
}

/* The shift at which the test gives z; it falls as the shift grows. */
static double shift_at(const struct sides *s, double z, bool correct)
{
    double low = s->after[0] - s->before[s->n_before - 1];
    double high = s->after[s->n_after - 1] - s->before[0];
    if (peers_rank_z(s, low, correct) <= z)
        return low;
    if (peers_rank_z(s, high, correct) >= z)
        return high;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2;
        if (peers_rank_z(s, middle, correct) > z)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static bool kayenta_flags(const struct sides *s)
{
    double least = fmin(s->before[0], s->after[0]);
    double most = fmax(s->before[s->n_before - 1], s->after[s->n_after - 1]);
    if (least == most)
        return false;
    double bound = fabs(shift_at(s, 0, false)) * KAYENTA_TOLERANCE;
    return shift_at(s, KAYENTA_Z, true) > bound ||
           shift_at(s, -KAYENTA_Z, true) < -bound;
}

/* --- all of them --- */

static double mad_of(const double *sorted, size_t n, double middle)
{
    double off[PEER_ROWS_MAX];
    for (size_t i = 0; i < n; i++)
        off[i] = fabs(sorted[i] - middle);
    qsort(off, n, sizeof *off, order_doubles);
    return median_of(off, n);
}

/* x / 0 is endless, 0 / 0 is nothing. */
static double over(double x, double by)
{
    return by > 0 ? x / by : x > 0 ? INFINITY : 0;
}

void peers_ask(struct sides *s, struct peer_says ret_says[PEER_N])
{
    qsort(s->before, s->n_before, sizeof *s->before, order_doubles);
    qsort(s->after, s->n_after, sizeof *s->after, order_doubles);
    double before = mean_of(s->before, s->n_before);
    double after = mean_of(s->after, s->n_after);
    double middle = median_of(s->before, s->n_before);
    double moved = fabs(median_of(s->after, s->n_after) - middle);
    double mad = over(moved, 1.4826 * mad_of(s->before, s->n_before, middle));
    double rank = fabs(peers_rank_z(s, 0, true));
    bool kayenta = kayenta_flags(s);
    bool large = before > 0
                     ? after / before > KAYENTA_MORE || after / before < KAYENTA_LESS
                     : after != before;
    double off = over(fabs(after - before), fabs(before));
    ret_says[PEER_KAYENTA] = (struct peer_says){kayenta, rank};
    ret_says[PEER_KAYENTA_EFFECT] =
        (struct peer_says){kayenta && large, large ? rank : 0};
    ret_says[PEER_RATIO] = (struct peer_says){off > RATIO_MORE, off};
    ret_says[PEER_MAD] = (struct peer_says){mad > MAD_MORE, mad};
}
