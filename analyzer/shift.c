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

static bool any_missing(const float *value, size_t n)
{
    int missing = 0;
    for (size_t i = 0; i < n; i++)
        missing |= isnan(value[i]);
    return missing != 0;
}

/* Four at a time, so that one sum need not wait for the one before it. */
static double sum_whole(const float *value, size_t n, double wide, double total,
                        double *sum)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        double a = value[i] * wide, b = a + value[i + 1] * wide;
        double c = value[i + 2] * wide, d = c + value[i + 3] * wide;
        sum[i] = total;
        sum[i + 1] = total + a;
        sum[i + 2] = total + b;
        sum[i + 3] = total + (b + c);
        total += b + d;
    }
    for (; i < n; i++) {
        sum[i] = total;
        total += value[i] * wide;
    }
    return total;
}

static void sum_part(const float *value, size_t n, size_t wide, double *sum,
                     uint32_t *count)
{
    double total = sum[0];
    uint32_t seen = count[0];
    for (size_t i = 0; i < n; i++) {
        sum[i] = total;
        count[i] = seen;
        if (!isnan(value[i])) {
            total += value[i] * (double)wide;
            seen += (uint32_t)wide;
        }
    }
    sum[n] = total;
    count[n] = seen;
}

struct shift_sums shift_sum_strip(const float *value, const struct strip *strip,
                                  double *sum, uint32_t *count)
{
    struct shift_sums s = {
        .sum = sum, .count = count, .n = strip->rows, .strip = strip};
    size_t near = strip->n - strip->cells;
    s.whole = !any_missing(value, strip->n);
    if (s.whole) {
        double far = sum_whole(value, strip->cells, (double)strip->wide, 0, sum);
        sum[strip->n] =
            sum_whole(value + strip->cells, near, 1, far, sum + strip->cells);
    } else {
        sum[0] = 0;
        count[0] = 0;
        sum_part(value, strip->cells, strip->wide, sum, count);
        sum_part(value + strip->cells, near, 1, sum + strip->cells,
                 count + strip->cells);
        count[strip->n + 1] = count[strip->n];
    }
    sum[strip->n + 1] = sum[strip->n]; /* places behind the last may look one further */
    return s;
}

/* --- order --- */

enum { FEW = 12 };

static void sort_few(double *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double v = p[i];
        size_t k = i;
        for (; k > 0 && v < p[k - 1]; k--)
            p[k] = p[k - 1];
        p[k] = v;
    }
}

