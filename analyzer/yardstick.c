/* analyzer/yardstick.c - offsets and levels out of the day before.  Pure, any thread.
 */
#include "analyzer/yardstick.h"
#include "analyzer/run.h"
#include "analyzer/shift.h"

#include <math.h>

#define OFFSET_SHARE 0.02 /* of the median */
#define OFFSET_SCALE 1e-3 /* of the largest value of the day */

enum { GAPS_MAX = 64 };

/* Values of the day before `pivot`, single rows joined to as many as a cell has. */
static size_t day_values(const struct timeline *t, const float *v, size_t pivot,
                         double *to)
{
    const struct strip *s = &t->strip;
    size_t from = pivot > t->day ? pivot - t->day : 0, n = 0;
    size_t end = pivot < s->cut ? strip_place(s, pivot).at : s->cells;
    struct strip_place begin = strip_place(s, from);
    for (size_t i = begin.at + (begin.part > 0); i < end; i++)
        if (!isnan(v[i]))
            to[n++] = v[i];
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
    size_t end = strip_place(&t->strip, pivot).at;
    int below = 0;
    for (size_t i = strip_place(&t->strip, from).at; i < end; i++)
        below |= v[i] < 0;
    return below != 0;
}

/* Median distance of neighbouring samples before `pivot`, in rows: of single rows where
 * there are two. */
static int sample_distance(const struct timeline *t, const float *v, size_t pivot)
{
    const struct strip *s = &t->strip;
    double gap[GAPS_MAX];
    size_t n = 0, last = SIZE_MAX, from = pivot > t->day ? pivot - t->day : 0;
    struct strip_place begin = strip_place(s, from), end = strip_place(s, pivot);
    for (size_t i = end.at; i-- > begin.at && n < GAPS_MAX;) {
        if (isnan(v[i]))
            continue;
        if (i < s->cells && s->wide > 1 && n > 0)
            break;
        if (last != SIZE_MAX && (s->wide == 1 || last < s->cells || i >= s->cells))
            gap[n++] = (double)(strip_row(s, last) - strip_row(s, i));
        last = i;
    }
    return n > 0 ? (int)shift_median(gap, n) : 1;
}

void yardstick_find(const struct timeline *t, const float *v, size_t pivot,
                    double *scratch, struct yardstick *ret_yardstick)
{
    size_t n = day_values(t, v, pivot, scratch), low = n > 0 ? (n - 1) / 2 : 0;
    double most = 0;
    struct yardstick *ret = ret_yardstick;
    *ret = (struct yardstick){.any = n > 0, .every = 1, .size = 1};
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        scratch[i] = fabs(scratch[i]);
        most = scratch[i] > most ? scratch[i] : most;
    }
    double middle = shift_median(scratch, n);
    double offset = OFFSET_SHARE * middle + OFFSET_SCALE * most;
    ret->offset = offset > 0 ? offset : 1e-9;
    ret->size = most > 0 ? most : 1;
    ret->falls = falls_below_zero(t, v, pivot);
    ret->every = sample_distance(t, v, pivot);
    if (ret->falls) {
        n = day_values(t, v, pivot, scratch);
        ret->level = shift_median(scratch, n) / ret->size;
    } else { /* logs keep the order: the median's neighbours stay what they are */
        double one = scratch[low], other = n % 2 == 1 ? one : 2 * middle - one;
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
