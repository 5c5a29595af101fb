/* rules/trial_schema.c - the table of the language of tests.
 *
 * In the order in which the manual shows it.  Constant; any thread. */
#include "rules/schema.h"
#include "rules/trial_file.h"
#include "storage/test_run.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
/* A field of the struct STRUCT, which each part defines anew. */
#define FIELD(field_name, kind, member, help_text, ...)                                \
    {                                                                                  \
        .name = (field_name), .type = SCHEMA_##kind,                                   \
        .offset = offsetof(STRUCT, member), .help = (help_text), __VA_ARGS__           \
    }
#define MAP(id, words, key, help_text)                                                 \
    static const struct schema_map id##_map = {                                        \
        .name = (key),                                                                 \
        .what = (words),                                                               \
        .help = (help_text),                                                           \
        .field = id##_fields,                                                          \
        .n = COUNT_OF(id##_fields),                                                    \
        .size = sizeof(STRUCT),                                                        \
        .list = true,                                                                  \
    }
#define STEP_LEAST 1
#define STEP_MOST  3600

#define X(id, name, help) [CHANGE_##id] = name,
static const char *const kind_names[] = {CHANGE_KINDS(X)[CHANGE_KIND_N] = NULL};
#undef X
/* those of enum change_phase that can be the last */
static const char *const phase_names[] = {[PHASE_STARTED] = "started",
                                          [PHASE_BATCH_FINISHED] = "",
                                          [PHASE_FINISHED] = "finished",
                                          [PHASE_CANCELLED] = "cancelled",
                                          NULL};
#define X(id, name, exit_code, words) [GRADE_##id] = name,
static const char *const grade_names[] = {GRADES(X)[GRADE_N] = NULL};
#undef X
#define X(id, name) [TEST_##id] = name,
const char *const trial_results[] = {TEST_RESULTS(X)[TEST_RESULT_N] = NULL};
#undef X
const char *const trial_outcomes[] = {"ok", "fail", "timeout", NULL};
const char *const trial_sides[] = {"client", "server", NULL};

#define STRUCT struct trial_change
static const struct schema_field change_fields[] = {
    FIELD("kind", CHOICE, kind, "what kind of change it is", .choices = kind_names),
    FIELD("service", NAME, service, "the service that is changed"),
    FIELD("hosts", NODE, hosts_node,
          "the hosts that are changed: a name, a list, or a range such as h1..h4"),
    FIELD("at", TEXT, at_text,
          "when, such as 2026-01-05T10:00:00Z, which it is when "
          "left out: a Monday"),
    FIELD("takes", SPAN, takes, "from its start to its finish", .most = 86400),
    FIELD("phase", CHOICE, phase, "the last that is said of it; finished when left out",
          .choices = phase_names),
    FIELD("labels", NODE, labels_node, "labels of the change, each with its value"),
};
#undef STRUCT
static const struct schema_map change_map = {
    .name = "change",
    .what = "change",
    .help = "The change.",
    .field = change_fields,
    .n = COUNT_OF(change_fields),
};

#define STRUCT struct trial_series
static const struct schema_field series_fields[] = {
    FIELD("metric", NAME, metric, "name of the figure", .flags = SCHEMA_REQUIRED),
    FIELD("host", NODE, hosts_node,
          "whose figure it is: a host, a list, or a range such as h1..h4; the hosts of "
          "the change when left out"),
    FIELD("service", NAME, service,
          "without `host`: the figure is this service's own; with it: the service of "
          "these hosts, the change's when left out"),
    FIELD("step", SPAN, step, "time from point to point; the test's when left out",
          .least = STEP_LEAST, .most = STEP_MOST),
    FIELD("before", TEXT, before_text,
          "values up to the change, such as 20x30; nothing when left out"),
    FIELD("after", TEXT, after_text,
          "values from the change on; as before it when left out"),
};
MAP(series, "series", "series", "A figure of hosts, or of a service.");
#undef STRUCT

#define STRUCT struct trial_calls
static const struct schema_field calls_fields[] = {
    FIELD("caller", NAME, caller, "who calls; the service of the change when left out"),
    FIELD("callee", NAME, callee,
          "who is called; the service of the change when left out"),
    FIELD("iface", NAME, iface, "the interface"),
    FIELD("callee_host", NODE, hosts_node,
          "the called hosts: a name, a list, or a range; each has as many calls"),
    FIELD("code", NAME, code, "the return code; 0 of calls that are ok"),
    FIELD("outcome", CHOICE, outcome, "how the calls end; ok when left out",
          .choices = trial_outcomes),
    FIELD("side", CHOICE, side, "who counted them; client when left out",
          .choices = trial_sides),
    FIELD("step", SPAN, step, "time from point to point; the test's when left out",
          .least = STEP_LEAST, .most = STEP_MOST),
    FIELD("before", TEXT, before_text, "calls a step up to the change, such as 200x30"),
    FIELD("after", TEXT, after_text,
          "calls a step from the change on; as before it when left out"),
    FIELD("ms", TEXT, ms_before_text, "mean milliseconds of a call, such as 20~1"),
    FIELD("ms_after", TEXT, ms_after_text,
          "the same from the change on; as before it when left out"),
};
MAP(calls, "calls", "calls", "Calls that end with one code.");
#undef STRUCT

