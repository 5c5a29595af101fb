/* base/jsonw.c - JSON text, piece by piece, into a struct buf.
 *
 * A comma goes before every value but the first of its object or list; that is all the
 * state there is.  One owner at a time, no locks. */
#include "base/jsonw.h"

#include "base/names.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Comma and key: all that stands before a value. */
static void begin(struct jsonw *w, const char *key)
{
    int top = w->depth - 1; /* of the object or list that we are in */
    assert((key != NULL) == (top >= 0 && w->object[top]));
    if (top >= 0 && w->filled[top])
        buf_add_ch(w->to, ',');
    if (top >= 0)
        w->filled[top] = true;
    if (key != NULL) {
        json_quote(w->to, key);
        buf_add_ch(w->to, ':');
    }
}

static void enter(struct jsonw *w, const char *key, bool object)
{
    assert(w->depth < JSONW_DEPTH_MAX);
    begin(w, key);
    w->filled[w->depth] = false;
    w->object[w->depth] = object;
    w->depth++;
    buf_add_ch(w->to, object ? '{' : '[');
}

static void leave(struct jsonw *w, bool object)
{
    assert(w->depth > 0 && w->object[w->depth - 1] == object);
    w->depth--;
    buf_add_ch(w->to, object ? '}' : ']');
}

void jsonw_open(struct jsonw *w, const char *key)
{
    enter(w, key, true);
}

void jsonw_close(struct jsonw *w)
{
    leave(w, true);
}

void jsonw_list(struct jsonw *w, const char *key)
{
    enter(w, key, false);
}

void jsonw_end(struct jsonw *w)
{
    leave(w, false);
}

void jsonw_text(struct jsonw *w, const char *key, const char *text)
{
    if (text == NULL) {
        jsonw_null(w, key);
        return;
    }
    begin(w, key);
    json_quote(w->to, text);
}

void jsonw_num(struct jsonw *w, const char *key, double v)
{
    jsonw_num_digits(w, key, v, JSONW_DIGITS);
}

void jsonw_num_digits(struct jsonw *w, const char *key, double v, int digits)
{
    begin(w, key);
    json_write_number(w->to, v, digits);
}

void jsonw_int(struct jsonw *w, const char *key, int64_t v)
{
    begin(w, key);
    buf_addf(w->to, "%" PRId64, v);
}

void jsonw_bool(struct jsonw *w, const char *key, bool v)
{
    jsonw_raw(w, key, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    jsonw_raw(w, key, "null");
}

void jsonw_instant(struct jsonw *w, const char *key, instant at)
{
    char text[INSTANT_TEXT_MAX];
    jsonw_text(w, key, instant_is_none(at) ? NULL : instant_text(at, text));
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json)
{
    begin(w, key);
    buf_add(w->to, json);
}

/* The mantissa as %g gave it, with a point whatever the locale's sign is; gives the
 * place behind it. */
static const char *add_mantissa(struct buf *b, const char *p)
{
    bool point = false;
    for (; *p != '\0' && *p != 'e'; p++) {
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            buf_add_ch(b, *p);
        else if (!point) /* a locale's sign may be several bytes long */
            point = true, buf_add_ch(b, '.');
    }
    return p;
}

void json_write_number(struct buf *b, double v, int digits)
{
    assert(digits >= 1 && digits <= JSONW_DIGITS_MAX);
    if (!isfinite(v)) {
        buf_add(b, "null");
        return;
    }
    char text[48];
    snprintf(text, sizeof text, "%.*g", digits, v == 0 ? 0.0 : v); /* no "-0" */
    const char *p = add_mantissa(b, text);
    if (*p != 'e')
        return;
    buf_add_ch(b, 'e');
    if (*++p == '-')
        buf_add_ch(b, '-');
    p += strspn(p, "+-0"); /* "e+06" is legal too, but longer */
    buf_add(b, p);
}

/* Writes the character of `len` bytes (0: no UTF-8) that cannot stand as it is. */
static void add_escaped(struct buf *b, const char *p, size_t len)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const unsigned char *u = (const unsigned char *)p;
    const char *at = len == 1 ? strchr(plain, *p) : NULL;
    if (len == 0)
        buf_add(b, "\xef\xbf\xbd"); /* U+FFFD */
    else if (at != NULL)
        buf_add_ch(b, '\\'), buf_add_ch(b, letter[at - plain]);
    else if (len == 1)
        buf_addf(b, "\\u%04x", u[0]);
    else if (len == 2)
        buf_addf(b, "\\u%04x", (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu));
    else
        buf_addf(b, "\\u%04x",
                 (u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu));
}

void json_quote(struct buf *b, const char *text)
{
    const char *end = text + strlen(text), *p = text;
    buf_add_ch(b, '"');
    while (p < end) {
        size_t len = utf8_next(p, (size_t)(end - p));
        if (len > 0 && *p != '"' && *p != '\\' && !utf8_is_control(p, len)) {
            p += len;
            continue;
        }
        buf_add_n(b, text, (size_t)(p - text));
        add_escaped(b, p, len);
        p += len > 0 ? len : 1;
        text = p;
    }
    buf_add_n(b, text, (size_t)(p - text));
    buf_add_ch(b, '"');
}
