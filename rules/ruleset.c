/* rules/ruleset.c - rule files into checked rules.
 *
 * Each map of the format is one table of fields, read into a struct of texts (`..._in`)
 * and then checked into what the analyzer uses; every complaint has its line and
 * column, and all of a run are told at once.  What must hold: a ruleset that is given
 * out has nothing left to check.  Pure but for reading the files; any thread. */
#include "rules/ruleset.h"
#include "base/hash.h"
#include "base/names.h"
#include "base/yaml.h"
#include "rules/defaults.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const measure_names[] = {
#define X(id, name) [MEASURE_##id] = name,
    MEASURES(X)
#undef X
        [MEASURE_N] = NULL};

const char *measure_name(enum measure m)
{
    assert(m >= 0 && m < MEASURE_N);
    return measure_names[m];
}

#define MINUTES(n)                                                                     \
    {                                                                                  \
        (n) * INT64_C(60000)                                                           \
    }
static const struct windows_rule windows_default = {
    .before = MINUTES(30),
    .settle = MINUTES(5),
    .looks = {MINUTES(10), MINUTES(15), MINUTES(30), MINUTES(60)},
    .n_looks = 4,
    .slow = {MINUTES(24 * 60)},
    .n_slow = 1,
    .late = {90000},
    .unfinished = MINUTES(240),
};
#undef MINUTES

static const struct needs needs_default = {.points = 0.6, .hosts = 0.8, .calls = 50};

/* --- what one reading goes through --- */

struct reader {
    struct ruleset *rs;
    struct complaints *c;
    const struct yaml_doc *doc;
    const char *file;  /* rs->files[...] of the document */
    const char *owner; /* of the whole file; NULL: none */
    unsigned
        windows_line[CHANGE_KIND_N + 1]; /* where each was set; the last: default */
    const char *windows_file[CHANGE_KIND_N + 1];
    bool failed; /* out of memory */
};

/* Complains at a node of the document being read. */
#define SAY(rd, at, code, ...)                                                         \
    yaml_complain((rd)->doc, (at), (rd)->c, code, __VA_ARGS__)

static char *copy(struct reader *rd, const char *text)
{
    if (text == NULL)
        return NULL;
    char *s = strdup(text);
    rd->failed |= s == NULL;
    return s;
}

/* The value of `key`, else the map itself: where to point. */
static const struct yaml_node *place(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *v = yaml_get(map, key);
    return v != NULL ? v : map;
}

static bool is_map(struct reader *rd, const struct yaml_node *v, const char *what)
{
    if (v->kind == YAML_MAP)
        return true;
    SAY(rd, v, "type", "%s must be a map of fields", what);
    return false;
}

/* --- windows --- */

struct windows_in {
    span before, settle, late, unfinished;
    struct yaml_texts looks, slow;
};

#define WINDOW(member, lowest, help_text)                                              \
    {                                                                                  \
        .name = #member, .type = YAML_T_SPAN,                                          \
        .offset = offsetof(struct windows_in, member), .least = (lowest),              \
        .most = 7 * 86400.0, .help = (help_text)                                       \
    }
static const struct yaml_field windows_fields[] = {
    WINDOW(before, 1, "time before the change that is compared"),
    WINDOW(settle, 0, "time after it that is left out"),
    {.name = "looks",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct windows_in, looks),
     .help = "when to look, counted from the end of the work on a host"},
    {.name = "slow",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct windows_in, slow),
     .help = "when to look for leaks, counted from the change of a host; off: never"},
    WINDOW(late, 0, "how long late samples are waited for"),
    WINDOW(unfinished, 1, "when a change that is never finished is closed"),
};
#undef WINDOW

static void read_looks(struct reader *rd, const struct yaml_node *map,
                       const struct yaml_texts *texts, struct windows_rule *w)
{
    const struct yaml_node *at = place(map, "looks");
    if (texts->n == 0 || texts->n > LOOKS_MAX) {
        SAY(rd, at, "looks", "looks has %zu times, expected 1 to %d", texts->n,
            LOOKS_MAX);
        return;
    }
    w->n_looks = 0;
    for (size_t i = 0; i < texts->n; i++) {
        const struct yaml_node *item = at->kind == YAML_LIST ? &at->item[i] : at;
        struct err err = {0};
        span look;
        if (span_parse(texts->at[i], &look, &err) < 0)
            SAY(rd, item, "span", "%s", err.text);
        else if (w->n_looks > 0 && look.ms <= w->looks[w->n_looks - 1].ms)
            SAY(rd, item, "looks", "look %s is not longer than the one before it",
                texts->at[i]);
        else
            w->looks[w->n_looks++] = look;
    }
    if (w->n_looks == 0)
        *w = windows_default; /* only so that what follows has something to check */
}

static void read_slow(struct reader *rd, const struct yaml_node *map,
                      const struct yaml_texts *texts, struct windows_rule *w)
{
    const struct yaml_node *at = place(map, "slow");
    w->n_slow = 0;
    if (texts->n == 1 && strcmp(texts->at[0], "off") == 0)
        return;
    if (texts->n == 0 || texts->n > SLOW_MAX) {
        SAY(rd, at, "slow", "slow has %zu times, expected 1 to %d, or off", texts->n,
            SLOW_MAX);
        return;
    }
    span least = w->looks[w->n_looks - 1];
    for (size_t i = 0; i < texts->n; i++) {
        const struct yaml_node *item = at->kind == YAML_LIST ? &at->item[i] : at;
        struct err err = {0};
        span look;
        if (span_parse(texts->at[i], &look, &err) < 0)
            SAY(rd, item, "span", "%s", err.text);
        else if (look.ms <= least.ms)
            SAY(rd, item, "slow", "slow look %s is not longer than the %s before it",
                texts->at[i], i > 0 ? "one" : "last look");
        else
            least = w->slow[w->n_slow++] = look;
    }
}

