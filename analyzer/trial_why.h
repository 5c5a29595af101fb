/* analyzer/trial_why.h - why a rule said nothing in a test of rules. */
#ifndef ANALYZER_TRIAL_WHY_H
#define ANALYZER_TRIAL_WHY_H

#include "base/buf.h"
#include "rules/trial_file.h"
#include "storage/verdict.h"

/* Judges the test's change once more by one rule, or by all (NULL).  *ret_verdict is
 * NULL when the data ends before the first look. */
int trial_judge(const struct trial *t, const struct ruleset *rs,
                const struct rule *only, struct verdict **ret_verdict, struct err *err);

enum trial_silence {
    TRIAL_QUIET,      /* it judged and found nothing */
    TRIAL_NOT_JUDGED, /* it could not judge */
    TRIAL_NOT_ASKED,  /* the change, or the data, is none of its business */
};

/* Says for a rule of `rs` that found nothing which of them it is, and adds why, in
 * words that follow on "found nothing: ". */
int trial_why(const struct trial *t, const struct ruleset *rs, const struct rule *r,
              enum trial_silence *ret_silence, struct buf *why, struct err *err);

#endif
