/* rules/figures.c - the tables of names.  Constant; any thread. */
#include "rules/figures.h"

#define X(id, name, unit, help) [FIGURE_##id] = {name, unit, 0, 0, help},
static const struct condition_name series[FIGURE_SERIES_N] = {FIGURES_SERIES(X)};
#undef X

/* Shares lie between 0 and 1, and so does what is made of them. */
#define SHARE_CALLS_AFTER          CONDITION_SHARE, 0, 1
#define SHARE_CALLS_BEFORE         CONDITION_SHARE, 0, 1
#define SHARE_CALLS_DELTA          CONDITION_SHARE, -1, 1
#define SHARE_CALLS_RATIO          CONDITION_RATIO, 0, 0
#define SHARE_CALLS_CONTROL        CONDITION_SHARE, 0, 1
#define SHARE_CALLS_CONTROL_BEFORE CONDITION_SHARE, 0, 1
#define SHARE_CALLS_ERRORS         CONDITION_PLAIN, 0, 1e15
#define SHARE_CALLS_ERRORS_BEFORE  CONDITION_PLAIN, 0, 1e15
#define SHARE_CALLS_COUNT          CONDITION_PLAIN, 0, 1e15
#define SHARE_CALLS_COUNT_BEFORE   CONDITION_PLAIN, 0, 1e15
#define X(id, name, help)          [FIGURE_CALLS_##id] = {name, SHARE_CALLS_##id, help},
static const struct condition_name shares[FIGURE_CALLS_N] = {FIGURES_CALLS(X)};
#undef X

#define X(id, name, help) [FIGURE_CALLS_##id] = {name, CONDITION_PLAIN, 0, 0, help},
static const struct condition_name traffic[FIGURE_CALLS_N] = {FIGURES_CALLS(X)};
#undef X

const struct condition_name *figures_of(enum subject s, enum measure m, size_t *ret_n)
{
    bool level = s == SUBJECT_SERIES || (s == SUBJECT_CALLS && m == MEASURE_LATENCY);
    *ret_n = level ? FIGURE_SERIES_N : FIGURE_CALLS_N;
    if (level)
        return series;
    if (s != SUBJECT_CALLS)
        return NULL;
    return m == MEASURE_TRAFFIC ? traffic : shares;
}