static void read_windows_of(struct reader *rd, const struct yaml_node *map,
                            struct windows_rule *w)
{
    if (!is_map(rd, map, "windows of a kind"))
        return;
    struct windows_in in = {w->before, w->settle, w->late, w->unfinished, {0}, {0}};
    if (yaml_read(rd->doc, map, "windows", windows_fields,
                  sizeof windows_fields / sizeof *windows_fields, &in, rd->c) < 0)
        return;
    w->before = in.before;
    w->settle = in.settle;
    w->late = in.late;
    w->unfinished = in.unfinished;
    if (yaml_get(map, "looks") != NULL)
        read_looks(rd, map, &in.looks, w);
    if (yaml_get(map, "slow") != NULL)
        read_slow(rd, map, &in.slow, w);
    if (w->looks[0].ms <= w->settle.ms) {
        char look[SPAN_TEXT_MAX], settle[SPAN_TEXT_MAX];
        SAY(rd, place(map, "settle"), "windows",
            "the first look (%s) must be longer than settle (%s), or nothing "
            "is left to compare",
            span_text(w->looks[0], look), span_text(w->settle, settle));
    }
}

/* CHANGE_KIND_N for "default"; -1 after a complaint. */
static int windows_kind(struct reader *rd, const struct yaml_node *key)
{
    if (strcmp(key->text, "default") == 0)
        return CHANGE_KIND_N;
    enum change_kind kind = change_kind_of(key->text);
    if (kind == CHANGE_KIND_N) {
        SAY(rd, key, "kind", "unknown kind '%s' in windows, expected default, %s",
            key->text, change_kind_list());
        return -1;
    }
    return (int)kind;
}

