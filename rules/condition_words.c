/* rules/condition_words.c - conditions from text to words: numbers with their units,
 * names, operators.
 *
 * What must hold: nothing is read behind the text's end, the first mistake is told at
 * its place, and all before that place is ASCII.  No state; any thread. */
#include "rules/condition_code.h"

#include "base/ascii.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct condition_unit_info units[] = {
    {"%", CONDITION_SHARE, {1, 100}},
    {"ms", CONDITION_SPAN, {1, 1}},
    {"s", CONDITION_SPAN, {1000, 1}},
    {"m", CONDITION_SPAN, {60000, 1}},
    {"h", CONDITION_SPAN, {3600000, 1}},
    {"d", CONDITION_SPAN, {86400000, 1}},
    {"w", CONDITION_SPAN, {604800000, 1}},
    {"B", CONDITION_SIZE, {1, 1}},
    {"kB", CONDITION_SIZE, {1e3, 1}},
    {"MB", CONDITION_SIZE, {1e6, 1}},
    {"GB", CONDITION_SIZE, {1e9, 1}},
    {"TB", CONDITION_SIZE, {1e12, 1}},
    {"KiB", CONDITION_SIZE, {1024, 1}},
    {"MiB", CONDITION_SIZE, {1048576, 1}},
    {"GiB", CONDITION_SIZE, {1073741824, 1}},
    {"TiB", CONDITION_SIZE, {1099511627776, 1}},
    {"k", CONDITION_PLAIN, {1e3, 1}},
    {"M", CONDITION_PLAIN, {1e6, 1}},
};
enum { UNITS = sizeof units / sizeof *units };

/* How a metric's own unit may be written besides, in a rule's `unit`. */
static const struct condition_unit_info own_units[] = {
    {"share", CONDITION_SHARE, {1, 1}},       {"us", CONDITION_SPAN, {1, 1000}},
    {"min", CONDITION_SPAN, {60000, 1}},      {"seconds", CONDITION_SPAN, {1000, 1}},
    {"milliseconds", CONDITION_SPAN, {1, 1}}, {"bytes", CONDITION_SIZE, {1, 1}},
};
enum { OWN_UNITS = sizeof own_units / sizeof *own_units };

int condition_refuse(struct condition_reader *r, size_t at, const char *fmt, ...)
{
    char words[sizeof r->err->text];
    if (r->failed)
        return -1;
    r->failed = true;
    *r->ret_at = at;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    return err_set(r->err, EINVAL, "%s", words);
}

/* Longer ones first. */
static const struct {
    const char *text;
    int sign;
} signs[] = {
    {"<=", CODE_LESS_SAME}, {">=", CODE_MORE_SAME}, {"==", CODE_SAME},
    {"!=", CODE_OTHER},     {"<", CODE_LESS},       {">", CODE_MORE},
    {"+", CODE_ADD},        {"-", CODE_SUB},        {"*", CODE_MUL},
    {"/", CODE_DIV},        {"(", SIGN_OPEN},       {")", SIGN_CLOSE},
    {",", SIGN_COMMA},
};
enum { SIGNS = sizeof signs / sizeof *signs };

const char *const condition_keywords[CONDITION_KEYWORDS + 1] = {"and", "or",  "not",
                                                                "min", "max", "abs"};
static const int keyword_sign[CONDITION_KEYWORDS] = {CODE_AND, CODE_OR,  CODE_NOT,
                                                     SIGN_MIN, SIGN_MAX, SIGN_ABS};

/* What people write who come from other languages. */
static const struct {
    const char *text, *instead;
} strangers[] = {
    {"&&", "and"}, {"||", "or"}, {"<>", "!="}, {"=<", "<="},
    {"=>", ">="},  {"!", "not"}, {"=", "=="},
};
enum { STRANGERS = sizeof strangers / sizeof *strangers };

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (ascii_plain(c) && !digit(c)) || c == '_';
}

bool condition_is(const char *text, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(text, name, n) == 0;
}

static const struct condition_unit_info *unit_at(const char *text, size_t n)
{
    for (size_t i = 0; i < UNITS; i++)
        if (condition_is(text, n, units[i].name))
            return &units[i];
    return NULL;
}

/* The end of a number's digits, fraction and exponent; `from` when there is none. */
static size_t number_end(const char *text, size_t from)
{
    size_t i = from;
    while (digit(text[i]))
        i++;
    if (i == from)
        return from;
    if (text[i] == '.' && digit(text[i + 1]))
        for (i++; digit(text[i]);)
            i++;
    size_t e = i + 1 + (text[i] != '\0' && (text[i + 1] == '-' || text[i + 1] == '+'));
    if ((text[i] == 'e' || text[i] == 'E') && digit(text[e]))
        for (i = e; digit(text[i]);)
            i++;
    return i;
}

static size_t unit_end(const char *text, size_t from)
{
    size_t i = from;
    while (letter(text[i]))
        i++;
    return i == from && text[i] == '%' ? i + 1 : i;
}

/* A number and, right behind it, its unit. */
static int read_figure(struct condition_reader *r, size_t from, size_t *ret_end,
                       double *ret_v, const struct condition_unit_info **ret_unit)
{
    const char *text = r->text;
    size_t end = number_end(text, from);
    double v = strtod(text + from, NULL);
    if (text[end] == '.')
        return condition_refuse(r, end,
                                "a '.' without digits on both sides, write 0.5 or 5.0");
    if (!isfinite(v))
        return condition_refuse(r, from, "the number is too large");
    size_t last = unit_end(text, end);
    *ret_unit = NULL;
    if (last > end && (*ret_unit = unit_at(text + end, last - end)) == NULL)
        return condition_refuse(
            r, end,
            "unknown unit '%.*s', expected %%, ms, s, m, h, d, w, B, kB, MB, "
            "GB, KiB, MiB, GiB, k or M",
            (int)(last - end), text + end);
    *ret_end = last;
    *ret_v = v;
    return 0;
}

