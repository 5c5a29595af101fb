/* tests/fuzz/fuzz_trial.c - any text as a file of tests of rules.
 *
 * What is refused has a complaint with its place; what is taken has shapes whose points
 * can all be asked for, and few enough of them. */
#include "rules/trial_file.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_shape(const struct shape *s, enum shape_side side)
{
    bool open;
    uint32_t points = shape_points(s, &open);
    assert(points <= SHAPE_POINTS_MAX && s->n <= SHAPE_PARTS_MAX);
    uint32_t asked = points < 1000 ? points + 10 : 1000;
    for (uint32_t i = 0; s->n > 0 && i < asked; i++)
        assert(!isinf(shape_value(s, side, i, points + 10, 1)));
}

static void check_test(const struct trial *t)
{
    assert(t->step.ms >= 1000 && t->past.ms > 0);
    for (size_t i = 0; i < t->series.n; i++) {
        check_shape(&t->series.at[i].before, SHAPE_BEFORE);
        check_shape(&t->series.at[i].after, SHAPE_AFTER);
        assert(t->series.at[i].step.ms >= 1000 && t->series.at[i].metric != NULL);
    }
    for (size_t i = 0; i < t->calls.n; i++) {
        check_shape(&t->calls.at[i].ms_before, SHAPE_BEFORE);
        check_shape(&t->calls.at[i].after, SHAPE_AFTER);
        assert(t->calls.at[i].step.ms >= 1000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct complaints c = {0};
    struct trial_file *f = trial_file_parse("f.yml", (const char *)bytes, n, &c);
    assert((f == NULL) == (c.errors > 0));
    for (size_t i = 0; i < c.n; i++)
        assert(c.at[i].line > 0 && c.at[i].column > 0);
    for (size_t i = 0; f != NULL && i < f->tests.n; i++)
        check_test(&f->tests.at[i]);
    trial_file_free(&f);
    complaints_free(&c);
    return 0;
}
