/* base/jsonw.h - writing JSON: the same calls always give the same bytes.
 *
 * Commas and nesting are kept by the writer; `key` is NULL inside a list and at the
 * top, and only there (asserted).  Text is escaped and its invalid UTF-8 replaced by
 * U+FFFD.  Numbers have at most `digits` significant digits (JSONW_DIGITS unless
 * asked), no needless zeros, never a locale's comma; NaN and infinity are written as
 * null.  Several values at the top follow one another with nothing between: a caller
 * who wants lines adds the line ends. */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "base/buf.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stdint.h>

enum { JSONW_DIGITS = 6, JSONW_DIGITS_MAX = 17, JSONW_DEPTH_MAX = 32 };

/* Start it as `struct jsonw w = {.to = &b};`. */
struct jsonw {
    struct buf *to; /* borrowed */
    int depth;
    bool filled[JSONW_DEPTH_MAX]; /* something stands in this object or list already */
    bool object[JSONW_DEPTH_MAX]; /* it is an object */
};

void jsonw_open(struct jsonw *w, const char *key);                   /* { */
void jsonw_close(struct jsonw *w);                                   /* } */
void jsonw_list(struct jsonw *w, const char *key);                   /* [ */
void jsonw_end(struct jsonw *w);                                     /* ] */
void jsonw_text(struct jsonw *w, const char *key, const char *text); /* NULL: null */
void jsonw_num(struct jsonw *w, const char *key, double v);
void jsonw_num_digits(struct jsonw *w, const char *key, double v, int digits);
void jsonw_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_bool(struct jsonw *w, const char *key, bool v);
void jsonw_null(struct jsonw *w, const char *key);
void jsonw_instant(struct jsonw *w, const char *key,
                   instant at); /* RFC 3339; none: null */
void jsonw_raw(struct jsonw *w, const char *key,
               const char *json); /* trusted JSON text */

/* Only the quoted, escaped text.  Besides what JSON demands, it escapes DEL, C1 and
 * U+2028 and U+2029, so that the result is one line wherever it is put. */
void json_quote(struct buf *b, const char *text);
/* Only the number, as jsonw_num_digits writes it. */
void json_write_number(struct buf *b, double v, int digits);

#endif
