/* collector/in_graphite.c - Graphite's lines into samples.
 *
 * What a path stands for is worked out once and then known (collector/known.h), so a
 * line costs a hash and a number.  No clock: the present is an argument.  Any thread.
 */
#include "collector/in_graphite.h"

#include "base/names.h"
#include "collector/known.h"
#include "collector/number.h"
#include "collector/path.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct in_graphite {
    struct in_graphite_spec spec;
    struct paths *paths;
    struct known *known;
};

struct in_graphite *in_graphite_new(const struct in_graphite_spec *spec,
                                    struct err *err)
{
    static const char *const usual[] = {"* host.metric*"};
    struct in_graphite *g = calloc(1, sizeof *g);
    if (g == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    bool given = spec->n_templates > 0;
    g->spec = *spec;
    g->paths =
        paths_new(given ? spec->templates : usual, given ? spec->n_templates : 1, err);
    g->known = g->paths != NULL ? known_new(GRAPHITE_SERIES_MAX) : NULL;
    if (g->known == NULL) {
        err_set(err, ENOMEM, "out of memory");
        in_graphite_free(&g);
    }
    return g;
}

void in_graphite_free(struct in_graphite **g)
{
    if (*g == NULL)
        return;
    paths_free(&(*g)->paths);
    known_free(&(*g)->known);
    free(*g);
    *g = NULL;
}

struct line {
    const char *path;
    size_t n_path;
    double value;
    instant at;
};

static const char *skip(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static bool read_when(const char *p, const char *end, instant now, instant *ret)
{
    double seconds = -1;
    if (p < end) {
        p = number_read(p, end, &seconds);
        if (p == NULL || skip(p, end) != end)
            return false;
    }
    if (seconds != -1 && !(seconds >= 0 && seconds < 1e12))
        return false;
    *ret = seconds == -1 ? now : (instant){(int64_t)floor(seconds * 1000)};
    return true;
}

static enum drop take_apart(const char *p, const char *end, instant now, struct line *l,
                            struct err *err)
{
    l->path = p = skip(p, end);
    while (p < end && *p != ' ' && *p != '\t')
        p++;
    l->n_path = (size_t)(p - l->path);
    const char *value = skip(p, end), *behind = number_read(value, end, &l->value);
    if (behind == NULL || behind == value ||
        (behind < end && *behind != ' ' && *behind != '\t') ||
        !read_when(skip(behind, end), end, now, &l->at)) {
        err_set(err, EINVAL, "expected PATH VALUE SECONDS, got '%.*s'",
                (int)(end - l->path < 100 ? end - l->path : 100), l->path);
        return DROP_SYNTAX;
    }
    if (isfinite((float)l->value))
        return DROP_N;
    err_set(err, EINVAL, "%.*s: the value is not finite", (int)l->n_path, l->path);
    return DROP_NOT_FINITE;
}

static bool is_counter(const struct in_graphite *g, const char *name)
{
    for (size_t i = 0; i < g->spec.n_counters; i++)
        if (glob_match(g->spec.counters[i], name))
            return true;
    return false;
}

/* Works out what the path stands for, and remembers it. */
static enum drop meet(struct in_graphite *g, const struct sink *sink,
                      const struct line *l, struct known_key key, struct err *err)
{
    struct path_parts parts;
    struct entity who;
    char name[NAME_BYTES_MAX + 1];
    enum drop why = paths_read(g->paths, l->path, l->n_path, &parts, err);
    if (why == DROP_N)
        why = path_parts_name(&parts, g->spec.tags, &who, name, err);
    if (why != DROP_N)
        return why;
    struct known_series s = {.entity = sink->entity(&who, sink->arg),
                             .refused = DROP_N,
                             .is_counter = is_counter(g, name)};
    s.metric = s.entity != WINDOWS_NONE
                   ? sink->metric(name, strlen(name), MERGE_MEAN, sink->arg)
                   : WINDOWS_NONE;
    if (s.metric != WINDOWS_NONE && known_add(g->known, key, &s, l->at))
        return DROP_N;
    err_set(err, ENOSPC, "no room for the new series '%.100s'", name);
    return DROP_FULL;
}

static enum drop store(struct in_graphite *g, const struct sink *sink,
                       const struct line *l, struct tally *t, struct err *err)
{
    struct known_key key = known_key(g->known, l->path, l->n_path);
    struct known_series s;
    double value;
    enum known_said said = known_sample(g->known, key, l->at, l->value, &s, &value);
    if (said == KNOWN_NOT) {
        enum drop why = meet(g, sink, l, key, err);
        if (why != DROP_N)
            return why;
        said = known_sample(g->known, key, l->at, l->value, &s, &value);
    }
    if (said == KNOWN_WAITS) { /* it is in the counter */
        t->taken++;
        t->kept++;
    } else if (said == KNOWN_VALUE && isfinite((float)value)) {
        float v = (float)value;
        sink_put(sink, t, s.entity, l->at, 1, &s.metric, &v);
    } else {
        err_set(err, ENOSPC, "no room for '%.*s'", (int)l->n_path, l->path);
        return DROP_FULL;
    }
    return DROP_N;
}

static void read_line(struct in_graphite *g, const struct sink *sink, const char *p,
                      const char *end, instant now, struct in_graphite_result *result)
{
    struct err err = {0};
    struct line l;
    struct bounds bounds = intake_bounds(now);
    const char *words = "";
    enum drop why = DROP_SYNTAX;
    if (end - p >= GRAPHITE_LINE_BYTES_MAX)
        err_set(&err, EINVAL, "a line is longer than %d bytes",
                GRAPHITE_LINE_BYTES_MAX);
    else
        why = take_apart(p, end, now, &l, &err);
    if (why == DROP_N) {
        why = bounds_check(&bounds, l.at, &words);
        if (why != DROP_N)
            err_set(&err, EINVAL, "%.*s: %s", (int)l.n_path, l.path, words);
    }
    if (why == DROP_N)
        why = store(g, sink, &l, &result->tally, &err);
    if (why == DROP_N)
        return;
    result->tally.taken++;
    tally_drop(&result->tally, why, 1);
    if (result->first[0] == '\0')
        snprintf(result->first, sizeof result->first, "%.300s", err.text);
}

void in_graphite_read(struct in_graphite *g, const struct sink *sink, const char *text,
                      size_t n, instant now, struct in_graphite_result *result)
{
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *next = stop != NULL ? stop + 1 : end;
        const char *last = stop != NULL ? stop : end;
        if (last > p && last[-1] == '\r')
            last--;
        if (skip(p, last) < last)
            read_line(g, sink, p, last, now, result);
        p = next;
    }
}
