/* tests/flow/shift_probe.c - runs analyzer/shift and analyzer/pool on series from
 * standard input, for tests/flow/test_reference.py.
 *
 * In: int32 series, rows, pivot, after, settle; then series * rows float32.
 * Out, as text: a line a series "z effect recovered lambda usual spread placebos", then
 * each series' p-value from the pool of all their placebos. */
#include "analyzer/pool.h"
#include "analyzer/shift.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    int32_t head[5];
    if (fread(head, sizeof *head, 5, stdin) != 5)
        return 1;
    size_t series = (size_t)head[0], rows = (size_t)head[1], pivot = (size_t)head[2];
    struct shift_look look = {
        .before = 30, .settle = head[4], .after = head[3], .day = 1440};
    float *value = malloc(rows * sizeof *value);
    double *sum = malloc((rows + 1) * sizeof *sum);
    uint32_t *count = malloc((rows + 1) * sizeof *count);
    double *z = malloc(series * sizeof *z);
    struct pool *pool = calloc(1, sizeof *pool);
    if (value == NULL || sum == NULL || count == NULL || z == NULL || pool == NULL)
        return 1;
    for (size_t i = 0; i < series; i++) {
        if (fread(value, sizeof *value, rows, stdin) != rows)
            return 1;
        shift_sum_up(value, rows, sum, count);
        struct shift_sums s = {.sum = sum, .count = count, .n = rows};
        struct shift_null null;
        struct shift_score score;
        if (!shift_null_make(&s, pivot, &look, &null) ||
            !shift_score_make(&s, value, pivot, &look, &null, &score))
            return 1;
        printf("%.17g %.17g %d %.17g %.17g %.17g %d\n", score.z, score.effect,
               score.recovered, null.lambda, null.usual, null.spread, null.n);
        z[i] = score.z;
        pool_add(pool, null.placebo, (size_t)null.n);
    }
    struct pool_tail tail;
    if (!pool_fit(pool, &tail))
        return 1;
    for (size_t i = 0; i < series; i++)
        printf("%.17g\n", pool_p(&tail, z[i]));
    pool_tail_free(&tail);
    pool_clear(pool);
    free(pool);
    free(z);
    free(count);
    free(sum);
    free(value);
    return 0;
}