#define STRUCT struct trial_core
static const struct schema_field core_fields[] = {
    FIELD("host", NODE, hosts_node,
          "where: a host, a list, or a range; the hosts of the change when left out"),
    FIELD("service", NAME, service, "the service of the change when left out"),
    FIELD("exe", NAME, exe, "the program", .flags = SCHEMA_REQUIRED),
    FIELD("signal", NAME, signal, "SIGSEGV when left out"),
    FIELD("frames", NODE, frames_node, "names of functions, the innermost first"),
    FIELD("at", TEXT, when_text, "after the change, such as 5m; before it: -5m",
          .flags = SCHEMA_REQUIRED),
    FIELD("times", COUNT, times,
          "so many on each host, a second apart; 1 when left out", .least = 1,
          .most = 1000),
};
MAP(core, "coredump", "coredumps", "A program that crashes.");
#undef STRUCT

#define STRUCT struct trial_alarm
static const struct schema_field alarm_fields[] = {
    FIELD("name", NAME, name, "the alarm", .flags = SCHEMA_REQUIRED),
    FIELD("severity", NAME, severity, "as its sender says it"),
    FIELD("host", NODE, hosts_node,
          "where: a host, a list, or a range; the service's when left out"),
    FIELD("service", NAME, service, "the service of the change when left out"),
    FIELD("text", TEXT, text, "what it says of itself"),
    FIELD("at", TEXT, when_text, "after the change, such as 5m; before it: -5m",
          .flags = SCHEMA_REQUIRED),
    FIELD("ends", TEXT, ends_text,
          "the same of its end; left out: it fires to the end of the test"),
};
MAP(alarm, "alarm", "alarms", "An alarm.");
#undef STRUCT

#define STRUCT struct trial_case
static const struct schema_field case_fields[] = {
    FIELD("name", NAME, name, "the test", .flags = SCHEMA_REQUIRED),
    FIELD("suite", NAME, suite, "its suite"),
    FIELD("class", NAME, class, "its class"),
    FIELD("result", CHOICE, result, "how it ended", .choices = trial_results),
    FIELD("message", TEXT, message, "what it said"),
    FIELD("at", TEXT, when_text,
          "after the change, such as 5m: a result for the change; before it, such as "
          "-5m: one for its service",
          .flags = SCHEMA_REQUIRED),
};
MAP(case, "result", "tests", "The result of an automated test.");
#undef STRUCT

#define STRUCT struct trial_expect
static const struct schema_field expect_fields[] = {
    FIELD("rule", ID, rule,
          "the rule that must say it; left out: the grade of the change"),
    FIELD("grade", CHOICE, grade,
          "of the finding; ok: the rule judged and found nothing",
          .choices = grade_names),
    FIELD("host", NAME, host, "the host that is found"),
    FIELD("metric", NAME, metric, "the figure that is found"),
    FIELD("because", TEXT, because,
          "a part of the finding's sentence, or of the reason"),
};
MAP(expect, "expectation", "expect",
    "What a rule must say.  A finding that nothing here expects is a failure.");
#undef STRUCT

#define STRUCT struct trial
static const struct schema_field test_fields[] = {
    FIELD("name", TEXT, name, "what the test shows, as a sentence",
          .flags = SCHEMA_REQUIRED),
    FIELD("change", MAP, change, "the change", .map = &change_map,
          .flags = SCHEMA_REQUIRED),
    FIELD("step", SPAN, step, "time from point to point; 1m when left out",
          .least = STEP_LEAST, .most = STEP_MOST),
    FIELD(
        "lasts", SPAN, lasts,
        "how long the data goes on after the change; left out: as long as the longest "
        "series, else until the last look",
        .least = 1, .most = 14 * 86400.0),
    FIELD("past", SPAN, past,
          "how far back from the change values without an end go; 24h when left out",
          .least = 60, .most = 14 * 86400.0),
    FIELD("series", LIST, series, "figures", .map = &series_map),
    FIELD("calls", LIST, calls, "calls between services", .map = &calls_map),
    FIELD("coredumps", LIST, cores, "programs that crash", .map = &core_map),
    FIELD("alarms", LIST, alarms, "alarms", .map = &alarm_map),
    FIELD("tests", LIST, cases, "results of automated tests", .map = &case_map),
    FIELD("expect", LIST, expect, "what the rules must say; [] is nothing at all",
          .map = &expect_map, .flags = SCHEMA_REQUIRED),
};
MAP(test, "test", "tests",
    "A change, the data around it, and what must be said of it.");
#undef STRUCT

#define STRUCT struct trial_file
static const struct schema_field file_fields[] = {
    FIELD("format", WHOLE, format, "the version of the language: 1",
          .flags = SCHEMA_REQUIRED, .least = 1, .most = 1e9),
    FIELD("packs", NODE, packs_node,
          "rule files or folders, from the folder of this file; \"defaults\": what is "
          "built into the program"),
    FIELD("tests", LIST, tests, "the tests", .map = &test_map,
          .flags = SCHEMA_REQUIRED),
};
#undef STRUCT
const struct schema_map schema_trial_file = {
    .name = "test file",
    .what = "test file",
    .help = "Tests of rules.",
    .field = file_fields,
    .n = COUNT_OF(file_fields),
    .size = sizeof(struct trial_file),
};
