/* analyzer/spreads.c - sorted columns, and quantiles of distances in them.
 *
 * What must hold: a spread is that of shift_spread, to the bit.  A column in order
 * holds the same values, and a quantile is one or two of them.  Pure, any thread. */
#include "analyzer/spreads.h"

#include <math.h>

/* What one lane of sorted columns holds. */
struct column {
    const double *v; /* every RUN_LANES-th */
    size_t n;
};

static double in_order(const struct column *c, size_t i)
{
    return c->v[i * RUN_LANES];
}

static double off_by(const struct column *c, size_t i, double middle)
{
    return fabs(in_order(c, i) - middle);
}

/* The k-th smallest distance from the middle and the one after it.  Those nearest to it
 * lie together, so the run of them is found by halving. */
static double kth_off(const struct column *c, double middle, size_t k, double *ret_next)
{
    size_t low = 0, high = c->n - 1 - k;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (middle - in_order(c, mid) > in_order(c, mid + k + 1) - middle)
            low = mid + 1;
        else
            high = mid;
    }
    double down = low > 0 ? off_by(c, low - 1, middle) : INFINITY;
    double up = low + k + 1 < c->n ? off_by(c, low + k + 1, middle) : INFINITY;
    *ret_next = fmin(down, up);
    return fmax(off_by(c, low, middle), off_by(c, low + k, middle));
}

/* As shift_quantile of the distances. */
static double quantile_off(const struct column *c, double middle, double q)
{
    double at = q * (double)(c->n - 1), next;
    size_t low = (size_t)at;
    double here = kth_off(c, middle, low, &next);
    return low + 1 < c->n ? here + (next - here) * (at - (double)low) : here;
}

/* As shift_spread. */
static double column_spread(const struct column *c)
{
    if (c->n == 0)
        return 0;
    double at = 0.5 * (double)(c->n - 1);
    size_t low = (size_t)at;
    double middle = in_order(c, low);
    if (low + 1 < c->n)
        middle += (in_order(c, low + 1) - middle) * (at - (double)low);
    double mad = quantile_off(c, middle, 0.5), q95 = quantile_off(c, middle, 0.95);
    return fmax(1.4826 * mad, q95 / 1.96);
}

/* Puts values into a lane, and what is greater than any behind them. */
static void put_lane(const double *v, size_t n, size_t rows, double *lane)
{
    for (size_t i = 0; i < n; i++)
        lane[i * RUN_LANES] = v[i];
    for (size_t i = n; i < rows; i++)
        lane[i * RUN_LANES] = INFINITY;
}

void spreads_find(const struct shift_draft *draft, size_t n, double *room,
                  double *ret_spread)
{
    size_t rows = 0, clock_rows = 0;
    for (size_t i = 0; i < n; i++) {
        rows = (size_t)draft[i].n_today > rows ? (size_t)draft[i].n_today : rows;
        clock_rows = (size_t)draft[i].n_clock > clock_rows ? (size_t)draft[i].n_clock
                                                           : clock_rows;
    }
    for (size_t i = 0; i < RUN_LANES; i++)
        put_lane(draft[i < n ? i : 0].today, i < n ? (size_t)draft[i].n_today : 0, rows,
                 room + i);
    run_sort(room, rows);
    for (size_t i = 0; i < n; i++) {
        struct column c = {room + i, (size_t)draft[i].n_today};
        ret_spread[i] = fmax(column_spread(&c), SHIFT_SPREAD_LEAST);
    }
    for (size_t i = 0; i < RUN_LANES; i++)
        put_lane(draft[i < n ? i : 0].clock, i < n ? (size_t)draft[i].n_clock : 0,
                 clock_rows, room + i);
    run_sort(room, clock_rows);
    for (size_t i = 0; i < n; i++) {
        struct column c = {room + i, (size_t)draft[i].n_clock};
        ret_spread[i] = fmax(ret_spread[i], column_spread(&c));
    }
}
