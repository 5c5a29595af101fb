/* analyzer/yardstick.c - offsets and levels out of the day before.  Pure, any thread.
 */
#include "analyzer/yardstick.h"
#include "analyzer/run.h"
#include "analyzer/shift.h"

#include <math.h>

#define OFFSET_SHARE 0.02 /* of the median */
#define OFFSET_SCALE 1e-3 /* of the largest value of the day */

enum { GAPS_MAX = 64, FEW = 24 };

/* Values of the day before `pivot`, single rows joined to as many as a cell has. */
static size_t day_values(const struct timeline *t, const float *v, size_t pivot,
                         double *to)
{
    const struct strip *s = &t->strip;
    size_t from = pivot > t->day ? pivot - t->day : 0, n = 0;
    size_t end = pivot < s->cut ? strip_place(s, pivot).at : s->cells;
    struct strip_place begin = strip_place(s, from);
    for (size_t i = begin.at + (begin.part > 0); i < end; i++) {
        to[n] = v[i]; /* without a branch on any of them */
        n += !isnan(v[i]);
    }
    for (size_t row = pivot; row > s->cut && row > from;) {
        double sum = 0;
        unsigned known = 0;
        for (size_t k = 0; k < s->wide && row > s->cut && row > from; k++) {
            float x = v[s->cells + --row - s->cut];
            sum += isnan(x) ? 0 : x;
            known += !isnan(x);
        }
        if (known > 0)
            to[n++] = sum / known;
    }
    return n;
}

/* True when a value of the day before `pivot` is below zero: joined rows would hide a
 * single one. */
static bool falls_below_zero(const struct timeline *t, const float *v, size_t pivot)
{
    size_t from = pivot > t->day ? pivot - t->day : 0;
    size_t first = strip_place(&t->strip, from).at;
    size_t end = strip_place(&t->strip, pivot).at;
    return end > first && run_any_below(v + first, end - first);
}

/* Median distance of neighbouring samples before `pivot`, in rows: of single rows where
 * there are two. */
static int sample_distance(const struct timeline *t, const float *v, size_t pivot)
{
    const struct strip *s = &t->strip;
    double gap[GAPS_MAX];
    bool one = true; /* all are the same, as they mostly are */
    size_t n = 0, last = SIZE_MAX, from = pivot > t->day ? pivot - t->day : 0;
    struct strip_place begin = strip_place(s, from), end = strip_place(s, pivot);
    for (size_t i = end.at; i-- > begin.at && n < GAPS_MAX;) {
        if (isnan(v[i]))
            continue;
        if (i < s->cells && s->wide > 1 && n > 0)
            break;
        if (last != SIZE_MAX && (s->wide == 1 || last < s->cells || i >= s->cells))
            gap[n++] = (double)(strip_row(s, last) - strip_row(s, i));
        one = one && (n == 0 || (gap[n - 1] >= gap[0] && gap[n - 1] <= gap[0]));
        last = i;
    }
    return n == 0 ? 1 : (int)(one ? gap[0] : shift_median(gap, n));
}

/* --- the two middle values --- */

/* Where they lie: at least `low`, of which `below` are smaller, and under `high`, of
 * which `under` are. */
struct bounds {
    double low, high;
    size_t below, under;
};

/* Takes a value as the one bound or the other, whichever it is. */
static void try_bound(struct bounds *b, const double *v, size_t n, double at)
{
    if (!(at > b->low && at < b->high))
        return;
    size_t under = run_count_under(v, n, at);
    if (under <= (n - 1) / 2) {
        b->low = at;
        b->below = under;
    } else if (under > n / 2) {
        b->high = at;
        b->under = under;
    }
}

/* Counting takes many values at a step, putting in order does not: so bounds are drawn
 * close by counting, as if values were spread evenly, until few are left between. */
static struct bounds draw_close(const double *v, size_t n, double most)
{
    struct bounds b = {.high = INFINITY, .under = n};
    for (int turn = 0; turn < 6 && b.under - b.below > FEW; turn++) {
        double high = b.high < most ? b.high : most, low = b.low;
        double some = (double)(b.under - b.below), each = (high - low) / some;
        double middle = (double)(n / 2 - b.below), margin = some / 10 + 2;
        try_bound(&b, v, n, low + each * (middle - margin));
        try_bound(&b, v, n, low + each * (middle + margin));
    }
    return b;
}

/* Of sizes; `room` is for as many. */
static void middle_two(const double *v, size_t n, double most, double *room,
                       double *ret_one, double *ret_other)
{
    struct bounds b = draw_close(v, n, most);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        room[m] = v[i];
        m += v[i] >= b.low && v[i] < b.high;
    }
    size_t middle = (n - 1) / 2 - b.below;
    *ret_one = *ret_other = shift_select(room, m, middle);
    for (size_t i = middle + 1; n % 2 == 0 && i < m; i++)
        if (i == middle + 1 || room[i] < *ret_other)
            *ret_other = room[i];
}

void yardstick_find(const struct timeline *t, const float *v, size_t pivot,
                    double *room, struct yardstick *ret_yardstick)
{
    size_t n = day_values(t, v, pivot, room);
    double most = 0, one, next;
    struct yardstick *ret = ret_yardstick;
    *ret = (struct yardstick){.any = n > 0, .every = 1, .size = 1};
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        room[i] = fabs(room[i]);
        most = room[i] > most ? room[i] : most;
    }
    middle_two(room, n, most, room + t->strip.n + 1, &one, &next);
    double middle = one + (next - one) * 0.5;
    double offset = OFFSET_SHARE * middle + OFFSET_SCALE * most;
    ret->offset = offset > 0 ? offset : 1e-9;
    ret->size = most > 0 ? most : 1;
    ret->falls = falls_below_zero(t, v, pivot);
    ret->every = sample_distance(t, v, pivot);
    if (ret->falls) {
        n = day_values(t, v, pivot, room);
        ret->level = shift_median(room, n) / ret->size;
    } else { /* logs keep the order: the median's neighbours stay what they are */
        double other = n % 2 == 1 ? one : 2 * middle - one;
        ret->level = 0.5 * (run_log(one + ret->offset) + run_log(other + ret->offset));
    }
}

void yardstick_apply(const struct yardstick *y, float *v, size_t n)
{
    if (y->falls)
        run_scaled(v, n, y->size, y->level);
    else if (y->any)
        run_logs(v, n, y->offset, y->level);
}
