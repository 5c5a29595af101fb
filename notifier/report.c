/* notifier/report.c - what the parts of a report share, and putting them together.
 *
 * Pure: no clock, no files; the same change and verdicts give the same report.  Every
 * stranger's text passes report_clean() here, so no format has to think of it again.  A
 * failed allocation is remembered in `failed` and ends the whole report. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "base/httpc.h"
#include "base/names.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/plain.h"
#include "notifier/retell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- texts --- */

const char *report_keep(struct report *r, char *text)
{
    if (text != NULL && r->n_texts == r->cap_texts) {
        size_t cap = r->cap_texts > 0 ? r->cap_texts * 2 : 64;
        char **grown = realloc(r->texts, cap * sizeof *grown);
        if (grown == NULL) {
            free(text);
            text = NULL;
        } else {
            r->texts = grown;
            r->cap_texts = cap;
        }
    }
    if (text == NULL) {
        r->failed = true;
        return "";
    }
    r->texts[r->n_texts++] = text;
    return text;
}

const char *report_keep_buf(struct report *r, struct buf *b)
{
    return report_keep(r, buf_give(b));
}

const char *report_say(struct report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    return report_keep(r, text);
}

const char *report_clean(struct report *r, const char *text, size_t chars)
{
    if (text == NULL || *text == '\0')
        return NULL;
    struct buf b = {0};
    plain_add(&b, text, chars);
    return report_keep_buf(r, &b);
}

const char *report_name(struct report *r, const char *name)
{
    const char *text = report_clean(r, name, REPORT_NAME_CHARS);
    return text != NULL ? text : "?";
}

const char *report_word(const struct report *r, enum phrase p)
{
    return phrase(r->language, p);
}

const char *report_put(struct report *r, enum phrase p, const char *const *args,
                       size_t n)
{
    struct buf b = {0};
    phrase_add(&b, r->language, p, args, n);
    return report_keep_buf(r, &b);
}

const char *report_count(struct report *r, double n)
{
    char text[FIGURE_TEXT_MAX];
    return report_say(r, "%s", figure_count(n, text));
}

const char *report_figure(struct report *r, double v, const char *unit)
{
    char text[FIGURE_TEXT_MAX];
    return report_say(r, "%s", figure(r->language, v, unit, text));
}

const char *report_time(struct report *r, instant at)
{
    char text[FIGURE_TEXT_MAX];
    return report_say(r, "%s", figure_time(r->language, at, text));
}

const char *report_span(struct report *r, span s)
{
    char text[FIGURE_TEXT_MAX];
    return report_say(r, "%s", figure_span(r->language, s, text));
}

const char *report_later(struct report *r, span later, bool first)
{
    if (later.ms == 86400000)
        return report_word(r, first ? PHRASE_A_DAY_LATER_FIRST : PHRASE_A_DAY_LATER);
    return REPORT_PUT(r, LATER, report_span(r, later));
}

const char *report_retell(struct report *r, const char *sentence)
{
    struct buf b = {0};
    const char *clean = report_clean(r, sentence, REPORT_SENTENCE_CHARS);
    if (clean == NULL || r->language == LANGUAGE_EN)
        return clean;
    if (retell(r->language, clean, &b))
        return report_keep_buf(r, &b);
    buf_free(&b);
    return clean;
}

void *report_grow(struct report *r, void *at, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return at;
    size_t more = *cap > 0 ? *cap * 2 : 8;
    void *grown = realloc(at, more * size);
    if (grown == NULL) {
        r->failed = true;
        return at;
    }
    *cap = more;
    return grown;
}

void report_add_link(struct report *r, struct report_rows *rows, const char *label,
                     const char *value, const char *url)
{
    if (value == NULL)
        return;
    rows->row = report_grow(r, rows->row, rows->n, &rows->cap, sizeof *rows->row);
    if (!r->failed)
        rows->row[rows->n++] = (struct report_row){label, value, url};
}

void report_add_row(struct report *r, struct report_rows *rows, enum phrase label,
                    const char *value)
{
    report_add_link(r, rows, report_word(r, label), value, NULL);
}

/* --- what formats ask for --- */

