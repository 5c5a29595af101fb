/* base/yaml.h - a strict, small YAML: what people mean, with line and column.
 *
 * The only place that includes yaml.h of libyaml; read through its event interface.
 * Every scalar is text until a typed reader asks, so `no`, `012` and `1e3` are what the
 * schema says.  Refused, each under a code of its own: anchors, aliases, merge keys,
 * tags, directives, duplicate keys, keys that are no text or empty, tabs for
 * indentation, several documents, nesting beyond 32, files over 1 MiB, invalid UTF-8,
 * control characters.  All of a file's mistakes are told at once, up to the first one
 * in its syntax. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/complain.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { YAML_BYTES_MAX = 1 << 20, YAML_DEPTH_MAX = 32 };

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    const char *text; /* of YAML_TEXT */
    bool plain;       /* written without quotes */
    unsigned line, column;
    bool flow; /* a list or map in brackets */
    /* the place right behind a text, or behind a list or map in brackets; else 0 */
    unsigned end_line, end_column;
    size_t n;               /* of YAML_LIST and YAML_MAP */
    struct yaml_node *item; /* n values */
    struct yaml_node *key;  /* n keys of a map, all YAML_TEXT */
};

struct yaml_doc; /* owns the nodes and the file's name */

/* Parses `n` bytes.  NULL when the file cannot be read as our YAML: the complaints say
 * why.  An empty file is an empty map.  `file` is copied, `text` is not needed after.
 */
struct yaml_doc *yaml_parse(const char *file, const char *text, size_t n,
                            struct complaints *c);
/* Reads a file of at most YAML_BYTES_MAX bytes, then parses it. */
struct yaml_doc *yaml_load(const char *path, struct complaints *c);
/* Not yaml_free: libyaml exports that name and would call ours instead of its own. */
void yaml_doc_free(struct yaml_doc **doc);
const struct yaml_node *yaml_root(const struct yaml_doc *doc);
const char *yaml_file(const struct yaml_doc *doc);

/* The value of `key` in a map; NULL when it is not there. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* A map's fields as a table: the one list that the reader, the "did you mean" and the
 * manual are made from. */
enum yaml_type {
    YAML_T_TEXT,   /* const char *, borrowed from the doc */
    YAML_T_SPAN,   /* span: 30m, 90s */
    YAML_T_SHARE,  /* double 0..1: "12.5%", always with the sign */
    YAML_T_NUMBER, /* double, finite: -1, 2.5, 1e3 */
    YAML_T_COUNT,  /* uint64_t: 1200, digits only, no leading zero */
    YAML_T_SIZE,   /* uint64_t bytes: 4096B, 512KiB, 8GiB, 100MB; 1kB is 1000 bytes */
    YAML_T_BOOL,   /* bool: true or false */
    YAML_T_TEXTS,  /* struct yaml_texts: a list of texts, or one text */
    YAML_T_NODE,   /* const struct yaml_node *: the caller reads it */
};

struct yaml_texts {
    const char **at; /* the array is owned by the doc, the texts as well */
    size_t n;
};

struct yaml_field {
    const char *name;
    enum yaml_type type;
    size_t offset; /* into the struct given to yaml_read */
    bool required;
    double least, most; /* bounds of a number, share, count, size, or span in seconds;
                           both 0: none; `most` below `least`: none above */
    const char *help;
};

/* Fills `into` from the map's fields; absent fields, and those complained about, are
 * left as they are.  Complains about unknown fields (unknown-field, with the nearest
 * known name), missing required ones (missing-field), wrong types (wrong-type) and
 * values out of bounds (out-of-range); gives -1 when it complained.  `what` names the
 * map: "the configuration", "a rule".  A map with nothing in it may be written without
 * braces, as a key with only comments below it. */
int yaml_read(const struct yaml_doc *doc, const struct yaml_node *map, const char *what,
              const struct yaml_field *fields, size_t n_fields, void *into,
              struct complaints *c);

/* Complains at a node. */
void yaml_complain(const struct yaml_doc *doc, const struct yaml_node *at,
                   struct complaints *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
