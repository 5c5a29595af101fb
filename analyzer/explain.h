/* analyzer/explain.h - every number that led to what one rule said of one change.
 *
 * A judgement is asked for it by its case; when it is over and all its numbers are
 * still there, they are written down, so a judgement that is not asked pays nothing.
 * Text and JSON come from the same calls and so say the same.  Pure. */
#ifndef ANALYZER_EXPLAIN_H
#define ANALYZER_EXPLAIN_H

#include "base/buf.h"
#include "base/instant.h"
#include "base/jsonw.h"

#include <stdbool.h>
#include <stddef.h>

enum { EXPLAIN_LOCAL_MAX = 48 };

struct explain {
    const char *rule; /* its id */
    /* A time as people read it here; NULL: RFC 3339 only. */
    const char *(*local)(instant at, char out[EXPLAIN_LOCAL_MAX]);
    /* Out: the lines, and the members of a JSON object. */
    struct buf text, json;
    struct jsonw w;
    int depth;
    bool known; /* the rule set has this rule */
};

/* `rule` is borrowed. */
void explain_begin(struct explain *e, const char *rule);
/* Closes the JSON object.  -1: out of memory. */
int explain_end(struct explain *e);
void explain_free(struct explain *e);
#define OWNED_EXPLAIN __attribute__((cleanup(explain_free))) struct explain

/* Parts within one another: a heading and an object, or a list of objects.  `key` is
 * NULL for an object of a list; `heading` NULL: no line, and no deeper. */
void explain_open(struct explain *e, const char *key, const char *heading, ...)
    __attribute__((format(printf, 3, 4)));
void explain_close(struct explain *e, bool had_heading);
void explain_list(struct explain *e, const char *key);
void explain_list_end(struct explain *e);

/* One value: in text "words: value".  NaN is "unknown", and null in JSON. */
void explain_num(struct explain *e, const char *key, const char *words, double v,
                 const char *unit);
/* A share or relative change: a plain number in JSON, percent in the text. */
void explain_share(struct explain *e, const char *key, const char *words, double v);
void explain_count(struct explain *e, const char *key, const char *words, size_t n);
void explain_text(struct explain *e, const char *key, const char *words,
                  const char *text);
void explain_yes(struct explain *e, const char *key, const char *words, bool yes);
void explain_time(struct explain *e, const char *key, const char *words, instant at);
/* A sentence that is only in the text. */
void explain_say(struct explain *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
