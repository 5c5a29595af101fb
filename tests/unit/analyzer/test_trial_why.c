#include "analyzer/trial_why.h"
#include "tests/unit/analyzer/make_trial.h"

#define RULE_SUM                                                                       \
    "  - id: cpu.user\n"                                                               \
    "    series: cpu.user\n"                                                           \
    "    worse: up\n"                                                                  \
    "    attention: {q: 5%, effect: 10%}\n"
#define RULE_CONFIG                                                                    \
    "  - id: config\n"                                                                 \
    "    on: {kinds: [config]}\n"                                                      \
    "    series: cpu.idle\n"                                                           \
    "    attention: {q: 5%, effect: 10%}\n"

#define RULE_SPARED                                                                    \
    "  - id: net\n"                                                                    \
    "    series: net.in\n"                                                             \
    "    attention: {q: 5%, effect: 10%}\n"                                            \
    "    except: [{metric: net.in, until: 2026-12-31, reason: known, by: us}]\n"
#define RULE_ELSEWHERE                                                                 \
    "  - id: web\n"                                                                    \
    "    on: {host: web*}\n"                                                           \
    "    series: web.in\n"                                                             \
    "    attention: {q: 5%, effect: 10%}\n"

/* What is said of a rule that found nothing. */
static void check_why(const char *fields, const char *id, enum trial_silence want,
                      const char *words)
{
    struct err err = {0};
    OWNED_BUF why = {0};
    enum trial_silence silence;
    struct trial_file *f = made_trial(fields);
    struct ruleset *rs =
        made_rules(RULE_CPU RULE_SUM RULE_CONFIG RULE_LIMIT RULE_SPARED RULE_ELSEWHERE);
    if (trial_why(&f->tests.at[0], rs, ruleset_find(rs, id), &silence, &why, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    /* the verdict's own words are tested where they are made */
    size_t n = want == TRIAL_NOT_JUDGED ? strlen(words) : why.len;
    if (n < why.len)
        why.data[n] = '\0';
    CHECK_TEXT(buf_text(&why), words);
    CHECK_INT(silence, want);
    ruleset_free(&rs);
    trial_file_free(&f);
}

#define SERIES(metric, values)                                                         \
    CHANGE "    series:\n      - {metric: " metric ", " values "}\n    expect: []\n"

TEST(a_rule_that_judged_tells_what_it_saw)
{
    check_why(SERIES("disk.used", "before: 20, after: 30"), "full", TRIAL_QUIET,
              "it judged, and nothing was bad enough; disk.used of h1: 20 before, 30 "
              "after; disk.used of h2: 20 before, 30 after");
}

TEST(a_rule_for_another_kind_of_change_is_not_asked)
{
    check_why(SERIES("cpu.idle", "before: 20, after: 30"), "config", TRIAL_NOT_ASKED,
              "it is not about this change, by kind, service or labels");
}

TEST(a_rule_without_its_data_is_not_asked)
{
    check_why(SERIES("disk.used", "before: 20"), "cpu", TRIAL_NOT_ASKED,
              "the test has no series that the rule is about");
}

TEST(a_rule_that_fits_better_speaks_instead)
{
    check_why(SERIES("cpu.user", "before: 20"), "cpu", TRIAL_NOT_ASKED,
              "rule 'cpu.user' speaks for cpu.user and fits it better");
}

TEST(what_an_exception_or_the_scope_leaves_alone_is_named)
{
    check_why(SERIES("net.in", "before: 20, after: 90"), "net", TRIAL_NOT_ASKED,
              "an exception, or its 'on', leaves net.in alone");
    check_why(SERIES("web.in", "before: 20, after: 90"), "web", TRIAL_NOT_ASKED,
              "its 'on' leaves web.in alone");
}

TEST(a_rule_that_could_not_judge_says_what_it_lacked)
{
    check_why(SERIES("disk.used", "after: 30x20"), "full", TRIAL_NOT_JUDGED,
              "it was not judged: ");
}
