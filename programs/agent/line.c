/* programs/agent/line.c - a line's groups into a call.
 *
 * What must hold: whatever the line's bytes are, what comes out is of bounded length
 * and a word of the compact form of call records (collector/call_line.h), so that a
 * stranger's request cannot write records of his own.  In the loop. */
#include "programs/agent/line.h"

#include "base/ascii.h"
#include "rules/pattern.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS(X)                                                                      \
    X(TIME, "time")                                                                    \
    X(CALLER, "caller")                                                                \
    X(CALLEE, "callee")                                                                \
    X(IFACE, "iface")                                                                  \
    X(PATH, "path")                                                                    \
    X(CODE, "code")                                                                    \
    X(OUTCOME, "outcome")                                                              \
    X(MS, "ms")                                                                        \
    X(S, "s")                                                                          \
    X(US, "us")
#define X(id, name) GROUP_##id,
enum group { GROUPS(X) GROUP_N };
#undef X
#define X(id, name) [GROUP_##id] = name,
static const char *const group_names[GROUP_N] = {GROUPS(X)};
#undef X

enum { LONG_PART = 40, MIXED_PART = 16, NUMBER_MAX = 32, TIME_MAX = 64 };

/* Quoted, with escapes in it: nginx writes \x22, Apache and Envoy \". */
#define QUOTED "\"(?:[^\"\\\\]++|\\\\.)*+\""
#define REQUEST                                                                        \
    "\"(?:[A-Za-z]+ (?<path>[^ "                                                       \
    "\"]+)(?:[^\"\\\\]++|\\\\.)*+|(?:[^\"\\\\]++|\\\\.)*+)\""
#define COMMON                                                                         \
    "^\\S+ [^\\[\"]*\\[(?<time>[^\\]]+)\\] " REQUEST " (?<code>\\d{3}) (?:\\d+|-)"

static const struct {
    const char *name, *pattern;
} formats[] = {
    {"nginx", COMMON "(?: " QUOTED " " QUOTED "(?: \"?(?:rt=|request_time=)?"
                     "(?<s>\\d+\\.\\d+)(?![^ \"]))?)?"},
    {"apache", COMMON "(?: " QUOTED " " QUOTED ")?(?: (?<us>\\d+)(?![^ ]))?"},
    {"haproxy", "\\[[^\\]]+\\] \\S+ [^ /]+/\\S+ (?:[+-]?\\d+/){4}\\+?(?<ms>-?\\d+) "
                "(?<code>-1|\\d{3}) \\+?\\d+ [^\"]*" REQUEST},
    {"envoy", "^\\[(?<time>[^\\]]+)\\] " REQUEST " (?<code>\\d{1,3}) \\S+ "
              "(?:\\S+ \\S+ " QUOTED " )?\\d+ \\d+ (?<ms>\\d+) "},
};
enum { FORMATS = sizeof formats / sizeof *formats };

struct agent_line_form {
    struct pattern_groups *groups;
    size_t parts;
    bool http; /* its codes are HTTP's */
};

/* ---- making ---- */

static const char *pattern_of(const char *format, struct err *err)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].pattern;
    err_set(err, EINVAL,
            "there is no format '%.60s', expected nginx, apache, haproxy or envoy",
            format);
    return NULL;
}

struct agent_line_form *agent_line_form_new(const char *format, const char *pattern,
                                            size_t parts, struct err *err)
{
    if (format != NULL)
        pattern = pattern_of(format, err);
    if (pattern == NULL)
        return NULL;
    struct agent_line_form *f = calloc(1, sizeof *f);
    if (f == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    f->parts = parts;
    f->http = format != NULL;
    f->groups = pattern_groups_new(pattern, group_names, GROUP_N, NULL, err);
    if (f->groups != NULL && !pattern_groups_has(f->groups, GROUP_CODE)) {
        err_set(err, EINVAL, "the pattern needs a group (?<code>...)");
        pattern_groups_free(&f->groups);
    }
    if (f->groups == NULL)
        agent_line_form_free(&f);
    return f;
}

void agent_line_form_free(struct agent_line_form **f)
{
    if (*f == NULL)
        return;
    pattern_groups_free(&(*f)->groups);
    free(*f);
    *f = NULL;
}

/* ---- names ---- */

void agent_line_name(const char *text, size_t n, const char *refused, char *to,
                     size_t size)
{
    if (n >= size)
        n = size - 1;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool good = c > ' ' && c <= '~' && strchr(refused, c) == NULL;
        to[i] = good ? c : '_';
    }
    if (n > 0 && to[0] == '#') /* else it would be a comment */
        to[0] = '_';
    to[n] = '\0';
}

/* Would this part of a path be another one with each request? */
static bool is_id(const char *part, size_t n)
{
    size_t digits = 0;
    for (size_t i = 0; i < n; i++)
        digits += part[i] >= '0' && part[i] <= '9';
    return n > LONG_PART || digits >= 3 || (digits > 0 && digits == n) ||
           (n >= MIXED_PART && digits >= 2);
}

/* The path of http://host:80/path. */
static const char *skip_origin(const char *path, const char *end)
{
    const char *colon = memchr(path, ':', (size_t)(end - path));
    if (path[0] == '/' || colon == NULL || end - colon < 3 || colon[1] != '/' ||
        colon[2] != '/')
        return path;
    const char *slash = memchr(colon + 3, '/', (size_t)(end - colon - 3));
    return slash != NULL ? slash : end;
}

