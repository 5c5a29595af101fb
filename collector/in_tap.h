/* collector/in_tap.h - results of tests as TAP, the Test Anything Protocol.
 *
 * Lines "ok 1 - name" and "not ok 2 - name" (https://testanything.org, versions 12 to
 * 14).  "# SKIP" and "# TODO" behind the name make the test one that has no result.
 * Diagnostics, indented subtests and YAML blocks are passed over; the line that sums a
 * subtest up counts.  Tests of the plan that are missing, and a "Bail out!", are an
 * error by themselves. */
#ifndef COLLECTOR_IN_TAP_H
#define COLLECTOR_IN_TAP_H

#include "base/err.h"
#include "storage/test_run.h"

#include <stdbool.h>
#include <stddef.h>

/* True when some line is one of TAP's own. */
bool in_tap_is(const char *text, size_t n);

/* Adds the tests to `r`; `suite` may be NULL.  -1 with too many of them, or when memory
 * is short. */
int in_tap_read(const char *text, size_t n, const char *suite, struct test_run *r,
                struct err *err);

#endif
