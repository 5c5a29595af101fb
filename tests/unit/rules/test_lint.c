/* tests of rules/lint */
#include "base/instant.h"
#include "rules/lint.h"
#include "tests/test.h"

#include <stdio.h>

/* What is said of a file's rules, given the date of most tests. */
static void check_lint(const char *text, const struct lint_ask *ask, const char *want)
{
    struct complaints c = {0};
    OWNED_BUF said = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    if (rs != NULL)
        lint(rs, ask, &c);
    complaints_write(&c, &said);
    CHECK_TEXT(buf_text(&said), want);
    CHECK(rs != NULL);
    ruleset_free(&rs);
    complaints_free(&c);
}

static const struct lint_ask nothing = {.today = {INT64_MIN}};

#define HEAD                                                                           \
    "format: 1\n"                                                                      \
    "owner: pe\n"                                                                      \
    "defaults: {runbook: x}\n"                                                         \
    "rules:\n"

TEST(a_rule_without_owner_or_runbook_is_told)
{
    check_lint(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    tests: true\n"
        "    attention: {count: 1}\n",
        &nothing,
        "r.yml:3:9: warning[W407]: rule 'a' has no owner, expected owner here or "
        "for the file\n"
        "r.yml:3:9: warning[W408]: rule 'a' has no runbook, expected an address "
        "that says what to do\n");
    check_lint(HEAD "  - {id: a, tests: true, attention: {count: 1}}\n", &nothing, "");
}

TEST(thresholds_of_one_kind_only_are_told_where_both_can_be_named)
{
    check_lint(
        HEAD "  - {id: a, series: a, unit: ms, attention: {q: 5%, effect: 10%}}\n"
             "  - {id: b, series: b, unit: ms, attention: {q: 5%, delta: 10}}\n"
             "  - {id: c, series: c, unit: ms, must-handle: {q: 5%}}\n"
             "  - {id: d, series: d, unit: ms, attention: {effect: 1%, delta: 1}}\n"
             "  - {id: e, series: e, attention: {q: 5%, effect: 10%}}\n"
             "  - {id: f, calls: {measure: fail_share}, attention: {effect: 10%}}\n"
             "  - {id: g, calls: {measure: traffic}, attention: {effect: 90%}}\n",
        &nothing,
        "r.yml:5:45: warning[W404]: 'attention' of 'a' asks for a relative change "
        "only: "
        "a small figure that doubles is found too; expected a delta beside effect\n"
        "r.yml:6:45: warning[W405]: 'attention' of 'b' asks for an absolute change "
        "only: of a large figure that is little; expected an effect beside delta\n"
        "r.yml:7:47: warning[W406]: 'must-handle' of 'c' asks for no size of the "
        "change: with many points a trifle is certain; expected effect and delta\n"
        "r.yml:9:35: warning[W404]: 'attention' of 'e' asks for a relative change "
        "only: "
        "a small figure that doubles is found too; expected a delta beside effect\n"
        "r.yml:10:54: warning[W404]: 'attention' of 'f' asks for a relative change "
        "only: a small figure that doubles is found too; expected a delta beside "
        "effect\n");
}

TEST(a_grade_that_asks_for_less_than_the_one_below_is_told)
{
    check_lint(HEAD "  - id: a\n"
                    "    series: a\n"
                    "    attention: {q: 1%, effect: 10%, delta: 5}\n"
                    "    must-handle: {q: 1%, effect: 9%, delta: 5}\n",
               &nothing,
               "r.yml:8:18: warning[W401]: must-handle of 'a' asks for less than "
               "attention in a part\n");
}

TEST(figures_that_nobody_sends_are_told_when_names_are_known)
{
    static const char *const seen[] = {"cpu.busy", "disk.util{device=sda}",
                                       "disk.util{device=sdb}", "mem.used"};
    struct lint_ask ask = {.today = INSTANT_NONE, .seen = seen, .n_seen = 4};
    check_lint(
        HEAD "  - id: a\n"
             "    series: [cpu.busy, cpu.idle, disk.util, \"disk.u*\", \"*.used\","
             " cpu.z*]\n"
             "    attention: {q: 1%, effect: 10%}\n"
             "  - {id: b, relief: load, attention: {effect: 10%}}\n"
             "  - {id: c, alarms: true, names: x, attention: {count: 1}}\n",
        &ask,
        "r.yml:6:24: warning[W403]: no figure was ever seen that fits 'cpu.idle' "
        "of rule 'a'\n"
        "r.yml:6:66: warning[W403]: no figure was ever seen that fits 'cpu.z*' "
        "of rule 'a'\n"
        "r.yml:8:21: warning[W403]: no figure was ever seen that fits 'load' of "
        "rule 'b'\n");
}

