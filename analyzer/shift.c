/* analyzer/shift.c - the empirical null of one series.  Pure; no memory of its own. */
#include "analyzer/shift.h"
#include "analyzer/run.h"

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
    s.whole = !run_any_missing(value, strip->n);
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

double shift_select(double *p, size_t n, size_t k)
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
    double here = shift_select(p, n, low);
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

static void add_spot(struct shift_plan *p, const struct strip *s, int64_t pivot)
{
    const struct shift_look *look = &p->look;
    const int64_t row[] = {pivot - look->before, pivot, pivot + look->settle,
                           pivot + look->after};
    size_t k = p->n++;
    p->outside[k] = row[0] < 0 || row[3] > (int64_t)s->rows;
    p->all_inside = p->all_inside && !p->outside[k];
    for (int i = 0; i < 4; i++) {
        struct strip_place place = {0};
        if (!p->outside[k])
            place = strip_place(s, (size_t)row[i]);
        p->at[i][k] = place.at;
        p->part[i][k] = (uint16_t)place.part;
    }
}

/* The after window of a pretended change of the last day must end before the real
 * before window. */
static int first_back(const struct shift_look *look)
{
    return look->before + look->after + 5;
}

void shift_plan_make(const struct strip *strip, size_t pivot,
                     const struct shift_look *look, struct shift_plan *ret_plan)
{
    struct shift_plan *p = ret_plan;
    int64_t at = (int64_t)pivot, day = look->day, step = placebo_step(look);
    p->pivot = pivot;
    p->look = *look;
    p->n = p->n_today = 0;
    p->all_inside = true;
    for (int64_t back = first_back(look);
         back < day && back <= at && p->n_today < SHIFT_TODAY_MAX; back += step)
        p->n_today++;
    for (int64_t d = 0; d <= SHIFT_SEASON_DAYS; d++)
        for (int64_t k = 0; k < (int64_t)p->n_today; k++)
            add_spot(p, strip, at - first_back(look) - k * step - d * day);
    for (int64_t d = 1; d <= SHIFT_DAYS; d++)
        for (int64_t o = 0; o < RUN_OTHERS_ROWS; o++) {
            int64_t of = o < SHIFT_CLOCK_PLACEBOS ? o : 0; /* the rest is not used */
            add_spot(p, strip, at - d * day + (of - SHIFT_CLOCK_PLACEBOS / 2) * step);
        }
    for (int64_t d = 1; d <= SHIFT_DAYS; d++)
        add_spot(p, strip, at - d * day);
}

/* --- moves at the spots --- */

/* Of all spots of a plan. */
struct moves {
    double all[SHIFT_SPOTS_MAX];
    const double *today, *season[SHIFT_SEASON_DAYS];
    const double *clock; /* of each day RUN_OTHERS_ROWS */
    const double *days;
    bool all_known;
};

static double move_at(const struct shift_sums *s, const struct shift_plan *p, size_t k,
                      int every)
{
    struct strip_place at[4];
    if (p->outside[k])
        return NAN;
    for (int i = 0; i < 4; i++)
        at[i] = (struct strip_place){p->at[i][k], p->part[i][k]};
    double after =
        mean_between(s, at[2], at[3], (size_t)(p->look.after - p->look.settle), every);
    return after - mean_between(s, at[0], at[1], (size_t)p->look.before, every);
}