static void read_windows(struct reader *rd, const struct yaml_node *map)
{
    if (!is_map(rd, map, "windows"))
        return;
    /* The default first, wherever it stands: the kinds take from it what they leave
     * out. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < map->n; i++) {
            bool is_default = strcmp(map->key[i].text, "default") == 0;
            if (is_default != (pass == 0))
                continue;
            int kind = windows_kind(rd, &map->key[i]);
            if (kind < 0)
                continue;
            if (rd->windows_file[kind] != NULL) {
                SAY(rd, &map->key[i], "twice", "windows of %s are set already in %s:%u",
                    map->key[i].text, rd->windows_file[kind], rd->windows_line[kind]);
                continue;
            }
            rd->windows_file[kind] = rd->file;
            rd->windows_line[kind] = map->key[i].line;
            struct windows_rule w = rd->rs->windows[is_default ? 0 : kind];
            read_windows_of(rd, &map->item[i], &w);
            for (int k = 0; k < CHANGE_KIND_N; k++)
                if (k == kind || (is_default && rd->windows_file[k] == NULL))
                    rd->rs->windows[k] = w;
        }
    }
}

/* --- a rule's parts --- */

/* "30%" is 0.3; "30" is 30.  The whole text or nothing. */
static bool read_figure(const char *text, double *ret_value, bool *ret_percent)
{
    char *end;
    errno = 0;
    /* strtod takes more than our figures: hexadecimal, "inf", leading blanks */
    if (text[strspn(text, "+-.0123456789eE%")] != '\0')
        return false;
    double v = strtod(text, &end);
    if (end == text || errno != 0 || !isfinite(v))
        return false;
    *ret_percent = strcmp(end, "%") == 0;
    if (*end != '\0' && !*ret_percent)
        return false;
    *ret_value = *ret_percent ? v / 100 : v;
    return true;
}

struct bar_in {
    const char *q, *effect, *delta;
    uint64_t count;
};

#define BAR(member, kind, help_text)                                                   \
    {                                                                                  \
        .name = #member, .type = (kind), .offset = offsetof(struct bar_in, member),    \
        .help = (help_text)                                                            \
    }
static const struct yaml_field bar_fields[] = {
    BAR(q, YAML_T_TEXT, "accepted share of false findings, such as 1%"),
    BAR(effect, YAML_T_TEXT, "relative change, such as 30%"),
    BAR(delta, YAML_T_TEXT, "change in the metric's unit; of shares in points: 0.5%"),
    BAR(count, YAML_T_COUNT, "events that there must be"),
};
#undef BAR

/* Reads one figure of a bar.  `percent`: 1 it must have the sign, -1 it must not. */
static double bar_figure(struct reader *rd, const struct yaml_node *map,
                         const char *name, const char *text, int percent, double most)
{
    double v = 0;
    bool has_sign = false;
    if (text == NULL)
        return 0;
    const struct yaml_node *at = place(map, name);
    if (!read_figure(text, &v, &has_sign) || !(v > 0 && v <= most))
        yaml_complain(
            rd->doc, at, rd->c, "figure", "%s is '%s', expected a %s above 0%s", name,
            text, percent > 0 ? "share" : "number", percent > 0 ? " such as 30%" : "");
    else if (percent > 0 && !has_sign)
        SAY(rd, at, "figure", "%s is '%s', expected a share with its sign: %g%%", name,
            text, v <= 1 ? v * 100 : v);
    else if (percent < 0 && has_sign)
        yaml_complain(
            rd->doc, at, rd->c, "figure",
            "%s is '%s', but it is a change in the metric's own unit: expected "
            "a number without %%",
            name, text);
    return v;
}

static void read_bar(struct reader *rd, const struct yaml_node *map, const char *what,
                     const struct rule *r, struct bar *bar)
{
    struct bar_in in = {0};
    if (map == NULL || !is_map(rd, map, what))
        return;
    if (yaml_read(rd->doc, map, what, bar_fields,
                  sizeof bar_fields / sizeof *bar_fields, &in, rd->c) < 0)
        return;
    bool share = r->subject == SUBJECT_CALLS && r->measure != MEASURE_LATENCY &&
                 r->measure != MEASURE_TRAFFIC;
    bar->set = true;
    bar->q = bar_figure(rd, map, "q", in.q, 0, 0.5);
    bar->effect = bar_figure(rd, map, "effect", in.effect, 1, 1e6);
    bar->delta = bar_figure(rd, map, "delta", in.delta, share ? 1 : -1, 1e15);
    bar->count = (double)in.count;
    if (map->n == 0 && r->subject != SUBJECT_SILENCE)
        yaml_complain(
            rd->doc, map, rd->c, "bar",
            "%s says nothing, expected one or more of q, effect, delta, count", what);
    if (r->subject == SUBJECT_SERIES && in.count > 0)
        SAY(rd, place(map, "count"), "bar",
            "count is for calls, silence, coredumps, alarms, tests and probes; a "
            "series "
            "has no events");
    if (r->subject == SUBJECT_SILENCE && (in.q != NULL || in.delta != NULL))
        SAY(rd, map, "bar",
            "silence knows effect (share of the changed hosts) and count "
            "(hosts) only");
    if (r->subject == SUBJECT_CORES && in.delta != NULL)
        SAY(rd, place(map, "delta"), "bar",
            "coredumps know count (dumps), and q and effect for crashes that are "
            "known already%s",
            "");
    if (r->subject == SUBJECT_ALARMS && (in.effect != NULL || in.delta != NULL))
        SAY(rd, map, "bar",
            "alarms know count (hosts), and q for alarms that ring in ordinary times "
            "too%s",
            "");
    if (r->subject == SUBJECT_TESTS &&
        (in.q != NULL || in.effect != NULL || in.delta != NULL))
        SAY(rd, map, "bar", "tests know count only: tests that began to fail%s", "");
    if (r->subject == SUBJECT_PROBES && in.delta != NULL)
        SAY(rd, place(map, "delta"), "bar",
            "probes know count (hosts), effect (share of the hosts), and q for probes "
            "that fail now and then%s",
            "");
    if (r->subject == SUBJECT_RELIEF &&
        (in.q != NULL || in.delta != NULL || in.count > 0 || in.effect == NULL))
        SAY(rd, map, "bar",
            "relief knows effect only: the share of what the new hosts should take "
            "that is enough");
}

struct limit_in {
    const char *above, *below, *hold, *grade;
};

#define LIMIT(member, must, help_text)                                                 \
    {                                                                                  \
        .name = #member, .type = YAML_T_TEXT,                                          \
        .offset = offsetof(struct limit_in, member), .required = (must),               \
        .help = (help_text)                                                            \
    }
static const struct yaml_field limit_fields[] = {
    LIMIT(above, false, "broken when the value is above this"),
    LIMIT(below, false, "broken when the value is below this"),
    LIMIT(hold, false, "\"3 of 5\": in how many of the last points it must be broken"),
    LIMIT(grade, false, "attention or must-handle"),
};
#undef LIMIT

static bool read_hold(const char *text, int *ret_hold, int *ret_of)
{
    enum { POINTS_MAX = 60 };
    char *end;
    if (*text < '1' || *text > '9')
        return false;
    long hold = strtol(text, &end, 10);
    if (strncmp(end, " of ", 4) != 0 || end[4] < '1' || end[4] > '9')
        return false;
    long of = strtol(end + 4, &end, 10);
    if (*end != '\0' || hold > of || of > POINTS_MAX)
        return false;
    *ret_hold = (int)hold;
    *ret_of = (int)of;
    return true;
}

static void read_limit(struct reader *rd, const struct yaml_node *map, struct limit *l)
{
    struct limit_in in = {.hold = "3 of 5", .grade = "must-handle"};
    if (map == NULL || !is_map(rd, map, "limit"))
        return;
    if (yaml_read(rd->doc, map, "limit", limit_fields,
                  sizeof limit_fields / sizeof *limit_fields, &in, rd->c) < 0)
        return;
    *l = (struct limit){.set = true, .above = in.above != NULL};
    if ((in.above != NULL) == (in.below != NULL)) {
        SAY(rd, map, "limit", "expected either above or below");
        return;
    }
    bool percent = false;
    const char *side = l->above ? "above" : "below";
    if (!read_figure(l->above ? in.above : in.below, &l->value, &percent) || percent)
        SAY(rd, place(map, side), "limit",
            "%s is '%s', expected a number in the metric's unit", side,
            l->above ? in.above : in.below);
    if (!read_hold(in.hold, &l->hold, &l->of))
        SAY(rd, place(map, "hold"), "limit",
            "hold is '%s', expected something like \"3 of 5\", at most 60", in.hold);
    l->grade = grade_of(in.grade);
    if (l->grade != GRADE_ATTENTION && l->grade != GRADE_MUST_HANDLE)
        SAY(rd, place(map, "grade"), "grade",
            "grade is '%s', expected attention or must-handle", in.grade);
}

#define NEED(member, kind, top, help_text)                                             \
    {                                                                                  \
        .name = #member, .type = (kind), .offset = offsetof(struct needs_in, member),  \
        .most = (top), .help = (help_text)                                             \
    }
struct needs_in {
    double points, hosts;
    uint64_t calls;
};
static const struct yaml_field needs_fields[] = {
    NEED(points, YAML_T_SHARE, 1, "share of the points of either window"),
    NEED(hosts, YAML_T_SHARE, 1, "share of the changed hosts that have them"),
    NEED(calls, YAML_T_COUNT, 1e12, "calls in either window"),
};
#undef NEED

static void read_needs(struct reader *rd, const struct yaml_node *map, struct needs *n)
{
    struct needs_in in = {n->points, n->hosts, (uint64_t)n->calls};
    if (map == NULL || !is_map(rd, map, "needs"))
        return;
    if (yaml_read(rd->doc, map, "needs", needs_fields,
                  sizeof needs_fields / sizeof *needs_fields, &in, rd->c) < 0)
        return;
    *n = (struct needs){in.points, in.hosts, (double)in.calls};
}

struct on_in {
    struct yaml_texts kinds;
    const char *service, *host;
};
static const struct yaml_field on_fields[] = {
    {.name = "kinds",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct on_in, kinds),
     .help = "kinds of change; all when left out"},
    {.name = "service",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct on_in, service),
     .help = "services, as a glob"},
    {.name = "host",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct on_in, host),
     .help = "hosts, as a glob"},
};

static void read_on(struct reader *rd, const struct yaml_node *map, struct rule *r)
{
    struct on_in in = {0};
    if (map == NULL || !is_map(rd, map, "on"))
        return;
    if (yaml_read(rd->doc, map, "on", on_fields, sizeof on_fields / sizeof *on_fields,
                  &in, rd->c) < 0)
        return;
    const struct yaml_node *at = place(map, "kinds");
    for (size_t i = 0; i < in.kinds.n; i++) {
        enum change_kind kind = change_kind_of(in.kinds.at[i]);
        if (kind == CHANGE_KIND_N)
            SAY(rd, at->kind == YAML_LIST ? &at->item[i] : at, "kind",
                "unknown kind '%s', expected %s", in.kinds.at[i], change_kind_list());
        else
            r->kinds |= 1u << kind;
    }
    r->service = copy(rd, in.service);
    r->host = copy(rd, in.host);
}

