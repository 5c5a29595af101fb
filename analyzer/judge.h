/* analyzer/judge.h - from samples to a verdict.  Pure: time and data are arguments, and
 * the same arguments give the same bytes, whatever the order of units or threads. */
#ifndef ANALYZER_JUDGE_H
#define ANALYZER_JUDGE_H

#include "analyzer/alarms.h"
#include "analyzer/cores.h"
#include "analyzer/explain.h"
#include "analyzer/habit.h"
#include "analyzer/life.h"
#include "analyzer/tests.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/change.h"
#include "storage/panel.h"
#include "storage/verdict.h"

#include <stddef.h>

struct judge_case {
    const struct ruleset *rules;
    const struct change *change;
    const struct change *const *nearby; /* other changes on the same hosts or service */
    size_t n_nearby;
    const struct panel *panel;
    /* NULL: nothing is known of coredumps, alarms, tests */
    const struct core_facts *cores;
    const struct alarm_facts *alarms;
    const struct test_rows *tests;
    const struct mutes *mutes; /* that count for this look; NULL: none */
    struct checkpoint checkpoint;
    int looks_done, looks_all;
    unsigned threads; /* 0 is 1 */
    bool ahead;       /* for part_all: its look has not come yet */
    /* Learned ahead (analyzer/part.h); where it does not fit this case, and when it is
     * NULL, it is learned now. */
    const struct habit *habit;
    /* What parts say of the days of hosts that seem to have spikes (part_look), sorted;
     * NULL: these days are read now. */
    const struct buf *spikes;
    /* What parts say of the pasts of hosts whose probes fail (part_look); NULL: these
     * pasts are read now. */
    const struct buf *probe_pasts;
    /* Told of every number once all is judged (analyzer/why.h); NULL: nobody asks. */
    struct explain *explain;
    bool *ret_fits; /* NULL, or set to whether it did */
};

/* What has to be gathered for a case at a checkpoint: fills *ret_ask (its hosts are
 * borrowed from the change; free the array with free()). */
int judge_ask(const struct ruleset *rules, const struct change *c,
              const struct checkpoint *at, struct panel_ask *ret_ask, struct err *err);

/* *ret_verdict has revision 0: the caller numbers it. */
int judge(const struct judge_case *jc, struct verdict **ret_verdict, struct err *err);

#endif
