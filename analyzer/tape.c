/* analyzer/tape.c - medians of a window that moves over a day, and counts beyond them.
 *
 * What must hold: a moment's level and deviation are those of tape_usual_before, to the
 * bit, however they were come by.  Pure, any thread. */
#include "analyzer/tape.h"
#include "analyzer/shift.h"

#include <math.h>
#include <string.h>

#define LEVEL_SHARE   0.01 /* of the level: no deviation counts as less */
#define QUARTILE_PART 0.5  /* of the day's first quartile of deviations, likewise */
#define SPREAD_LEAST  0.35
#define SPREAD_Q      0.95
#define SPREAD_UNIT   1.645
#define POINTS_SHARE  0.6 /* of a window's points that must be there */
enum {
    BEFORE_POINTS_LEAST = 6,
    BEFORE_PARTS = 3, /* pretended changes in one window before */
};

bool tape_reads_at(const struct tape *t, size_t pivot)
{
    return pivot >= t->before && pivot + t->to <= t->n;
}

struct tape_usual tape_usual_before(const struct tape *t, size_t pivot)
{
    size_t n = 0;
    for (size_t i = pivot - t->before; i < pivot; i++)
        if (!isnan(t->v[i]))
            t->some[n++] = t->v[i];
    if (n < BEFORE_POINTS_LEAST)
        return (struct tape_usual){NAN, NAN};
    struct tape_usual u = {.level = shift_median(t->some, n)};
    for (size_t i = 0; i < n; i++)
        t->some[i] = fabs(t->some[i] - u.level);
    u.deviation = shift_median(t->some, n);
    return u;
}

double tape_far(const struct tape_usual *u, double floor)
{
    return TAPE_FAR * fmax(u->deviation, floor + LEVEL_SHARE * fabs(u->level));
}

struct tape_count tape_count_after(const struct tape *t, size_t pivot,
                                   const struct tape_usual *u, double far,
                                   enum worse worse)
{
    struct tape_count c = {0};
    for (size_t i = pivot + t->from; i < pivot + t->to; i++) {
        double off = t->v[i] - u->level;
        if (isnan(off))
            continue;
        c.of++;
        bool counts = fabs(off) > far &&
                      (worse == WORSE_BOTH || (worse == WORSE_UP) == (off > 0));
        if (!counts)
            continue;
        c.first = c.n == 0 ? i : c.first;
        c.n++;
        c.above += off > 0;
        c.late += 3 * (pivot + t->to - i) <= t->to - t->from;
        c.sum += t->v[i];
    }
    return c;
}

/* --- medians of a window that moves --- */

/* The known values of a window in order; where it moves on by a few rows, only those
 * are put in and taken out.  Worth it for windows of no more rows than this. */
enum { ORDERED_MAX = 240 };
struct ordered {
    size_t n;
    float v[ORDERED_MAX];
};

static size_t ordered_place(const struct ordered *o, double v)
{
    size_t at = 0, n = o->n; /* halving without a branch: chance decides each time */
    while (n > 0) {
        size_t half = n / 2;
        bool above = o->v[at + half] < v;
        at += above ? half + 1 : 0;
        n = above ? n - half - 1 : half;
    }
    return at;
}

/* How many of the rows [from, to) are the same as the first: a mean over five minutes
 * fills five rows of one. */
static size_t alike(const float *v, size_t from, size_t to)
{
    size_t n = 1;
    while (from + n < to && v[from + n] <= v[from] && v[from + n] >= v[from])
        n++;
    return n;
}

static void ordered_add(struct ordered *o, const float *v, size_t from, size_t to)
{
    for (size_t i = from, n; i < to; i += n) {
        n = alike(v, i, to);
        if (isnan(v[i]))
            continue;
        size_t at = ordered_place(o, v[i]);
        memmove(o->v + at + n, o->v + at, (o->n - at) * sizeof *o->v);
        for (size_t k = 0; k < n; k++)
            o->v[at + k] = v[i];
        o->n += n;
    }
}

static void ordered_drop(struct ordered *o, const float *v, size_t from, size_t to)
{
    for (size_t i = from, n; i < to; i += n) {
        n = alike(v, i, to);
        if (isnan(v[i]))
            continue;
        size_t at = ordered_place(o, v[i]);
        o->n -= n;
        memmove(o->v + at, o->v + at + n, (o->n - at) * sizeof *o->v);
    }
}

/* Between the two middle ones of an even number, as shift_median. */
static double between(double here, double next, size_t n)
{
    return n % 2 == 1 ? here : here + (next - here) * 0.5;
}

static double distance(const struct ordered *o, size_t i, double level)
{
    return fabs(o->v[i] - level);
}

