/* analyzer/shift.c - the empirical null of one series.  Pure; no memory of its own. */
#include "analyzer/shift.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { LAST_SAMPLES = 3 };

/* Rows between two pretended changes. */
static int placebo_step(const struct shift_look *look)
{
    int step = look->day / SHIFT_DAY_PLACEBOS;
    return step > 0 ? step : 1;
}

void shift_sum_up(const float *value, size_t n, double *sum, uint32_t *count)
{
    double total = 0;
    uint32_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        sum[i] = total;
        count[i] = seen;
        if (!isnan(value[i])) {
            total += value[i];
            seen++;
        }
    }
    sum[n] = total;
    count[n] = seen;
}

/* Puts the k-th smallest to p[k], none larger before it and none smaller behind: more
 * order than that a median does not need.  Wirth's way: p[k] itself is the bound, so
 * neither scan can leave the range, and equal input is reordered equally. */
static double select_at(double *p, size_t n, size_t k)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;
    while (low < high) {
        ptrdiff_t i = low, j = high;
        double bound = p[at];
        do {
            while (p[i] < bound)
                i++;
            while (bound < p[j])
                j--;
            if (i <= j) {
                double t = p[i];
                p[i++] = p[j];
                p[j--] = t;
            }
        } while (i <= j);
        if (j < at)
            low = i;
        if (at < i)
            high = j;
    }
    return p[k];
}

double shift_quantile(double *p, size_t n, double q)
{
    if (n == 0)
        return NAN;
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;
    double here = select_at(p, n, low);
    if (low + 1 >= n)
        return here;
    double next = p[low + 1]; /* the next larger is the smallest of those behind */
    for (size_t i = low + 2; i < n; i++)
        next = p[i] < next ? p[i] : next;
    return here + (next - here) * (at - (double)low);
}

double shift_median(double *p, size_t n)
{
    return shift_quantile(p, n, 0.5);
}

double shift_spread(double *p, size_t n)
{
    if (n == 0)
        return 0;
    double middle = shift_median(p, n);
    for (size_t i = 0; i < n; i++)
        p[i] = fabs(p[i] - middle);
    double mad = shift_median(p, n);
    double q95 = shift_quantile(p, n, 0.95);
    return fmax(1.4826 * mad, q95 / 1.96);
}

/* Mean of rows [from, to), NaN when too few are there. */
static double mean_of(const struct shift_sums *s, size_t from, size_t to, int every)
{
    uint32_t there = s->count[to] - s->count[from];
    double expected = (double)(to - from) / (every > 1 ? every : 1);
    if (there == 0 || there < SHIFT_PRESENT_LEAST * expected)
        return NAN;
    return (s->sum[to] - s->sum[from]) / there;
}

double shift_move(const struct shift_sums *s, size_t pivot,
                  const struct shift_look *look)
{
    if (pivot < (size_t)look->before || pivot + (size_t)look->after > s->n)
        return NAN;
    double after = mean_of(s, pivot + (size_t)look->settle, pivot + (size_t)look->after,
                           look->every);
    return after - mean_of(s, pivot - (size_t)look->before, pivot, look->every);
}

/* The move as many days earlier; NaN where the series does not reach. */
static double move_days_ago(const struct shift_sums *s, size_t pivot, int days,
                            const struct shift_look *look)
{
    size_t back = (size_t)days * (size_t)look->day;
    return back <= pivot ? shift_move(s, pivot - back, look) : NAN;
}

static double median_of_known(const double *v, size_t n)
{
    double known[SHIFT_DAYS + 1];
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            known[m++] = v[i];
    return shift_median(known, m);
}

/* Placebos of the last day: their own moves, and what the earlier days did there. */
struct today {
    size_t n;
    double own[SHIFT_DAY_PLACEBOS], usual[SHIFT_DAY_PLACEBOS];
};

static double usual_at(const struct shift_sums *s, size_t pivot,
                       const struct shift_look *look, int season_days)
{
    double past[SHIFT_SEASON_DAYS];
    for (int d = 1; d <= season_days; d++)
        past[d - 1] = move_days_ago(s, pivot, d, look);
    return median_of_known(past, (size_t)season_days);
}

static void gather_today(const struct shift_sums *s, size_t pivot,
                         const struct shift_look *look, int season_days,
                         struct today *ret)
{
    ret->n = 0;
    /* The after window of a pretended change must end before the real before window. */
    for (int back = look->before + look->after + 5; back < look->day;
         back += placebo_step(look)) {
        if ((size_t)back > pivot || ret->n == SHIFT_DAY_PLACEBOS)
            break;
        double own = shift_move(s, pivot - (size_t)back, look);
        if (isnan(own))
            continue;
        double usual =
            season_days > 0 ? usual_at(s, pivot - (size_t)back, look, season_days) : 0;
        ret->own[ret->n] = own;
        ret->usual[ret->n++] = isnan(usual) ? 0 : usual;
    }
}

