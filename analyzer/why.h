/* analyzer/why.h - what one rule had to say of a change, and why, from a judgement
 * whose numbers are all still there.  Pure. */
#ifndef ANALYZER_WHY_H
#define ANALYZER_WHY_H

#include "analyzer/alarms.h"
#include "analyzer/calls.h"
#include "analyzer/control.h"
#include "analyzer/cores.h"
#include "analyzer/explain.h"
#include "analyzer/fresh_calls.h"
#include "analyzer/habit.h"
#include "analyzer/judge.h"
#include "analyzer/level.h"
#include "analyzer/limit.h"
#include "analyzer/probes.h"
#include "analyzer/pulse.h"
#include "analyzer/relief.h"
#include "analyzer/series.h"
#include "analyzer/spike.h"
#include "analyzer/tests.h"

/* All of a judgement, borrowed. */
struct why_desk {
    const struct judge_case *jc;
    const struct ruleset *rules; /* in force for the change */
    const struct lineup *lineup;
    const struct controls *controls;
    const struct pulses *pulses;
    const struct series_list *series, *limited, *fresh, *fresh_limited;
    const struct habit *habit; /* of `series`; NULL: none was learned */
    const struct level *level; /* first those of `series` with a rule, in its order */
    size_t n_levels;
    const struct spikes *spikes;
    size_t n_spikes;
    const struct limit_check *limit;
    size_t n_limits;
    const struct edges *edges;
    const struct calls *calls;
    const struct fresh_calls *fresh_calls;
    const struct crashes *crashes;
    const struct new_alarms *alarms;
    const struct broken_suites *tests;
    const struct probes *probes;
    const struct relief *relief;
    const struct verdict *verdict; /* graded */
};

/* Writes all that is known of the rule e->rule; e->known says whether there is one. */
int why_write(const struct why_desk *d, struct explain *e, struct err *err);

#endif
