/* collector/hostinfo/perfdata.c - a cursor over what a plugin wrote.
 *
 * Bytes are a stranger's: nothing is read beyond `end`, every turn of a loop moves
 * forward.  The only state is the cursor. */
#include "collector/hostinfo/perfdata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 40 };

static const struct {
    const char *text;
    double times;
    enum perf_unit unit;
} units[] = {
    {"", 1, PERF_NONE},          {"s", 1, PERF_SECONDS},
    {"ms", 1e-3, PERF_SECONDS},  {"us", 1e-6, PERF_SECONDS},
    {"ns", 1e-9, PERF_SECONDS},  {"%", 1, PERF_PERCENT},
    {"c", 1, PERF_COUNTER},      {"B", 1, PERF_BYTES},
    {"KB", 1e3, PERF_BYTES},     {"kB", 1e3, PERF_BYTES},
    {"MB", 1e6, PERF_BYTES},     {"GB", 1e9, PERF_BYTES},
    {"TB", 1e12, PERF_BYTES},    {"PB", 1e15, PERF_BYTES},
    {"KiB", 1024, PERF_BYTES},   {"MiB", 0x1p20, PERF_BYTES},
    {"GiB", 0x1p30, PERF_BYTES}, {"TiB", 0x1p40, PERF_BYTES},
};

const char *perf_unit_name(enum perf_unit u)
{
    static const char *const names[PERF_UNIT_N] = {"",    "s",       "bytes",
                                                   "pct", "counter", ""};
    return names[u];
}

static const char *find(const char *p, const char *end, char c)
{
    const char *at = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return at != NULL ? at : end;
}

static void copy_words(const char *p, const char *end, char *words, size_t size)
{
    size_t n = 0;
    for (; p < end && n + 1 < size; p++)
        if ((unsigned char)*p >= ' ' && *p != 0x7f)
            words[n++] = *p;
    words[n] = '\0';
}

void perfdata_begin(struct perfdata *d, const char *output, size_t n, char *words,
                    size_t size)
{
    const char *end = output + n, *nl = find(output, end, '\n'),
               *bar = find(output, nl, '|');
    copy_words(output, bar, words, size);
    *d =
        (struct perfdata){.p = bar < nl ? bar + 1 : nl, .end = end, .first_line = true};
}

