/* rules/sample.h - a rule file to start from: small, valid, commented. */
#ifndef RULES_SAMPLE_H
#define RULES_SAMPLE_H

#include <stddef.h>

extern const char sample_text[];
size_t sample_length(void);

#endif