static double learned_share(const struct today *t)
{
    double top = 0, bottom = 0;
    for (size_t i = 0; i < t->n; i++) {
        top += t->own[i] * t->usual[i];
        bottom += t->usual[i] * t->usual[i];
    }
    return fmin(fmax(top / fmax(bottom, 1e-12), 0), 1);
}

/* Moves around the same clock time of earlier days, each against the median of the
 * other days.  Gives their number. */
static size_t gather_clock(const struct shift_sums *s, size_t pivot,
                           const struct shift_look *look, int days, double lambda,
                           double *ret)
{
    size_t n = 0;
    for (int o = 0; o < SHIFT_CLOCK_PLACEBOS; o++) {
        double move[SHIFT_DAYS];
        int offset = (o - SHIFT_CLOCK_PLACEBOS / 2) * placebo_step(look);
        for (int d = 1; d <= days; d++) {
            int64_t at = (int64_t)pivot + offset - (int64_t)d * look->day;
            move[d - 1] = at >= 0 ? shift_move(s, (size_t)at, look) : NAN;
        }
        for (int d = 0; d < days; d++) {
            double mine = move[d], others;
            move[d] = NAN;
            others = median_of_known(move, (size_t)days);
            move[d] = mine;
            if (!isnan(mine) && !isnan(others))
                ret[n++] = mine - lambda * others;
        }
    }
    return n;
}

/* Whole earlier days that the series reaches back with its before window. */
static int days_known(const struct shift_sums *s, size_t pivot,
                      const struct shift_look *look)
{
    int days = 0;
    while (days < SHIFT_DAYS && !isnan(move_days_ago(s, pivot, days + 1, look)))
        days++;
    return days;
}

bool shift_null_make(const struct shift_sums *s, size_t pivot,
                     const struct shift_look *look, struct shift_null *ret_null)
{
    struct today today;
    double clock[SHIFT_CLOCK_PLACEBOS * SHIFT_DAYS], scratch[SHIFT_PLACEBOS_MAX];
    int days = days_known(s, pivot, look);
    int season_days = days < 2                   ? 0
                      : days < SHIFT_SEASON_DAYS ? days
                                                 : SHIFT_SEASON_DAYS;
    gather_today(s, pivot, look, season_days, &today);
    size_t n_clock = 0;
    *ret_null = (struct shift_null){.days = season_days > 0 ? days : 0};
    if (season_days > 0) {
        double past[SHIFT_DAYS];
        for (int d = 1; d <= days; d++)
            past[d - 1] = move_days_ago(s, pivot, d, look);
        ret_null->lambda = learned_share(&today);
        ret_null->usual = median_of_known(past, (size_t)days);
        n_clock = gather_clock(s, pivot, look, days, ret_null->lambda, clock);
    }
    if (today.n < SHIFT_PLACEBOS_LEAST)
        return false;
    for (size_t i = 0; i < today.n; i++)
        today.own[i] -= ret_null->lambda * today.usual[i];
    memcpy(scratch, today.own, today.n * sizeof *scratch);
    double spread = fmax(shift_spread(scratch, today.n), SHIFT_SPREAD_LEAST);
    memcpy(scratch, clock, n_clock * sizeof *scratch);
    spread = fmax(spread, shift_spread(scratch, n_clock));
    ret_null->spread = spread;
    ret_null->n_today = (int)today.n;
    for (size_t i = 0; i < today.n; i++)
        ret_null->placebo[ret_null->n++] = today.own[i] / spread;
    for (size_t i = 0; i < n_clock; i++)
        ret_null->placebo[ret_null->n++] = clock[i] / spread;
    return true;
}

/* Median of the last samples of the after window that are there. */
static double last_level(const float *value, size_t end, const struct shift_look *look)
{
    double last[LAST_SAMPLES];
    size_t n = 0,
           reach = (size_t)LAST_SAMPLES * (look->every > 1 ? (size_t)look->every : 1);
    size_t least = (size_t)(look->after - look->settle);
    for (size_t i = end - (reach < least ? reach : least); i < end && n < LAST_SAMPLES;
         i++)
        if (!isnan(value[i]))
            last[n++] = value[i];
    return shift_median(last, n);
}

bool shift_score_make(const struct shift_sums *s, const float *value, size_t pivot,
                      const struct shift_look *look, const struct shift_null *null,
                      struct shift_score *ret_score)
{
    double move = shift_move(s, pivot, look);
    if (isnan(move))
        return false;
    double usual = null->lambda * null->usual;
    double before = mean_of(s, pivot - (size_t)look->before, pivot, look->every);
    double last = last_level(value, pivot + (size_t)look->after, look) - before - usual;
    move -= usual;
    ret_score->move = move;
    ret_score->z = move / null->spread;
    ret_score->effect = exp(fabs(move)) - 1;
    /* A last level that is not there cannot show a recovery. */
    bool holds = isnan(last) || (last * move > 0 && fabs(last) >= 0.5 * fabs(move));
    ret_score->recovered = !holds && move != 0;
    return true;
}