/* To the next pair's first byte; false at the end. */
static bool to_next(struct perfdata *d)
{
    for (;;) {
        while (d->p < d->end && (*d->p == ' ' || *d->p == '\t' || *d->p == '\r' ||
                                 (*d->p == '\n' && !d->first_line)))
            d->p++;
        if (d->p == d->end)
            return false;
        if (*d->p != '\n')
            return true;
        /* behind the first line: words up to the next bar */
        d->first_line = false;
        const char *bar = find(d->p, d->end, '|');
        d->p = bar < d->end ? bar + 1 : d->end;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool add(char *label, size_t *n, char c)
{
    if (*n + 1 >= PERFDATA_LABEL_MAX || (unsigned char)c < ' ' || c == 0x7f)
        return false;
    label[(*n)++] = c;
    label[*n] = '\0';
    return true;
}

/* Up to and with the '='. */
static bool read_label(struct perfdata *d, char *label)
{
    size_t n = 0;
    bool quoted = *d->p == '\'';
    d->p += quoted;
    for (; d->p < d->end; d->p++) {
        if (quoted && *d->p == '\'') {
            if (d->p + 1 < d->end && d->p[1] == '\'') {
                d->p++; /* two are one */
            } else {
                d->p++;
                break;
            }
        } else if (!quoted && (*d->p == '=' || is_blank(*d->p))) {
            break;
        }
        if (!add(label, &n, *d->p))
            return false;
    }
    if (n == 0 || d->p == d->end || *d->p != '=')
        return false;
    d->p++;
    return true;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* A decimal number in [p, end), all of it but what is put into *ret_rest. */
static bool read_number(const char *p, const char *end, double *ret,
                        const char **ret_rest)
{
    char text[NUMBER_BYTES];
    size_t n = 0;
    while (p + n < end && n + 1 < sizeof text &&
           ((p[n] >= '0' && p[n] <= '9') || is_one_of(p[n], "+-.") ||
            ((p[n] == 'e' || p[n] == 'E') && p + n + 1 < end &&
             is_one_of(p[n + 1], "+-0123456789"))))
        n++;
    memcpy(text, p, n);
    text[n] = '\0';
    char *behind;
    double v = strtod(text, &behind);
    if (behind == text || !isfinite(v))
        return false;
    *ret = v;
    *ret_rest = p + (behind - text);
    return true;
}

static bool read_unit(const char *p, const char *end, double *ret_times,
                      enum perf_unit *ret_unit)
{
    size_t n = (size_t)(end - p);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].text) == n && memcmp(units[i].text, p, n) == 0) {
            *ret_times = units[i].times;
            *ret_unit = units[i].unit;
            return true;
        }
    *ret_times = 1;
    *ret_unit = PERF_OTHER;
    for (size_t i = 0; i < n; i++)
        if (!is_one_of(p[i],
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/%") &&
            (unsigned char)p[i] < 0x80)
            return false;
    return n <= 16;
}

static bool read_bound(const char *p, const char *end, double times, double *ret)
{
    const char *rest;
    if (!read_number(p, end, ret, &rest))
        return false;
    double ignored;
    enum perf_unit unit; /* some plugins write it here, too */
    *ret *= times;
    return rest == end || read_unit(rest, end, &ignored, &unit);
}

static bool read_range(const char *p, const char *end, double times,
                       struct perf_range *ret)
{
    *ret = (struct perf_range){.start = 0, .end = HUGE_VAL};
    if (p == end)
        return true;
    ret->given = true;
    ret->inside = *p == '@';
    p += ret->inside;
    const char *colon = find(p, end, ':');
    if (colon == end)
        return read_bound(p, end, times, &ret->end);
    if (colon - p == 1 && *p == '~')
        ret->start = -HUGE_VAL;
    else if (colon > p && !read_bound(p, colon, times, &ret->start))
        return false;
    return colon + 1 == end || read_bound(colon + 1, end, times, &ret->end);
}

/* VALUE[UNIT];WARN;CRIT;MIN;MAX in [p, end). */
static bool read_value(const char *p, const char *end, struct perf *ret)
{
    const char *stop, *rest;
    double times = 1;
    ret->min = ret->max = NAN;
    stop = find(p, end, ';');
    ret->known = !(stop - p == 1 && *p == 'U');
    ret->value = NAN;
    ret->unit = PERF_NONE;
    if (ret->known) {
        if (!read_number(p, stop, &ret->value, &rest) ||
            !read_unit(rest, stop, &times, &ret->unit))
            return false;
        ret->value *= times;
    }
    struct perf_range *const ranges[] = {&ret->warn, &ret->crit};
    double *const bounds[] = {&ret->min, &ret->max};
    for (int i = 0; i < 4; i++) {
        p = stop < end ? stop + 1 : end;
        stop = find(p, end, ';');
        bool good = i < 2 ? read_range(p, stop, times, ranges[i])
                          : p == stop || read_bound(p, stop, times, bounds[i - 2]);
        if (!good)
            return false;
    }
    return true; /* what is behind MAX is nobody's */
}

bool perfdata_next(struct perfdata *d, struct perf *ret)
{
    while (to_next(d)) {
        const char *from = d->p;
        memset(ret, 0, sizeof *ret);
        bool good = read_label(d, ret->label);
        if (!good)
            d->p = from;
        const char *end = d->p;
        while (end < d->end && !is_blank(*end))
            end++;
        good = good && read_value(d->p, end, ret);
        d->p = end;
        if (good && d->pairs < PERFDATA_PAIRS_MAX) {
            d->pairs++;
            return true;
        }
        d->refused++;
    }
    return false;
}