/* The further parts of 1h30m.  All together are milliseconds then. */
static int read_more_span(struct condition_reader *r, struct condition_word *w,
                          const struct condition_unit_info *unit)
{
    const char *text = r->text;
    size_t end = w->from + w->n;
    if (!digit(text[end]))
        return 0;
    double sum = w->number * unit->scale.over, v = 0;
    while (digit(text[end])) {
        const struct condition_unit_info *next = NULL;
        size_t from = end;
        if (read_figure(r, from, &end, &v, &next) < 0)
            return -1;
        if (next == NULL || next->unit != CONDITION_SPAN ||
            next->scale.over >= unit->scale.over)
            return condition_refuse(
                r, from,
                "a length of time has its units from large to small, "
                "such as 1h30m");
        sum += v * next->scale.over;
        unit = next;
    }
    w->number = sum;
    w->scale = condition_one;
    w->n = end - w->from;
    return 0;
}

static int read_number(struct condition_reader *r, struct condition_word *w)
{
    const char *text = r->text;
    const struct condition_unit_info *unit = NULL;
    size_t end = w->from;
    w->kind = CONDITION_WORD_NUMBER;
    w->unit = CONDITION_PLAIN;
    w->scale = condition_one;
    if (read_figure(r, w->from, &end, &w->number, &unit) < 0)
        return -1;
    w->n = end - w->from;
    if (unit != NULL) {
        w->unit = unit->unit;
        w->scale = unit->scale;
        if (unit->unit == CONDITION_SPAN && read_more_span(r, w, unit) < 0)
            return -1;
    }
    if (w->unit == CONDITION_PLAIN) {
        w->number *= w->scale.over;
        w->scale = condition_one;
    }
    end = w->from + w->n;
    if (letter(text[end]) || digit(text[end]) || text[end] == '%')
        return condition_refuse(
            r, end,
            "something stands right behind a number; put a blank or "
            "an operator between");
    return 0;
}

/* One character for people to read, whatever it is. */
static int refuse_character(struct condition_reader *r, size_t at)
{
    char c = r->text[at];
    if (c == '%')
        return condition_refuse(r, at, "'%%' stands right behind a number, as in 30%%");
    if (c > ' ' && c < 0x7f)
        return condition_refuse(r, at, "'%c' has no meaning here", c);
    if (c == '\t')
        return condition_refuse(r, at, "a tab, expected blanks only");
    return condition_refuse(
        r, at,
        "a character that is no ASCII, expected letters, digits, _ and "
        "operators");
}

static int read_sign(struct condition_reader *r, struct condition_word *w)
{
    const char *text = r->text + w->from;
    for (size_t i = 0; i < SIGNS; i++)
        if (strncmp(text, signs[i].text, strlen(signs[i].text)) == 0) {
            /* "=<" and "=>" begin with no sign of ours, "<>" does */
            if (strncmp(text, "<>", 2) == 0)
                break;
            w->kind = CONDITION_WORD_SIGN;
            w->sign = signs[i].sign;
            w->n = strlen(signs[i].text);
            return 0;
        }
    for (size_t i = 0; i < STRANGERS; i++)
        if (strncmp(text, strangers[i].text, strlen(strangers[i].text)) == 0)
            return condition_refuse(r, w->from, "'%s' is written %s here",
                                    strangers[i].text, strangers[i].instead);
    return refuse_character(r, w->from);
}

static void read_name(struct condition_reader *r, struct condition_word *w)
{
    const char *text = r->text + w->from;
    while (letter(text[w->n]) || digit(text[w->n]))
        w->n++;
    w->kind = CONDITION_WORD_NAME;
    for (size_t i = 0; i < CONDITION_KEYWORDS; i++)
        if (condition_is(text, w->n, condition_keywords[i])) {
            w->kind = CONDITION_WORD_SIGN;
            w->sign = keyword_sign[i];
        }
}

int condition_next(struct condition_reader *r)
{
    const char *text = r->text;
    while (text[r->at] == ' ')
        r->at++;
    struct condition_word w = {.from = r->at};
    int rc = 0;
    if (text[r->at] == '\0')
        w.kind = CONDITION_WORD_END;
    else if (digit(text[r->at]) || (text[r->at] == '.' && digit(text[r->at + 1])))
        rc = read_number(r, &w);
    else if (letter(text[r->at]))
        read_name(r, &w);
    else
        rc = read_sign(r, &w);
    r->word = w;
    r->at = w.from + w.n;
    return rc;
}

const struct condition_unit_info *condition_own_unit(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t n = strlen(text);
    if (n > 2 && strcmp(text + n - 2, "/s") == 0)
        n -= 2;
    for (size_t i = 0; i < OWN_UNITS; i++)
        if (condition_is(text, n, own_units[i].name))
            return &own_units[i];
    const struct condition_unit_info *unit = n > 0 ? unit_at(text, n) : NULL;
    /* a rule's unit of "k" or "M" says nothing of what is counted */
    return unit != NULL && unit->unit != CONDITION_PLAIN ? unit : NULL;
}
