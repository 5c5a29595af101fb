/* tests/flow/count_probe.c - runs analyzer/count on series from standard input, for
 * tests/flow/test_counts_reference.py.
 *
 * In: int32 series, rows, before, after, past; then of each series rows float32 of
 * events and rows float32 of chances.  The last `after` rows are those after the
 * change, the `before` rows in front of them the hour before; the first `past` rows
 * teach the dispersion, and a twelfth of all events of the `past` rows before the
 * change counts as before, too.  Out, as text: a line a series "kappa expected more
 * fewer". */
#include "analyzer/count.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRIOR = 12 };

static double sum(const float *v, size_t from, size_t to)
{
    double all = 0;
    for (size_t i = from; i < to; i++)
        all += v[i];
    return all;
}

int main(void)
{
    int32_t head[5];
    if (fread(head, sizeof *head, 5, stdin) != 5 || head[1] <= head[2] + head[3] ||
        head[1] - head[3] < head[4])
        return 1;
    size_t rows = (size_t)head[1], before = (size_t)head[2], after = (size_t)head[3];
    size_t past = (size_t)head[4], pivot = rows - after;
    float *v = malloc(2 * rows * sizeof *v);
    if (v == NULL)
        return 1;
    for (int32_t i = 0; i < head[0]; i++) {
        if (fread(v, sizeof *v, 2 * rows, stdin) != 2 * rows)
            return 1;
        const float *of = v + rows;
        struct count_case c = {
            .events_before =
                sum(v, pivot - before, pivot) + sum(v, pivot - past, pivot) / PRIOR,
            .of_before =
                sum(of, pivot - before, pivot) + sum(of, pivot - past, pivot) / PRIOR,
            .events_after = sum(v, pivot, rows),
            .of_after = sum(of, pivot, rows),
        };
        struct count_score score;
        if (!count_dispersion(&(struct count_rows){v, of, past}, before, after,
                              &c.kappa) ||
            !count_score_make(&c, &score))
            return 1;
        printf("%.17g %.17g %.17g %.17g\n", c.kappa, score.expected, score.p_more,
               score.p_fewer);
    }
    free(v);
    return 0;
}
