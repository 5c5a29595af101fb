/* analyzer/grade.h - the verdict's grade, and what it rests on.
 *
 * The grade is that of the worst finding that is not muted.  Without one it is ok only
 * when enough was looked at: at least one rule judged, GRADE_HOSTS_LEAST of the watched
 * hosts with enough samples on both sides, the change neither cancelled nor left
 * without a finish. Otherwise it is not-judged, with the reason in words and counts.
 * What must be handled is told however thin the rest is. */
#ifndef ANALYZER_GRADE_H
#define ANALYZER_GRADE_H

#include "analyzer/alarms.h"
#include "analyzer/calls.h"
#include "analyzer/control.h"
#include "analyzer/cores.h"
#include "analyzer/fresh_calls.h"
#include "analyzer/level.h"
#include "analyzer/life.h"
#include "analyzer/limit.h"
#include "analyzer/probes.h"
#include "analyzer/pulse.h"
#include "analyzer/relief.h"
#include "analyzer/tests.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#define GRADE_HOSTS_LEAST 0.8

/* Counts what was judged, rule by rule. */
struct tally {
    const struct ruleset *rules;
    const struct change *change;
    struct coverage *coverage;                             /* of the verdict */
    enum { TALLY_UNMET, TALLY_SEEN, TALLY_JUDGED } * rule; /* one a rule */
    bool capped;          /* something would be must-handle with enough controls */
    size_t controls_used; /* the most that anything was compared with */
    size_t old_used;      /* of them, with which hosts without a past were */
};

int tally_make(struct tally *t, const struct ruleset *rules, const struct change *c,
               struct coverage *coverage, struct err *err);
void tally_free(struct tally *t);

void tally_level(struct tally *t, const struct level *l);
void tally_fresh_calls(struct tally *t, const struct fresh_calls *c);
void tally_relief(struct tally *t, const struct relief *r);
void tally_limit(struct tally *t, const struct limit_check *c);
void tally_calls(struct tally *t, const struct calls *c);
void tally_alarms(struct tally *t, const struct new_alarms *a);
void tally_tests(struct tally *t, const struct broken_suites *s);
void tally_probes(struct tally *t, const struct probes *p);
void tally_crashes(struct tally *t, const struct crashes *c);
/* After all others: hosts without a past are judged when they could be compared. */
/* `n` series are left alone by exceptions of rules. */
void tally_excepted(struct tally *t, size_t n);
void tally_pulses(struct tally *t, const struct lineup *l, const struct pulses *p);

/* Closes the counts and sets the verdict's grade and reason.  -1: out of memory. */
int grade_verdict(struct tally *t, const struct lineup *l, const struct pulses *p,
                  const struct checkpoint *at, struct verdict *v, struct err *err);

#endif
