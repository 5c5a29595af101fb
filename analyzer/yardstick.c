/* analyzer/yardstick.c - offsets and levels out of the day before.  Pure, any thread.
 */
#include "analyzer/yardstick.h"
#include "analyzer/run.h"
#include "analyzer/shift.h"

#include <math.h>

#define OFFSET_SHARE 0.02 /* of the median */
#define OFFSET_SCALE 1e-3 /* of the largest value of the day */

enum { GAPS_MAX = 64 };

/* Values of the day before `pivot`, single rows joined to as many as a cell has; they
 * are put into every `stride`-th place. */
static size_t day_values(const struct timeline *t, const float *v, size_t pivot,
                         double *to, size_t stride)
{
    const struct strip *s = &t->strip;
    size_t from = pivot > t->day ? pivot - t->day : 0, n = 0;
    size_t end = pivot < s->cut ? strip_place(s, pivot).at : s->cells;
    struct strip_place begin = strip_place(s, from);
    for (size_t i = begin.at + (begin.part > 0); i < end; i++) {
        to[n * stride] = v[i]; /* without a branch on any of them */
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
            to[n++ * stride] = sum / known;
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

/* Sizes of a day's values into one lane; gives how many, and the largest. */
static size_t put_sizes(const struct timeline *t, const float *v, size_t pivot,
                        double *lane, double *ret_most)
{
    size_t n = day_values(t, v, pivot, lane, RUN_LANES);
    *ret_most = 0;
    for (size_t i = 0; i < n; i++) {
        double *size = &lane[i * RUN_LANES];
        *size = fabs(*size);
        *ret_most = *size > *ret_most ? *size : *ret_most;
    }
    return n;
}

/* Of a lane in order. */
static void take_lane(const struct timeline *t, const float *v, size_t pivot,
                      const double *lane, size_t n, double most, struct yardstick *ret)
{
    *ret = (struct yardstick){.any = n > 0, .every = 1, .size = 1};
    if (n == 0)
        return;
    double one = lane[(n - 1) / 2 * RUN_LANES], next = lane[n / 2 * RUN_LANES];
    double middle = one + (next - one) * 0.5;
    double offset = OFFSET_SHARE * middle + OFFSET_SCALE * most;
    ret->offset = offset > 0 ? offset : 1e-9;
    ret->size = most > 0 ? most : 1;
    ret->falls = falls_below_zero(t, v, pivot);
    ret->every = sample_distance(t, v, pivot);
    /* logs keep the order: the median's neighbours stay what they are */
    double other = n % 2 == 1 ? one : 2 * middle - one;
    ret->level = 0.5 * (run_log(one + ret->offset) + run_log(other + ret->offset));
}

void yardstick_find_some(const struct timeline *t, const float *v, size_t n,
                         size_t pivot, double *room,
                         struct yardstick *const *ret_yardstick)
{
    size_t known[RUN_LANES] = {0}, rows = 0, wide = t->strip.n;
    double most[RUN_LANES];
    for (size_t i = 0; i < n; i++) {
        known[i] = put_sizes(t, v + i * wide, pivot, room + i, &most[i]);
        rows = known[i] > rows ? known[i] : rows;
    }
    for (size_t i = 0; i < RUN_LANES; i++)
        for (size_t k = known[i]; k < rows; k++)
            room[k * RUN_LANES + i] = INFINITY;
    run_sort(room, rows);
    for (size_t i = 0; i < n; i++)
        take_lane(t, v + i * wide, pivot, room + i, known[i], most[i],
                  ret_yardstick[i]);
    for (size_t i = 0; i < n; i++)
        if (ret_yardstick[i]->falls) {
            size_t day = day_values(t, v + i * wide, pivot, room, 1);
            ret_yardstick[i]->level = shift_median(room, day) / ret_yardstick[i]->size;
        }
}

void yardstick_find(const struct timeline *t, const float *v, size_t pivot,
                    double *room, struct yardstick *ret_yardstick)
{
    yardstick_find_some(t, v, 1, pivot, room, &ret_yardstick);
}

void yardstick_apply(const struct yardstick *y, float *v, size_t n)
{
    if (y->falls)
        run_scaled(v, n, y->size, y->level);
    else if (y->any)
        run_logs(v, n, y->offset, y->level);
}
