/* collector/hostinfo/exposition.c - a line at a time, unescaped into one buffer.
 *
 * Bytes are a stranger's: every line is bounded, copied with a NUL behind it, and read
 * there; names and values are offsets into the buffer until the line is whole, since it
 * may move.  Types stand right before their samples, so only the last one is known. */
#include "collector/hostinfo/exposition.h"

#include "base/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 64 };
#define MILLISECONDS_FROM 1e11 /* larger times are no seconds */

static const struct {
    const char *word;
    enum exposition_kind kind;
} kinds[] = {{"counter", EXPOSITION_COUNTER},
             {"gauge", EXPOSITION_GAUGE},
             {"histogram", EXPOSITION_HISTOGRAM},
             {"gaugehistogram", EXPOSITION_HISTOGRAM},
             {"summary", EXPOSITION_SUMMARY}};

/* Any number of spaces and tabs. */
static const char *skip(const char *p)
{
    return p + strspn(p, " \t");
}

static size_t name_bytes(const char *p)
{
    size_t n = 0;
    while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') ||
           p[n] == '_' || p[n] == ':' || (n > 0 && p[n] >= '0' && p[n] <= '9'))
        n++;
    return n;
}

static void take_type(struct exposition *e, const char *p)
{
    size_t n = name_bytes(p);
    const char *word = skip(p + n);
    size_t len = strcspn(word, " \t");
    buf_clear(&e->family);
    buf_add_n(&e->family, p, n);
    e->kind = EXPOSITION_UNTYPED;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, word, len) == 0)
            e->kind = kinds[i].kind;
}

static void take_comment(struct exposition *e, const char *line)
{
    const char *p = skip(line + 1);
    if (strncmp(p, "TYPE ", 5) == 0 || strncmp(p, "TYPE\t", 5) == 0)
        take_type(e, skip(p + 5));
    else if (strcmp(p, "EOF") == 0)
        e->ended = true;
}

/* What the sample's name has behind the family's; NULL: it is of another one. */
static const char *suffix_of(const struct exposition *e, const char *name)
{
    size_t n = e->family.len;
    return n > 0 && strncmp(name, e->family.data, n) == 0 ? name + n : NULL;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static void take_kind(const struct exposition *e, struct exposition_sample *s)
{
    static const char *const suffixes[] = {"",       "_total", "_bucket", "_sum",
                                           "_count", "_gsum",  "_gcount", "_created",
                                           "_info",  NULL};
    const char *suffix = suffix_of(e, s->name);
    s->kind = EXPOSITION_UNTYPED;
    s->bucket = false;
    if (suffix == NULL || !is_one_of(suffix, suffixes))
        return;
    s->kind = e->kind;
    s->bucket = e->kind == EXPOSITION_HISTOGRAM && strcmp(suffix, "_bucket") == 0;
}

/* The text between quotes, which *p stands behind the first of; *p moves behind the
 * last one. */
static bool take_quoted(struct exposition *e, const char **p)
{
    const char *at = *p;
    for (; *at != '"'; at++) {
        char c = *at;
        if (c == '\\') {
            at++;
            c = *at;
            if (c == 'n')
                c = '\n';
            if (c != '\n' && c != '\\' && c != '"')
                return false;
        }
        if (c == '\0')
            return false;
        buf_add_ch(&e->text, c);
    }
    buf_add_ch(&e->text, '\0');
    *p = at + 1;
    return true;
}

struct offsets {
    size_t name, value;
};

/* name="value" pairs up to and with the '}'. */
static bool take_labels(struct exposition *e, const char **p, struct offsets *ret,
                        size_t *ret_n)
{
    const char *at = skip(*p);
    size_t count = 0;
    while (*at != '}') {
        size_t n = name_bytes(at);
        const char *equals = skip(at + n);
        if (n == 0 || count == EXPOSITION_LABELS_MAX || *equals != '=')
            return false;
        ret[count].name = e->text.len;
        buf_add_n(&e->text, at, n);
        buf_add_ch(&e->text, '\0');
        at = skip(equals + 1);
        if (*at != '"')
            return false;
        at++;
        ret[count].value = e->text.len;
        if (!take_quoted(e, &at))
            return false;
        count++;
        at = skip(at);
        if (*at == ',')
            at = skip(at + 1);
        else if (*at != '}')
            return false;
    }
    *p = at + 1;
    *ret_n = count;
    return true;
}

/* A number as Go's ParseFloat takes it, up to a blank or the end. */
static bool take_number(const char **p, double *ret)
{
    char word[VALUE_BYTES];
    size_t n = strcspn(*p, " \t");
    if (n == 0 || n >= sizeof word)
        return false;
    memcpy(word, *p, n);
    word[n] = '\0';
    char *behind;
    double v = strtod(word, &behind);
    if (*behind != '\0')
        return false;
    *ret = v;
    *p = skip(*p + n);
    return true;
}

static bool take_time(const char **p, instant *ret)
{
    double v;
    *ret = INSTANT_NONE;
    if (**p == '\0' || **p == '#')
        return true; /* an exemplar is nobody's */
    if (!take_number(p, &v) || !(fabs(v) < 1e15) || (**p != '\0' && **p != '#'))
        return false;
    ret->ms = (int64_t)(fabs(v) < MILLISECONDS_FROM ? v * 1000 : v);
    return true;
}

static bool take_sample(struct exposition *e, const char *p,
                        struct exposition_sample *s)
{
    struct offsets at[EXPOSITION_LABELS_MAX];
    size_t n = name_bytes(p), labels = 0;
    if (n == 0)
        return false;
    buf_clear(&e->text);
    buf_add_n(&e->text, p, n);
    buf_add_ch(&e->text, '\0');
    p = skip(p + n);
    if (*p == '{') {
        p++;
        if (!take_labels(e, &p, at, &labels))
            return false;
        p = skip(p);
    }
    if (!take_number(&p, &s->value) || !take_time(&p, &s->at) || buf_done(&e->text) < 0)
        return false;
    s->name = e->text.data;
    s->n = labels;
    for (size_t i = 0; i < labels; i++)
        s->label[i] = (struct exposition_label){e->text.data + at[i].name,
                                                e->text.data + at[i].value};
    take_kind(e, s);
    return true;
}

/* The next line, without its end, into `line`; false when it is too long. */
static bool next_line(struct exposition *e, char line[EXPOSITION_LINE_MAX])
{
    const char *nl = memchr(e->p, '\n', (size_t)(e->end - e->p));
    const char *stop = nl != NULL ? nl : e->end;
    size_t n = (size_t)(stop - e->p);
    bool fits =
        n < EXPOSITION_LINE_MAX && memchr(e->p, '\0', n) == NULL && utf8_valid(e->p, n);
    if (fits) {
        memcpy(line, e->p, n);
        n -= n > 0 && line[n - 1] == '\r';
        line[n] = '\0';
    }
    e->p = nl != NULL ? nl + 1 : e->end;
    e->lines++;
    return fits;
}

bool exposition_next(struct exposition *e, struct exposition_sample *ret)
{
    char line[EXPOSITION_LINE_MAX];
    while (e->p < e->end && !e->ended) {
        bool fits = next_line(e, line);
        const char *p = fits ? skip(line) : "";
        if (fits && *p == '\0')
            continue;
        if (*p == '#')
            take_comment(e, p);
        else if (fits && take_sample(e, p, ret))
            return true;
        else
            e->bad++;
    }
    return false;
}

void exposition_free(struct exposition *e)
{
    buf_free(&e->family);
    buf_free(&e->text);
}