static void read_patterns(struct reader *rd, const struct yaml_node *at,
                          const struct yaml_texts *texts, char **to, size_t *n)
{
    if (texts->n > PATTERNS_MAX) {
        SAY(rd, at, "many", "%zu patterns, at most %d are allowed", texts->n,
            PATTERNS_MAX);
        return;
    }
    for (size_t i = 0; i < texts->n; i++) {
        if (texts->at[i][0] == '\0')
            SAY(rd, at->kind == YAML_LIST ? &at->item[i] : at, "empty",
                "an empty pattern fits nothing");
        to[(*n)++] = copy(rd, texts->at[i]);
    }
}

struct calls_in {
    const char *measure;
    struct yaml_texts edges;
};
static const struct yaml_field calls_fields[] = {
    {.name = "measure",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct calls_in, measure),
     .required = true,
     .help = "fail_share, timeout_share, code_share, latency or traffic"},
    {.name = "edges",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct calls_in, edges),
     .help = "\"caller->callee:iface\" as globs; all when left out"},
};

static void read_calls(struct reader *rd, const struct yaml_node *map, struct rule *r)
{
    struct calls_in in = {0};
    if (!is_map(rd, map, "calls"))
        return;
    if (yaml_read(rd->doc, map, "calls", calls_fields,
                  sizeof calls_fields / sizeof *calls_fields, &in, rd->c) < 0)
        return;
    int m = 0;
    while (m < MEASURE_N && strcmp(in.measure, measure_names[m]) != 0)
        m++;
    if (m == MEASURE_N) {
        const char *near = nearest_name(in.measure, measure_names);
        SAY(rd, place(map, "measure"), "measure",
            "unknown measure '%s'%s%s%s, expected fail_share, timeout_share, "
            "code_share, latency or traffic",
            in.measure, near != NULL ? ", did you mean '" : "",
            near != NULL ? near : "", near != NULL ? "'" : "");
        m = 0;
    }
    r->measure = (enum measure)m;
    static const char *all = "*";
    struct yaml_texts every = {&all, 1};
    read_patterns(rd, place(map, "edges"),
                  yaml_get(map, "edges") != NULL ? &in.edges : &every, r->pattern,
                  &r->n_patterns);
}

struct probes_in {
    const char *hold;
    struct yaml_texts series, ok_when, result_labels;
};
static const struct yaml_field probes_fields[] = {
    {.name = "series",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct probes_in, series),
     .required = true,
     .help = "series that hold results, as globs"},
    {.name = "ok_when",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct probes_in, ok_when),
     .help = "values that passed: a number, or a range such as 200..399; 1 when left "
             "out"},
    {.name = "hold",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct probes_in, hold),
     .help = "\"3 of 5\": how many of the last points must have failed"},
    {.name = "result_labels",
     .type = YAML_T_TEXTS,
     .offset = offsetof(struct probes_in, result_labels),
     .help = "labels that tell the result, as globs; result, result_type and "
             "status_code when left out"},
};

/* "1", "200..399". */
static bool read_pass(const char *text, double *ret_from, double *ret_to)
{
    char from[64];
    bool percent = false;
    const char *dots = strstr(text, "..");
    size_t n = dots != NULL ? (size_t)(dots - text) : strlen(text);
    if (n >= sizeof from)
        return false;
    memcpy(from, text, n);
    from[n] = '\0';
    if (!read_figure(from, ret_from, &percent) || percent)
        return false;
    *ret_to = *ret_from;
    return dots == NULL || (read_figure(dots + 2, ret_to, &percent) && !percent &&
                            *ret_to >= *ret_from);
}

static void read_passes(struct reader *rd, const struct yaml_node *map,
                        const struct yaml_texts *texts, struct probing *p)
{
    const struct yaml_node *at = place(map, "ok_when");
    if (texts->n == 0 || texts->n > PASSES_MAX)
        SAY(rd, at, "ok_when", "ok_when has %zu values, expected 1 to %d", texts->n,
            PASSES_MAX);
    for (size_t i = 0; i < texts->n && i < PASSES_MAX; i++) {
        if (!read_pass(texts->at[i], &p->pass[i].from, &p->pass[i].to))
            SAY(rd, at->kind == YAML_LIST ? &at->item[i] : at, "ok_when",
                "ok_when is '%s', expected a number such as 1, or a range such as "
                "200..399",
                texts->at[i]);
        p->n_pass++;
    }
}

static void read_probes(struct reader *rd, const struct yaml_node *map, struct rule *r)
{
    static const char *one = "1";
    static const char *labels[] = {"result", "result_type", "status_code"};
    struct probes_in in = {.hold = "3 of 5",
                           .ok_when = {&one, 1},
                           .result_labels = {labels, sizeof labels / sizeof *labels}};
    if (!is_map(rd, map, "probes"))
        return;
    if (yaml_read(rd->doc, map, "probes", probes_fields,
                  sizeof probes_fields / sizeof *probes_fields, &in, rd->c) < 0)
        return;
    if (in.series.n == 0)
        SAY(rd, place(map, "series"), "empty", "series names nothing");
    read_patterns(rd, place(map, "series"), &in.series, r->pattern, &r->n_patterns);
    read_passes(rd, map, &in.ok_when, &r->probing);
    read_patterns(rd, place(map, "result_labels"), &in.result_labels,
                  r->probing.result_label, &r->probing.n_result_labels);
    if (!read_hold(in.hold, &r->probing.hold, &r->probing.of))
        SAY(rd, place(map, "hold"), "hold",
            "hold is '%s', expected something like \"3 of 5\", at most 60", in.hold);
}

/* --- a rule --- */

struct rule_in {
    const char *id, *title, *owner, *worse, *unit, *why, *advice, *runbook, *mode;
    uint64_t rev;
    bool silence, coredumps, alarms, tests;
    double weight;
    span fresh_after;
    struct yaml_texts series, relief, names, severity, ok_codes;
    const struct yaml_node *on, *calls, *probes, *attention, *must_handle, *limit,
        *needs;
};