static void move_all(const struct shift_sums *s, const struct shift_plan *p, int every,
                     struct moves *ret)
{
    const struct run_places place[4] = {{p->at[0], p->part[0]},
                                        {p->at[1], p->part[1]},
                                        {p->at[2], p->part[2]},
                                        {p->at[3], p->part[3]}};
    if (s->whole && s->strip != NULL) /* there is room for one sum more */
        run_moves(ret->all, s->sum, place, (double)s->strip->wide, p->look.before,
                  p->look.after - p->look.settle, p->n);
    for (size_t k = 0; k < p->n && (!s->whole || s->strip == NULL); k++)
        ret->all[k] = move_at(s, p, k, every);
    for (size_t k = 0; k < p->n && !p->all_inside; k++)
        if (p->outside[k])
            ret->all[k] = NAN;
    ret->all_known = s->whole && p->all_inside;
    ret->today = ret->all;
    for (size_t d = 0; d < SHIFT_SEASON_DAYS; d++)
        ret->season[d] = ret->all + (d + 1) * p->n_today;
    ret->clock = ret->all + (SHIFT_SEASON_DAYS + 1) * p->n_today;
    ret->days = ret->clock + RUN_OTHERS_ROWS * SHIFT_DAYS;
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

static void gather_today(const struct moves *m, size_t n_today, int season_days,
                         struct today *ret)
{
    const double *const *season = m->season;
    if (season_days == SHIFT_SEASON_DAYS && m->all_known) {
        ret->n = n_today < SHIFT_DAY_PLACEBOS ? n_today : SHIFT_DAY_PLACEBOS;
        memcpy(ret->own, m->today, ret->n * sizeof *ret->own);
        run_middle(ret->usual, season[0], season[1], season[2], ret->n);
        return;
    }
    ret->n = 0;
    for (size_t k = 0; k < n_today && ret->n < SHIFT_DAY_PLACEBOS; k++) {
        double past[SHIFT_SEASON_DAYS];
        if (isnan(m->today[k]))
            continue;
        for (int d = 0; d < season_days; d++)
            past[d] = season[d][k];
        double usual = season_days > 0 ? median_of_known(past, (size_t)season_days) : 0;
        ret->own[ret->n] = m->today[k];
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
static size_t gather_clock(const struct moves *m, int days, double lambda, double *ret)
{
    size_t n = 0;
    if (days == RUN_OTHERS && m->all_known) {
        run_less_others(ret, m->clock, SHIFT_CLOCK_PLACEBOS, lambda);
        return RUN_OTHERS * SHIFT_CLOCK_PLACEBOS;
    }
    for (int o = 0; o < SHIFT_CLOCK_PLACEBOS; o++) {
        double then[SHIFT_DAYS], sorted[SHIFT_DAYS];
        for (int d = 0; d < days; d++)
            then[d] = m->clock[d * RUN_OTHERS_ROWS + o];
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

bool shift_draft_make(const struct shift_sums *s, const struct shift_plan *plan,
                      int every, struct shift_draft *ret_draft)
{
    struct moves moves;
    struct today today;
    struct shift_draft *d = ret_draft;
    move_all(s, plan, every, &moves);
    int days = days_known(moves.days);
    int season_days = days < 2                   ? 0
                      : days < SHIFT_SEASON_DAYS ? days
                                                 : SHIFT_SEASON_DAYS;
    gather_today(&moves, plan->n_today, season_days, &today);
    d->lambda = d->usual = 0;
    d->earlier = mean_earlier(s, plan->pivot, &plan->look, every);
    d->n_today = (int)today.n;
    d->n_clock = 0;
    d->days = season_days > 0 ? days : 0;
    if (season_days > 0) {
        d->lambda = learned_share(&today);
        d->usual = median_of_known(moves.days, (size_t)days);
        d->n_clock = (int)gather_clock(&moves, days, d->lambda, d->clock);
    }
    for (size_t i = 0; i < today.n; i++)
        d->today[i] = today.own[i] - d->lambda * today.usual[i];
    return today.n >= SHIFT_PLACEBOS_LEAST;
}

void shift_draft_end(const struct shift_draft *d, double spread,
                     struct shift_null *ret_null)
{
    struct shift_null *null = ret_null;
    null->lambda = d->lambda;
    null->usual = d->usual;
    null->earlier = d->earlier;
    null->days = d->days;
    null->spread = spread;
    null->n = null->n_today = 0;
    if (d->n_today < SHIFT_PLACEBOS_LEAST)
        return;
    null->n_today = d->n_today;
    null->n = d->n_today + d->n_clock;
    for (int i = 0; i < d->n_today; i++)
        null->placebo[i] = d->today[i] / spread;
    for (int i = 0; i < d->n_clock; i++)
        null->placebo[d->n_today + i] = d->clock[i] / spread;
}

bool shift_null_by_plan(const struct shift_sums *s, const struct shift_plan *plan,
                        int every, struct shift_null *ret_null)
{
    struct shift_draft d;
    double scratch[SHIFT_DAY_PLACEBOS], spread = 0;
    bool enough = shift_draft_make(s, plan, every, &d);
    if (enough) {
        memcpy(scratch, d.today, (size_t)d.n_today * sizeof *scratch);
        spread = fmax(shift_spread(scratch, (size_t)d.n_today), SHIFT_SPREAD_LEAST);
        memcpy(scratch, d.clock, (size_t)d.n_clock * sizeof *scratch);
        spread = fmax(spread, shift_spread(scratch, (size_t)d.n_clock));
    }
    shift_draft_end(&d, spread, ret_null);
    return enough;
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