#define DATED                                                                          \
    "format: 1\n"                                                                      \
    "owner: pe\n"                                                                      \
    "review_by: 2026-03-31\n"                                                          \
    "defaults: {runbook: x}\n"                                                         \
    "rules:\n"                                                                         \
    "  - id: a\n"                                                                      \
    "    tests: true\n"                                                                \
    "    attention: {count: 1}\n"                                                      \
    "    except:\n"                                                                    \
    "      - {name: x, until: 2026-01-31, reason: y}\n"                                \
    "      - {name: z, until: 2026-12-31, reason: y}\n"                                \
    "overrides:\n"                                                                     \
    "  - {rule: a, scope: {service: s}, set: {weight: 2}, by: li, reason: y, until: "  \
    "2026-02-28}\n"

TEST(what_has_ended_is_told_from_its_last_day_on)
{
    struct lint_ask ask = {0};
    CHECK_INT(instant_parse("2026-01-31T23:00:00Z", &ask.today, NULL), 0);
    check_lint(DATED, &ask, "");
    CHECK_INT(instant_parse("2026-02-01T00:00:00Z", &ask.today, NULL), 0);
    check_lint(
        DATED, &ask,
        "r.yml:10:26: warning[W409]: this exception of 'a' ended with 2026-01-31 "
        "and does nothing; expected it to be taken out, or a later day\n");
    CHECK_INT(instant_parse("2026-04-01T00:00:00Z", &ask.today, NULL), 0);
    check_lint(
        DATED, &ask,
        "r.yml:3:12: warning[W410]: this file was to be looked at again by now; "
        "expected somebody to do so and set a later day\n"
        "r.yml:10:26: warning[W409]: this exception of 'a' ended with 2026-01-31 "
        "and does nothing; expected it to be taken out, or a later day\n"
        "r.yml:13:80: warning[W409]: this override of 'a' ended with 2026-02-28 "
        "and does nothing; expected it to be taken out, or a later day\n");
}

TEST(windows_that_reach_further_than_samples_are_kept_are_told)
{
    struct lint_ask ask = {.today = INSTANT_NONE, .kept = {7200000}};
    check_lint(
        "format: 1\n"
        "owner: pe\n"
        "windows:\n"
        "  default: {before: 1h}\n"
        "  config: {before: 55m}\n"
        "  services:\n"
        "    \"db-*\":\n"
        "      release: {before: 3h}\n"
        "rules:\n"
        "  - {id: a, tests: true, runbook: x, attention: {count: 1}}\n",
        &ask,
        "r.yml:4:12: warning[W411]: windows of all kinds reach over 2h1m30s, but "
        "samples are kept for 2h\n"
        "r.yml:8:16: warning[W411]: windows of release of db-* reach over "
        "4h1m30s, but samples are kept for 2h\n");
}

TEST(costly_expressions_are_told)
{
    check_lint(
        HEAD "  - id: a\n"
             "    on: {service: \"/^(a+)+$/\"}\n"
             "    series: [cpu.busy, \"/^(x|xx)+$/\", \"/^cpu/\"]\n"
             "    attention: {q: 1%, effect: 10%}\n",
        &nothing,
        "r.yml:6:19: warning[W412]: /^(a+)+$/ of rule 'a' is a costly regular "
        "expression: there are names on which it tries very long, and then gives "
        "up; expected fewer * and + within one another\n"
        "r.yml:7:24: warning[W412]: /^(x|xx)+$/ of rule 'a' is a costly regular "
        "expression: there are names on which it tries very long, and then gives "
        "up; expected fewer * and + within one another\n");
}