void agent_line_template(const char *path, size_t n, size_t parts,
                         char to[AGENT_LINE_NAME_MAX])
{
    const char *end = path + n;
    size_t used = 0;
    for (const char *p = path; p < end; p++)
        if (*p == '?' || *p == '#' || *p == ';')
            end = p;
    if (path < end)
        path = skip_origin(path, end);
    for (size_t i = 0; i < parts && path < end; i++) {
        while (path < end && *path == '/')
            path++;
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t len = (size_t)((slash != NULL ? slash : end) - path);
        bool id = is_id(path, len);
        size_t need = id ? 1 : len;
        if (len == 0 || used + 1 + need >= AGENT_LINE_NAME_MAX)
            break;
        to[used++] = '/';
        agent_line_name(id ? "*" : path, need, "", to + used,
                        AGENT_LINE_NAME_MAX - used);
        used += need;
        path += len;
    }
    if (used == 0)
        to[used++] = '/';
    to[used] = '\0';
}

/* ---- times and numbers ---- */

/* 21/Nov/2026:19:17:46 +0000 as RFC 3339 has it. */
static bool clf_time(const char *text, char to[TIME_MAX])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char shape[] = "00/aaa/0000:00:00:00 +0000";
    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        char c = text[i], s = shape[i];
        bool digit = c >= '0' && c <= '9';
        if (s == '0'   ? !digit
            : s == 'a' ? !ascii_plain(c) || digit
            : s == '+' ? c != '+' && c != '-'
                       : c != s)
            return false;
    }
    for (int m = 0; m < 12; m++)
        if (strncmp(months + m * (size_t)3, text + 3, 3) == 0) {
            snprintf(to, TIME_MAX, "%.4s-%02d-%.2sT%.8s%.3s:%.2s", text + 7, m + 1,
                     text, text + 12, text + 21, text + 24);
            return true;
        }
    return false;
}

static instant time_of(const struct pattern_piece *p)
{
    char text[NUMBER_MAX + 1], room[TIME_MAX];
    instant at = INSTANT_NONE;
    if (p->at == NULL || p->n > NUMBER_MAX)
        return at;
    memcpy(text, p->at, p->n);
    text[p->n] = '\0';
    const char *rfc = clf_time(text, room) ? room : text;
    return instant_parse(rfc, &at, NULL) == 0 ? at : INSTANT_NONE;
}

/* NaN: none, or none that is a duration. */
static double number_of(const struct pattern_piece *p)
{
    char text[NUMBER_MAX + 1], *end;
    if (p->at == NULL || p->n == 0 || p->n > NUMBER_MAX)
        return NAN;
    memcpy(text, p->at, p->n);
    text[p->n] = '\0';
    if (strspn(text, "0123456789.") != p->n)
        return NAN;
    double v = strtod(text, &end);
    return *end == '\0' ? v : NAN;
}

static double ms_of(const struct pattern_piece *piece)
{
    double v = number_of(&piece[GROUP_MS]);
    if (isnan(v))
        v = number_of(&piece[GROUP_S]) * 1000;
    if (isnan(v))
        v = number_of(&piece[GROUP_US]) / 1000;
    return v < 1e12 ? v : NAN; /* 30 years */
}

/* ---- outcomes ---- */

static const struct {
    const char *code, *outcome;
} http_codes[] = {{"408", "timeout"}, {"499", "timeout"}, {"504", "timeout"},
                  {"0", "fail"},      {"000", "fail"},    {"-1", "fail"}};

/* As the service itself takes a code that comes without an outcome. */
static const char *usual_outcome(const char *code)
{
    if (strcmp(code, "0") == 0 || strcmp(code, "ok") == 0 ||
        (strlen(code) == 3 && code[0] >= '1' && code[0] <= '3' &&
         strspn(code, "0123456789") == 3))
        return "ok";
    return strcmp(code, "timeout") == 0 ? "timeout" : "fail";
}

static const char *outcome_of(const struct agent_line_form *f,
                              const struct pattern_piece *said, const char *code)
{
    static const char *const words[] = {"ok", "fail", "timeout"};
    for (size_t i = 0; said->at != NULL && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == said->n && memcmp(words[i], said->at, said->n) == 0)
            return words[i];
    for (size_t i = 0; f->http && i < sizeof http_codes / sizeof *http_codes; i++)
        if (strcmp(http_codes[i].code, code) == 0)
            return http_codes[i].outcome;
    return usual_outcome(code);
}

/* ---- a line ---- */

static void name_of(const struct pattern_piece *p, const char *refused,
                    char to[AGENT_LINE_NAME_MAX])
{
    to[0] = '\0';
    if (p->at != NULL)
        agent_line_name(p->at, p->n, refused, to, AGENT_LINE_NAME_MAX);
}

bool agent_line_read(struct agent_line_form *f, const char *line, size_t n,
                     struct agent_line *ret)
{
    struct pattern_piece piece[GROUP_N];
    if (pattern_groups_match(f->groups, line, n, piece) <= 0)
        return false;
    const struct pattern_piece *code = &piece[GROUP_CODE], *path = &piece[GROUP_PATH];
    if (code->at == NULL || code->n == 0)
        return false;
    agent_line_name(code->at, code->n, "=", ret->code, sizeof ret->code);
    name_of(&piece[GROUP_CALLER], ">:", ret->caller);
    name_of(&piece[GROUP_CALLEE], ">:", ret->callee);
    name_of(&piece[GROUP_IFACE], "", ret->iface);
    if (ret->iface[0] == '\0' && path->at != NULL)
        agent_line_template(path->at, path->n, f->parts, ret->iface);
    ret->outcome = outcome_of(f, &piece[GROUP_OUTCOME], ret->code);
    ret->ms = ms_of(piece);
    ret->at = time_of(&piece[GROUP_TIME]);
    return true;
}
