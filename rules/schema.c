/* rules/schema.c - the table of the language.
 *
 * One array a map, in the order in which the manual shows it.  Constant; any thread. */
#include "rules/schema.h"
#include "base/buf.h"

#include <assert.h>
#include <string.h>

/* --- the words of choices --- */

#define X(id, name, help) [SUBJECT_##id] = name,
static const char *const subject_names[] = {SUBJECTS(X)[SUBJECT_N] = NULL};
#undef X
#define X(id, name, help) [MEASURE_##id] = name,
static const char *const measure_names[] = {MEASURES(X)[MEASURE_N] = NULL};
#undef X
#define X(id, name, help) [CHANGE_##id] = name,
static const char *const kind_names[] = {CHANGE_KINDS(X)[CHANGE_KIND_N] = NULL};
#undef X
static const char *const worse_names[] = {
    [WORSE_BOTH] = "both", [WORSE_UP] = "up", [WORSE_DOWN] = "down", NULL};
static const char *const mode_names[] = {
    [MODE_ENFORCE] = "enforce", [MODE_SHADOW] = "shadow", NULL};
/* those of enum grade that a limit can have */
static const char *const limit_grades[] = {[GRADE_OK] = "",
                                           [GRADE_ATTENTION] = "attention",
                                           [GRADE_MUST_HANDLE] = "must-handle",
                                           NULL};

const char *measure_name(enum measure m)
{
    assert(m >= 0 && m < MEASURE_N);
    return measure_names[m];
}

const char *subject_name(enum subject s)
{
    assert(s >= 0 && s < SUBJECT_N);
    return subject_names[s];
}

/* --- the types --- */

static const struct {
    const char *words, *json;
    size_t size;
} types[] = {
#define X(id, type, words, json) [SCHEMA_##id] = {words, json, sizeof(type)},
    SCHEMA_TYPES(X)
#undef X
};

const char *schema_words(enum schema_type type)
{
    assert(type >= 0 && type < SCHEMA_TYPE_N);
    return types[type].words;
}

const char *schema_json_of(enum schema_type type)
{
    assert(type >= 0 && type < SCHEMA_TYPE_N);
    return types[type].json;
}

size_t schema_size(enum schema_type type)
{
    assert(type >= 0 && type < SCHEMA_TYPE_N);
    return types[type].size;
}

