/* rules/sample.h - a rule file to start from, and one of tests for its rules: small,
 * valid, commented. */
#ifndef RULES_SAMPLE_H
#define RULES_SAMPLE_H

#include <stddef.h>

extern const char sample_text[];
size_t sample_length(void);

/* Every rule of the sample, in files named my-service.yml and my-service_test.yml, has
 * a test in which it speaks and one that keeps it quiet. */
extern const char sample_test_text[];

#endif
