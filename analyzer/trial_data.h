/* analyzer/trial_data.h - the made-up world of one test of rules: stores in memory with
 * its change, samples and events, as replay would have read them from files. */
#ifndef ANALYZER_TRIAL_DATA_H
#define ANALYZER_TRIAL_DATA_H

#include "rules/trial_file.h"
#include "storage/ledger.h"
#include "storage/windows.h"

#define TRIAL_CHANGE_ID "change"

struct trial_data {
    struct ledger *ledger;
    struct windows *windows;
    instant begin, end; /* of anything in it */
};

/* How long the data goes on after the change: as the test says, else as its longest
 * series does, else until the last look. */
span trial_lasts(const struct trial *t, const struct ruleset *rs);

/* Makes the stores.  -1 with *err, which names the part of the test. */
int trial_data_make(const struct trial *t, const struct ruleset *rs,
                    struct trial_data *ret_data, struct err *err);
void trial_data_free(struct trial_data *d);
#define OWNED_TRIAL_DATA __attribute__((cleanup(trial_data_free))) struct trial_data

#endif
