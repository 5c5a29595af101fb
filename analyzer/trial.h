/* analyzer/trial.h - one test of rules: its change is judged on its data as the service
 * would have judged it, and held against what the test expects.
 *
 * The same rounds as replay's, over stores in memory, on the data's own clock: what is
 * tested is what runs.  What counts is the last look that the data covers.
 *
 * A finding of attention or must-handle that no expectation fits is a failure; so is an
 * expectation that no finding fits, and a change that could not be judged where nobody
 * expected that. */
#ifndef ANALYZER_TRIAL_H
#define ANALYZER_TRIAL_H

#include "rules/trial_file.h"
#include "storage/verdict.h"

struct trial_failure {
    unsigned line, column; /* of the expectation, or of the test's list of them */
    char *text;
};

struct trial_result {
    struct verdict *verdict; /* NULL: no look was reached */
    size_t n;                /* failures; 0: the test passed */
    struct trial_failure *failure;
};

/* Runs a test.  -1 with *err when its data cannot be made. */
int trial_run(const struct trial *t, const struct ruleset *rs,
              struct trial_result *ret_result, struct err *err);
void trial_result_free(struct trial_result *r);

#endif