const char *report_grade_sign(enum grade g)
{
    static const char *const signs[GRADE_N] = {
        [GRADE_OK] = "\xe2\x9c\x93",
        [GRADE_ATTENTION] = "!",
        [GRADE_MUST_HANDLE] = "\xe2\x9c\x95",
        [GRADE_NOT_JUDGED] = "?",
    };
    return g < GRADE_N ? signs[g] : "?";
}

const char *report_grade_words(enum language l, enum grade g)
{
    static const enum phrase words[GRADE_N] = {
        [GRADE_OK] = PHRASE_GRADE_OK,
        [GRADE_ATTENTION] = PHRASE_GRADE_ATTENTION,
        [GRADE_MUST_HANDLE] = PHRASE_GRADE_MUST_HANDLE,
        [GRADE_NOT_JUDGED] = PHRASE_GRADE_NOT_JUDGED,
    };
    return phrase(l, g < GRADE_N ? words[g] : PHRASE_GRADE_NOT_JUDGED);
}

const char *report_group_words(enum language l, enum report_group g)
{
    static const enum phrase words[REPORT_GROUP_N] = {
        [REPORT_BAD] = PHRASE_FINDINGS,
        [REPORT_BACK] = PHRASE_CAME_BACK,
        [REPORT_SHADOW] = PHRASE_IN_SHADOW,
        [REPORT_MUTED] = PHRASE_MUTED,
    };
    return phrase(l, words[g]);
}

char *report_page_url(const char *public_url, const char *change_id)
{
    if (!html_url_ok(public_url) || strlen(public_url) > 500 ||
        strlen(change_id) > NAME_BYTES_MAX)
        return NULL;
    struct buf b = {0};
    size_t n = strlen(public_url);
    while (n > 0 && public_url[n - 1] == '/')
        n--;
    buf_add_n(&b, public_url, n);
    buf_add(&b, "/changes/");
    url_quote(&b, change_id);
    return buf_give(&b);
}

char *report_figure_text(const struct finding *f, enum language l)
{
    struct report *r = calloc(1, sizeof *r);
    char *text = NULL;
    if (r != NULL) {
        r->language = l;
        const char *name = report_figure_name(r, f);
        text = r->failed ? NULL : strdup(name);
    }
    report_free(&r);
    return text;
}

/* --- putting together --- */

static void fill(struct report *r, const struct report_input *in)
{
    const struct verdict *v = r->verdict;
    r->grade = v != NULL ? v->grade : GRADE_NOT_JUDGED;
    r->grade_words = v != NULL ? report_grade_words(r->language, v->grade)
                               : report_word(r, PHRASE_GRADE_NOT_YET);
    r->grade_sign = report_grade_sign(r->grade);
    char *url = report_page_url(in->public_url, r->change->change_id);
    r->page_url = url != NULL ? report_keep(r, url) : NULL;
    if (in->notice != NULL)
        r->notice = report_keep(r, strdup(in->notice));
    report_add_change(r);
    if (v != NULL) {
        report_add_findings(r);
        report_add_todos(r);
        report_add_codes(r);
        report_add_seen(r, in->public_url);
    }
    report_add_lead(r);
    report_add_revisions(r, in);
}

struct report *report_new(const struct report_input *in, struct err *err)
{
    struct report *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->language = in->language < LANGUAGE_N ? in->language : LANGUAGE_EN;
        r->change = in->change;
        r->verdict = in->verdict;
        fill(r, in);
    }
    if (r == NULL || r->failed) {
        report_free(&r);
        err_set(err, ENOMEM, "no memory for the report of change %.100s",
                in->change->change_id);
        return NULL;
    }
    return r;
}

void report_free(struct report **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n_findings; i++) {
        free((*r)->finding[i].host);
        free((*r)->finding[i].numbers.row);
    }
    for (size_t i = 0; i < (*r)->n_texts; i++)
        free((*r)->texts[i]);
    free((*r)->texts);
    free((*r)->finding);
    free((*r)->places);
    free((*r)->code);
    free((*r)->facts.row);
    free((*r)->unjudged.row);
    free((*r)->coverage.row);
    free((*r)->nearby.row);
    free((*r)->revisions.row);
    free(*r);
    *r = NULL;
}
