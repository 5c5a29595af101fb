/* collector/in_junit.h - results of tests as JUnit XML.
 *
 * The form that build tools agree on, without ever having written it down: testsuites
 * or testsuite at the root, testsuites inside one another, in them testcase with a
 * name, mostly a classname, and in it failure, error or skipped - none of them: it
 * passed. Also understood: times with thousands' commas, and the status that some tools
 * give what was not run.  All other elements are passed over: properties, output,
 * earlier tries of a test that passed in the end. */
#ifndef COLLECTOR_IN_JUNIT_H
#define COLLECTOR_IN_JUNIT_H

#include "base/err.h"
#include "storage/test_run.h"

#include <stddef.h>

/* Adds the tests to `r`.  `suite` stands in where no suite has a name; NULL: none.  The
 * run's time becomes that of the first suite's timestamp, if this names its zone and
 * the run has no time yet.  -1 and *err with the place. */
int in_junit_read(const char *text, size_t n, const char *suite, struct test_run *r,
                  struct err *err);

#endif
