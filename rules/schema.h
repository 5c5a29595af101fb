/* rules/schema.h - the language of rule files as one table.
 *
 * The reader (rules/fields), the JSON Schema and the reference of the manual
 * (rules/schema_text) and the overrides all go by it: a field that is not in here does
 * not exist, and one that is in here is known to all of them. */
#ifndef RULES_SCHEMA_H
#define RULES_SCHEMA_H

#include "base/mail_address.h"
#include "rules/rule.h"

/* id, C type of the struct's member, what it looks like, JSON Schema without braces */
#define SCHEMA_TYPES(X)                                                                \
    X(TEXT, const char *, "a text", "\"type\": [\"string\", \"number\", \"boolean\"]") \
    X(ID, const char *, "1 to 100 of a-z 0-9 . _ -",                                   \
      "\"type\": \"string\", \"pattern\": \"^[a-z0-9._-]{1,100}$\"")                   \
    X(NAME, const char *, "a name of at most 200 bytes",                               \
      "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 200")                    \
    X(WHOLE, int, "a whole number such as 1", "\"type\": \"integer\"")                 \
    X(COUNT, double, "a count such as 200, 5k or 1.5M",                                \
      "\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "   \
      "\"pattern\": \"^[0-9]+(\\\\.[0-9]+)?[kMGT]?$\"}]")                              \
    X(NUMBER, double, "a number such as 2 or 0.5", "\"type\": \"number\"")             \
    X(SHARE, double, "a share such as 80%, from 0% to 100%",                           \
      "\"type\": \"string\", \"pattern\": \"^[0-9]+(\\\\.[0-9]+)?%$\"")                \
    X(RATIO, double, "a share such as 30%, with its sign",                             \
      "\"type\": \"string\", \"pattern\": \"^[0-9]+(\\\\.[0-9]+)?%$\"")                \
    X(CHANCE, double, "a chance such as 1% or 0.01, at most 50%",                      \
      "\"type\": [\"number\", \"string\"]")                                            \
    X(AMOUNT, struct amount, "an amount such as 5, 0.5%, 20 MB, 64KiB or 250ms",       \
      "\"type\": [\"number\", \"string\"]")                                            \
    X(SPAN, span, "a length of time such as 90s, 30m or 1h30m",                        \
      "\"type\": \"string\", \"pattern\": \"^(0|([0-9]+(ms|s|m|h|d|w))+)$\"")          \
    X(LOOKS, struct windows_rule, "a list of lengths of time such as [10m, 30m]",      \
      "\"type\": \"array\", \"items\": {\"type\": \"string\"}")                        \
    X(SLOW, struct windows_rule, "one or more lengths of time such as 24h, or off",    \
      "\"type\": [\"string\", \"array\"]")                                             \
    X(PASSES, struct probing, "a number such as 1, or a range such as 200..399",       \
      "\"type\": [\"number\", \"string\", \"array\"]")                                 \
    X(HOLD, struct hold, "something like \"3 of 5\", at most 60",                      \
      "\"type\": \"string\", \"pattern\": \"^[1-9][0-9]? of [1-9][0-9]?$\"")           \
    X(DATE, instant, "a date such as 2026-12-31", "\"type\": \"string\"")              \
    X(FLAG, bool, "true or false", "\"type\": \"boolean\"")                            \
    X(CHOICE, int, "one of", "\"type\": \"string\"")                                   \
    X(CHOICES, unsigned, "one or more of", "")                                         \
    X(PATTERNS, struct matches,                                                        \
      "a glob such as pay-*, a regular expression such as /^pay-[0-9]+$/, or a list "  \
      "of them",                                                                       \
      "\"type\": [\"string\", \"number\", \"array\"]")                                 \
    X(ADDRESSES, struct mail_addresses,                                                \
      "an address such as ops@example.com, or a list of them",                         \
      "\"type\": [\"string\", \"array\"]")                                             \
    X(WHEN, struct when, "a condition such as \"after > before * 1.3\"",               \
      "\"type\": \"string\"")                                                          \
    X(MAP, void *, "a map", "")                                                        \
    X(LIST, struct schema_list, "a list of maps", "")                                  \
    X(TABLE, struct schema_list, "a map from globs to maps", "")                       \
    X(LABELS, struct scope_labels, "a map from names to globs", "")                    \
    X(NODE, const struct yaml_node *, "a map", "")
#define X(id, type, words, json) SCHEMA_##id,
enum schema_type { SCHEMA_TYPES(X) SCHEMA_TYPE_N };
#undef X

/* How a LIST or TABLE is kept: as `struct exceptions`. */
struct schema_list {
    size_t n;
    void *at;
};

enum {
    SCHEMA_REQUIRED = 1, /* must be there */
    SCHEMA_SHARED = 2,   /* may stand in `defaults` */
    SCHEMA_FIXED = 4,    /* may not be overridden */
    SCHEMA_ABOVE = 8,    /* `least` itself is not allowed */
};

struct schema_map;

struct schema_field {
    const char *name;
    enum schema_type type;
    unsigned flags;
    unsigned only;                /* bit per enum subject it goes with; 0: all */
    size_t offset;                /* into the map's struct */
    double least, most;           /* of numbers; of a SPAN in seconds; both 0: none */
    const char *standard;         /* what it is when it is left out; NULL: nothing */
    const char *const *choices;   /* of CHOICE and CHOICES; ended by NULL */
    const struct schema_map *map; /* of MAP, LIST and TABLE, and of a NODE in text */
    const char *help;             /* one line of plain English */
};

struct schema_map {
    const char *name; /* of its part in the manual: "rule" */
    const char *what; /* in complaints: "rule" */
    const char *help;
    const struct schema_field *field;
    size_t n;
    size_t size;     /* of its struct, when it stands in a LIST or TABLE */
    const char *key; /* of a TABLE's maps: what their keys are */
    bool has_set;    /* its struct begins with `bool set`: was it there? */
    bool list;       /* a NODE that is a list of these maps */
    bool keyed;      /* a NODE that is a table of these maps */
};

/* A whole file; from it, all others can be reached. */
extern const struct schema_map schema_file;
extern const struct schema_map schema_rule, schema_defaults, schema_window,
    schema_windows, schema_scope, schema_override;

const char *schema_words(enum schema_type type);
const char *schema_json_of(enum schema_type type);
size_t schema_size(enum schema_type type);

/* The field with this name; NULL: none. */
const struct schema_field *schema_find(const struct schema_map *map, const char *name);
/* The field at a path such as "must-handle.effect", and its offset into the map's
 * struct; NULL: none. */
const struct schema_field *schema_path(const struct schema_map *map, const char *path,
                                       size_t *ret_offset);

/* Calls `each` for every field below, with its path, maps before what is in them. */
struct schema_seen {
    const char *path;
    const struct schema_field *field;
    size_t offset;
};
void schema_each(const struct schema_map *map,
                 void (*each)(const struct schema_seen *seen, void *arg), void *arg);

/* "series, calls and relief": the subjects of `only`. */
struct buf;
void schema_subjects(unsigned only, struct buf *to);

#endif
