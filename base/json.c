/* base/json.c - strangers' JSON through jansson, and the place of every complaint.
 *
 * jansson gives no places for values, so the text is kept: when there is something to
 * complain about, text and tree are walked side by side until the value is met.  That
 * rests on three things that hold for every document that json_parse gives out: the
 * text is well-formed, no key is there twice, and jansson keeps members in the text's
 * order. Depth is measured before jansson sees the text, so nothing here or there
 * recurses deeper than JSON_DEPTH_MAX.  Any thread, one at a time for each document. */
#include "base/json.h"

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/order.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Doubles hold every whole number up to here. */
#define WHOLE_MAX 9007199254740992 /* 2^53 */

enum { NTH_NONE = -1 };

struct json_doc {
    char *text;
    size_t n;
    json_t *root;
    /* Where json_nth stood last, so that going through an object is one pass. */
    json_t *nth_of;
    size_t nth;
    void *nth_iter;
};

static const char *const kind_names[] = {
    [JSON_KIND_NONE] = "nothing",     [JSON_KIND_NULL] = "null",
    [JSON_KIND_BOOL] = "a boolean",   [JSON_KIND_NUMBER] = "a number",
    [JSON_KIND_TEXT] = "a text",      [JSON_KIND_LIST] = "a list",
    [JSON_KIND_OBJECT] = "an object",
};

/* The value behind the header's `void *`; every one came from jansson. */
static json_t *value_of(const struct json_at *v)
{
    return v->value;
}

/* Line and column of byte `at`, both from 1; columns count characters. */
static void place(const char *text, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    unsigned line = 1, column = 1;
    assert(text != NULL || at == 0);
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n')
            line++, column = 1;
        else if (((unsigned char)text[i] & 0xc0) != 0x80)
            column++;
    }
    *ret_line = line;
    *ret_column = column;
}

/* The string whose opening quote is at `at`; gives the place behind its end, at most
 * `n`. */
static size_t string_end(const char *text, size_t n, size_t at)
{
    for (at++; at < n && text[at] != '"'; at++)
        if (text[at] == '\\')
            at++;
    return at < n ? at + 1 : n;
}

/* The first bracket that is nested too deep, or `n`.  The text may be anything. */
static size_t too_deep_at(const char *text, size_t n)
{
    int depth = 0;
    for (size_t i = 0; i < n;) {
        if (text[i] == '"') {
            i = string_end(text, n, i);
            continue;
        }
        if ((text[i] == '[' || text[i] == '{') && ++depth > JSON_DEPTH_MAX)
            return i;
        if ((text[i] == ']' || text[i] == '}') && depth > 0)
            depth--;
        i++;
    }
    return n;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(const char *text, size_t n, size_t at)
{
    while (at < n && blank(text[at]))
        at++;
    return at;
}

static int parse_complain(const struct json_doc *d, size_t at, const char *words,
                          struct err *err)
{
    unsigned line, column;
    char clean[JSON_ERROR_TEXT_LENGTH];
    snprintf(clean, sizeof clean, "%s", words);
    for (char *p = clean; *p != '\0'; p++) /* jansson quotes the text as it is */
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    place(d->text, at, &line, &column);
    return err_set(err, EINVAL, "line %u, column %u: %s", line, column, clean);
}

/* A whole number beyond 2^63 stops jansson; then all numbers are read as doubles. */
static json_t *load(const struct json_doc *d, json_error_t *e)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *root = json_loadb(d->text, d->n, flags, e);
    if (root == NULL && json_error_code(e) == json_error_numeric_overflow)
        root = json_loadb(d->text, d->n, flags | JSON_DECODE_INT_AS_REAL, e);
    return root;
}

static int parse(struct json_doc *d, struct err *err)
{
    size_t deep = too_deep_at(d->text, d->n);
    if (deep < d->n)
        return parse_complain(d, deep, "lists and objects may nest 64 deep", err);
    const char *nul = memchr(d->text, '\0', d->n);
    if (nul != NULL) /* jansson overlooks one behind a number */
        return parse_complain(d, (size_t)(nul - d->text), "a NUL byte", err);
    if (skip_blanks(d->text, d->n, 0) == d->n)
        return err_set(err, EINVAL, "the document is empty");
    json_error_t e = {0};
    d->root = load(d, &e);
    if (d->root != NULL)
        return 0;
    if (json_error_code(&e) == json_error_out_of_memory)
        return err_set(err, ENOMEM, "no memory to read the document");
    /* jansson counts what it has read: the byte before is the one it dislikes */
    size_t at = e.position > 0 ? (size_t)e.position - 1 : 0;
    return parse_complain(d, at < d->n ? at : d->n, e.text, err);
}

