/* rules/figures.h - the names that a condition may use, by what the rule is about. */
#ifndef RULES_FIGURES_H
#define RULES_FIGURES_H

#include "rules/condition.h"
#include "rules/rule.h"

/* id, name, unit, meaning.  Of series in the figure's own unit; of the mean time of
 * calls in milliseconds. */
#define FIGURES_SERIES(X)                                                              \
    X(AFTER, "after", CONDITION_METRIC,                                                \
      "the value after the change: each of the last points with `hold`, else their "   \
      "mean")                                                                          \
    X(BEFORE, "before", CONDITION_METRIC, "the mean of the window before")             \
    X(DELTA, "delta", CONDITION_METRIC, "after - before")                              \
    X(RATIO, "ratio", CONDITION_RATIO, "after / before")                               \
    X(CONTROL, "control", CONDITION_METRIC,                                            \
      "the mean of the unchanged hosts after the change")                              \
    X(CONTROL_BEFORE, "control_before", CONDITION_METRIC,                              \
      "the mean of the unchanged hosts before it")
#define X(id, name, unit, help) FIGURE_##id,
enum figure_series { FIGURES_SERIES(X) FIGURE_SERIES_N };
#undef X

/* Of other measures of calls: shares of all calls, or calls a second. */
#define FIGURES_CALLS(X)                                                               \
    X(AFTER, "after", "the share, or calls a second, after the change")                \
    X(BEFORE, "before", "the same before it")                                          \
    X(DELTA, "delta", "after - before, without what the unchanged hosts did")          \
    X(RATIO, "ratio", "after / before")                                                \
    X(CONTROL, "control", "the share, or calls a second, of unchanged hosts after")    \
    X(CONTROL_BEFORE, "control_before", "the same before")                             \
    X(ERRORS, "errors", "calls that are counted by the measure, after")                \
    X(ERRORS_BEFORE, "errors_before", "the same before")                               \
    X(COUNT, "count", "all calls after the change; of traffic seconds")                \
    X(COUNT_BEFORE, "count_before", "the same before")
#define X(id, name, help) FIGURE_CALLS_##id,
enum figure_calls { FIGURES_CALLS(X) FIGURE_CALLS_N };
#undef X

/* The table for a rule; NULL when rules of its kind have no conditions. */
const struct condition_name *figures_of(enum subject s, enum measure m, size_t *ret_n);

#endif
