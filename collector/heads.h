/* collector/heads.h - what a line's head meant the last time.
 *
 * A head is the bytes of a line up to its fields: measurement and tags.  The cache
 * gives the entity's number at the cost of one hash and one comparison.  All heads that
 * differ only in the entity share a shape: the field names of the last such line in
 * their order, with the numbers of their metrics.  Bounded: when it is full it forgets.
 * One thread at a time. */
#ifndef COLLECTOR_HEADS_H
#define COLLECTOR_HEADS_H

#include <stddef.h>
#include <stdint.h>

enum {
    HEAD_BYTES_MAX = 4096,
    HEADS_MAX = 1 << 17, /* about 20 MB with heads of 60 bytes */
    SHAPES_MAX = 4096,
    SHAPE_FIELDS_MAX = 256, /* fields behind these are looked up each time */
    SHAPE_BYTES_MAX = 1 << 14,
};

/* A field's name as it stands in the line, and its metric. */
struct shape_field {
    const char *key; /* borrowed by shape_learn; inside a shape: into `text` */
    uint32_t n;      /* bytes of the key */
    uint32_t metric; /* WINDOWS_NONE: not known, its values were no numbers so far */
};

struct shape {
    char *name; /* "disk." NUL "{device=sda}": what stands before and behind a field */
    const char *suffix; /* points behind the NUL */
    char *text;         /* the keys, each with its '=' */
    struct shape_field *field;
    size_t n, cap, text_cap;
};

struct head {
    uint64_t hash; /* 0: empty */
    char *bytes;
    uint32_t n, entity;
    struct shape *shape;
};

struct heads;
struct heads *heads_new(void);
void heads_free(struct heads **h);

/* NULL: not seen, or forgotten.  Good until the next heads_add. */
const struct head *heads_find(const struct heads *h, const char *bytes, size_t n);

/* Remembers a head that heads_find does not know.  NULL when memory is short. */
const struct head *heads_add(struct heads *h, const char *bytes, size_t n,
                             uint32_t entity, const char *prefix, const char *suffix);

/* Makes these fields the shape's, in this order; what is beyond the limits, and all of
 * it when memory is short, is left out. */
void shape_learn(struct shape *s, const struct shape_field *fields, size_t n);

size_t heads_count(const struct heads *h);

#endif