#define FIELD(field_name, kind, member, help_text)                                     \
    {                                                                                  \
        .name = (field_name), .type = (kind),                                          \
        .offset = offsetof(struct rule_in, member), .help = (help_text)                \
    }
static const struct yaml_field rule_fields[] = {
    {.name = "id",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct rule_in, id),
     .required = true,
     .help = "the rule's name in findings, such as cpu.jump"},
    FIELD("title", YAML_T_TEXT, title, "the rule in words"),
    FIELD("rev", YAML_T_COUNT, rev, "counts up with each edit"),
    FIELD("owner", YAML_T_TEXT, owner, "who answers for it; else the file's owner"),
    FIELD("on", YAML_T_NODE, on, "kinds, service, host it is about"),
    FIELD("series", YAML_T_TEXTS, series, "metric names as globs"),
    FIELD("calls", YAML_T_NODE, calls, "a measure of calls"),
    FIELD("silence", YAML_T_BOOL, silence, "true: changed hosts that stop sending"),
    FIELD("relief", YAML_T_TEXTS, relief,
          "figures of load, as globs: new hosts share it"),
    FIELD("coredumps", YAML_T_BOOL, coredumps,
          "true: programs that crash on the changed hosts"),
    FIELD("alarms", YAML_T_BOOL, alarms, "true: alarms that began after the change"),
    FIELD("tests", YAML_T_BOOL, tests, "true: tests that began to fail"),
    FIELD("probes", YAML_T_NODE, probes, "series that hold results of probes"),
    FIELD("names", YAML_T_TEXTS, names,
          "alarms by name, or tests by \"suite/class.name\", as globs; all when left "
          "out"),
    FIELD("severity", YAML_T_TEXTS, severity,
          "of alarms, in small letters, as globs; all when left out"),
    FIELD("worse", YAML_T_TEXT, worse, "up, down or both"),
    FIELD("unit", YAML_T_TEXT, unit, "of the series, such as % or ms"),
    FIELD("attention", YAML_T_NODE, attention, "what is needed for attention"),
    FIELD("must-handle", YAML_T_NODE, must_handle, "what is needed for must-handle"),
    FIELD("limit", YAML_T_NODE, limit, "a hard limit"),
    FIELD("needs", YAML_T_NODE, needs, "how much data it needs"),
    FIELD("ok_codes", YAML_T_TEXTS, ok_codes, "return codes that are no failures"),
    {.name = "fresh_after",
     .type = YAML_T_SPAN,
     .offset = offsetof(struct rule_in, fresh_after),
     .most = 7 * 86400.0,
     .help = "how long the figure is not judged on new hosts"},
    {.name = "weight",
     .type = YAML_T_NUMBER,
     .offset = offsetof(struct rule_in, weight),
     .least = 0.001,
     .most = 1000,
     .help = "importance; ranks findings of one grade"},
    FIELD("why", YAML_T_TEXT, why, "why it is looked at"),
    FIELD("advice", YAML_T_TEXT, advice, "what to do"),
    FIELD("runbook", YAML_T_TEXT, runbook, "an address"),
    FIELD("mode", YAML_T_TEXT, mode, "enforce or shadow"),
};
#undef FIELD

/* The index of `text` in `names`; complains and gives 0 when it is not there. */
static int one_of(struct reader *rd, const struct yaml_node *map, const char *field,
                  const char *text, const char *const *names)
{
    struct buf list = {0};
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(text, names[i]) == 0) {
            buf_free(&list);
            return i;
        }
        buf_addf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    SAY(rd, place(map, field), field, "%s is '%s', expected %s", field, text,
        buf_text(&list));
    buf_free(&list);
    return 0;
}

static void read_subject(struct reader *rd, const struct yaml_node *map,
                         const struct rule_in *in, struct rule *r)
{
    bool has_series = yaml_get(map, "series") != NULL;
    bool has_relief = yaml_get(map, "relief") != NULL;
    int n = has_series + (in->calls != NULL) + in->silence + in->coredumps +
            in->alarms + in->tests + has_relief + (in->probes != NULL);
    if (n != 1) {
        yaml_complain(
            rd->doc, map, rd->c, "subject",
            "rule '%s' has %s, expected exactly one of series, calls, relief, probes, "
            "silence: true, coredumps: true, alarms: true, tests: true",
            in->id, n == 0 ? "no subject" : "several subjects");
        return;
    }
    if (has_series) {
        r->subject = SUBJECT_SERIES;
        if (in->series.n == 0)
            SAY(rd, place(map, "series"), "empty", "series names nothing");
        read_patterns(rd, place(map, "series"), &in->series, r->pattern,
                      &r->n_patterns);
    } else if (has_relief) {
        r->subject = SUBJECT_RELIEF;
        if (in->relief.n == 0)
            SAY(rd, place(map, "relief"), "empty", "relief names no figure of load");
        read_patterns(rd, place(map, "relief"), &in->relief, r->pattern,
                      &r->n_patterns);
    } else if (in->calls != NULL) {
        r->subject = SUBJECT_CALLS;
        read_calls(rd, in->calls, r);
    } else if (in->probes != NULL) {
        r->subject = SUBJECT_PROBES;
        read_probes(rd, in->probes, r);
    } else {
        r->subject = in->silence     ? SUBJECT_SILENCE
                     : in->coredumps ? SUBJECT_CORES
                     : in->alarms    ? SUBJECT_ALARMS
                                     : SUBJECT_TESTS;
    }
}

/* Which alarms or tests it is about. */
static void read_names(struct reader *rd, const struct yaml_node *map,
                       const struct rule_in *in, struct rule *r)
{
    static const char *all = "*";
    struct yaml_texts every = {&all, 1};
    bool named = yaml_get(map, "names") != NULL;
    if (r->subject == SUBJECT_ALARMS || r->subject == SUBJECT_TESTS)
        read_patterns(rd, place(map, "names"), named ? &in->names : &every, r->pattern,
                      &r->n_patterns);
    else if (named)
        SAY(rd, place(map, "names"), "names", "names go with alarms and tests only%s",
            "");
    if (r->subject != SUBJECT_ALARMS && in->severity.n > 0)
        SAY(rd, place(map, "severity"), "severity", "severity goes with alarms only%s",
            "");
    read_patterns(rd, place(map, "severity"), &in->severity, r->severity,
                  &r->n_severities);
}