static double middle_of_three(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Moves those below `bound` (or not above it) to the front; gives how many.  Every
 * value is swapped, and only the place moves on or not: chance decides about that, and
 * a branch on chance costs more than the swap. */
static size_t split(double *p, size_t n, double bound, bool not_above)
{
    size_t front = 0;
    if (not_above)
        for (size_t i = 0; i < n; i++) {
            double v = p[i];
            p[i] = p[front];
            p[front] = v;
            front += v <= bound;
        }
    else
        for (size_t i = 0; i < n; i++) {
            double v = p[i];
            p[i] = p[front];
            p[front] = v;
            front += v < bound;
        }
    return front;
}

/* Puts the k-th smallest to p[k], none larger before it and none smaller behind: more
 * order than that a median does not need.  The same input is reordered the same. */
static double select_at(double *p, size_t n, size_t k)
{
    double *low = p, *high = p + n, *at = p + k;
    while (high - low > FEW) {
        size_t left = (size_t)(high - low);
        double bound = middle_of_three(low[0], low[left / 2], low[left - 1]);
        size_t front = split(low, left, bound, false);
        if (at < low + front) {
            high = low + front;
            continue;
        }
        if (front == 0) { /* the bound is the least: its equals have their place */
            front = split(low, left, bound, true);
            if (at < low + front)
                return bound;
        }
        low += front;
    }
    sort_few(low, (size_t)(high - low));
    return *at;
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

/* --- windows --- */

/* Sum and number of the rows before a place. */
static double sum_at(const struct shift_sums *s, struct strip_place p)
{
    if (p.part == 0)
        return s->sum[p.at];
    double share = p.part * (1.0 / (double)s->strip->wide);
    return s->sum[p.at] + (s->sum[p.at + 1] - s->sum[p.at]) * share;
}

static uint32_t count_at(const struct shift_sums *s, struct strip_place p)
{
    bool there = p.part > 0 && s->count[p.at + 1] > s->count[p.at];
    return s->count[p.at] + (there ? p.part : 0);
}

static struct strip_place place_of(const struct shift_sums *s, size_t row)
{
    return s->strip != NULL ? strip_place(s->strip, row)
                            : (struct strip_place){(uint32_t)row, 0};
}

/* Mean of `rows` rows between two places, NaN when too few are there. */
static double mean_between(const struct shift_sums *s, struct strip_place from,
                           struct strip_place to, size_t rows, int every)
{
    uint32_t there = s->whole ? (uint32_t)rows : count_at(s, to) - count_at(s, from);
    double expected = (double)rows / (every > 1 ? every : 1);
    if (there == 0 || there < SHIFT_PRESENT_LEAST * expected)
        return NAN;
    return (sum_at(s, to) - sum_at(s, from)) / there;
}

static double mean_of(const struct shift_sums *s, size_t from, size_t to, int every)
{
    return mean_between(s, place_of(s, from), place_of(s, to), to - from, every);
}

double shift_mean(const struct shift_sums *s, size_t from, size_t to)
{
    struct strip_place a = place_of(s, from), b = place_of(s, to);
    uint32_t there = s->whole ? (uint32_t)(to - from) : count_at(s, b) - count_at(s, a);
    return there > 0 ? (sum_at(s, b) - sum_at(s, a)) / there : NAN;
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

/* --- where the pretended changes lie --- */

static const uint32_t no_spot = UINT32_MAX; /* in at[0]: outside of the rows */

static struct shift_spot spot_at(const struct strip *s, int64_t pivot,
                                 const struct shift_look *look)
{
    const int64_t row[] = {pivot - look->before, pivot, pivot + look->settle,
                           pivot + look->after};
    struct shift_spot spot = {.at = {no_spot}};
    if (row[0] < 0 || row[3] > (int64_t)s->rows)
        return spot;
    for (int i = 0; i < 4; i++) {
        struct strip_place p = strip_place(s, (size_t)row[i]);
        spot.at[i] = p.at;
        spot.part[i] = (uint16_t)p.part;
    }
    return spot;
}

void shift_plan_make(const struct strip *strip, size_t pivot,
                     const struct shift_look *look, struct shift_plan *ret_plan)
{
    struct shift_plan *p = ret_plan;
    int64_t at = (int64_t)pivot;
    int step = placebo_step(look);
    p->pivot = pivot;
    p->look = *look;
    p->n_today = 0;
    /* The after window of a pretended change must end before the real before window. */
    for (int back = look->before + look->after + 5;
         back < look->day && back <= at && p->n_today < SHIFT_TODAY_MAX; back += step) {
        for (int d = 0; d < SHIFT_SEASON_DAYS; d++)
            p->season[d][p->n_today] =
                spot_at(strip, at - back - (int64_t)(d + 1) * look->day, look);
        p->today[p->n_today++] = spot_at(strip, at - back, look);
    }
    for (int d = 0; d < SHIFT_DAYS; d++) {
        int64_t then = at - (int64_t)(d + 1) * look->day;
        p->days[d] = spot_at(strip, then, look);
        for (int o = 0; o < SHIFT_CLOCK_PLACEBOS; o++)
            p->clock[d][o] = spot_at(
                strip, then + (int64_t)(o - SHIFT_CLOCK_PLACEBOS / 2) * step, look);
    }
}

/* --- moves at the spots --- */

static struct strip_place spot_place(const struct shift_spot *spot, int i)
{
    return (struct strip_place){spot->at[i], spot->part[i]};
}

static double move_at(const struct shift_sums *s, const struct shift_spot *spot,
                      const struct shift_look *look, int every)
{
    if (spot->at[0] == no_spot)
        return NAN;
    double after = mean_between(s, spot_place(spot, 2), spot_place(spot, 3),
                                (size_t)(look->after - look->settle), every);
    return after - mean_between(s, spot_place(spot, 0), spot_place(spot, 1),
                                (size_t)look->before, every);
}

/* The same where nothing is missing, without a branch on any value. */
static void moves_of_whole(const struct shift_sums *s, const struct shift_spot *spot,
                           size_t n, const struct shift_look *look, double *ret)
{
    const double *sum = s->sum;
    double share = 1.0 / (double)s->strip->wide;
    double n_before = look->before, n_after = look->after - look->settle;
    for (size_t k = 0; k < n; k++) {
        double at[4];
        if (spot[k].at[0] == no_spot) {
            ret[k] = NAN;
            continue;
        }
        for (int i = 0; i < 4; i++) {
            const double *here = sum + spot[k].at[i];
            at[i] = here[0] + (here[1] - here[0]) * (spot[k].part[i] * share);
        }
        ret[k] = (at[3] - at[2]) / n_after - (at[1] - at[0]) / n_before;
    }
}

static void moves_at(const struct shift_sums *s, const struct shift_spot *spot,
                     size_t n, const struct shift_look *look, int every, double *ret)
{
    if (s->whole && s->strip != NULL) { /* there is room for one sum more */
        moves_of_whole(s, spot, n, look, ret);
        return;
    }
    for (size_t k = 0; k < n; k++)
        ret[k] = move_at(s, &spot[k], look, every);
}

/* Median of sorted values with one left out. */
static double median_without(const double *sorted, size_t n, size_t out)
{
    if (n < 2)
        return NAN;
    double at = 0.5 * (double)(n - 2);
    size_t low = (size_t)at, next = low + 1;
    double here = sorted[low + (low >= out)];
    if (next >= n - 1)
        return here;
    return here + (sorted[next + (next >= out)] - here) * (at - (double)low);
}

/* The known ones of at most SHIFT_DAYS values, sorted. */
static size_t sort_known(const double *v, size_t n, double *sorted)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            sorted[m++] = v[i];
    sort_few(sorted, m);
    return m;
}

static double median_of_known(const double *v, size_t n)
{
    double known[SHIFT_DAYS];
    size_t m = sort_known(v, n, known);
    if (m == 0)
        return NAN;
    double here = known[(m - 1) / 2];
    return m % 2 == 1 ? here : here + (known[m / 2] - here) * 0.5;
}

/* Pretended changes of the last day: their moves and the usual move at their hour. */
struct today {
    size_t n;
    double own[SHIFT_TODAY_MAX], usual[SHIFT_TODAY_MAX];
};

static void gather_today(const struct shift_sums *s, const struct shift_plan *p,
                         int every, int season_days, struct today *ret)
{
    double own[SHIFT_TODAY_MAX], season[SHIFT_SEASON_DAYS][SHIFT_TODAY_MAX];
    moves_at(s, p->today, p->n_today, &p->look, every, own);
    for (int d = 0; d < season_days; d++)
        moves_at(s, p->season[d], p->n_today, &p->look, every, season[d]);
    ret->n = 0;
    for (size_t k = 0; k < p->n_today && ret->n < SHIFT_DAY_PLACEBOS; k++) {
        double past[SHIFT_SEASON_DAYS];
        if (isnan(own[k]))
            continue;
        for (int d = 0; d < season_days; d++)
            past[d] = season[d][k];
        if (season_days == 3 && !isnan(past[0] + past[1] + past[2])) {
            ret->own[ret->n] = own[k];
            ret->usual[ret->n++] = middle_of_three(past[0], past[1], past[2]);
            continue;
        }
        double usual = season_days > 0 ? median_of_known(past, (size_t)season_days) : 0;
        ret->own[ret->n] = own[k];
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
static size_t gather_clock(const struct shift_sums *s, const struct shift_plan *p,
                           int every, int days, double lambda, double *ret)
{
    double move[SHIFT_DAYS][SHIFT_CLOCK_PLACEBOS];
    size_t n = 0;
    for (int d = 0; d < days; d++)
        moves_at(s, p->clock[d], SHIFT_CLOCK_PLACEBOS, &p->look, every, move[d]);
    for (int o = 0; o < SHIFT_CLOCK_PLACEBOS; o++) {
        double then[SHIFT_DAYS], sorted[SHIFT_DAYS];
        for (int d = 0; d < days; d++)
            then[d] = move[d][o];
        size_t known = sort_known(then, (size_t)days, sorted);
        for (int d = 0; d < days && known > 1; d++) {
            size_t mine = 0;
            if (isnan(then[d]))
                continue;
            while (mine < known && sorted[mine] < then[d])
                mine++;
            ret[n++] = then[d] - lambda * median_without(sorted, known, mine);
        }
    }
    return n;
}

/* Mean of the window before the window before. */
static double mean_earlier(const struct shift_sums *s, size_t pivot,
                           const struct shift_look *look, int every)
{
    size_t wide = (size_t)look->before;
    return pivot >= 2 * wide ? mean_of(s, pivot - 2 * wide, pivot - wide, every) : NAN;
}

/* Whole earlier days that the series reaches back with its before window. */
static int days_known(const double *past)
{
    int days = 0;
    while (days < SHIFT_DAYS && !isnan(past[days]))
        days++;
    return days;
}

bool shift_null_by_plan(const struct shift_sums *s, const struct shift_plan *plan,
                        int every, struct shift_null *ret_null)
{
    struct today today;
    double clock[SHIFT_CLOCK_PLACEBOS * SHIFT_DAYS], scratch[SHIFT_PLACEBOS_MAX];
    double past[SHIFT_DAYS];
    moves_at(s, plan->days, SHIFT_DAYS, &plan->look, every, past);
    int days = days_known(past);
    int season_days = days < 2                   ? 0
                      : days < SHIFT_SEASON_DAYS ? days
                                                 : SHIFT_SEASON_DAYS;
    gather_today(s, plan, every, season_days, &today);
    size_t n_clock = 0;
    ret_null->lambda = ret_null->usual = ret_null->spread = 0;
    ret_null->earlier = mean_earlier(s, plan->pivot, &plan->look, every);
    ret_null->n = ret_null->n_today = 0;
    ret_null->days = season_days > 0 ? days : 0;
    if (season_days > 0) {
        ret_null->lambda = learned_share(&today);
        ret_null->usual = median_of_known(past, (size_t)days);
        n_clock = gather_clock(s, plan, every, days, ret_null->lambda, clock);
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

bool shift_null_make(const struct shift_sums *s, size_t pivot,
                     const struct shift_look *look, struct shift_null *ret_null)
{
    struct strip rows = strip_make(s->n, s->n, 1, 0);
    struct shift_plan plan;
    shift_plan_make(s->strip != NULL ? s->strip : &rows, pivot, look, &plan);
    return shift_null_by_plan(s, &plan, look->every, ret_null);
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

/* True when a move seen from elsewhere still shows half of it; what is unknown cannot
 * speak against it. */
static bool still_shows(double seen, double move)
{
    return isnan(seen) || (seen * move > 0 && fabs(seen) >= 0.5 * fabs(move));
}

/* Median of rows [from, to), of some far enough apart that few are looked at; NaN where
 * they are not known one by one. */
static double middle_level(const struct shift_sums *s, const float *value, size_t from,
                           size_t to)
{
    enum { ROWS_MAX = 256 };
    double known[ROWS_MAX];
    size_t n = 0, step = (to - from) / ROWS_MAX + 1;
    if (s->strip != NULL && from < s->strip->cut)
        return NAN;
    for (size_t i = from; i < to; i += step)
        if (!isnan(value[i]))
            known[n++] = value[i];
    return shift_median(known, n);
}

/* A spike before the change, or trouble that was over by then, makes any level after it
 * look new. */
static bool has_returned(const struct shift_sums *s, const float *value, size_t pivot,
                         const struct shift_look *look, const struct shift_null *null,
                         double move, double before)
{
    double median = middle_level(s, value, pivot - (size_t)look->before, pivot);
    return !still_shows(move + before - median, move) ||
           !still_shows(move + before - null->earlier, move);
}

/* The end of a restart's burst reaches into the window after it: a few minutes that
 * make a mean.  What only began late in the window stands above its mean at its end,
 * and is no burst. */
static bool is_brief(const struct shift_sums *s, const float *value, size_t pivot,
                     const struct shift_look *look, double move, double level,
                     double last)
{
    double median = middle_level(s, value, pivot + (size_t)look->settle,
                                 pivot + (size_t)look->after);
    return !still_shows(median - level, move) && fabs(last) < fabs(move);
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
    ret_score->recovered = !still_shows(last, move) && move != 0;
    ret_score->returned =
        move != 0 && (has_returned(s, value, pivot, look, null, move, before) ||
                      is_brief(s, value, pivot, look, move, before + usual, last));
    return true;
}