/* --- the maps --- */

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define OF(subject)     (1u << SUBJECT_##subject)
/* A field of the struct STRUCT, which each part defines anew. */
#define FIELD(field_name, kind, member, help_text, ...)                                \
    {                                                                                  \
        .name = (field_name), .type = SCHEMA_##kind,                                   \
        .offset = offsetof(STRUCT, member), .help = (help_text), __VA_ARGS__           \
    }

#define STRUCT struct windows_rule
static const struct schema_field window_fields[] = {
    FIELD("before", SPAN, before, "time before the change that is compared",
          .standard = "30m", .least = 1, .most = 7 * 86400.0),
    FIELD("settle", SPAN, settle, "time after the work on a host that is left out",
          .standard = "5m", .least = 0, .most = 7 * 86400.0),
    FIELD("looks", LOOKS, before,
          "when to look, counted from the end of the work on a host; rising",
          .standard = "10m, 15m, 30m, 60m"),
    FIELD("slow", SLOW, before,
          "when to look for leaks, counted from the change of a host; off: never",
          .standard = "24h"),
    FIELD("late", SPAN, late, "how long late samples are waited for", .standard = "90s",
          .least = 0, .most = 7 * 86400.0),
    FIELD("unfinished", SPAN, unfinished,
          "how long after its last event a change that is never finished is closed",
          .standard = "4h", .least = 1, .most = 7 * 86400.0),
};
#undef STRUCT
const struct schema_map schema_window = {
    .name = "window",
    .what = "windows of a kind",
    .help = "What is compared with what, and when.",
    .field = window_fields,
    .n = COUNT_OF(window_fields),
    .size = sizeof(struct windows_rule),
};

#define KIND(id, kind_name, help_text)                                                 \
    {.name = (kind_name),                                                              \
     .type = SCHEMA_NODE,                                                              \
     .map = &schema_window,                                                            \
     .help = "for " help_text},
#define KIND_FIELDS                                                                    \
    {.name = "default",                                                                \
     .type = SCHEMA_NODE,                                                              \
     .map = &schema_window,                                                            \
     .help = "for kinds that are not named, and what those leave out"},                \
        CHANGE_KINDS(KIND)
static const struct schema_field service_windows_fields[] = {KIND_FIELDS};
static const struct schema_map service_windows = {
    .name = "windows.services",
    .what = "windows of a service",
    .help = "Windows for the services that fit a glob; of several the best fit.  What "
            "they leave out is taken from the windows of all services.",
    .field = service_windows_fields,
    .n = COUNT_OF(service_windows_fields),
    .key = "a glob or /regular expression/ of services",
    .keyed = true,
};
static const struct schema_field windows_fields[] = {
    KIND_FIELDS{.name = "services",
                .type = SCHEMA_NODE,
                .map = &service_windows,
                .help = "for some services only"},
};
#undef KIND
#undef KIND_FIELDS
const struct schema_map schema_windows = {
    .name = "windows",
    .what = "windows",
    .help = "Windows by kind of change.",
    .field = windows_fields,
    .n = COUNT_OF(windows_fields),
};

#define STRUCT struct scope
static const struct schema_field scope_fields[] = {
    FIELD("kinds", CHOICES, kinds, "kinds of change; all when left out",
          .choices = kind_names, .flags = SCHEMA_SHARED),
    FIELD("service", PATTERNS, service, "services; all when left out",
          .flags = SCHEMA_SHARED),
    FIELD("host", PATTERNS, host, "hosts; all when left out",
          .only = OF(SERIES) | OF(SILENCE) | OF(PROBES) | OF(RELIEF),
          .flags = SCHEMA_SHARED),
    FIELD("labels", LABELS, labels,
          "labels that the change must have, each with a glob its value must fit",
          .flags = SCHEMA_SHARED),
};
#undef STRUCT
const struct schema_map schema_scope = {
    .name = "on",
    .what = "on",
    .help = "Which changes and hosts a rule is about.",
    .field = scope_fields,
    .n = COUNT_OF(scope_fields),
};
static const struct schema_map override_scope = {
    .name = "scope",
    .what = "scope",
    .help = "Which changes an override is for.",
    .field = scope_fields,
    .n = COUNT_OF(scope_fields),
};

#define STRUCT struct bar
static const struct schema_field bar_fields[] = {
    FIELD("q", CHANCE, q, "accepted share of false findings, such as 1%", .most = 0.5,
          .flags = SCHEMA_ABOVE,
          .only = OF(SERIES) | OF(CALLS) | OF(CORES) | OF(ALARMS) | OF(PROBES)),
    FIELD("effect", RATIO, effect,
          "relative change, such as 30%; of silence and probes the share of the hosts; "
          "of "
          "relief the share of the load that is enough",
          .most = 1e15, .flags = SCHEMA_ABOVE,
          .only = OF(SERIES) | OF(CALLS) | OF(SILENCE) | OF(CORES) | OF(PROBES) |
                  OF(RELIEF)),
    FIELD("delta", AMOUNT, delta_as,
          "change in the metric's unit; of shares of calls in points, such as 0.5%",
          .most = 1e18, .flags = SCHEMA_ABOVE, .only = OF(SERIES) | OF(CALLS)),
    FIELD("count", COUNT, count,
          "how many there must be: calls that went wrong, silent hosts, dumps, hosts "
          "with the alarm, broken tests, hosts with the failing probe",
          .most = 1e15,
          .only = OF(CALLS) | OF(SILENCE) | OF(CORES) | OF(ALARMS) | OF(TESTS) |
                  OF(PROBES)),
    FIELD("when", WHEN, when, "a hard condition, instead of q, effect, delta and count",
          .only = OF(SERIES) | OF(CALLS)),
    FIELD("hold", HOLD, hold,
          "of how many of the last points `when` must be true; left out: once, of the "
          "means of the windows; of calls with latency only",
          .only = OF(SERIES) | OF(CALLS)),
};
#undef STRUCT
static const struct schema_map schema_bar = {
    .name = "grade",
    .what = "grade",
    .help = "Attention and must-handle: what is needed for each.  All that is named "
            "must be "
            "met.",
    .field = bar_fields,
    .n = COUNT_OF(bar_fields),
    .has_set = true,
};

#define STRUCT struct limit
static const struct schema_field limit_fields[] = {
    FIELD("above", AMOUNT, above_as, "broken when the value is above this"),
    FIELD("below", AMOUNT, below_as, "broken when the value is below this"),
    FIELD("hold", HOLD, hold, "in how many of the last points it must be broken",
          .standard = "3 of 5"),
    FIELD("grade", CHOICE, grade, "the grade of a finding", .choices = limit_grades,
          .standard = "must-handle"),
};
#undef STRUCT
static const struct schema_map schema_limit = {
    .name = "limit",
    .what = "limit",
    .help = "A hard limit: found on hosts that are beyond it now and were not before, "
            "when most of the unchanged hosts are not.",
    .field = limit_fields,
    .n = COUNT_OF(limit_fields),
    .has_set = true,
};

#define STRUCT struct needs
static const struct schema_field needs_fields[] = {
    FIELD("points", SHARE, points, "share of the points of either window",
          .standard = "60%", .most = 1, .flags = SCHEMA_SHARED),
    FIELD("hosts", SHARE, hosts, "share of the changed hosts that have them",
          .standard = "80%", .most = 1, .flags = SCHEMA_SHARED),
    FIELD("calls", COUNT, calls, "calls in either window", .standard = "50",
          .most = 1e12, .flags = SCHEMA_SHARED),
};
#undef STRUCT
static const struct schema_map schema_needs = {
    .name = "needs",
    .what = "needs",
    .help = "How much data a rule needs to judge.",
    .field = needs_fields,
    .n = COUNT_OF(needs_fields),
};

#define STRUCT struct rule_calls
static const struct schema_field calls_fields[] = {
    FIELD("measure", CHOICE, measure, "what of the calls is looked at",
          .choices = measure_names, .flags = SCHEMA_REQUIRED),
    FIELD("edges", PATTERNS, edges,
          "\"caller->callee:iface\"; all calls when left out"),
};
#undef STRUCT
static const struct schema_map schema_calls = {
    .name = "calls",
    .what = "calls",
    .help = "Calls between services, each edge by itself.",
    .field = calls_fields,
    .n = COUNT_OF(calls_fields),
    .has_set = true,
};

#define STRUCT struct probing
static const struct schema_field probes_fields[] = {
    FIELD("series", PATTERNS, series, "figures that hold results",
          .flags = SCHEMA_REQUIRED),
    FIELD("ok_when", PASSES, set, "values that passed: numbers, or ranges",
          .standard = "1"),
    FIELD("hold", HOLD, hold, "how many of the last points must have failed",
          .standard = "3 of 5"),
    FIELD("result_labels", PATTERNS, result_label,
          "labels that tell the result, and are not part of what is probed",
          .standard = "result, result_type, status_code"),
};
#undef STRUCT
static const struct schema_map schema_probes = {
    .name = "probes",
    .what = "probes",
    .help = "Probes from outside, whose figures tell whether an answer came.",
    .field = probes_fields,
    .n = COUNT_OF(probes_fields),
    .has_set = true,
};

#define STRUCT struct exception
static const struct schema_field exception_fields[] = {
    FIELD("metric", PATTERNS, metric, "figures", .only = OF(SERIES) | OF(PROBES)),
    FIELD("host", PATTERNS, host, "hosts",
          .only = OF(SERIES) | OF(PROBES) | OF(SILENCE) | OF(CORES) | OF(RELIEF)),
    FIELD("caller", PATTERNS, caller, "services that call", .only = OF(CALLS)),
    FIELD("callee", PATTERNS, callee, "services that are called", .only = OF(CALLS)),
    FIELD("code", PATTERNS, code, "return codes", .only = OF(CALLS)),
    FIELD(
        "name", PATTERNS, name,
        "alarms; tests by \"suite/class.name\"; crashes as findings name them, such as "
        "\"pay, SIGSEGV in parse\"",
        .only = OF(ALARMS) | OF(TESTS) | OF(CORES)),
    FIELD("until", DATE, until,
          "the last day on which it holds, by the time of the change",
          .flags = SCHEMA_REQUIRED),
    FIELD("reason", TEXT, reason, "why, such as a ticket", .flags = SCHEMA_REQUIRED),
    FIELD("by", TEXT, by, "who made it"),
};
#undef STRUCT
static const struct schema_map schema_exception = {
    .name = "except",
    .what = "exception",
    .help = "What a rule leaves alone until a day.  All matchers that are named must "
            "fit.  An exception that has ended does nothing.",
    .field = exception_fields,
    .n = COUNT_OF(exception_fields),
    .size = sizeof(struct exception),
};

#define STRUCT struct rule
#define ABOUT  .flags = SCHEMA_FIXED
static const struct schema_field rule_fields[] = {
    FIELD("id", ID, id, "the rule's name in findings, such as cpu.jump",
          .flags = SCHEMA_REQUIRED | SCHEMA_FIXED),
    FIELD("rev", WHOLE, rev, "counts up with each edit; findings carry it",
          .standard = "1", .least = 1, .most = 1e9, .flags = SCHEMA_FIXED),
    FIELD("title", TEXT, title, "the rule in words; its id when left out"),
    FIELD("owner", TEXT, owner, "who answers for it; the file's owner when left out",
          .flags = SCHEMA_SHARED),
    FIELD("on", MAP, on, "which changes and hosts it is about", .map = &schema_scope,
          .flags = SCHEMA_SHARED | SCHEMA_FIXED),
    FIELD("series", PATTERNS, about.series, "figures of hosts and services", ABOUT),
    FIELD("calls", MAP, about.calls, "calls between services", .map = &schema_calls,
          ABOUT),
    FIELD("coredumps", FLAG, about.coredumps,
          "true: programs that crash on the changed hosts", ABOUT),
    FIELD("alarms", FLAG, about.alarms, "true: alarms that began after the change",
          ABOUT),
    FIELD("tests", FLAG, about.tests, "true: tests that began to fail", ABOUT),
    FIELD("probes", MAP, probing, "probes that began to fail", .map = &schema_probes,
          ABOUT),
    FIELD("silence", FLAG, about.silence, "true: changed hosts that stop sending",
          ABOUT),
    FIELD("relief", PATTERNS, about.relief,
          "figures of load: new hosts must take some of it from the old ones", ABOUT),
    FIELD("names", PATTERNS, about.names,
          "which alarms, or which tests by \"suite/class.name\"; all when left out",
          .only = OF(ALARMS) | OF(TESTS), ABOUT),
    FIELD("severity", PATTERNS, severity,
          "of alarms, in small letters; all when left out", .only = OF(ALARMS), ABOUT),
    FIELD("worse", CHOICE, worse, "which way is worse", .choices = worse_names,
          .standard = "both", .flags = SCHEMA_SHARED),
    FIELD("unit", TEXT, unit, "of the figure, such as %, ms, bytes or bytes/s",
          .only = OF(SERIES) | OF(RELIEF)),
    FIELD("attention", MAP, attention, "what is needed for attention",
          .map = &schema_bar),
    FIELD("must-handle", MAP, must_handle, "what is needed for must-handle",
          .map = &schema_bar),
    FIELD("limit", MAP, limit, "a hard limit", .map = &schema_limit,
          .only = OF(SERIES)),
    FIELD("needs", MAP, needs, "how much data it needs", .map = &schema_needs,
          .flags = SCHEMA_SHARED),
    FIELD("ok_codes", PATTERNS, ok_codes, "return codes that are no failures",
          .only = OF(CALLS)),
    FIELD("fresh_after", SPAN, fresh_after,
          "how long the figure is not judged on hosts without a past",
          .most = 7 * 86400.0, .only = OF(SERIES)),
    FIELD("except", LIST, except, "what it leaves alone until a day",
          .map = &schema_exception),
    FIELD("weight", NUMBER, weight, "importance; ranks findings of one grade",
          .standard = "1", .least = 0.001, .most = 1000, .flags = SCHEMA_SHARED),
    FIELD("critical", FLAG, critical,
          "true: its findings stand before all others of their grade",
          .flags = SCHEMA_SHARED),
    FIELD("mode", CHOICE, mode,
          "shadow: judged and shown, never counted in the change's grade",
          .choices = mode_names, .standard = "enforce", .flags = SCHEMA_SHARED),
    FIELD("why", TEXT, why, "why it is looked at"),
    FIELD("advice", TEXT, advice, "what to do about a finding"),
    FIELD("runbook", TEXT, runbook, "the address of a longer answer",
          .flags = SCHEMA_SHARED),
};
#undef ABOUT
#undef STRUCT
const struct schema_map schema_rule = {
    .name = "rules",
    .what = "rule",
    .help = "A rule has exactly one subject: series, calls, coredumps, alarms, tests, "
            "probes, silence or relief.",
    .field = rule_fields,
    .n = COUNT_OF(rule_fields),
    .list = true,
};

const struct schema_map schema_defaults = {
    .name = "defaults",
    .what = "defaults",
    .help = "Fields of rules, for the rules of this file that leave them out.",
    .field = rule_fields,
    .n = COUNT_OF(rule_fields),
};

#define STRUCT struct rule_override
static const struct schema_field override_fields[] = {
    FIELD("rule", ID, rule, "the id of the rule", .flags = SCHEMA_REQUIRED),
    FIELD("scope", MAP, scope, "for which changes", .map = &override_scope,
          .flags = SCHEMA_REQUIRED),
    FIELD("set", NODE, set,
          "fields by their path, such as must-handle.effect, with their new values",
          .flags = SCHEMA_REQUIRED),
    FIELD("by", TEXT, by, "who made it", .flags = SCHEMA_REQUIRED),
    FIELD("reason", TEXT, reason, "why, such as a ticket", .flags = SCHEMA_REQUIRED),
    FIELD("until", DATE, until,
          "the last day on which it holds, by the time of the change",
          .flags = SCHEMA_REQUIRED),
};
#undef STRUCT
const struct schema_map schema_override = {
    .name = "overrides",
    .what = "override",
    .help = "Other values for a rule in some services.  The order of files and of "
            "overrides means nothing: two that set one field for the same services are "
            "an error.",
    .field = override_fields,
    .n = COUNT_OF(override_fields),
    .size = sizeof(struct rule_override),
    .list = true,
};

#define STRUCT struct rule_codes
static const struct schema_field codes_fields[] = {
    FIELD("ok", PATTERNS, ok, "business-normal: a call that ends so did not fail"),
    FIELD("ignore", PATTERNS, ignore, "a call that ends so is not counted at all"),
};
#undef STRUCT
static const struct schema_map schema_codes = {
    .name = "codes",
    .what = "codes",
    .help = "Return codes by the service that is called, for all rules about calls.",
    .field = codes_fields,
    .n = COUNT_OF(codes_fields),
    .size = sizeof(struct rule_codes),
    .key = "a glob or /regular expression/ of called services",
};

#define STRUCT struct rule_file
static const struct schema_field file_fields[] = {
    FIELD("format", WHOLE, format, "the version of the language: 1",
          .flags = SCHEMA_REQUIRED, .least = 1, .most = 1e9),
    FIELD("pack", NAME, pack, "name of the pack, shown in every verdict"),
    FIELD("owner", TEXT, owner, "who answers for the rules of this file"),
    FIELD("review_by", DATE, review_by,
          "the last day before somebody should look at the file again"),
    FIELD("windows", NODE, windows, "what is compared with what, by kind of change",
          .map = &schema_windows),
    FIELD("codes", TABLE, codes, "return codes that are no failures, by called service",
          .map = &schema_codes),
    FIELD("defaults", NODE, defaults,
          "fields of rules that this file's rules leave out", .map = &schema_defaults),
    FIELD("rules", NODE, rules, "the rules", .map = &schema_rule),
    FIELD("overrides", NODE, overrides, "other values for some services",
          .map = &schema_override),
};
#undef STRUCT
const struct schema_map schema_file = {
    .name = "file",
    .what = "rule file",
    .help = "A rule file.",
    .field = file_fields,
    .n = COUNT_OF(file_fields),
    .size = sizeof(struct rule_file),
};

/* --- finding one's way --- */

static const struct schema_field *find_n(const struct schema_map *map, const char *name,
                                         size_t n)
{
    for (size_t i = 0; map != NULL && i < map->n; i++)
        if (strncmp(map->field[i].name, name, n) == 0 && map->field[i].name[n] == '\0')
            return &map->field[i];
    return NULL;
}

const struct schema_field *schema_find(const struct schema_map *map, const char *name)
{
    return find_n(map, name, strlen(name));
}

const struct schema_field *schema_path(const struct schema_map *map, const char *path,
                                       size_t *ret_offset)
{
    size_t offset = 0;
    for (;;) {
        size_t n = strcspn(path, ".");
        const struct schema_field *f = find_n(map, path, n);
        if (f == NULL)
            return NULL;
        offset += f->offset;
        if (path[n] == '\0') {
            *ret_offset = offset;
            return f;
        }
        if (f->type != SCHEMA_MAP)
            return NULL;
        map = f->map;
        path += n + 1;
    }
}

/* The language is a few maps deep; a walk that is deeper has run in a circle. */
enum { WALK_DEPTH_MAX = 8, WALK_PATH_MAX = 200 };

void schema_each(const struct schema_map *map,
                 void (*each)(const struct schema_seen *seen, void *arg), void *arg)
{
    struct {
        const struct schema_map *map;
        size_t i, offset, path_end;
    } level[WALK_DEPTH_MAX] = {{.map = map}};
    char path[WALK_PATH_MAX];
    for (int d = 0; d >= 0;) {
        if (level[d].i == level[d].map->n) {
            d--;
            continue;
        }
        const struct schema_field *f = &level[d].map->field[level[d].i++];
        size_t at = level[d].path_end, n = strlen(f->name);
        assert(at + n + 2 < sizeof path);
        if (at > 0)
            path[at++] = '.';
        memcpy(path + at, f->name, n + 1);
        size_t offset = level[d].offset + f->offset;
        each(&(struct schema_seen){path, f, offset}, arg);
        if (f->type == SCHEMA_MAP) {
            assert(d + 1 < WALK_DEPTH_MAX);
            d++;
            level[d].map = f->map;
            level[d].i = 0;
            level[d].offset = offset;
            level[d].path_end = at + n;
        }
    }
}

void schema_subjects(unsigned only, struct buf *to)
{
    int n = __builtin_popcount(only), seen = 0;
    for (int s = 0; s < SUBJECT_N; s++)
        if ((only & 1u << s) != 0) {
            buf_addf(to, "%s%s",
                     seen == 0       ? ""
                     : seen == n - 1 ? " and "
                                     : ", ",
                     subject_names[s]);
            seen++;
        }
}