TEST(a_condition_that_can_never_hold_is_told_at_its_place)
{
    check_lint(
        HEAD "  - id: a\n"
             "    series: a\n"
             "    attention: {when: \"after > 80 and after < 20\"}\n"
             "    must-handle: {when: after > 90 and before > 3}\n"
             "  - id: b\n"
             "    calls: {measure: fail_share}\n"
             "    attention: {when: \"delta > 1% and errors < 0\"}\n"
             "    must-handle: {when: delta > 200% or after >= 0%}\n",
        &nothing,
        "r.yml:7:23: warning[W402]: the condition of 'a' can never hold\n"
        "r.yml:11:39: warning[W402]: 'errors < 0' in rule 'b' can never hold\n"
        "r.yml:12:25: warning[W402]: 'delta > 200%' in rule 'b' can never hold\n"
        "r.yml:12:41: warning[W402]: 'after >= 0%' in rule 'b' holds whatever is "
        "measured\n");
}

TEST(a_rule_that_another_always_speaks_before_is_told)
{
    check_lint(
        HEAD
        "  - {id: a, series: [x.*, y], attention: {q: 1%, effect: 10%}}\n"
        "  - {id: b, series: y, attention: {q: 2%, effect: 10%, delta: 1}}\n"
        "  - {id: c, series: [y, z], attention: {q: 2%, effect: 10%}}\n"
        "  - {id: d, series: y, limit: {above: 3}}\n"
        "  - {id: e, series: y, on: {service: s}, limit: {above: 4}}\n"
        "  - {id: f, series: w, on: {service: s}, limit: {above: 4}}\n"
        "  - {id: g, series: w, limit: {above: 4}}\n"
        "  - {id: h, coredumps: true, on: {kinds: [config]}, attention: {count: 1}}\n"
        "  - {id: i, coredumps: true, attention: {count: 1}}\n"
        "  - {id: j, coredumps: true, on: {kinds: [release]}, attention: {count: 2}}\n"
        "  - {id: k, alarms: true, severity: x, attention: {count: 1}}\n"
        "  - {id: l, alarms: true, attention: {count: 1}}\n"
        "  - {id: m, calls: {measure: latency}, attention: {effect: 1%, delta: 1}}\n"
        "  - {id: n, calls: {measure: traffic}, attention: {effect: 1%}}\n"
        "  - {id: p, silence: true, on: {host: db*}, attention: {count: 1}}\n"
        "  - {id: q, silence: true, attention: {count: 1}}\n"
        "  - {id: r, silence: true, on: {host: web*}, attention: {count: 1}}\n"
        "  - {id: o, series: y, mode: shadow, attention: {q: 2%, effect: 10%, delta: "
        "1}}\n",
        &nothing,
        "r.yml:6:10: warning[W413]: rule 'b' never speaks: 'a' (r.yml:5) has the same "
        "patterns and stands before it\n"
        "r.yml:9:10: warning[W413]: rule 'e' never speaks: 'd' (r.yml:8) has the same "
        "patterns and stands before it\n"
        "r.yml:14:10: warning[W413]: rule 'j' never speaks: 'i' (r.yml:13) has the "
        "same "
        "patterns and stands before it\n"
        "r.yml:21:10: warning[W413]: rule 'r' never speaks: 'q' (r.yml:20) has the "
        "same "
        "patterns and stands before it\n");
}

TEST(a_thousand_rules_take_no_time_to_speak_of)
{
    OWNED_BUF b = {0};
    struct complaints c = {0};
    buf_add(&b, HEAD);
    for (int i = 0; i < 1000; i++)
        buf_addf(&b,
                 "  - id: r%d\n"
                 "    on: {service: s%d}\n"
                 "    series: [m%d.*, \"/^n%d[.](a|b)$/\", \"*\"]\n"
                 "    attention: {q: 1%%, effect: 10%%, delta: 5}\n",
                 i, i, i, i);
    int64_t start = monotonic_ms();
    struct ruleset *rs = ruleset_parse("r.yml", buf_text(&b), b.len, &c);
    OWNED_BUF why = {0};
    complaints_write(&c, &why);
    CHECK_TEXT(buf_text(&why), "");
    lint(rs, &nothing, &c);
    int64_t ms = monotonic_ms() - start;
    if (ms > 20000) /* with sanitizers, on a busy machine */
        test_fail(__FILE__, __LINE__, "it took %lld ms", (long long)ms);
    CHECK_INT(c.warnings, 0);
    ruleset_free(&rs);
    complaints_free(&c);
}