static bool weaker(const struct bar *must, const struct bar *attention)
{
    return (must->q > 0 && attention->q > 0 && must->q > attention->q) ||
           must->effect < attention->effect || must->delta < attention->delta ||
           must->count < attention->count;
}

static void check_fits(struct reader *rd, const struct yaml_node *map,
                       const struct rule_in *in, const struct rule *r)
{
    if (!r->attention.set && !r->must_handle.set && !r->limit.set)
        SAY(rd, map, "bar",
            "rule '%s' can never speak, expected attention, must-handle or "
            "limit",
            in->id);
    if (in->limit != NULL && r->subject != SUBJECT_SERIES)
        SAY(rd, in->limit, "limit", "limit goes with series only");
    if (r->n_ok_codes > 0 && r->subject != SUBJECT_CALLS)
        SAY(rd, place(map, "ok_codes"), "ok_codes", "ok_codes go with calls only%s",
            "");
    if (r->unit != NULL && r->subject != SUBJECT_SERIES && r->subject != SUBJECT_RELIEF)
        SAY(rd, place(map, "unit"), "unit", "unit goes with series and relief only");
    if (r->fresh_after.ms > 0 && r->subject != SUBJECT_SERIES)
        SAY(rd, place(map, "fresh_after"), "fresh_after",
            "fresh_after goes with series only");
    if (r->host != NULL && r->subject == SUBJECT_CALLS)
        SAY(rd, place(in->on, "host"), "host", "calls are not told apart by host%s",
            "");
    if (r->host != NULL && r->subject == SUBJECT_CORES)
        SAY(rd, place(in->on, "host"), "host",
            "coredumps are put together over all hosts%s", "");
    if (r->host != NULL &&
        (r->subject == SUBJECT_ALARMS || r->subject == SUBJECT_TESTS))
        SAY(rd, place(in->on, "host"), "host",
            "alarms and tests are put together over all hosts%s", "");
    /* of relief, less is worse */
    if (r->attention.set && r->must_handle.set && r->subject != SUBJECT_RELIEF &&
        weaker(&r->must_handle, &r->attention))
        complain_warn(
            rd->c, rd->file, in->must_handle->line, in->must_handle->column, "weaker",
            "must-handle of '%s' asks for less than attention in a part", in->id);
}

static void check_id(struct reader *rd, const struct yaml_node *map, const char *id)
{
    const struct yaml_node *at = place(map, "id");
    size_t n = strlen(id);
    if (n == 0 || n > 100 || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789._-") != n)
        SAY(rd, at, "id", "id is '%s', expected 1 to 100 of a-z 0-9 . _ -", id);
    for (size_t i = 0; i < rd->rs->n; i++)
        if (strcmp(rd->rs->rule[i].id, id) == 0)
            SAY(rd, at, "twice", "id '%s' is taken already by %s:%u", id,
                rd->rs->rule[i].file, rd->rs->rule[i].line);
}

static void rule_clear(struct rule *r)
{
    char *texts[] = {r->id,      r->title, r->owner,   r->why, r->advice,
                     r->runbook, r->unit,  r->service, r->host};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < r->n_patterns; i++)
        free(r->pattern[i]);
    for (size_t i = 0; i < r->n_severities; i++)
        free(r->severity[i]);
    for (size_t i = 0; i < r->n_ok_codes; i++)
        free(r->ok_codes[i]);
    for (size_t i = 0; i < r->probing.n_result_labels; i++)
        free(r->probing.result_label[i]);
    *r = (struct rule){0};
}

static void fill_rule(struct reader *rd, const struct yaml_node *map,
                      const struct rule_in *in, struct rule *r)
{
    static const char *const worse[] = {
        [WORSE_BOTH] = "both", [WORSE_UP] = "up", [WORSE_DOWN] = "down", NULL};
    static const char *const mode[] = {"enforce", "shadow", NULL};
    *r = (struct rule){.rev = (int)in->rev,
                       .line = place(map, "id")->line,
                       .file = rd->file,
                       .needs = needs_default,
                       .fresh_after = in->fresh_after,
                       .weight = in->weight};
    r->id = copy(rd, in->id);
    r->title = copy(rd, in->title != NULL ? in->title : in->id);
    r->owner = copy(rd, in->owner != NULL ? in->owner : rd->owner);
    r->why = copy(rd, in->why);
    r->advice = copy(rd, in->advice);
    r->runbook = copy(rd, in->runbook);
    r->unit = copy(rd, in->unit);
    r->worse = (enum worse)one_of(rd, map, "worse", in->worse, worse);
    r->shadow = one_of(rd, map, "mode", in->mode, mode) == 1;
    read_subject(rd, map, in, r);
    read_names(rd, map, in, r);
    read_on(rd, in->on, r);
    read_bar(rd, in->attention, "attention", r, &r->attention);
    read_bar(rd, in->must_handle, "must-handle", r, &r->must_handle);
    read_limit(rd, in->limit, &r->limit);
    read_needs(rd, in->needs, &r->needs);
    read_patterns(rd, place(map, "ok_codes"), &in->ok_codes, r->ok_codes,
                  &r->n_ok_codes);
    check_fits(rd, map, in, r);
}

