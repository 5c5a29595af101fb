#include "analyzer/trial.h"
#include "tests/unit/analyzer/make_trial.h"

/* Without the words of the verdict, which are tested where they are made. */
static int shortened(const char *text)
{
    static const char *const words[] = {": \"", "the reason: ", "not-judged: "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i]) != NULL)
            return (int)(strstr(text, words[i]) - text + (int)strlen(words[i]));
    return (int)strlen(text);
}

/* Failures one a line, as "line:column: text"; "" when the test passes. */
static void check_run(const char *rules, const char *fields, const char *want)
{
    struct err err = {0};
    struct trial_result r;
    OWNED_BUF said = {0};
    struct trial_file *f = made_trial(fields);
    struct ruleset *rs = made_rules(rules);
    if (trial_run(&f->tests.at[0], rs, &r, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    for (size_t i = 0; i < r.n; i++)
        buf_addf(&said, "%u:%u: %.*s\n", r.failure[i].line, r.failure[i].column,
                 shortened(r.failure[i].text), r.failure[i].text);
    trial_result_free(&r);
    ruleset_free(&rs);
    trial_file_free(&f);
    if (strcmp(buf_text(&said), want) != 0)
        test_fail(__FILE__, __LINE__, "said\n%sexpected\n%s", buf_text(&said), want);
}

#define FULL                                                                           \
    CHANGE "    series:\n"                                                             \
           "      - {metric: disk.used, before: 20x30, after: 97x20}\n"
#define CALM                                                                           \
    CHANGE "    series:\n"                                                             \
           "      - {metric: disk.used, before: 20x30, after: 21x20}\n"
#define FULL_WORDS "must-handle by 'full': \""

TEST(a_finding_that_was_expected_passes)
{
    check_run(RULE_LIMIT,
              FULL "    expect:\n      - {rule: full, grade: must-handle}\n", "");
    check_run(RULE_LIMIT,
              FULL "    expect:\n"
                   "      - {rule: full, grade: must-handle, host: h1}\n"
                   "      - {rule: full, grade: must-handle, because: above 95}\n"
                   "      - {grade: must-handle}\n",
              "");
}

TEST(a_finding_that_nobody_expected_fails)
{
    check_run(RULE_LIMIT, FULL "    expect: []\n",
              "8:13: not expected: " FULL_WORDS "\n");
}

TEST(a_finding_of_another_grade_is_told_once)
{
    check_run(RULE_LIMIT, FULL "    expect:\n      - {rule: full, grade: attention}\n",
              "9:9: expected attention by 'full', found " FULL_WORDS "\n");
    check_run(RULE_LIMIT, FULL "    expect:\n      - {rule: full, grade: ok}\n",
              "9:9: expected ok by 'full', found " FULL_WORDS "\n");
}

TEST(a_finding_that_is_missing_fails_with_the_reason)
{
    check_run(
        RULE_LIMIT, CALM "    expect:\n      - {rule: full, grade: must-handle}\n",
        "9:9: expected must-handle by 'full', found nothing: it judged, and nothing "
        "was bad enough; disk.used of h1: 20 before, 21 after; disk.used of h2: 20 "
        "before, 21 after\n");
}

TEST(quiet_is_only_what_was_judged)
{
    check_run(RULE_LIMIT, CALM "    expect:\n      - {rule: full, grade: ok}\n", "");
    check_run(
        RULE_LIMIT RULE_CPU, CALM "    expect:\n      - {rule: cpu, grade: ok}\n",
        "9:9: expected ok by 'cpu', found nothing: the test has no series that the "
        "rule is about\n");
    check_run(RULE_LIMIT RULE_CPU,
              CALM "    expect:\n      - {rule: cpu, grade: not-judged}\n", "");
    check_run(
        RULE_LIMIT, CALM "    expect:\n      - {rule: full, grade: not-judged}\n",
        "9:9: expected not-judged by 'full', found nothing: it judged, and nothing "
        "was bad enough; disk.used of h1: 20 before, 21 after; disk.used of h2: 20 "
        "before, 21 after\n");
}

TEST(a_change_that_could_not_be_judged_does_not_pass_by_saying_nothing)
{
#define BLIND                                                                          \
    CHANGE "    series:\n"                                                             \
           "      - {metric: disk.used, after: 20x20}\n"
    check_run(
        RULE_LIMIT, BLIND "    expect: []\n",
        "8:13: the change could not be judged; expect {grade: not-judged} if that is "
        "meant; the reason: \n");
    check_run(RULE_LIMIT, BLIND "    expect:\n      - {grade: not-judged}\n", "");
    check_run(RULE_LIMIT,
              BLIND "    expect:\n      - {grade: not-judged, because: 0 of 2}\n", "");
    check_run(RULE_LIMIT, BLIND "    expect:\n      - {grade: ok}\n",
              "9:9: expected the change to be ok, it is not-judged: \n");
}

TEST(data_that_ends_before_the_first_look_is_a_failure)
{
    check_run(RULE_LIMIT,
              CHANGE "    series:\n"
                     "      - {metric: disk.used, before: 20x30, after: 97x5}\n"
                     "    expect: []\n",
              "8:13: the data ends 5m after the change and the first look is at 10m: "
              "nothing was judged; make it longer with 'lasts' or more points\n");
}

TEST(a_rule_in_shadow_is_asked_for_by_its_words)
{
    check_run(RULE_LIMIT "    mode: shadow\n",
              FULL "    expect:\n"
                   "      - {rule: full, grade: ok, because: would be must-handle}\n",
              "");
    check_run(RULE_LIMIT "    mode: shadow\n",
              FULL "    expect:\n      - {rule: full, grade: ok}\n", "");
}

TEST(habit_and_controls_judge_as_in_service)
{
    check_run(RULE_CPU,
              CHANGE "    series:\n"
                     "      - {metric: cpu.busy, before: 20~2, after: 45~2}\n"
                     "      - {metric: cpu.busy, host: h3..h8, before: 20~2}\n"
                     "    expect:\n"
                     "      - {rule: cpu, grade: must-handle}\n",
              "");
    check_run(RULE_CPU,
              CHANGE "    series:\n"
                     "      - {metric: cpu.busy, before: 20~2, after: 20.5~2}\n"
                     "      - {metric: cpu.busy, host: h3..h8, before: 20~2}\n"
                     "    expect:\n"
                     "      - {rule: cpu, grade: ok}\n",
              "");
}
