/* rules/trial_file.h - tests of rules: what somebody wrote in a *_test.yml.
 *
 * A test is a change, the data around it, and what the rules must say of it.  The file
 * is read by the same machinery as rule files: a table of typed fields, all mistakes in
 * one run with line and column.  What is given out is checked and has nothing left to
 * parse; times are still relative to the change. */
#ifndef RULES_TRIAL_FILE_H
#define RULES_TRIAL_FILE_H

#include "base/complain.h"
#include "rules/ruleset.h"
#include "rules/shape.h"

enum {
    TRIAL_HOSTS_MAX = 1000,       /* of one list */
    TRIAL_TESTS_MAX = 1000,       /* in a file */
    TRIAL_PACKS_MAX = 64,         /* in a file */
    TRIAL_POINTS_MAX = 5000000,   /* of all series of a test */
    TRIAL_HAPPENINGS_MAX = 10000, /* coredumps, alarms and results of a test */
};

/* Texts, with ranges such as h1..h4 spelt out. */
struct trial_names {
    size_t n;
    const char **at;
};

struct trial_label {
    const char *key, *value;
};

struct trial_change {
    int kind;            /* enum change_kind */
    const char *service; /* NULL: none */
    struct trial_names hosts;
    instant at;
    span takes; /* from start to finish */
    int phase;  /* enum change_phase: the last thing that is said of it */
    size_t n_labels;
    struct trial_label *label;
    const char *at_text;
    const struct yaml_node *hosts_node, *labels_node;
};

/* A figure of hosts, or of a service. */
struct trial_series {
    const struct yaml_node *at;
    const char *metric, *service; /* service NULL: the change's */
    struct trial_names hosts;     /* none: the service's own figure */
    span step;
    struct shape before, after;
    const char *before_text, *after_text;
    const struct yaml_node *hosts_node;
};

/* Calls with one code from one service to another; shapes are calls a step. */
struct trial_calls {
    const struct yaml_node *at;
    const char *caller, *callee, *iface, *code;
    int outcome;                     /* of trial_outcomes */
    int side;                        /* of trial_sides */
    struct trial_names callee_hosts; /* none: not known */
    span step;
    struct shape before, after, ms_before, ms_after; /* ms: mean of a call */
    const char *before_text, *after_text, *ms_before_text, *ms_after_text;
    const struct yaml_node *hosts_node;
};
extern const char *const trial_outcomes[], *const trial_sides[];

struct trial_core {
    const struct yaml_node *at;
    struct trial_names hosts;
    const char *service, *exe, *signal;
    struct trial_names frames;
    span when; /* after the change; may be negative */
    double times;
    const char *when_text;
    const struct yaml_node *hosts_node, *frames_node;
};

struct trial_alarm {
    const struct yaml_node *at;
    const char *name, *severity, *service, *text;
    struct trial_names hosts; /* none: of the service */
    span when, ends;          /* ends: from the change on; without `ends_text` it fires
                                 to the end */
    const char *when_text, *ends_text;
    const struct yaml_node *hosts_node;
};

struct trial_case {
    const struct yaml_node *at;
    const char *name, *suite, *class, *message;
    int result; /* of trial_results */
    span when;
    const char *when_text;
};
extern const char *const trial_results[];

/* What must be.  With a rule: what that rule says; without: the change's grade. */
struct trial_expect {
    const struct yaml_node *at;
    const char *rule;                    /* NULL: the change as a whole */
    int grade;                           /* enum grade */
    const char *host, *metric, *because; /* NULL: whatever */
};

struct trial {
    const struct yaml_node *at;
    const char *name;
    struct trial_change change;
    span step, lasts,
        past; /* lasts 0: as long as the series; past: how far back x* goes */
    struct {
        size_t n;
        struct trial_series *at;
    } series;
    struct {
        size_t n;
        struct trial_calls *at;
    } calls;
    struct {
        size_t n;
        struct trial_core *at;
    } cores;
    struct {
        size_t n;
        struct trial_alarm *at;
    } alarms;
    struct {
        size_t n;
        struct trial_case *at;
    } cases;
    struct {
        size_t n;
        struct trial_expect *at;
    } expect;
};

struct trial_file {
    const char *path;
    const struct yaml_doc *doc;
    int format;
    struct trial_names packs; /* as they are written */
    const struct yaml_node *packs_node;
    struct {
        size_t n;
        struct trial *at;
    } tests;
    struct keep keep;
};

/* Reads a file, or a text of it.  NULL when anything is wrong: the complaints say all
 * of it.  `path` is copied. */
struct trial_file *trial_file_load(const char *path, struct complaints *c);
struct trial_file *trial_file_parse(const char *path, const char *text, size_t n,
                                    struct complaints *c);
void trial_file_free(struct trial_file **f);

/* The rules that the file is about: its packs, whose names are taken from the file's
 * own folder; "defaults" is what is built into the program.  NULL when anything is
 * wrong with them. */
struct ruleset *trial_file_rules(const struct trial_file *f, struct complaints *c);

/* Complains about expectations of rules that are not there.  -1 when there are. */
int trial_file_check(const struct trial_file *f, const struct ruleset *rs,
                     struct complaints *c);

/* The table of the language; the manual's own (docs/rules.md) is held against it. */
extern const struct schema_map schema_trial_file;

#endif
