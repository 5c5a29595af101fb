/* rules/ruleset.h - rules as the analyzer reads them: checked, with nothing left to
 * parse.
 *
 * A ruleset is immutable once made; the text it came from has a hash that every verdict
 * carries.  No clock, no files in here but ruleset_load's reading. */
#ifndef RULES_RULESET_H
#define RULES_RULESET_H

#include "base/complain.h"
#include "base/instant.h"
#include "storage/change.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOOKS_MAX = 8,
    SLOW_MAX = 4,
    RULES_MAX = 10000,
    PATTERNS_MAX = 64,
    PASSES_MAX = 8,
};

/* What is compared with what, for one kind of change. */
struct windows_rule {
    span before;           /* up to the pivot */
    span settle;           /* left out after a host is done */
    span looks[LOOKS_MAX]; /* after a host is done; rising; the first is longer than
                              settle */
    size_t n_looks;
    span slow[SLOW_MAX]; /* the slow looks for leaks, after a host is changed; rising */
    size_t n_slow;       /* 0: off */
    span late;           /* how long after a look's end samples may still come in */
    span unfinished;     /* a change without a finish is closed this long after its last
                            event */
};

enum subject {
    SUBJECT_SERIES,
    SUBJECT_CALLS,
    SUBJECT_SILENCE,
    SUBJECT_CORES,
    SUBJECT_ALARMS,
    SUBJECT_TESTS,
    SUBJECT_PROBES,
    SUBJECT_RELIEF, /* did new hosts take load off the old ones? */
    SUBJECT_N
};

/* What of calls is looked at. */
#define MEASURES(X)                                                                    \
    X(FAIL_SHARE, "fail_share")       /* failed and timed out, of all calls */         \
    X(TIMEOUT_SHARE, "timeout_share") /* timed out, of all calls */                    \
    X(CODE_SHARE, "code_share")       /* each code by itself, of all calls */          \
    X(LATENCY, "latency")             /* mean milliseconds a call */                   \
    X(TRAFFIC, "traffic")             /* calls a second, for "gone" */
#define X(id, name) MEASURE_##id,
enum measure { MEASURES(X) MEASURE_N };
#undef X
const char *measure_name(enum measure m);

enum worse { WORSE_BOTH, WORSE_UP, WORSE_DOWN };

/* How much is needed for one grade.  All that are set must be met; 0: not asked for. */
struct bar {
    bool set;
    double q;      /* false-discovery rate of the statistical test */
    double effect; /* relative change: 0.1 is 10 %; of silence: share of the hosts; of
                      relief: found when less than this share of it came */
    double delta;  /* change in the metric's unit; of shares: 0.005 is half a point */
    double count;  /* of shares: bad events after the change; of traffic: calls before
                      it; of silence: hosts; of coredumps: dumps after the change, where
                      q and effect are for crashes that are known already; of alarms:
                      hosts that an alarm is new on, where q is for alarms that ring in
                      ordinary times too; of tests: tests that began to fail; of
                      probes: hosts that a probe began to fail on, where effect is the
                      share of the hosts and q is for probes that fail now and then */
};

/* What a probe's series say. */
struct probing {
    struct {
        double from, to;
    } pass[PASSES_MAX]; /* a value in one of these, bounds included, has passed */
    size_t n_pass;
    int hold, of; /* it fails when `hold` of the last `of` points have not passed */
    char *result_label[PATTERNS_MAX]; /* labels that tell the result, and so change with
                                         it: not part of what is probed */
    size_t n_result_labels;
};

struct limit {
    bool set;
    bool above; /* else below */
    double value;
    int hold, of; /* broken in `hold` of the last `of` rows of the after window */
    enum grade grade;
};

struct needs {
    double points; /* share of the rows of either window that hold a sample */
    double hosts;  /* share of the changed hosts that have them */
    double calls;  /* calls in either window */
};

