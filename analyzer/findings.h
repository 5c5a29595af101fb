/* analyzer/findings.h - what was found, told: numbers, hosts, curve and a sentence.
 *
 * The judging modules say what is bad; here it becomes findings of the verdict.  The
 * same figure on many hosts is one finding with its hosts, worst first.  A finding
 * whose rule is in shadow, or whose trouble is over, is told with grade ok. */
#ifndef ANALYZER_FINDINGS_H
#define ANALYZER_FINDINGS_H

#include "analyzer/alarms.h"
#include "analyzer/align.h"
#include "analyzer/calls.h"
#include "analyzer/control.h"
#include "analyzer/cores.h"
#include "analyzer/fresh_calls.h"
#include "analyzer/level.h"
#include "analyzer/limit.h"
#include "analyzer/pulse.h"
#include "analyzer/relief.h"
#include "analyzer/tests.h"
#include "base/err.h"
#include "storage/verdict.h"

struct teller {
    const struct lineup *lineup;
    const struct controls *controls;
    struct verdict *verdict;
    bool failed; /* out of memory: asked once at the end */
};

/* `edge`: the level is the mean time of its calls; NULL: it is a series. */
void findings_level(struct teller *t, const struct level *l, const struct edge *edge);
void findings_limit(struct teller *t, const struct limit_check *c);
void findings_call(struct teller *t, const struct call_test *test,
                   const struct calls *all);
void findings_fresh_call(struct teller *t, const struct fresh_call *c,
                         const struct fresh_calls *all);
/* `n_like`: findings that only say the same of other figures. */
void findings_relief(struct teller *t, const struct relief *r, size_t n_like);
/* Crashes that were graded, the FINDINGS_CRASHES_MAX worst one by one; the worst says
 * how many more there are. */
enum { FINDINGS_CRASHES_MAX = 20 };
void findings_crashes(struct teller *t, const struct crashes *c);
/* Of those that were graded, the FINDINGS_ALARMS_MAX worst. */
enum { FINDINGS_ALARMS_MAX = 20 };
void findings_alarms(struct teller *t, const struct new_alarms *a);
/* Of those that were graded, the FINDINGS_SUITES_MAX that come first. */
enum { FINDINGS_SUITES_MAX = 20, FINDINGS_TESTS_NAMED = 3 };
void findings_tests(struct teller *t, const struct broken_suites *s);
void findings_silence(struct teller *t, const struct rule *r, const struct pulses *p);

/* Worst grade first, within a grade by weight and size; recovered ones last. */
void findings_rank(struct verdict *v);

#endif
