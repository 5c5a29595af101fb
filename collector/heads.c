/* collector/heads.c - the cache of line heads.
 *
 * Two open-addressing tables with linear probing, heads by their bytes and shapes by
 * their names, each at most half full.  Nothing is ever taken out alone: when either
 * has reached its limit all is forgotten and learnt again, so a sender that makes up
 * new heads costs time and never memory.  The hash is seeded at random because
 * strangers choose the keys.  Owned by one reader, no locks. */
#include "collector/heads.h"

#include "base/table_hash.h"
#include "storage/windows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_FIRST = 256 };

struct heads {
    uint64_t seed;
    struct head *slot;
    size_t n, slots;
    struct shape *shape[SHAPES_MAX * 2];
    size_t n_shapes;
};

static void shape_drop(struct shape *s)
{
    free(s->name);
    free(s->text);
    free(s->field);
    free(s);
}

static void forget(struct heads *h)
{
    for (size_t i = 0; i < h->slots; i++)
        free(h->slot[i].bytes);
    memset(h->slot, 0, h->slots * sizeof *h->slot);
    h->n = 0;
    for (size_t i = 0; i < 2 * (size_t)SHAPES_MAX; i++) {
        if (h->shape[i] != NULL)
            shape_drop(h->shape[i]);
        h->shape[i] = NULL;
    }
    h->n_shapes = 0;
}

struct heads *heads_new(void)
{
    struct heads *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->slot = calloc(SLOTS_FIRST, sizeof *h->slot);
    if (h->slot == NULL) {
        free(h);
        return NULL;
    }
    h->slots = SLOTS_FIRST;
    if (getrandom(&h->seed, sizeof h->seed, GRND_NONBLOCK) != sizeof h->seed)
        h->seed = (uint64_t)(uintptr_t)h;
    return h;
}

void heads_free(struct heads **h)
{
    if (*h == NULL)
        return;
    forget(*h);
    free((*h)->slot);
    free(*h);
    *h = NULL;
}

static uint64_t hash_of(const struct heads *h, const char *bytes, size_t n)
{
    return table_hash(bytes, n, h->seed) | 1; /* 0 marks an empty slot */
}

/* The slot that holds these bytes, or the empty one where they belong. */
static struct head *slot_of(const struct heads *h, uint64_t hash, const char *bytes,
                            size_t n)
{
    size_t mask = h->slots - 1;
    for (size_t i = (size_t)(hash >> 1) & mask;; i = (i + 1) & mask) {
        struct head *s = &h->slot[i];
        if (s->hash == 0 ||
            (s->hash == hash && s->n == n && memcmp(s->bytes, bytes, n) == 0))
            return s;
    }
}

const struct head *heads_find(const struct heads *h, const char *bytes, size_t n)
{
    const struct head *s = slot_of(h, hash_of(h, bytes, n), bytes, n);
    return s->hash != 0 ? s : NULL;
}

static int grow(struct heads *h)
{
    size_t slots = h->slots * 2;
    struct head *slot = calloc(slots, sizeof *slot);
    if (slot == NULL)
        return -1;
    for (size_t i = 0; i < h->slots; i++) {
        if (h->slot[i].hash == 0)
            continue;
        size_t k = (size_t)(h->slot[i].hash >> 1) & (slots - 1);
        while (slot[k].hash != 0)
            k = (k + 1) & (slots - 1);
        slot[k] = h->slot[i];
    }
    free(h->slot);
    h->slot = slot;
    h->slots = slots;
    return 0;
}

/* A new shape with its name and no fields. */
static struct shape *shape_make(const char *name, size_t n, const char *suffix_in_name)
{
    struct shape *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->name = malloc(n);
    if (s->name == NULL) {
        free(s);
        return NULL;
    }
    memcpy(s->name, name, n);
    s->suffix = s->name + (suffix_in_name - name);
    return s;
}

static struct shape *shape_of(struct heads *h, const char *prefix, const char *suffix)
{
    char name[HEAD_BYTES_MAX * 2 + 16];
    size_t np = strlen(prefix) + 1, ns = strlen(suffix) + 1;
    if (np + ns > sizeof name)
        return NULL;
    memcpy(name, prefix, np);
    memcpy(name + np, suffix, ns);
    size_t mask = SHAPES_MAX * 2 - 1;
    size_t i = (size_t)hash_of(h, name, np + ns) & mask;
    for (; h->shape[i] != NULL; i = (i + 1) & mask)
        if (strcmp(h->shape[i]->name, prefix) == 0 &&
            strcmp(h->shape[i]->suffix, suffix) == 0)
            return h->shape[i];
    h->shape[i] = shape_make(name, np + ns, name + np);
    h->n_shapes += h->shape[i] != NULL;
    return h->shape[i];
}

const struct head *heads_add(struct heads *h, const char *bytes, size_t n,
                             uint32_t entity, const char *prefix, const char *suffix)
{
    if (h->n >= HEADS_MAX || h->n_shapes >= SHAPES_MAX)
        forget(h);
    if (h->n * 2 >= h->slots && grow(h) < 0)
        return NULL;
    char *copy = malloc(n > 0 ? n : 1);
    struct shape *shape = copy != NULL ? shape_of(h, prefix, suffix) : NULL;
    if (shape == NULL) {
        free(copy);
        return NULL;
    }
    memcpy(copy, bytes, n);
    uint64_t hash = hash_of(h, bytes, n);
    struct head *s = slot_of(h, hash, bytes, n);
    *s = (struct head){hash, copy, (uint32_t)n, entity, shape};
    h->n++;
    return s;
}

static int shape_room(struct shape *s, size_t n, size_t bytes)
{
    if (s->cap < n) {
        struct shape_field *field = realloc(s->field, n * sizeof *field);
        if (field == NULL)
            return -1;
        s->field = field;
        s->cap = n;
    }
    if (s->text_cap < bytes) {
        char *text = realloc(s->text, bytes);
        if (text == NULL)
            return -1;
        s->text = text;
        s->text_cap = bytes;
    }
    return 0;
}

void shape_learn(struct shape *s, const struct shape_field *fields, size_t n)
{
    size_t bytes = 0, used = 0;
    if (n > SHAPE_FIELDS_MAX)
        n = SHAPE_FIELDS_MAX;
    for (size_t i = 0; i < n; i++) {
        if (bytes + fields[i].n + 1 > SHAPE_BYTES_MAX) {
            n = i;
            break;
        }
        bytes += fields[i].n + 1;
    }
    s->n = 0;
    if (shape_room(s, n, bytes) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        char *key = s->text + used;
        memcpy(key, fields[i].key, fields[i].n);
        key[fields[i].n] = '=';
        used += fields[i].n + 1;
        s->field[i] = (struct shape_field){key, fields[i].n, fields[i].metric};
    }
    s->n = n;
}

size_t heads_count(const struct heads *h)
{
    return h->n;
}