struct json_doc *json_parse(const char *text, size_t n, struct err *err)
{
    struct json_doc *d = calloc(1, sizeof *d);
    char *copy = malloc(n + 1);
    if (d == NULL || copy == NULL) {
        free(d);
        free(copy);
        err_set(err, ENOMEM, "no memory to read the document");
        return NULL;
    }
    if (n > 0)
        memcpy(copy, text, n);
    copy[n] = '\0';
    d->text = copy;
    d->n = n;
    if (parse(d, err) < 0)
        json_free(&d);
    return d;
}

size_t json_values_most(const char *text, size_t n)
{
    size_t values = 1;
    for (size_t i = 0; i < n; i++)
        values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return values;
}

void json_free(struct json_doc **doc)
{
    if (*doc == NULL)
        return;
    json_decref((*doc)->root);
    free((*doc)->text);
    free(*doc);
    *doc = NULL;
}

struct json_at json_root(struct json_doc *doc)
{
    return (struct json_at){.doc = doc, .value = doc->root, .nth = (size_t)NTH_NONE};
}

enum json_kind json_kind(const struct json_at *v)
{
    if (v->value == NULL)
        return JSON_KIND_NONE;
    switch (json_typeof(value_of(v))) {
    case JSON_OBJECT:
        return JSON_KIND_OBJECT;
    case JSON_ARRAY:
        return JSON_KIND_LIST;
    case JSON_STRING:
        return JSON_KIND_TEXT;
    case JSON_INTEGER:
    case JSON_REAL:
        return JSON_KIND_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_KIND_BOOL;
    case JSON_NULL:
        return JSON_KIND_NULL;
    }
    return JSON_KIND_NONE;
}

/* Writes parent's path and `part` to *v, cut to the room there is. */
static void path_join(struct json_at *v, const char *parent, const char *part)
{
    int n = snprintf(v->path, sizeof v->path, "%s%s", parent, part);
    if (n < 0 || (size_t)n < sizeof v->path)
        return;
    size_t end = sizeof v->path - sizeof "...";
    while (end > 0 && ((unsigned char)v->path[end] & 0xc0) == 0x80)
        end--; /* not within a character */
    memcpy(v->path + end, "...", sizeof "...");
}

static bool plain_key(const char *key)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return key[0] != '\0' && key[strspn(key, letters)] == '\0';
}

/* "hosts", "batch.no", or labels["a b"] for a key that would read badly. */
static void path_of_member(struct json_at *v, const char *parent, const char *key)
{
    if (plain_key(key)) {
        char part[JSON_PATH_MAX + 1];
        snprintf(part, sizeof part, "%s%s", parent[0] != '\0' ? "." : "", key);
        path_join(v, parent, part);
        return;
    }
    OWNED_BUF part = {0};
    buf_add_ch(&part, '[');
    json_quote(&part, key);
    buf_add_ch(&part, ']');
    path_join(v, parent, buf_done(&part) == 0 ? buf_text(&part) : "[?]");
}

bool json_member(const struct json_at *obj, const char *key, struct json_at *ret_v)
{
    struct json_at v = {.doc = obj->doc, .nth = (size_t)NTH_NONE};
    path_of_member(&v, obj->path, key);
    void *iter = NULL;
    if (json_is_object(value_of(obj))) {
        v.in = obj->value;
        iter = json_object_iter_at(obj->value, key);
    } else { /* no object: a complaint can only name the place of what is there */
        v.in = obj->in;
        v.key = obj->key;
        v.nth = obj->nth;
    }
    if (iter != NULL) {
        v.key = json_object_iter_key(iter);
        v.value = json_object_iter_value(iter);
        if (json_is_null(value_of(&v)))
            v.value = NULL;
    }
    *ret_v = v;
    return v.value != NULL;
}