static void read_rule(struct reader *rd, const struct yaml_node *map)
{
    struct rule_in in = {.worse = "both", .mode = "enforce", .rev = 1, .weight = 1};
    if (!is_map(rd, map, "a rule"))
        return;
    if (yaml_read(rd->doc, map, "rule", rule_fields,
                  sizeof rule_fields / sizeof *rule_fields, &in, rd->c) < 0)
        return;
    check_id(rd, map, in.id);
    struct ruleset *rs = rd->rs;
    if (rs->n == RULES_MAX) {
        SAY(rd, map, "many", "more than %d rules", RULES_MAX);
        return;
    }
    if ((rs->n & (rs->n - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        struct rule *more =
            realloc(rs->rule, (rs->n > 0 ? rs->n * 2 : 1) * sizeof *more);
        if (more == NULL) {
            rd->failed = true;
            return;
        }
        rs->rule = more;
    }
    fill_rule(rd, map, &in, &rs->rule[rs->n]);
    rs->n++;
}

/* --- a file --- */

struct file_in {
    uint64_t format;
    const char *pack, *owner;
    const struct yaml_node *windows, *rules;
};
static const struct yaml_field file_fields[] = {
    {.name = "format",
     .type = YAML_T_COUNT,
     .offset = offsetof(struct file_in, format),
     .required = true,
     .help = "1"},
    {.name = "pack",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct file_in, pack),
     .help = "name of the pack, shown in every verdict"},
    {.name = "owner",
     .type = YAML_T_TEXT,
     .offset = offsetof(struct file_in, owner),
     .help = "who answers for its rules"},
    {.name = "windows",
     .type = YAML_T_NODE,
     .offset = offsetof(struct file_in, windows),
     .help = "what is compared, by kind of change"},
    {.name = "rules",
     .type = YAML_T_NODE,
     .offset = offsetof(struct file_in, rules),
     .help = "list of rules"},
};

static void read_file(struct reader *rd, const struct yaml_node *root)
{
    struct file_in in = {0};
    if (!is_map(rd, root, "a rule file"))
        return;
    if (yaml_read(rd->doc, root, "rule file", file_fields,
                  sizeof file_fields / sizeof *file_fields, &in, rd->c) < 0)
        return;
    if (in.format != 1)
        SAY(rd, place(root, "format"), "format",
            "format is %llu, this program reads format 1",
            (unsigned long long)in.format);
    if (in.pack != NULL && rd->rs->name == NULL) {
        struct err err = {0};
        if (name_check(in.pack, strlen(in.pack), &err) < 0)
            SAY(rd, place(root, "pack"), "pack", "pack %s", err.text);
        rd->rs->name = copy(rd, in.pack);
    }
    rd->owner = in.owner;
    if (in.windows != NULL)
        read_windows(rd, in.windows);
    if (in.rules == NULL)
        return;
    if (in.rules->kind != YAML_LIST) {
        SAY(rd, in.rules, "type", "rules must be a list");
        return;
    }
    for (size_t i = 0; i < in.rules->n; i++)
        read_rule(rd, &in.rules->item[i]);
}

/* One text of the set.  `texts` gathers them for the hash. */
static void take_text(struct reader *rd, const char *file, const char *text, size_t n,
                      struct buf *texts)
{
    struct ruleset *rs = rd->rs;
    char **more = realloc(rs->files, (rs->n_files + 1) * sizeof *more);
    char *name = strdup(file);
    if (more != NULL)
        rs->files = more;
    if (more == NULL || name == NULL) {
        free(name);
        rd->failed = true;
        return;
    }
    rs->files[rs->n_files++] = name;
    rd->file = name;
    buf_add_n(texts, text, n);
    buf_add_ch(texts, '\0'); /* so that moving text between files changes the hash */
    struct yaml_doc *doc = yaml_parse(file, text, n, rd->c);
    if (doc == NULL)
        return;
    rd->doc = doc;
    read_file(rd, yaml_root(doc));
    yaml_doc_free(&doc);
}

static struct ruleset *begin(struct reader *rd, struct complaints *c)
{
    *rd = (struct reader){.rs = calloc(1, sizeof *rd->rs), .c = c};
    for (int k = 0; rd->rs != NULL && k < CHANGE_KIND_N; k++)
        rd->rs->windows[k] = windows_default;
    return rd->rs;
}

/* The set, or NULL when there was a complaint that is no warning. */
static struct ruleset *finish(struct reader *rd, size_t errors, const char *what,
                              struct buf *texts)
{
    struct ruleset *rs = rd->rs;
    char hex[SHA256_HEX_MAX];
    sha256_hex(buf_text(texts), texts->len, hex);
    memcpy(rs->hash, hex, sizeof rs->hash - 1);
    if (rs->name == NULL)
        rs->name = copy(rd, "rules");
    if (rs->n == 0 && rd->c->errors == errors)
        complain(rd->c, what, 1, 1, "empty", "no rules in here, expected at least one");
    if (rd->failed || buf_done(texts) < 0)
        complain(rd->c, what, 1, 1, "memory", "out of memory");
    complaints_sort(rd->c);
    if (rd->c->errors > errors)
        ruleset_free(&rs);
    return rs;
}

struct ruleset *ruleset_parse(const char *file, const char *text, size_t n,
                              struct complaints *c)
{
    struct reader rd;
    OWNED_BUF texts = {0};
    size_t errors = c->errors;
    if (begin(&rd, c) == NULL)
        return NULL;
    take_text(&rd, file, text, n, &texts);
    return finish(&rd, errors, file, &texts);
}

static struct ruleset *load_defaults(struct complaints *c)
{
    struct reader rd;
    OWNED_BUF texts = {0};
    size_t errors = c->errors;
    if (begin(&rd, c) == NULL)
        return NULL;
    for (const struct default_pack *p = default_packs; p->name != NULL; p++) {
        char file[128];
        snprintf(file, sizeof file, "defaults/%s", p->name);
        take_text(&rd, file, p->text, p->n, &texts);
    }
    return finish(&rd, errors, "defaults", &texts);
}

/* At most YAML_BYTES_MAX bytes: one more shows that it is too long, and yaml_parse says
 * so. */
static void take_file(struct reader *rd, const char *path, struct buf *texts)
{
    FILE *f = fopen(path, "re");
    char *text = f != NULL ? malloc(YAML_BYTES_MAX + 1) : NULL;
    if (text == NULL) {
        complain(rd->c, path, 1, 1, "file", "cannot be read: %s", strerror(errno));
    } else {
        size_t n = fread(text, 1, YAML_BYTES_MAX + 1, f);
        if (ferror(f))
            complain(rd->c, path, 1, 1, "file", "cannot be read: %s", strerror(errno));
        else
            take_text(rd, path, text, n, texts);
    }
    free(text);
    if (f != NULL)
        fclose(f);
}

static int is_pack(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && d->d_name[0] != '.' && strcmp(d->d_name + n - 4, ".yml") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void take_folder(struct reader *rd, const char *path, struct buf *texts)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_pack, by_bytes);
    if (n < 0) {
        complain(rd->c, path, 1, 1, "file", "cannot be read: %s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        char file[4096];
        if (snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name) <
            (int)sizeof file)
            take_file(rd, file, texts);
        else
            complain(rd->c, path, 1, 1, "file", "the path of %s is too long",
                     entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}

struct ruleset *ruleset_load(const char *path, struct complaints *c)
{
    if (path == NULL)
        return load_defaults(c);
    struct reader rd;
    OWNED_BUF texts = {0};
    struct stat st;
    size_t errors = c->errors;
    if (begin(&rd, c) == NULL)
        return NULL;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        take_folder(&rd, path, &texts);
    else
        take_file(&rd, path, &texts);
    return finish(&rd, errors, path, &texts);
}

void ruleset_free(struct ruleset **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n; i++)
        rule_clear(&(*r)->rule[i]);
    for (size_t i = 0; i < (*r)->n_files; i++)
        free((*r)->files[i]);
    free((*r)->rule);
    free((*r)->files);
    free((*r)->name);
    free(*r);
    *r = NULL;
}

/* --- asking --- */

bool rule_applies(const struct rule *r, const struct change *c)
{
    if (r->kinds != 0 && (r->kinds & 1u << c->kind) == 0)
        return false;
    if (r->service == NULL)
        return true;
    return glob_match(r->service, c->service != NULL ? c->service : "");
}

/* A pattern without a tag speaks for a figure whatever its tags: "cpu.busy" for
 * "cpu.busy{idc=sh1}". */
static bool fits_base(const char *pattern, const char *name)
{
    enum { BASE_MAX = 512 };
    char base[BASE_MAX];
    size_t n = strcspn(name, "{");
    if (name[n] == '\0' || n >= sizeof base || strchr(pattern, '{') != NULL)
        return false;
    memcpy(base, name, n);
    base[n] = '\0';
    return glob_match(pattern, base);
}

/* 0: does not fit; 1: fits by wildcards alone; exact names above all others. */
static int fit(const char *pattern, const char *name, bool tags)
{
    if (!glob_match(pattern, name) && !(tags && fits_base(pattern, name)))
        return 0;
    int letters = 0;
    bool wild = false;
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '*' || *p == '?')
            wild = true;
        else
            letters++;
    }
    return 1 + letters + (wild ? 0 : 1 << 20);
}

