/* analyzer/calls.h - did the calls of the changed service get worse?
 *
 * Per edge and measure of a rule: the share that fails, that times out, that ends with
 * one code; the traffic; the mean time.  Counts are tested against the window before
 * (and the past day where it is kept) by a negative binomial whose over-dispersion
 * comes from pretended changes of the past, else from the parts of the window before,
 * doubled for want of knowledge and never 0.  Controls' own change of rate is taken
 * off.  Mean times are levels (level.h). */
#ifndef ANALYZER_CALLS_H
#define ANALYZER_CALLS_H

#include "analyzer/edges.h"
#include "analyzer/level.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

struct call_test {
    const struct edge *edge;
    const struct rule *rule;
    enum measure measure;
    const char *code; /* of MEASURE_CODE_SHARE; else NULL */
    enum call_outcome outcome;
    bool judged;
    enum unjudged why; /* when it is not */
    double events_before, events_after, of_before, of_after;
    double control_before, control_after; /* shares, or calls a second; NaN: none */
    double before, after;                 /* shares, or calls a second */
    double expected;                      /* events after, had nothing changed */
    double effect; /* relative change, of what the controls leave; NaN: from nothing */
    double delta;  /* change of the share beyond what the controls did */
    double p;
    bool recovered;
    bool unseen;      /* the code was never seen before the change */
    bool covered;     /* a code whose failures a fail_share finding tells already */
    enum grade grade; /* by calls_grade */
};

struct calls {
    size_t n;
    struct call_test *test;
    /* Mean times: levels whose units are made here. */
    size_t n_latency;
    struct level *latency;
    const struct edge **latency_edge; /* the edge of each */
    struct level_case *latency_case;
    struct unit *unit;
    struct member *member;
    size_t n_units;
    size_t latency_few; /* edges whose times were not judged: too few calls */
};

/* Tests the calls of hosts with a past on all edges by the rules that apply.  `room` as
 * of level_case. */
int calls_measure(const struct lineup *l, const struct ruleset *rs,
                  const struct edges *edges, double *room, struct calls *ret_calls,
                  struct err *err);
void calls_free(struct calls *c);

/* Grades the tests of counts together; the levels are the caller's to grade.  `alive`:
 * something was sent after the change, so that no traffic is not just no data. */
int calls_grade(struct calls *c, bool alive, struct err *err);

/* The largest p that passes at rate `q` over all judged tests, by Benjamini and
 * Hochberg; NaN without memory. */
double calls_bar(const struct calls *c, double q);

/* Whether a test says what a bar asks for: all of it, with a p-value of at most
 * `threshold` where the bar asks for any; and whether it is for the worse. */
bool call_meets(const struct bar *b, const struct call_test *t, double threshold);
bool call_is_worse(const struct call_test *t);
/* A finding of `fails` (a share of failures) says what that of `t` would say again. */
bool call_covers(const struct call_test *fails, const struct call_test *t);
/* A return code that the rule takes for business as usual, or does not count. */
bool call_is_business(const struct rule *r, const struct edge *e, const char *code);

/* Chooses all calls that a test knows of: those with an ignored code are none. */
bool call_counts(enum call_outcome outcome, const char *code, const void *arg);
/* Chooses what a test counts, for edge_rows; `arg` is the struct call_test. */
bool call_chosen(enum call_outcome outcome, const char *code, const void *arg);

#endif