size_t json_count(const struct json_at *v)
{
    json_t *value = value_of(v); /* jansson gives 0 for other kinds and NULL */
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

struct json_at json_item(const struct json_at *list, size_t i)
{
    assert(json_is_array(value_of(list)) && i < json_array_size(list->value));
    struct json_at v = {.doc = list->doc, .in = list->value, .nth = i};
    v.value = json_array_get(list->value, i);
    char part[32];
    snprintf(part, sizeof part, "[%zu]", i);
    path_join(&v, list->path, part);
    return v;
}

/* jansson's place of member i; from the last one asked for when that lies before. */
static void *iter_nth(struct json_doc *d, json_t *obj, size_t i)
{
    if (d->nth_of != obj || i < d->nth) {
        d->nth_of = obj;
        d->nth = 0;
        d->nth_iter = json_object_iter(obj);
    }
    for (; d->nth < i; d->nth++)
        d->nth_iter = json_object_iter_next(obj, d->nth_iter);
    return d->nth_iter;
}

struct json_at json_nth(const struct json_at *obj, size_t i, const char **ret_key)
{
    assert(json_is_object(value_of(obj)) && i < json_object_size(obj->value));
    void *iter = iter_nth(obj->doc, obj->value, i);
    struct json_at v = {.doc = obj->doc, .in = obj->value, .nth = (size_t)NTH_NONE};
    v.key = json_object_iter_key(iter);
    v.value = json_object_iter_value(iter);
    path_of_member(&v, obj->path, v.key);
    *ret_key = v.key;
    return v;
}

/* "expected a text, got a number", or that it is missing. */
static int kind_complain(const struct json_at *v, const char *wanted, struct err *err)
{
    if (v->value != NULL)
        return json_complain(v, err, "expected %s, got %s", wanted,
                             kind_names[json_kind(v)]);
    if (v->key != NULL && json_is_null(json_object_get(v->in, v->key)))
        return json_complain(v, err, "expected %s, got null", wanted);
    return json_complain(v, err, "is missing, expected %s", wanted);
}

int json_text(const struct json_at *v, const char **ret_text, struct err *err)
{
    if (!json_is_string(value_of(v)))
        return kind_complain(v, "a text", err);
    *ret_text = json_string_value(v->value);
    return 0;
}

const char *json_text_at(const struct json_at *from, const char *const *path)
{
    struct json_at at = *from, next;
    const char *text = NULL;
    for (; *path != NULL; path++) {
        if (!json_member(&at, *path, &next))
            return NULL;
        at = next;
    }
    return json_text(&at, &text, NULL) == 0 ? text : NULL;
}

int json_number(const struct json_at *v, double *ret_number, struct err *err)
{
    if (!json_is_number(value_of(v)))
        return kind_complain(v, "a number", err);
    *ret_number = json_number_value(v->value);
    return 0;
}

int json_whole(const struct json_at *v, int64_t *ret_whole, struct err *err)
{
    if (!json_is_number(value_of(v)))
        return kind_complain(v, "a whole number", err);
    if (json_is_integer(value_of(v))) {
        json_int_t whole = json_integer_value(v->value);
        if (whole < -WHOLE_MAX || whole > WHOLE_MAX)
            return json_complain(v, err,
                                 "expected a whole number of at most 2^53, got %lld",
                                 (long long)whole);
        *ret_whole = whole;
        return 0;
    }
    double number = json_real_value(v->value);
    if (!(fabs(number) <= (double)WHOLE_MAX))
        return json_complain(v, err, "expected a whole number of at most 2^53, got %g",
                             number);
    if (number != floor(number))
        return json_complain(v, err, "expected a whole number, got %.15g", number);
    *ret_whole = (int64_t)number;
    return 0;
}

int json_bool(const struct json_at *v, bool *ret_bool, struct err *err)
{
    if (!json_is_boolean(value_of(v)))
        return kind_complain(v, "true or false", err);
    *ret_bool = json_is_true(value_of(v));
    return 0;
}

/* The walk through text and tree, side by side. */
struct walk {
    const char *text;
    size_t n, at;
    const struct json_at *wanted;
    bool met; /* `at` is the place */
};

static bool wants(const struct walk *w, const json_t *in, const char *key, size_t nth)
{
    const struct json_at *v = w->wanted;
    return in == v->in && key == v->key && nth == v->nth;
}

static void walk_blanks(struct walk *w)
{
    w->at = skip_blanks(w->text, w->n, w->at);
}

/* Blanks and then one mark: a bracket, a comma, a colon. */
static void walk_mark(struct walk *w)
{
    walk_blanks(w);
    if (w->at < w->n)
        w->at++;
}

/* NOLINTBEGIN(misc-no-recursion): parse() sees to at most JSON_DEPTH_MAX levels */
static void walk_value(struct walk *w, json_t *v);

/* One child of `in`: stops before it when it is the wanted one. */
static void walk_child(struct walk *w, const json_t *in, const char *key, size_t nth,
                       json_t *child)
{
    walk_blanks(w);
    w->met = wants(w, in, key, nth);
    if (!w->met)
        walk_value(w, child);
}

static void walk_list(struct walk *w, json_t *list)
{
    size_t count = json_array_size(list);
    walk_mark(w); /* [ */
    for (size_t i = 0; i < count && !w->met; i++) {
        if (i > 0)
            walk_mark(w); /* , */
        walk_child(w, list, NULL, i, json_array_get(list, i));
    }
    if (!w->met)
        walk_mark(w); /* ] */
}

static void walk_object(struct walk *w, json_t *obj)
{
    walk_mark(w); /* { */
    for (void *iter = json_object_iter(obj); iter != NULL && !w->met;) {
        walk_blanks(w);
        w->at = string_end(w->text, w->n, w->at);
        walk_mark(w); /* : */
        walk_child(w, obj, json_object_iter_key(iter), (size_t)NTH_NONE,
                   json_object_iter_value(iter));
        iter = json_object_iter_next(obj, iter);
        if (iter != NULL && !w->met)
            walk_mark(w); /* , */
    }
    if (!w->met)
        walk_mark(w); /* } */
}

static void walk_value(struct walk *w, json_t *v)
{
    walk_blanks(w);
    if (wants(w, v, NULL, (size_t)NTH_NONE))
        w->met = true;
    else if (json_is_array(v))
        walk_list(w, v);
    else if (json_is_object(v))
        walk_object(w, v);
    else if (json_is_string(v))
        w->at = string_end(w->text, w->n, w->at);
    else
        while (w->at < w->n && !blank(w->text[w->at]) &&
               strchr(",]}", w->text[w->at]) == NULL)
            w->at++;
}
/* NOLINTEND(misc-no-recursion) */

static size_t offset_of(const struct json_at *v)
{
    struct walk w = {.text = v->doc->text, .n = v->doc->n, .wanted = v};
    if (v->in == NULL)
        walk_blanks(&w);
    else
        walk_value(&w, v->doc->root);
    return w.at;
}

#undef json_complain /* what the header tells the analyzer is for the callers */
int json_complain(const struct json_at *v, struct err *err, const char *fmt, ...)
{
    if (err == NULL || err->code != 0)
        return -1; /* before the walk, which is for nothing then */
    char words[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    unsigned line, column;
    place(v->doc->text, offset_of(v), &line, &column);
    return err_set(err, EINVAL, "%s (line %u, column %u): %s",
                   v->path[0] != '\0' ? v->path : "the document", line, column, words);
}

/* NOLINTBEGIN(misc-no-recursion): parse() sees to at most JSON_DEPTH_MAX levels */
static void dump_value(struct buf *b, json_t *v);

static void dump_object(struct buf *b, json_t *obj)
{
    size_t n = json_object_size(obj), i = 0;
    const char **key = calloc(n + 1, sizeof *key);
    if (key == NULL) {
        b->failed = true;
        return;
    }
    for (void *it = json_object_iter(obj); it; it = json_object_iter_next(obj, it))
        key[i++] = json_object_iter_key(it);
    qsort(key, n, sizeof *key, order_texts);
    buf_add_ch(b, '{');
    for (i = 0; i < n; i++) {
        if (i > 0)
            buf_add_ch(b, ',');
        json_quote(b, key[i]);
        buf_add_ch(b, ':');
        dump_value(b, json_object_get(obj, key[i]));
    }
    buf_add_ch(b, '}');
    free(key);
}

static void dump_list(struct buf *b, json_t *list)
{
    buf_add_ch(b, '[');
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0)
            buf_add_ch(b, ',');
        dump_value(b, json_array_get(list, i));
    }
    buf_add_ch(b, ']');
}

/* A whole number as jansson's integers are written, since 1.0 equals 1; else as few
 * digits as read back to the same number. */
static void dump_real(struct buf *b, double v)
{
    if (fabs(v) < 0x1p63 && v == floor(v)) {
        buf_addf(b, "%" PRId64, (int64_t)v);
        return;
    }
    int digits = 15;
    for (char text[32]; digits < JSONW_DIGITS_MAX; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    json_write_number(b, v, digits);
}

static void dump_value(struct buf *b, json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        dump_object(b, v);
        return;
    case JSON_ARRAY:
        dump_list(b, v);
        return;
    case JSON_STRING:
        json_quote(b, json_string_value(v));
        return;
    case JSON_INTEGER:
        buf_addf(b, "%lld", (long long)json_integer_value(v));
        return;
    case JSON_REAL:
        dump_real(b, json_real_value(v));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_add(b, json_is_true(v) ? "true" : "false");
        return;
    case JSON_NULL:
        buf_add(b, "null");
        return;
    }
}
/* NOLINTEND(misc-no-recursion) */

char *json_dump(const struct json_at *v)
{
    struct buf b = {0};
    if (v->value != NULL)
        dump_value(&b, v->value);
    else
        buf_add(&b, "null");
    return buf_give(&b);
}