int rule_fit(const struct rule *r, const char *name)
{
    int best = 0;
    bool tags = r->subject == SUBJECT_SERIES || r->subject == SUBJECT_RELIEF;
    for (size_t i = 0; i < r->n_patterns; i++) {
        int f = fit(r->pattern[i], name, tags);
        if (f > best)
            best = f;
    }
    return best;
}

bool rule_catches_all(const struct rule *r, const char *name)
{
    return rule_fit(r, name) == 1;
}

/* What a rule says of series: the three layers. */
enum says { SAYS_LEVEL, SAYS_LIMIT, SAYS_PROBE };

static bool rule_says(const struct rule *r, enum says what)
{
    if (what == SAYS_PROBE)
        return r->subject == SUBJECT_PROBES;
    return r->subject == SUBJECT_SERIES &&
           (what == SAYS_LIMIT ? r->limit.set : r->attention.set || r->must_handle.set);
}

static const struct rule *best_series(const struct ruleset *rs, const struct change *c,
                                      const char *metric, const char *host,
                                      enum says what)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (!rule_says(r, what) || !rule_applies(r, c))
            continue;
        if (r->host != NULL && (host == NULL || !glob_match(r->host, host)))
            continue;
        int f = rule_fit(r, metric);
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    return best;
}

const struct rule *ruleset_for_series(const struct ruleset *rs, const struct change *c,
                                      const char *metric, const char *host)
{
    const struct rule *r = best_series(rs, c, metric, host, SAYS_LEVEL);
    const struct rule *probe = best_series(rs, c, metric, host, SAYS_PROBE);
    bool result =
        r != NULL && probe != NULL && rule_fit(probe, metric) >= rule_fit(r, metric);
    return result ? NULL : r;
}

const struct rule *ruleset_for_limit(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host)
{
    return best_series(rs, c, metric, host, SAYS_LIMIT);
}

const struct rule *ruleset_for_probe(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host)
{
    const struct rule *r = best_series(rs, c, metric, host, SAYS_LEVEL);
    const struct rule *probe = best_series(rs, c, metric, host, SAYS_PROBE);
    bool level =
        r != NULL && probe != NULL && rule_fit(probe, metric) < rule_fit(r, metric);
    return level ? NULL : probe;
}

bool rule_passes(const struct rule *r, double value)
{
    const struct probing *p = &r->probing;
    for (size_t i = 0; i < p->n_pass; i++)
        if (value >= p->pass[i].from && value <= p->pass[i].to)
            return true;
    return false;
}

const struct rule *ruleset_for_calls(const struct ruleset *rs, const struct change *c,
                                     enum measure m, const char *edge)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != SUBJECT_CALLS || r->measure != m || !rule_applies(r, c))
            continue;
        int f = rule_fit(r, edge);
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    return best;
}

const struct rule *ruleset_for_cores(const struct ruleset *rs, const struct change *c)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_CORES && rule_applies(&rs->rule[i], c))
            return &rs->rule[i];
    return NULL;
}

/* A severity as patterns are written: small letters. */
static bool fits_severity(const struct rule *r, const char *severity)
{
    char small[NAME_BYTES_MAX + 1];
    size_t n = 0;
    for (; severity != NULL && severity[n] != '\0' && n < NAME_BYTES_MAX; n++) {
        char c = severity[n];
        small[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    small[n] = '\0';
    for (size_t i = 0; i < r->n_severities; i++)
        if (glob_match(r->severity[i], small))
            return true;
    return r->n_severities == 0;
}

const struct rule *ruleset_for_alarm(const struct ruleset *rs, const struct change *c,
                                     const char *name, const char *severity)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != SUBJECT_ALARMS || !rule_applies(r, c) ||
            !fits_severity(r, severity))
            continue;
        int f = 2 * rule_fit(r, name);
        f += f > 0 && r->n_severities > 0;
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    return best;
}

const struct rule *ruleset_for_test(const struct ruleset *rs, const struct change *c,
                                    const char *test)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != SUBJECT_TESTS || !rule_applies(r, c))
            continue;
        int f = rule_fit(r, test);
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    return best;
}

bool ruleset_has_host_rules(const struct ruleset *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].host != NULL)
            return true;
    return false;
}