/* Values grow, so those nearest to the level lie together: the run of them is found by
 * halving, and the next one further off is at either of its ends. */
static double ordered_deviation(const struct ordered *o, double level)
{
    size_t middle = (o->n - 1) / 2, low = 0, high = o->n - 1 - middle;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (level - o->v[mid] > o->v[mid + middle + 1] - level)
            low = mid + 1;
        else
            high = mid;
    }
    size_t end = low + middle;
    double here = fmax(distance(o, low, level), distance(o, end, level));
    double down = low > 0 ? distance(o, low - 1, level) : INFINITY;
    double up = end + 1 < o->n ? distance(o, end + 1, level) : INFINITY;
    return between(here, fmin(down, up), o->n);
}

static struct tape_usual ordered_usual(const struct ordered *o)
{
    size_t middle = (o->n - 1) / 2;
    if (o->n < BEFORE_POINTS_LEAST)
        return (struct tape_usual){NAN, NAN};
    double level = between(o->v[middle], o->v[o->n / 2], o->n);
    return (struct tape_usual){level, ordered_deviation(o, level)};
}

/* --- pretended changes --- */

void tape_find_moments(const struct tape *t, size_t day, struct tape_moments *m)
{
    size_t step =
        t->before / (2 * BEFORE_PARTS) > 0 ? t->before / (2 * BEFORE_PARTS) : 1;
    size_t last =
        t->pivot > t->to + t->before / 2 ? t->pivot - t->to - t->before / 2 : 0;
    struct ordered o;
    bool few = t->before > step && t->before + step <= ORDERED_MAX, begun = false;
    o.n = 0;
    m->n = 0;
    for (size_t back = 0; back < day && last > back && m->n < TAPE_MOMENTS_MAX;
         back += step) {
        size_t at = last - back, first = at - t->before;
        if (!tape_reads_at(t, at))
            break;
        if (few) {
            ordered_add(&o, t->v, first, begun ? first + step : at);
            ordered_drop(&o, t->v, at, begun ? at + step : at);
        }
        begun = true;
        struct tape_usual u = few ? ordered_usual(&o) : tape_usual_before(t, at);
        if (isnan(u.level))
            continue;
        m->at[m->n] = at;
        m->usual[m->n++] = u;
    }
}

double tape_floor(const struct tape_moments *m)
{
    double deviation[TAPE_MOMENTS_MAX];
    for (int i = 0; i < m->n; i++)
        deviation[i] = m->usual[i].deviation;
    return m->n > 0 ? QUARTILE_PART * shift_quantile(deviation, (size_t)m->n, 0.25) : 0;
}

/* Points and points beyond, without a branch on any of them. */
static void count_only(const struct tape *t, size_t pivot, const struct tape_usual *u,
                       double far, enum worse worse, int *ret_n, int *ret_of)
{
    const float *v = t->v + pivot;
    int of = 0, up = 0, down = 0;
    for (size_t i = t->from; i < t->to; i++) {
        double off = v[i] - u->level;
        of += !isnan(off);
        up += off > far;
        down += off < -far;
    }
    *ret_of = of;
    *ret_n = (worse != WORSE_DOWN ? up : 0) + (worse != WORSE_UP ? down : 0);
}

/* The median and the spread around it, on the scale of log(1 + n). */
static double z_of(double *off, const double *log_n, int n, int beyond)
{
    memcpy(off, log_n, (size_t)n * sizeof *off);
    double middle = shift_median(off, (size_t)n);
    for (int i = 0; i < n; i++)
        off[i] = fabs(log_n[i] - middle);
    double spread = shift_quantile(off, (size_t)n, SPREAD_Q) / SPREAD_UNIT;
    return (log1p(beyond) - middle) / fmax(spread, SPREAD_LEAST);
}

bool tape_score_make(const struct tape *t, const struct tape_moments *m, double floor,
                     enum worse worse, const struct tape_count *c, int least,
                     struct tape_score *ret)
{
    double off[TAPE_MOMENTS_MAX], log_n[TAPE_MOMENTS_MAX];
    struct tape_score s = {0};
    for (int i = 0; i < m->n; i++) {
        const struct tape_usual *u = &m->usual[i];
        int n, of;
        count_only(t, m->at[i], u, tape_far(u, floor), worse, &n, &of);
        if (of < POINTS_SHARE * c->of)
            continue;
        s.like += n >= c->n;
        log_n[s.moments++] = n > 0 ? log1p(n) : 0;
    }
    if (s.moments >= least)
        s.z = z_of(off, log_n, s.moments, c->n);
    *ret = s;
    return s.moments >= least;
}
