/* analyzer/tell_tests.h - suites of tests that broke, told. */
#ifndef ANALYZER_TELL_TESTS_H
#define ANALYZER_TELL_TESTS_H

#include "analyzer/teller.h"
#include "analyzer/tests.h"

/* Of those that were graded, the TELL_SUITES_MAX that come first. */
enum { TELL_SUITES_MAX = 20, TELL_TESTS_NAMED = 3 };
void tell_tests(struct teller *t, const struct broken_suites *s);

#endif
