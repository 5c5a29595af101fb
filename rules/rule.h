/* rules/rule.h - a rule as it stands in memory: what the reader fills and the analyzer
 * reads.
 *
 * Texts and lists are the rule set's; nothing in here is freed by itself.  All structs
 * that a mapping of the file is read into are tied to it by the table in
 * rules/schema.c. */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "base/instant.h"
#include "rules/match.h"
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

/* What a rule can be about; the name is that of its field. */
#define SUBJECTS(X)                                                                    \
    X(SERIES, "series", "figures of hosts and services")                               \
    X(CALLS, "calls", "calls between services")                                        \
    X(SILENCE, "silence", "changed hosts that stop sending")                           \
    X(CORES, "coredumps", "programs that crash")                                       \
    X(ALARMS, "alarms", "alarms that began after the change")                          \
    X(TESTS, "tests", "tests that began to fail")                                      \
    X(PROBES, "probes", "probes that began to fail")                                   \
    X(RELIEF, "relief", "did new hosts take load off the old ones?")
#define X(id, name, help) SUBJECT_##id,
enum subject { SUBJECTS(X) SUBJECT_N };
#undef X
const char *subject_name(enum subject s);

/* What of calls is looked at. */
#define MEASURES(X)                                                                    \
    X(FAIL_SHARE, "fail_share", "failed and timed out, of all calls")                  \
    X(TIMEOUT_SHARE, "timeout_share", "timed out, of all calls")                       \
    X(CODE_SHARE, "code_share", "each code by itself, of all calls")                   \
    X(LATENCY, "latency", "mean milliseconds a call")                                  \
    X(TRAFFIC, "traffic", "calls a second, for \"gone\"")
#define X(id, name, help) MEASURE_##id,
enum measure { MEASURES(X) MEASURE_N };
#undef X
const char *measure_name(enum measure m);

enum worse { WORSE_BOTH, WORSE_UP, WORSE_DOWN };
enum rule_mode { MODE_ENFORCE, MODE_SHADOW };

/* A number as written; what it is in the metric's unit, the rule's `unit` says. */
enum amount_unit { AMOUNT_PLAIN, AMOUNT_PERCENT, AMOUNT_BYTES, AMOUNT_TIME };
struct amount {
    double value; /* percent as 0 to 100; bytes; milliseconds */
    enum amount_unit unit;
    bool rate;  /* "/s" stood behind it */
    bool given; /* else the field is not there */
};

struct hold {
    int hold, of; /* 0: not given */
};

struct condition;
struct yaml_doc;
struct yaml_node;

/* A condition, with the place its text begins at. */
struct when {
    const char *text; /* NULL: none */
    unsigned line, column;
    bool plain; /* without quotes: its first character is at `column` */
    const struct condition *condition;
};

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
    struct when when; /* a hard condition instead of q, effect, delta and count */
    struct hold hold; /* of `when`: true at so many of the last points; {0, 0}: once, of
                         the windows' means */
    struct amount delta_as; /* as written; `delta` is made from it */
};

/* What a probe's series say. */
struct probing {
    bool set;
    struct matches series;
    struct {
        double from, to;
    } pass[PASSES_MAX]; /* a value in one of these, bounds included, has passed */
    size_t n_pass;
    int hold, of; /* it fails when `hold` of the last `of` points have not passed */
    struct matches result_label; /* labels that tell the result, and so change with it:
                                    not part of what is probed */
};

struct limit {
    bool set;
    bool above; /* else below */
    double value;
    int hold, of; /* broken in `hold` of the last `of` rows of the after window */
    enum grade grade;
    struct amount above_as, below_as; /* as written */
};

struct needs {
    double points; /* share of the rows of either window that hold a sample */
    double hosts;  /* share of the changed hosts that have them */
    double calls;  /* calls in either window */
};

/* Labels that a change must have, each with a value that fits. */
struct scope_label {
    const char *key;
    struct matches value;
};
struct scope_labels {
    size_t n;
    struct scope_label *at;
};

struct scope {
    unsigned kinds;         /* bit per enum change_kind; 0: all */
    struct matches service; /* none: all */
    struct matches host;    /* none: all */
    struct scope_labels labels;
};

/* What a rule leaves alone for a while. */
struct exception {
    const struct yaml_node *at;
    struct matches metric, host, caller, callee, code, name;
    instant until; /* from here on it does nothing */
    const char *by, *reason;
};
struct exceptions {
    size_t n;
    struct exception *at;
};

/* A rule's subject as it is written. */
struct rule_calls {
    bool set;
    int measure;
    struct matches edges;
};
struct rule_about {
    struct matches series, relief, names;
    struct rule_calls calls;
    bool silence, coredumps, alarms, tests;
};

/* Return codes of the services that fit `callee`. */
struct rule_codes {
    struct match callee;
    struct matches ok, ignore;
};
struct rule_codes_list {
    size_t n;
    struct rule_codes *at;
};

/* Other values for a rule in some services. */
struct rule_override {
    const struct yaml_node *at;
    const char *rule, *by, *reason;
    struct scope scope;
    instant until;               /* from here on it does nothing */
    const struct yaml_node *set; /* path -> value */
    const struct rule_file *from;
};

/* One file, as it is read. */
struct rule_file {
    const char *path;
    const struct yaml_doc *doc;
    int format;
    const char *pack, *owner; /* NULL: none */
    instant review_by;        /* the end of that day; 0: none */
    struct rule_codes_list codes;
    const struct yaml_node *windows, *defaults, *rules, *overrides; /* NULL: none */
};

struct rule {
    const char *id, *title, *owner, *why, *advice, *runbook, *unit; /* NULL: none */
    int rev;
    unsigned line; /* of its id, in `file` */
    const char *file;
    struct scope on;
    enum subject subject;
    struct matches pattern;  /* on metric names (series, relief, probes),
                                "caller->callee:iface", names of alarms, or
                                "suite/class.name" of tests */
    struct matches severity; /* of alarms, in small letters; none: all */
    enum measure measure;    /* of SUBJECT_CALLS */
    int worse;               /* enum worse */
    struct bar attention, must_handle;
    struct limit limit;
    struct probing probing; /* of SUBJECT_PROBES */
    struct needs needs;
    span fresh_after; /* of series: a host without a past is left alone for so long */
    struct matches ok_codes;      /* business-normal return codes */
    struct rule_codes_list codes; /* of SUBJECT_CALLS: all that the set's files say */
    double weight;
    bool critical; /* its findings stand before all others of their grade */
    bool shadow;   /* judged and shown, never counted */
    struct exceptions except;

    int mode; /* enum rule_mode; `shadow` is made from it */
    struct rule_about about;
    const struct yaml_node *map;  /* where it stands */
    const struct rule_file *from; /* in which file */
    size_t n_overrides;           /* that are at work in it; see ruleset_in_force */
    const struct rule_override **overridden;
};

#endif
