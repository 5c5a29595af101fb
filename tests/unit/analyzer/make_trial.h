/* tests/unit/analyzer/make_trial.h - tests of rules from text, for the tests of those
 * who run them. */
#ifndef TESTS_UNIT_ANALYZER_MAKE_TRIAL_H
#define TESTS_UNIT_ANALYZER_MAKE_TRIAL_H

#include "rules/trial_file.h"
#include "tests/test.h"

static inline void trial_stop(struct complaints *c)
{
    struct buf b = {0};
    complaints_write(c, &b);
    test_fail(__FILE__, __LINE__, "complaints:\n%s", buf_text(&b));
}

/* A file of one test, whose fields are given, each line indented by four. */
static inline struct trial_file *made_trial(const char *fields)
{
    struct complaints c = {0};
    OWNED_BUF text = {0};
    buf_addf(&text, "format: 1\npacks: [r.yml]\ntests:\n  - name: it works\n%s",
             fields);
    struct trial_file *f = trial_file_parse("r_test.yml", text.data, text.len, &c);
    if (f == NULL)
        trial_stop(&c);
    complaints_free(&c);
    return f;
}

static inline struct ruleset *made_rules(const char *rules)
{
    struct complaints c = {0};
    OWNED_BUF text = {0};
    buf_addf(&text, "format: 1\npack: p\nowner: us\nrules:\n%s", rules);
    struct ruleset *rs = ruleset_parse("r.yml", text.data, text.len, &c);
    if (rs == NULL)
        trial_stop(&c);
    complaints_free(&c);
    return rs;
}

#define RULE_CPU                                                                       \
    "  - id: cpu\n"                                                                    \
    "    series: cpu.*\n"                                                              \
    "    worse: up\n"                                                                  \
    "    unit: \"%\"\n"                                                                \
    "    attention: {q: 5%, effect: 10%, delta: 5}\n"                                  \
    "    must-handle: {q: 1%, effect: 30%, delta: 15}\n"
#define RULE_LIMIT                                                                     \
    "  - id: full\n"                                                                   \
    "    series: disk.used\n"                                                          \
    "    limit: {above: 95}\n"
#define CHANGE "    change: {kind: release, service: pay, hosts: h1..h2}\n"

#endif
