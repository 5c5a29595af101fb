/* tests of rules/figures */
#include "rules/figures.h"
#include "tests/test.h"

TEST(every_name_has_help_and_stands_where_its_number_says)
{
    size_t n = 0;
    const struct condition_name *names =
        figures_of(SUBJECT_SERIES, MEASURE_LATENCY, &n);
    CHECK_INT(n, FIGURE_SERIES_N);
    CHECK_TEXT(names[FIGURE_AFTER].name, "after");
    CHECK_TEXT(names[FIGURE_CONTROL_BEFORE].name, "control_before");
    for (int m = 0; m < MEASURE_N; m++) {
        names = figures_of(SUBJECT_CALLS, (enum measure)m, &n);
        CHECK(names != NULL);
        CHECK_INT(n, m == MEASURE_LATENCY ? FIGURE_SERIES_N : FIGURE_CALLS_N);
        for (size_t i = 0; i < n; i++)
            CHECK(names[i].help[0] != '\0' && names[i].name[0] != '\0');
    }
    CHECK(figures_of(SUBJECT_ALARMS, MEASURE_TRAFFIC, &n) == NULL);
}

TEST(shares_have_bounds_and_take_percent)
{
    size_t n = 0;
    const struct condition_name *names =
        figures_of(SUBJECT_CALLS, MEASURE_FAIL_SHARE, &n);
    struct condition *c = condition_new("delta > 0.5% and errors >= 20", names, n, NULL,
                                        &(size_t){0}, NULL);
    double v[FIGURE_CALLS_N] = {0};
    CHECK(c != NULL);
    v[FIGURE_CALLS_DELTA] = 0.01;
    v[FIGURE_CALLS_ERRORS] = 20;
    CHECK(condition_ask(c, v, NULL) == CONDITION_TRUE);
    v[FIGURE_CALLS_ERRORS] = 19;
    CHECK(condition_ask(c, v, NULL) == CONDITION_FALSE);
    condition_free(&c);
    c = condition_new("after > 200%", names, n, NULL, &(size_t){0}, NULL);
    CHECK(c != NULL && condition_sway(c) == CONDITION_NEVER);
    condition_free(&c);
}