struct rule {
    char *id, *title, *owner, *why, *advice, *runbook, *unit; /* NULL: not given */
    int rev;
    unsigned line; /* of its id, in `file` */
    const char *file;
    unsigned kinds;       /* bit per enum change_kind; 0: all */
    char *service, *host; /* globs; NULL: all */
    enum subject subject;
    char *pattern[PATTERNS_MAX]; /* globs on metric names (series, relief, probes),
                                    "caller->callee:iface", names of alarms, or
                                    "suite/class.name" of tests */
    size_t n_patterns;
    char *severity[PATTERNS_MAX]; /* of alarms: globs in small letters; none: all */
    size_t n_severities;
    enum measure measure; /* of SUBJECT_CALLS */
    enum worse worse;
    struct bar attention, must_handle;
    struct limit limit;
    struct probing probing; /* of SUBJECT_PROBES */
    struct needs needs;
    span fresh_after; /* of series: a host without a past is left alone for so long */
    char *ok_codes[PATTERNS_MAX]; /* business-normal return codes (globs) */
    size_t n_ok_codes;
    double weight;
    bool shadow; /* judged and shown, never counted */
};

struct ruleset {
    char *name;    /* "defaults" */
    char hash[17]; /* first 16 hex digits of the texts' SHA-256 */
    struct windows_rule windows[CHANGE_KIND_N];
    size_t n;
    struct rule *rule;
    char **files; /* owned; rule->file points here */
    size_t n_files;
};

/* Reads a file, or all *.yml of a folder in order of their names.  NULL `path`: the
 * shipped pack that is built into the program.  NULL when anything is wrong: the
 * complaints say all of it; they may also hold warnings on success. */
struct ruleset *ruleset_load(const char *path, struct complaints *c);
/* From memory, for tests. */
struct ruleset *ruleset_parse(const char *file, const char *text, size_t n,
                              struct complaints *c);
void ruleset_free(struct ruleset **r);

/* True when the rule is about changes of this kind and service. */
bool rule_applies(const struct rule *r, const struct change *c);
/* How well a pattern of the rule fits a name: 0 not at all; larger is more specific (an
 * exact name above any glob, more literal letters above fewer).  Of series, a pattern
 * without a tag fits whatever tags the name has. */
int rule_fit(const struct rule *r, const char *name);
/* True when the rule fits the name by a pattern without a single letter of its own,
 * such as "*": it speaks for what nobody thought of. */
bool rule_catches_all(const struct rule *r, const char *name);

/* The rules that speak for a series, a measure of a call edge ("caller->callee:iface")
 * and a host: of those that apply, the best fit, the first of equals; NULL: none.  A
 * host of NULL is the service as a whole, which rules for some hosts only leave out.
 * `..._for_series` looks at rules with a grade's bar, `..._for_limit` at those with a
 * hard limit: these are two layers.  A series that a rule about probes fits at least as
 * well is a result, not a level: `..._for_series` gives NULL for it. */
const struct rule *ruleset_for_series(const struct ruleset *rs, const struct change *c,
                                      const char *metric, const char *host);
const struct rule *ruleset_for_limit(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host);
const struct rule *ruleset_for_probe(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host);
const struct rule *ruleset_for_calls(const struct ruleset *rs, const struct change *c,
                                     enum measure m, const char *edge);
/* The first rule about coredumps that applies. */
const struct rule *ruleset_for_cores(const struct ruleset *rs, const struct change *c);
/* The rule that speaks for an alarm: the best fit of its name, among equals the first
 * that names its severity.  `severity` may be NULL; letters count as small ones. */
const struct rule *ruleset_for_alarm(const struct ruleset *rs, const struct change *c,
                                     const char *name, const char *severity);
/* The rule that speaks for a test, by "suite/class.name". */
const struct rule *ruleset_for_test(const struct ruleset *rs, const struct change *c,
                                    const char *test);
/* True when a value of a probe's series is one that passed. */
bool rule_passes(const struct rule *r, double value);
/* True when a rule of the set is for some hosts only. */
bool ruleset_has_host_rules(const struct ruleset *rs);

#endif
