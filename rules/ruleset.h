/* rules/ruleset.h - rules as the analyzer reads them: checked, with nothing left to
 * parse.
 *
 * A ruleset is immutable once made; the text it came from has a hash that every verdict
 * carries.  No clock, no files in here but ruleset_load's reading. */
#ifndef RULES_RULESET_H
#define RULES_RULESET_H

#include "base/complain.h"
#include "rules/index.h"
#include "rules/rule.h"
#include "rules/window.h"

struct ruleset {
    const char *name; /* "defaults" */
    char hash[17];    /* first 16 hex digits of the texts' SHA-256 */
    struct windows_rule windows[CHANGE_KIND_N]; /* of all services; in a set that is in
                                                   force, of the change's service */
    struct windows_all windows_all;
    size_t n;
    struct rule *rule; /* in the files' order */
    size_t n_files;
    struct rule_file *file; /* as they were read; their documents are kept */
    size_t n_overrides;
    struct rule_override *override;
    bool has_host_rules;
    struct index index; /* of the patterns of rules about series */
    struct keep keep;
    const struct ruleset *base; /* of a set that is in force; else NULL */
};

/* Reads a file, or all *.yml of a folder in order of their names, but for *_test.yml,
 * which are tests of rules, and routing files.  NULL `path`: the shipped pack that is
 * built into the program.  NULL when anything is wrong: the complaints say all of it;
 * they may also hold warnings on success. */
struct ruleset *ruleset_load(const char *path, struct complaints *c);
/* The same of several files and folders as one set. */
struct ruleset *ruleset_load_all(const char *const *path, size_t n,
                                 struct complaints *c);
/* From memory, for tests. */
struct ruleset *ruleset_parse(const char *file, const char *text, size_t n,
                              struct complaints *c);
void ruleset_free(struct ruleset **r);

/* What speaks for one change: the rules that apply to it, in their order, with the
 * overrides for its service and labels that have not ended at its start, without
 * exceptions that have; the windows of its service for every kind.  Free it before
 * `rs`. NULL only without memory. */
struct ruleset *ruleset_in_force(const struct ruleset *rs, const struct change *c,
                                 struct err *err);

/* A set of this one rule of `rs`, with all else as it is.  Free it before `rs`.  NULL
 * only without memory. */
struct ruleset *ruleset_only(const struct ruleset *rs, const struct rule *r,
                             struct err *err);

/* The windows for the change. */
const struct windows_rule *ruleset_windows(const struct ruleset *rs,
                                           const struct change *c);

/* All windows there are, of all services and of some: for what must suit every one. */
size_t ruleset_windows_count(const struct ruleset *rs);
const struct windows_rule *ruleset_windows_at(const struct ruleset *rs, size_t i);

/* Where a field of a rule comes from, by its path, such as "must-handle.effect". */
enum rule_origin {
    ORIGIN_RULE,     /* its own mapping */
    ORIGIN_DEFAULTS, /* `defaults` of its file, or its `owner` */
    ORIGIN_OVERRIDE,
    ORIGIN_LANGUAGE, /* the language's standard */
    ORIGIN_NOWHERE,  /* it is not set */
};
struct rule_place {
    enum rule_origin origin;
    const char *file; /* NULL for the last two */
    unsigned line, column;
    const struct yaml_node *at;     /* the value as written; NULL for the last two */
    const struct rule_override *by; /* of ORIGIN_OVERRIDE */
};
struct rule_place rule_place(const struct rule *r, const char *path);

/* The rule with this id; NULL: none. */
const struct rule *ruleset_find(const struct ruleset *rs, const char *id);

/* True when the rule is about changes of this kind, service and labels. */
bool rule_applies(const struct rule *r, const struct change *c);
bool scope_applies(const struct scope *s, const struct change *c);
/* How well a pattern of the rule fits a name: 0 not at all; larger is more specific (an
 * exact name above any glob, more literal letters above fewer).  Of series, a pattern
 * without a tag fits whatever tags the name has. */
int rule_fit(const struct rule *r, const char *name);
/* True when the rule fits the name by a pattern without a single letter of its own,
 * such as "*": it speaks for what nobody thought of. */
bool rule_catches_all(const struct rule *r, const char *name);

/* What an exception is held against; NULL: not known, which fits no matcher. */
struct excepted {
    const char *metric, *host, *caller, *callee, *code, *name;
};
/* True when an exception of the rule that has not ended at the change's start fits. */
bool rule_excepts(const struct rule *r, const struct change *c,
                  const struct excepted *what);

/* What a return code means to a rule about calls: by its own ok_codes and exceptions
 * (of a set in force; all that are there count), then by the files' `codes`, the best
 * fit of the called service. */
enum code_sense { CODE_COUNTS, CODE_IS_OK, CODE_IS_IGNORED };
enum code_sense rule_code(const struct rule *r, const char *caller, const char *callee,
                          const char *code);

/* The rules that speak for a series, a measure of a call edge ("caller->callee:iface")
 * and a host: of those that apply, the best fit, the first of equals; NULL: none, or an
 * exception of that rule.  A host of NULL is the service as a whole, which rules for
 * some hosts only leave out. `..._for_series` looks at rules with a grade's figures,
 * `..._for_limit` at those with a hard limit or a condition: these are two layers.  A
 * series that a rule about probes fits at least as well is a result, not a level:
 * `..._for_series` gives NULL for it. */
const struct rule *ruleset_for_series(const struct ruleset *rs, const struct change *c,
                                      const char *metric, const char *host);
const struct rule *ruleset_for_limit(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host);
/* True when a rule would speak for the series but for an exception. */
bool ruleset_excepts_series(const struct ruleset *rs, const struct change *c,
                            const char *metric, const char *host);
const struct rule *ruleset_for_probe(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host);
const struct rule *ruleset_for_calls(const struct ruleset *rs, const struct change *c,
                                     enum measure m, const char *edge);
/* The first rule about coredumps that applies; its exceptions are asked one dump at a
 * time (rule_excepts, by host and by the program's name). */
const struct rule *ruleset_for_cores(const struct ruleset *rs, const struct change *c);
/* The first rule about silence that applies and may speak of the host (NULL: a host
 * without a name); *ret_excepted: an exception of it leaves the host alone. */
const struct rule *ruleset_for_silence(const struct ruleset *rs, const struct change *c,
                                       const char *host, bool *ret_excepted);
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
