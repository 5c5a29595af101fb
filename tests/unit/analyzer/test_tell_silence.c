/* tests of analyzer/tell_silence: when it is a finding, and of which grade */
#include "analyzer/tell_silence.h"
#include "tests/unit/analyzer/make_bench.h"

TEST(silence_is_a_finding_only_while_others_are_heard)
{
    open_bench(3);
    b.rule.subject = SUBJECT_SILENCE;
    const struct ruleset rules = {.n = 1, .rule = &b.rule};
    const struct rule *rule = &rules.rule[0];
    struct pulse at[3];
    for (int i = 0; i < 3; i++)
        at[i] = (struct pulse){.slot = &b.lineup.slot[i],
                               .state = i == 1 ? PULSE_SILENT : PULSE_GOOD,
                               .cut = {.n_before = 30},
                               .last = {10050000}};
    struct pulses p = {.n = 3, .at = at, .good = 2, .silent = 1, .asked = 3};
    b.rule.attention = (struct bar){.set = true, .count = 1};
    b.rule.must_handle = (struct bar){.set = true, .count = 1, .effect = 0.5};
    tell_silence(&b.teller, &rules, rule, &p);
    CHECK_INT(b.verdict->n_findings, 1);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_ATTENTION); /* a third, not a half */
    CHECK_INT(b.verdict->findings[0].first_seen.ms, 10050000);
    b.rule.must_handle.effect = 0.2;
    tell_silence(&b.teller, &rules, rule, &p);
    CHECK_INT(b.verdict->findings[1].grade, GRADE_MUST_HANDLE);
    at[1].calls = true; /* its agent is gone, the host is not */
    tell_silence(&b.teller, &rules, rule, &p);
    CHECK_INT(b.verdict->findings[2].grade, GRADE_ATTENTION);
    CHECK(strstr(b.verdict->findings[2].because, "Calls are still reported") != NULL);
    p.good = 0; /* nobody else is heard */
    tell_silence(&b.teller, &rules, rule, &p);
    CHECK_INT(b.verdict->n_findings, 3);
    close_bench();
}
