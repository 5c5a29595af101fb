/* base/json.h - reading JSON from strangers, with the place of every complaint.
 *
 * The only place that includes jansson.h.  A document is parsed whole (duplicate keys,
 * invalid UTF-8, \u0000 and nesting deeper than JSON_DEPTH_MAX are refused), then read
 * through `struct json_at`: a value together with where it stands.  Its complaints read
 * "hosts[3] (line 2, column 31): expected a text, got a number". */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 64, JSON_PATH_MAX = 160 };

/* A parsed document; owns all its values and texts.  One thread at a time. */
struct json_doc;

struct json_at {
    struct json_doc *doc;
    void *value; /* NULL: nothing there, or null where a member was asked for */
    char path[JSON_PATH_MAX]; /* "" at the root; a long one ends in "..." */
    /* json.c's way to find the place again: in list or object `in` (NULL: the whole
     * document), item `nth` or member `key`, or `in` itself when neither is set. */
    void *in;
    const char *key;
    size_t nth;
};

enum json_kind {
    JSON_KIND_NONE,
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_NUMBER,
    JSON_KIND_TEXT,
    JSON_KIND_LIST,
    JSON_KIND_OBJECT
};

/* NULL and *err ("line 3, column 14: '}' expected near 'x'") when it is not JSON.  The
 * bytes need not end in NUL and are copied.  Any value may be the whole document.
 * Columns count characters.  Whole numbers are exact up to 2^63, or up to 2^53 in a
 * document that holds a larger one. */
struct json_doc *json_parse(const char *text, size_t n, struct err *err);
void json_free(struct json_doc **doc);
/* At most so many values are in the text; found without parsing it.  A small value
 * takes some 50 times its bytes in memory, so a long text is better asked first. */
size_t json_values_most(const char *text, size_t n);
#define OWNED_JSON __attribute__((cleanup(json_free))) struct json_doc

struct json_at json_root(struct json_doc *doc);
enum json_kind json_kind(const struct json_at *v);

/* The member `key` of an object; false (and *ret_v with value NULL, its path set) when
 * it is absent or null, or *obj is no object. */
bool json_member(const struct json_at *obj, const char *key, struct json_at *ret_v);

/* Number of items of a list or members of an object, else 0. */
size_t json_count(const struct json_at *v);
/* Item i of a list. */
struct json_at json_item(const struct json_at *list, size_t i);
/* Member i of an object in the document's order, null ones too; *ret_key is borrowed
 * from the doc.  Asked for in turn, each costs the same. */
struct json_at json_nth(const struct json_at *obj, size_t i, const char **ret_key);

/* The value, typed; -1 with a complaint at its place when it is of another kind.  Text
 * is borrowed from the doc.  json_whole refuses fractions and numbers beyond 2^53. */
int json_text(const struct json_at *v, const char **ret_text, struct err *err);
int json_number(const struct json_at *v, double *ret_number, struct err *err);
int json_whole(const struct json_at *v, int64_t *ret_whole, struct err *err);
int json_bool(const struct json_at *v, bool *ret_bool, struct err *err);

/* A text inside an object inside ...: JSON_TEXT_AT(&root, "subject", "id").  NULL when
 * any of it is absent or no text. */
const char *json_text_at(const struct json_at *from, const char *const *path);
#define JSON_TEXT_AT(from, ...)                                                        \
    json_text_at(from, (const char *const[]){__VA_ARGS__, NULL})

/* A complaint at this place: "<path> (line L, column C): <words>", where the root's
 * path reads "the document".  Always -1.  For a missing member it names the place of
 * the object that lacks it. */
int json_complain(const struct json_at *v, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The analyzer sees one file at a time, so it is told what this gives. */
#ifdef __clang_analyzer__
#define json_complain(...) (json_complain(__VA_ARGS__), -1)
#endif

/* The value as compact JSON text with its keys sorted, so equal values give equal
 * bytes: 1, 1.0 and 10e-1 are all written 1.  "null" when nothing is there.  The caller
 * frees it; NULL when memory is short. */
char *json_dump(const struct json_at *v);

#endif
