/* analyzer/explain.c - numbers as lines and as JSON at once.  No state but the
 * caller's; any thread. */
#include "analyzer/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_WIDTH = 34, DIGITS = 6 };

void explain_begin(struct explain *e, const char *rule)
{
    e->rule = rule;
    e->w = (struct jsonw){.to = &e->json};
    jsonw_open(&e->w, NULL);
}

int explain_end(struct explain *e)
{
    jsonw_close(&e->w);
    return buf_done(&e->text) == 0 && buf_done(&e->json) == 0 ? 0 : -1;
}

void explain_free(struct explain *e)
{
    buf_free(&e->text);
    buf_free(&e->json);
}

static void indent(struct explain *e)
{
    buf_addf(&e->text, "%*s", 2 * e->depth, "");
}

/* What stands in files and names of strangers is shown on one line. */
__attribute__((format(printf, 2, 0))) static void add_line(struct explain *e,
                                                           const char *fmt, va_list ap)
{
    char *line = NULL;
    if (vasprintf(&line, fmt, ap) < 0)
        return;
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    indent(e);
    buf_addf(&e->text, "%s\n", line);
    free(line);
}

void explain_open(struct explain *e, const char *key, const char *heading, ...)
{
    jsonw_open(&e->w, key);
    if (heading == NULL)
        return;
    va_list ap;
    va_start(ap, heading);
    add_line(e, heading, ap);
    va_end(ap);
    e->depth++;
}

void explain_close(struct explain *e, bool had_heading)
{
    jsonw_close(&e->w);
    e->depth -= had_heading;
}

void explain_list(struct explain *e, const char *key)
{
    jsonw_list(&e->w, key);
}

void explain_list_end(struct explain *e)
{
    jsonw_end(&e->w);
}

static void begin_line(struct explain *e, const char *words)
{
    int width = WORDS_WIDTH - 2 * e->depth;
    indent(e);
    buf_addf(&e->text, "%-*s  ", width > 0 ? width : 0, words);
}

void explain_num(struct explain *e, const char *key, const char *words, double v,
                 const char *unit)
{
    jsonw_num_digits(&e->w, key, v, DIGITS);
    begin_line(e, words);
    if (isnan(v))
        buf_add(&e->text, "unknown");
    else if (isinf(v))
        buf_add(&e->text, v > 0 ? "without end" : "without end, downwards");
    else
        json_write_number(&e->text, v, DIGITS);
    if (unit != NULL && isfinite(v))
        buf_addf(&e->text, " %s", unit);
    buf_add_ch(&e->text, '\n');
}

void explain_share(struct explain *e, const char *key, const char *words, double v)
{
    jsonw_num_digits(&e->w, key, v, DIGITS);
    begin_line(e, words);
    if (isfinite(v))
        buf_addf(&e->text, "%.4g %%\n", 100 * v);
    else
        buf_add(&e->text, isnan(v) ? "unknown\n" : "without end\n");
}

void explain_count(struct explain *e, const char *key, const char *words, size_t n)
{
    jsonw_int(&e->w, key, (int64_t)n);
    begin_line(e, words);
    buf_addf(&e->text, "%zu\n", n);
}

void explain_text(struct explain *e, const char *key, const char *words,
                  const char *text)
{
    jsonw_text(&e->w, key, text);
    begin_line(e, words);
    for (const char *c = text != NULL ? text : "none"; *c != '\0'; c++)
        buf_add_ch(&e->text, (unsigned char)*c < ' ' ? ' ' : *c);
    buf_add_ch(&e->text, '\n');
}

void explain_yes(struct explain *e, const char *key, const char *words, bool yes)
{
    jsonw_bool(&e->w, key, yes);
    begin_line(e, words);
    buf_add(&e->text, yes ? "yes\n" : "no\n");
}

void explain_time(struct explain *e, const char *key, const char *words, instant at)
{
    char text[INSTANT_TEXT_MAX], local[EXPLAIN_LOCAL_MAX];
    jsonw_instant(&e->w, key, at);
    begin_line(e, words);
    if (instant_is_none(at))
        buf_add(&e->text, "none\n");
    else if (e->local != NULL)
        buf_addf(&e->text, "%s (%s)\n", e->local(at, local), instant_text(at, text));
    else
        buf_addf(&e->text, "%s\n", instant_text(at, text));
}

void explain_say(struct explain *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_line(e, fmt, ap);
    va_end(ap);
}
