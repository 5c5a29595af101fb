/* eval/codes.h - return codes made up, and what the count test says of them.
 *
 * There are no recorded calls, so series are simulated, after the description of the
 * measurement that the count test was chosen by: total calls a minute from 100 to
 * 100,000 with a daily swing and shared noise, a code's share of 0.001 % to 5 %, noise
 * of that share from none to 60 % with a memory of none to an hour.  A day and an hour
 * of past, 15 minutes after. */
#ifndef EVAL_CODES_H
#define EVAL_CODES_H

#include "base/err.h"
#include "eval/score.h"

#include <stdint.h>

enum { CODES_BARS = 3, CODES_CASES = 6 };
extern const double codes_bar[CODES_BARS]; /* p-values: .01, .001, .00001 */

/* id, name, the code's rate times, all calls times */
#define CODES(X)                                                                       \
    X(QUIET, "quiet", 1, 1)                                                            \
    X(TRAFFIC, "1.5 times the calls, same share", 1, 1.5)                              \
    X(HALF_MORE, "share x1.5", 1.5, 1)                                                 \
    X(TWICE, "share x2", 2, 1)                                                         \
    X(FIVE, "share x5", 5, 1)                                                          \
    X(TWENTY, "share x20", 20, 1)
#define X(id, name, rate, calls) CODES_##id,
enum codes_case { CODES(X) };
#undef X
const char *codes_name(enum codes_case c);

struct codes_found {
    struct rate below[CODES_CASES][CODES_BARS]; /* two-sided p under the bar */
};
/* Simulates `n` series.  -1: out of memory. */
int codes_run(uint64_t seed, size_t n, struct codes_found *ret, struct err *err);

#endif
