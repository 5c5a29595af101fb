/* storage/windows.c - who has which rows: names to numbers, numbers to blocks, locks.
 *
 * The arena holds three sorts of records: an entity's texts, a metric's name, and a
 * block (where an entity's ring lies).  Everything else here is tables in memory, made
 * anew on opening.  Names are found without a lock; they are made, and space is taken,
 * under `making`.  An entity's block is read and written under its stripe's lock.
 * Order: syncing, then a stripe, then making.  Any thread may call anything.
 *
 * A block that gets too small is copied into a larger one with a higher generation; of
 * two blocks of one entity in a file the higher generation counts.  An outgrown block
 * that was on disk before is not used again until the next sync has its heir there
 * too: else a loss of power could cost the whole window of the entity. */
#include "storage/windows.h"

#include "base/table_hash.h"
#include "storage/arena.h"
#include "storage/links.h"
#include "storage/lookup.h"
#include "storage/ring.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum {
    STRIPES = 256,
    TEXTS_MAX = 6, /* of one kind of entity */
    KEY_MAX =
        8 + TEXTS_MAX * (WINDOWS_TEXT_MAX + 1), /* a multiple of 8 is not needed */
    CAPS = RING_CAP_MAX / RING_CAP_STEP + 1,
    SCAN_MAX = 48, /* columns that are quicker looked through than indexed */
};

/* --- the file format --- */

enum { RECORD_ENTITY = 1, RECORD_METRIC, RECORD_BLOCK, RECORD_N };

/* An entity's body is its kind and then its texts, each with its NUL: that is also the
 * key it is found by.  A metric's body is its merge and its name. */
struct named {
    struct record r;
    char key[];
};

enum { BLOCK_FREE, BLOCK_READY };

struct block_record {
    struct record r;
    uint64_t area; /* sealed up to and with cap */
    uint32_t cap, spare;
    uint32_t entity, generation;
    _Atomic uint32_t state;
    uint32_t boot;      /* its rows are known to be whole since this boot */
    uint32_t n_metrics; /* as in the ring's head, for counting without a look at it */
    uint32_t made;      /* the number of the sync after which it is on disk */
    uint64_t next;      /* of a list in memory: offset, 0 ends it */
};
_Static_assert(sizeof(struct block_record) == 64, "part of the file format");

/* --- in memory --- */

/* All that a put needs of an entity, on half a cache line; guarded by its stripe. */
struct slot {
    char
        *area; /* the ring; NULL: no samples yet, or not looked through since opening */
    struct block_record *block; /* NULL: no samples yet */
    uint16_t *index;            /* ring_index, or NULL */
    uint32_t seed;              /* of the ring */
    uint16_t cap;
    uint16_t next_column; /* where the next put's metrics are likely to be */
};
_Static_assert(sizeof(struct slot) == 32, "two to a cache line");

struct stripe {
    _Alignas(64) pthread_mutex_t lock;
    uint64_t samples;
    int64_t series;
};

struct windows {
    struct arena *arena;
    span step;
    uint32_t rows;
    uint64_t seed; /* of the hashes: strangers choose the names */
    struct slot *slot;
    const struct named **who;  /* of an entity */
    const struct named **name; /* of a metric; from 1 */
    uint8_t *merge;            /* likewise */
    _Atomic uint32_t n_entities, n_names;
    struct lookup entities, names;
    struct links *links;
    struct stripe *stripe;
    pthread_mutex_t *making; /* behind pointers, as readers have a const windows */
    pthread_mutex_t syncing;
    uint32_t next_sync;         /* its number; guarded by making, as the two below */
    uint32_t trusted_sync;      /* the last one completed before opening */
    uint64_t free_block[CAPS];  /* lists by cap / RING_CAP_STEP */
    uint64_t outgrown;          /* list: free after the next sync */
    struct block_record **load; /* while opening: all blocks of the file */
    size_t n_load, load_cap;
};

static uint32_t count_of(const _Atomic uint32_t *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static struct stripe *stripe_lock(const struct windows *w, uint32_t entity)
{
    struct stripe *s = &w->stripe[entity % STRIPES];
    pthread_mutex_lock(&s->lock);
    return s;
}

/* --- entities as keys --- */

static const struct {
    size_t n;
    struct {
        size_t at;              /* of a text in struct entity */
        bool linked;            /* whether it leads to its entities, */
        enum windows_link link; /* and how */
    } text[TEXTS_MAX];
} kinds[ENTITY_KIND_N] = {
    [ENTITY_HOST] = {2,
                     {{offsetof(struct entity, host), true, WINDOWS_OF_HOST},
                      {offsetof(struct entity, service), true, WINDOWS_OF_SERVICE}}},
    [ENTITY_SERVICE] = {1,
                        {{offsetof(struct entity, service), true, WINDOWS_OF_SERVICE}}},
    [ENTITY_EDGE] =
        {6,
         {{offsetof(struct entity, caller), true, WINDOWS_EDGES_OF_SERVICE},
          {offsetof(struct entity, callee), true, WINDOWS_EDGES_OF_SERVICE},
          {offsetof(struct entity, iface), false, 0},
          {offsetof(struct entity, caller_host), true, WINDOWS_EDGES_OF_HOST},
          {offsetof(struct entity, callee_host), true, WINDOWS_EDGES_OF_HOST},
          {offsetof(struct entity, side), false, 0}}},
};

static const char **text_of(struct entity *e, size_t at)
{
    return (const char **)((char *)e + at);
}

/* The key's length, 0 when a text is too long. */
static size_t key_of(const struct entity *e, char key[KEY_MAX])
{
    size_t n = 0;
    assert(e->kind < ENTITY_KIND_N);
    key[n++] = (char)e->kind;
    for (size_t i = 0; i < kinds[e->kind].n; i++) {
        const char *text;
        memcpy(&text, (const char *)e + kinds[e->kind].text[i].at, sizeof text);
        size_t len = text != NULL ? strnlen(text, WINDOWS_TEXT_MAX + 1) : 0;
        if (len > WINDOWS_TEXT_MAX)
            return 0;
        if (len > 0)
            memcpy(key + n, text, len);
        key[n + len] = '\0';
        n += len + 1;
    }
    return n;
}

static struct entity entity_of(const struct named *named)
{
    struct entity e = {(enum entity_kind)named->key[0], "", "", "", "", "", "", "", ""};
    const char *text = named->key + 1;
    for (size_t i = 0; i < kinds[e.kind].n; i++, text += strlen(text) + 1)
        *text_of(&e, kinds[e.kind].text[i].at) = text;
    return e;
}

static uint32_t entity_find(const struct windows *w, const char *key, size_t n,
                            uint64_t hash)
{
    uint32_t i;
    for (struct lookup_walk at = lookup_start(&w->entities, hash);
         lookup_next(&at, &i);) {
        const struct named *had = w->who[i];
        if (had->r.sealed >= n && memcmp(had->key, key, n) == 0)
            return i;
    }
    return WINDOWS_NONE;
}

static uint32_t name_find(const struct windows *w, const char *name, size_t n,
                          uint64_t hash)
{
    uint32_t i;
    for (struct lookup_walk at = lookup_start(&w->names, hash); lookup_next(&at, &i);) {
        const char *had = w->name[i]->key + 1;
        if (w->name[i]->r.sealed >= n + 2 && memcmp(had, name, n) == 0 &&
            had[n] == '\0')
            return i;
    }
    return WINDOWS_NONE;
}

/* --- making names; `making` is held --- */

static int entity_room(struct windows *w)
{
    if (count_of(&w->n_entities) >= WINDOWS_ENTITIES_MAX)
        return -1;
    return lookup_reserve(&w->entities, 1) < 0 ? -1
                                               : links_reserve(w->links, TEXTS_MAX);
}

/* Takes a whole entity record into the tables; there is room. */
static void entity_enter(struct windows *w, const struct named *named, uint64_t hash)
{
    uint32_t number = named->r.number;
    struct entity e = entity_of(named);
    w->who[number] = named;
    for (size_t i = 0; i < kinds[e.kind].n; i++) {
        const char *text = *text_of(&e, kinds[e.kind].text[i].at);
        if (kinds[e.kind].text[i].linked && text[0] != '\0')
            links_add(w->links, kinds[e.kind].text[i].link, text, number);
    }
    atomic_store_explicit(&w->n_entities, number + 1, memory_order_release);
    lookup_add(&w->entities, hash, number);
}

static void name_enter(struct windows *w, const struct named *named, uint64_t hash)
{
    uint32_t number = named->r.number;
    w->name[number] = named;
    w->merge[number] = (uint8_t)named->key[0];
    atomic_store_explicit(&w->n_names, number, memory_order_release);
    lookup_add(&w->names, hash, number);
}

/* A record with this key, published; NULL when the arena is full. */
static struct named *named_make(struct windows *w, uint16_t type, uint32_t number,
                                const char *key, size_t n)
{
    size_t body = (n + 7) / 8 * 8;
    struct named *named = (struct named *)arena_record(w->arena, type, body, body);
    if (named == NULL)
        return NULL;
    named->r.number = number;
    memcpy(named->key, key, n);
    arena_publish(w->arena, &named->r);
    return named;
}

static uint32_t entity_make(struct windows *w, const char *key, size_t n, uint64_t hash)
{
    uint32_t number = entity_find(w, key, n, hash);
    if (number != WINDOWS_NONE || entity_room(w) < 0)
        return number;
    number = count_of(&w->n_entities);
    struct named *named = named_make(w, RECORD_ENTITY, number, key, n);
    if (named == NULL)
        return WINDOWS_NONE;
    entity_enter(w, named, hash);
    return number;
}

static uint32_t name_make(struct windows *w, const char *name, size_t n,
                          enum merge merge, uint64_t hash)
{
    uint32_t number = name_find(w, name, n, hash);
    if (number != WINDOWS_NONE || count_of(&w->n_names) >= WINDOWS_NAMES_MAX ||
        lookup_reserve(&w->names, 1) < 0)
        return number;
    char key[WINDOWS_TEXT_MAX + 2];
    key[0] = (char)merge;
    memcpy(key + 1, name, n);
    key[n + 1] = '\0';
    number = count_of(&w->n_names) + 1;
    struct named *named = named_make(w, RECORD_METRIC, number, key, n + 2);
    if (named == NULL)
        return WINDOWS_NONE;
    name_enter(w, named, hash);
    return number;
}

uint32_t windows_entity(struct windows *w, const struct entity *e)
{
    char key[KEY_MAX];
    size_t n = key_of(e, key);
    if (n == 0)
        return WINDOWS_NONE;
    uint64_t hash = table_hash(key, n, w->seed);
    uint32_t number = entity_find(w, key, n, hash);
    if (number != WINDOWS_NONE)
        return number;
    pthread_mutex_lock(w->making);
    number = entity_make(w, key, n, hash);
    pthread_mutex_unlock(w->making);
    return number;
}

uint32_t windows_metric(struct windows *w, const char *name, size_t n, enum merge merge)
{
    assert(merge < MERGE_N);
    if (n > WINDOWS_TEXT_MAX || memchr(name, '\0', n) != NULL)
        return WINDOWS_NONE;
    uint64_t hash = table_hash(name, n, w->seed);
    uint32_t number = name_find(w, name, n, hash);
    if (number != WINDOWS_NONE)
        return number;
    pthread_mutex_lock(w->making);
    number = name_make(w, name, n, merge, hash);
    pthread_mutex_unlock(w->making);
    return number;
}

uint32_t windows_find(const struct windows *w, const struct entity *e)
{
    char key[KEY_MAX];
    size_t n = key_of(e, key);
    return n > 0 ? entity_find(w, key, n, table_hash(key, n, w->seed)) : WINDOWS_NONE;
}

uint32_t windows_find_metric(const struct windows *w, const char *name)
{
    size_t n = strlen(name);
    return name_find(w, name, n, table_hash(name, n, w->seed));
}

const char *windows_metric_name(const struct windows *w, uint32_t metric)
{
    assert(metric >= 1 && metric <= count_of(&w->n_names));
    return w->name[metric]->key + 1;
}

enum merge windows_metric_merge(const struct windows *w, uint32_t metric)
{
    assert(metric >= 1 && metric <= count_of(&w->n_names));
    return (enum merge)w->merge[metric];
}

bool windows_who(const struct windows *w, uint32_t entity, struct entity *ret_who)
{
    if (entity >= count_of(&w->n_entities))
        return false;
    *ret_who = entity_of(w->who[entity]);
    return true;
}

void windows_each(const struct windows *w,
                  bool (*each)(uint32_t entity, const struct entity *who, void *arg),
                  void *arg)
{
    uint32_t n = count_of(&w->n_entities);
    for (uint32_t i = 0; i < n; i++) {
        struct entity who = entity_of(w->who[i]);
        if (!each(i, &who, arg))
            return;
    }
}

int windows_linked(const struct windows *w, enum windows_link link, const char *name,
                   uint32_t **ret_entities, size_t *ret_n)
{
    pthread_mutex_lock(w->making);
    int rc = links_list(w->links, link, name, ret_entities, ret_n);
    pthread_mutex_unlock(w->making);
    return rc;
}

/* --- blocks --- */

static uint32_t seed_of(const struct block_record *b)
{
    return b->entity * 0x9e3779b1u ^ b->generation * 0x85ebca77u;
}

static struct ring ring_of(const struct windows *w, const struct block_record *b)
{
    return (struct ring){
        .area = arena_at(w->arena, b->area),
        .rows = w->rows,
        .cap = b->cap,
        .seed = seed_of(b),
        .merge = w->merge,
    };
}

/* The ring of an entity whose block is settled. */
static struct ring ring_at(const struct windows *w, const struct slot *s)
{
    return (struct ring){
        .area = s->area,
        .rows = w->rows,
        .cap = s->cap,
        .seed = s->seed,
        .merge = w->merge,
        .index = s->index,
    };
}

static void list_push(struct windows *w, uint64_t *list, struct block_record *b)
{
    b->next = *list;
    *list = arena_offset(w->arena, b);
}

static struct block_record *list_pop(struct windows *w, uint64_t *list)
{
    if (*list == 0)
        return NULL;
    struct block_record *b = arena_at(w->arena, *list);
    *list = b->next;
    return b;
}

static void block_free_now(struct windows *w, struct block_record *b)
{
    atomic_store_explicit(&b->state, BLOCK_FREE, memory_order_release);
    arena_forget(w->arena, arena_at(w->arena, b->area), ring_bytes(w->rows, b->cap));
    list_push(w, &w->free_block[b->cap / RING_CAP_STEP], b);
}

static struct block_record *block_fresh(struct windows *w, uint32_t cap)
{
    struct block_record *b = (struct block_record *)arena_record(
        w->arena, RECORD_BLOCK, sizeof *b - sizeof b->r,
        offsetof(struct block_record, entity) - sizeof b->r);
    char *area = b != NULL ? arena_area(w->arena, ring_bytes(w->rows, cap)) : NULL;
    if (area == NULL)
        return NULL;
    b->area = arena_offset(w->arena, area);
    b->cap = cap;
    arena_publish(w->arena, &b->r);
    return b;
}

/* A block with an empty ring, not READY yet; NULL when there is no room. */
static struct block_record *block_make(struct windows *w, uint32_t entity, uint32_t cap,
                                       uint32_t generation)
{
    pthread_mutex_lock(w->making);
    struct block_record *b = list_pop(w, &w->free_block[cap / RING_CAP_STEP]);
    bool zero = b == NULL && arena_in_memory(w->arena);
    if (b == NULL)
        b = block_fresh(w, cap);
    uint32_t made = w->next_sync;
    pthread_mutex_unlock(w->making);
    if (b == NULL)
        return NULL;
    b->entity = entity;
    b->generation = generation;
    b->boot = arena_boot(w->arena);
    b->made = made;
    b->n_metrics = 0;
    struct ring r = ring_of(w, b);
    ring_start(&r, zero);
    return b;
}

/* Gives up a block for which an heir is READY. */
static void block_outgrown(struct windows *w, struct block_record *b)
{
    pthread_mutex_lock(w->making);
    if (arena_in_memory(w->arena) || b->made == w->next_sync)
        block_free_now(w, b); /* a loss of power would cost it anyway */
    else
        list_push(w, &w->outgrown, b);
    pthread_mutex_unlock(w->making);
}

static uint32_t cap_for(size_t metrics)
{
    size_t cap = (metrics + RING_CAP_STEP - 1) / RING_CAP_STEP * RING_CAP_STEP;
    return cap < RING_CAP_MAX ? (uint32_t)cap : RING_CAP_MAX;
}

static void slot_set(const struct windows *w, struct slot *s, struct block_record *b)
{
    free(s->index);
    *s = (struct slot){.area = arena_at(w->arena, b->area),
                       .block = b,
                       .seed = seed_of(b),
                       .cap = (uint16_t)b->cap,
                       .next_column = s->next_column};
}

/* Gives the entity a block for `need` columns, with what it had.  0, or -1: no room. */
static int block_grow(struct windows *w, uint32_t entity, size_t need)
{
    struct slot *s = &w->slot[entity];
    struct block_record *old = s->block;
    size_t more = old != NULL ? old->cap + old->cap / 2 : 0;
    uint32_t cap = cap_for(need > more ? need : more);
    struct block_record *b =
        block_make(w, entity, cap, old != NULL ? old->generation + 1 : 1);
    if (b == NULL)
        return -1;
    if (old != NULL) {
        struct ring from = ring_of(w, old), to = ring_of(w, b);
        ring_copy(&to, &from);
        b->n_metrics = old->n_metrics;
    }
    atomic_store_explicit(&b->state, BLOCK_READY, memory_order_release);
    slot_set(w, s, b);
    if (old != NULL)
        block_outgrown(w, old);
    return 0;
}

static uint32_t columns_said(const struct block_record *b)
{
    return b->n_metrics < b->cap ? b->n_metrics : b->cap;
}

/* Looks through a block that a file brought, before it is used; its rows kept. */
static uint32_t block_settle(struct windows *w, struct block_record *b)
{
    struct ring r = ring_of(w, b);
    enum ring_trust trust = RING_WHOLE;
    if (b->boot != arena_boot(w->arena))
        trust = b->made <= w->trusted_sync ? RING_TORN : RING_NEW;
    uint32_t kept = ring_settle(&r, count_of(&w->n_names), trust);
    if (trust != RING_WHOLE)
        b->made = 0; /* whatever is there now has been on disk */
    b->n_metrics = ring_head(&r)->n_metrics;
    b->boot = arena_boot(w->arena);
    return kept;
}

static void slot_settle(struct windows *w, struct slot *s, struct stripe *stripe)
{
    struct block_record *b = s->block;
    if (s->area != NULL || b == NULL)
        return;
    stripe->series -= columns_said(b);
    block_settle(w, b);
    stripe->series += b->n_metrics;
    slot_set(w, s, b);
}

/* --- taking samples in --- */

static bool is_new(const struct windows *w, const struct ring *r, uint32_t metric,
                   uint32_t guess)
{
    return metric >= 1 && metric <= count_of(&w->n_names) &&
           ring_column(r, metric, guess) == RING_NONE;
}

/* Gives every metric a column; false when some get none, for lack of room. */
static bool columns_make(struct windows *w, uint32_t entity, size_t n,
                         const uint32_t *metric, struct stripe *stripe)
{
    struct slot *s = &w->slot[entity];
    struct ring r = ring_at(w, s);
    size_t more = 0;
    for (size_t i = 0; i < n; i++)
        more += is_new(w, &r, metric[i], s->next_column + (uint32_t)i);
    if (ring_head(&r)->n_metrics + more > r.cap && r.cap < RING_CAP_MAX)
        block_grow(w, entity, ring_head(&r)->n_metrics + more);
    r = ring_at(w, s);
    bool all = true;
    for (size_t i = 0; i < n && more > 0; i++) {
        if (!is_new(w, &r, metric[i], s->next_column + (uint32_t)i))
            continue;
        if (ring_head(&r)->n_metrics < r.cap) {
            ring_add(&r, metric[i]);
            stripe->series++;
        } else {
            all = false;
        }
    }
    s->block->n_metrics = ring_head(&r)->n_metrics;
    if (s->index == NULL && ring_head(&r)->n_metrics > SCAN_MAX)
        s->index = ring_index(&r);
    return all;
}

static size_t row_put(struct slot *s, const struct ring *r, uint32_t tag, size_t n,
                      const uint32_t *metric, const float *value)
{
    uint32_t column = ring_run(r, metric, n, s->next_column);
    struct ring_row row = ring_row_open(r, tag);
    if (column != RING_NONE) {
        ring_row_run(r, &row, column, n, value);
        s->next_column = (uint16_t)((column + n) % ring_head(r)->n_metrics);
    } else {
        for (size_t i = 0; i < n; i++) {
            uint32_t at = ring_column(r, metric[i], column + 1);
            if (at == RING_NONE)
                continue;
            ring_row_put(r, &row, at, value[i]);
            column = at;
        }
    }
    ring_row_close(r, &row);
    return row.taken;
}

static enum windows_put put(struct windows *w, uint32_t entity, uint32_t tag, size_t n,
                            const uint32_t *metric, const float *value,
                            struct stripe *stripe, size_t *ret_taken)
{
    struct slot *s = &w->slot[entity];
    if (s->area == NULL) {
        if (s->block == NULL && block_grow(w, entity, n) < 0)
            return WINDOWS_PUT_FULL;
        slot_settle(w, s, stripe);
    }
    struct ring r = ring_at(w, s);
    if (ring_old(&r, tag))
        return WINDOWS_PUT_OLD;
    bool all = true;
    if (ring_run(&r, metric, n, s->next_column) == RING_NONE) {
        all = columns_make(w, entity, n, metric, stripe);
        r = ring_at(w, s); /* it may have moved */
    }
    *ret_taken = row_put(s, &r, tag, n, metric, value);
    stripe->samples += *ret_taken;
    return all ? WINDOWS_PUT_OK : WINDOWS_PUT_FULL;
}

enum windows_put windows_put(struct windows *w, uint32_t entity, instant at, size_t n,
                             const uint32_t *metric, const float *value,
                             size_t *ret_taken)
{
    size_t taken = 0;
    enum windows_put rc = WINDOWS_PUT_OK;
    uint32_t tag = ring_tag(at, w->step);
    if (tag == 0)
        rc = WINDOWS_PUT_OLD;
    else if (entity >= count_of(&w->n_entities))
        rc = WINDOWS_PUT_FULL; /* windows_entity had no room for it */
    else if (n > 0) {
        struct stripe *stripe = stripe_lock(w, entity);
        rc = put(w, entity, tag, n, metric, value, stripe, &taken);
        pthread_mutex_unlock(&stripe->lock);
    }
    if (ret_taken != NULL)
        *ret_taken = taken;
    return rc;
}

/* --- reading --- */

/* The caller sees `b`; the arrays lie behind it. */
struct cut {
    struct block b;
    size_t n_metrics, rows;
    float cells[]; /* then the metric numbers, then the counts */
};

static struct cut *cut_new(size_t rows, size_t n)
{
    if (rows > 4 * (size_t)WINDOWS_ROWS_MAX)
        return NULL;
    struct cut *c =
        malloc(sizeof *c + rows * n * (sizeof(float) + 1) + n * sizeof(uint32_t));
    if (c != NULL)
        *c = (struct cut){.n_metrics = n, .rows = rows};
    return c;
}

static int64_t step_floor(int64_t ms, int64_t step)
{
    return ms / step - (ms % step < 0);
}

/* How many metrics the entity has; they only ever become more. */
static size_t metrics_of(struct windows *w, uint32_t entity)
{
    struct stripe *stripe = stripe_lock(w, entity);
    struct slot *s = &w->slot[entity];
    slot_settle(w, s, stripe);
    size_t n = s->block != NULL ? s->block->n_metrics : 0;
    pthread_mutex_unlock(&stripe->lock);
    return n;
}

struct block *windows_cut(struct windows *w, uint32_t entity, instant from, instant to)
{
    int64_t first = step_floor(from.ms, w->step.ms);
    int64_t end = to.ms <= from.ms ? first : step_floor(to.ms - 1, w->step.ms) + 1;
    if (entity >= count_of(&w->n_entities))
        return NULL;
    size_t n = metrics_of(w, entity), rows = (size_t)(end - first);
    struct cut *c = cut_new(rows, n);
    if (c == NULL)
        return NULL;
    uint32_t *metric = (uint32_t *)(c->cells + rows * n);
    uint8_t *counts = (uint8_t *)(metric + n);
    struct stripe *stripe = stripe_lock(w, entity);
    if (n > 0) {
        struct ring r = ring_at(w, &w->slot[entity]);
        memcpy(metric, ring_metrics(&r), n * sizeof *metric);
        ring_cut(&r, first, rows, n, c->cells, counts);
    }
    pthread_mutex_unlock(&stripe->lock);
    c->b = (struct block){.entity = entity,
                          .who = entity_of(w->who[entity]),
                          .from = {first * w->step.ms},
                          .step = w->step,
                          .rows = (uint32_t)rows,
                          .n_metrics = (uint32_t)n,
                          .metric = metric,
                          .cells = c->cells,
                          .counts = counts};
    return &c->b;
}

void block_free(struct block **b)
{
    _Static_assert(offsetof(struct cut, b) == 0, "one allocation");
    free(*b);
    *b = NULL;
}

/* The tag that `pick` gives of the entity's ring, 0 when it has none. */
static uint32_t tag_in(struct windows *w, uint32_t entity,
                       uint32_t (*pick)(const struct ring *r))
{
    if (entity >= count_of(&w->n_entities))
        return 0;
    struct stripe *stripe = stripe_lock(w, entity);
    struct slot *s = &w->slot[entity];
    slot_settle(w, s, stripe);
    uint32_t tag = 0;
    if (s->block != NULL) {
        struct ring r = ring_at(w, s);
        tag = pick(&r);
    }
    pthread_mutex_unlock(&stripe->lock);
    return tag;
}

static uint32_t newest(const struct ring *r)
{
    return ring_head(r)->newest;
}

instant windows_newest(struct windows *w, uint32_t entity)
{
    uint32_t tag = tag_in(w, entity, newest);
    return tag != 0 ? (instant){tag * w->step.ms} : INSTANT_NONE;
}

instant windows_oldest(struct windows *w, uint32_t entity)
{
    uint32_t tag = tag_in(w, entity, ring_oldest);
    return tag != 0 ? (instant){(tag - 1) * w->step.ms} : INSTANT_NONE;
}

span windows_step(const struct windows *w)
{
    return w->step;
}

uint32_t windows_rows(const struct windows *w)
{
    return w->rows;
}

struct windows_stats windows_stats(const struct windows *w)
{
    struct windows_stats stats = {.entities = count_of(&w->n_entities),
                                  .metrics = count_of(&w->n_names),
                                  .bytes = arena_bytes(w->arena)};
    int64_t series = 0;
    for (uint32_t i = 0; i < STRIPES; i++) {
        struct stripe *s = stripe_lock(w, i);
        stats.samples += s->samples;
        series += s->series;
        pthread_mutex_unlock(&s->lock);
    }
    stats.series = (uint64_t)series;
    return stats;
}

/* --- opening --- */

static int entity_load(struct windows *w, struct record *r, struct err *err)
{
    const struct named *named = (const struct named *)r;
    const char *at = named->key, *end = named->key + r->sealed;
    if (r->sealed == 0 || r->number != count_of(&w->n_entities) ||
        (unsigned char)*at >= ENTITY_KIND_N)
        return err_set(err, EBADMSG, "is no entity");
    size_t texts = kinds[(unsigned char)*at++].n;
    for (size_t i = 0; i < texts; i++) {
        const char *nul = memchr(at, '\0', (size_t)(end - at));
        if (nul == NULL || nul - at > WINDOWS_TEXT_MAX)
            return err_set(err, EBADMSG, "has a text without an end");
        at = nul + 1;
    }
    if (entity_room(w) < 0)
        return err_set(err, ENOMEM, "has no room in memory");
    size_t n = (size_t)(at - named->key);
    entity_enter(w, named, table_hash(named->key, n, w->seed));
    return 0;
}

static int metric_load(struct windows *w, struct record *r, struct err *err)
{
    const struct named *named = (const struct named *)r;
    size_t room = r->sealed > 1 ? r->sealed - 1u : 0, n = strnlen(named->key + 1, room);
    if (n == room || n > WINDOWS_TEXT_MAX || (unsigned char)named->key[0] >= MERGE_N ||
        r->number != count_of(&w->n_names) + 1 || r->number > WINDOWS_NAMES_MAX)
        return err_set(err, EBADMSG, "is no metric");
    if (lookup_reserve(&w->names, 1) < 0)
        return err_set(err, ENOMEM, "has no room in memory");
    name_enter(w, named, table_hash(named->key + 1, n, w->seed));
    return 0;
}

/* Whose it is can be told only when all entities are known. */
static int block_load(struct windows *w, struct record *r, struct err *err)
{
    struct block_record *b = (struct block_record *)r;
    if (r->bytes != sizeof *b || b->cap == 0 || b->cap % RING_CAP_STEP != 0 ||
        b->cap > RING_CAP_MAX ||
        arena_claim(w->arena, b->area, ring_bytes(w->rows, b->cap)) == NULL)
        return err_set(err, EBADMSG, "is no block");
    if (w->n_load == w->load_cap) {
        size_t cap = w->load_cap * 2 + 1024;
        void *more = reallocarray(w->load, cap, sizeof(struct block_record *));
        if (more == NULL)
            return err_set(err, ENOMEM, "has no room in memory");
        w->load = more;
        w->load_cap = cap;
    }
    w->load[w->n_load++] = b;
    return 0;
}

static int load_one(struct record *r, void *arg, struct err *err)
{
    static int (*const load[RECORD_N])(struct windows *, struct record *,
                                       struct err *) = {
        [RECORD_ENTITY] = entity_load,
        [RECORD_METRIC] = metric_load,
        [RECORD_BLOCK] = block_load,
    };
    if (r->type >= RECORD_N || load[r->type] == NULL)
        return err_set(err, EBADMSG, "is of no known type");
    return load[r->type](arg, r, err);
}

/* Of two blocks of one entity, the one to keep.  A kill may have come between a copy
 * and the end of the original; after a loss of power the copy may also be torn. */
static struct block_record *block_better(struct windows *w, struct block_record *a,
                                         struct block_record *b)
{
    uint32_t boot = arena_boot(w->arena);
    if (a->boot != boot || b->boot != boot) {
        uint32_t in_a = block_settle(w, a), in_b = block_settle(w, b);
        if (in_a != in_b)
            return in_a > in_b ? a : b;
    }
    return a->generation > b->generation ? a : b;
}

static void blocks_enter(struct windows *w)
{
    for (size_t i = 0; i < w->n_load; i++) {
        struct block_record *b = w->load[i];
        if (atomic_load(&b->state) != BLOCK_READY ||
            b->entity >= count_of(&w->n_entities)) {
            block_free_now(w, b);
            continue;
        }
        if (arena_lost_power(w->arena) && b->made > w->trusted_sync)
            block_settle(w, b); /* the next sync would hide that it was new */
        struct slot *s = &w->slot[b->entity];
        struct block_record *had = s->block;
        s->block = had != NULL ? block_better(w, had, b) : b;
        if (had != NULL)
            list_push(w, &w->outgrown, s->block == b ? had : b);
    }
    for (uint32_t i = 0; i < count_of(&w->n_entities); i++) {
        const struct block_record *b = w->slot[i].block;
        if (b != NULL)
            w->stripe[i % STRIPES].series += columns_said(b);
    }
    free(w->load);
    w->load = NULL;
}

/* Address space for a table that must never move: readers have no lock. */
static void *table_new(size_t n, size_t size)
{
    void *p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED ? p : NULL;
}

static void table_free(void *table, size_t n, size_t size)
{
    if (table != NULL)
        munmap(table, n * size);
}

static void locks_free(struct windows *w)
{
    for (size_t i = 0; w->stripe != NULL && i < STRIPES; i++)
        pthread_mutex_destroy(&w->stripe[i].lock);
    free(w->stripe);
    if (w->making != NULL)
        pthread_mutex_destroy(w->making);
    free(w->making);
    pthread_mutex_destroy(&w->syncing);
}

/* All but the arena. */
static void windows_free(struct windows *w)
{
    for (uint32_t i = 0; w->slot != NULL && i < count_of(&w->n_entities); i++)
        free(w->slot[i].index);
    table_free(w->slot, WINDOWS_ENTITIES_MAX, sizeof *w->slot);
    table_free(w->who, WINDOWS_ENTITIES_MAX, sizeof *w->who);
    table_free(w->name, WINDOWS_NAMES_MAX + 1, sizeof *w->name);
    table_free(w->merge, WINDOWS_NAMES_MAX + 1, sizeof *w->merge);
    lookup_free(&w->entities);
    lookup_free(&w->names);
    links_free(&w->links);
    locks_free(w);
    free(w->load);
    free(w);
}

static struct windows *windows_new(const struct windows_spec *spec, struct err *err)
{
    struct windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        goto no_memory;
    pthread_mutex_init(&w->syncing, NULL);
    w->step = spec->step;
    w->rows = spec->rows;
    if (getrandom(&w->seed, sizeof w->seed, 0) != sizeof w->seed)
        w->seed = (uintptr_t)w; /* still hard to guess from outside */
    w->slot = table_new(WINDOWS_ENTITIES_MAX, sizeof *w->slot);
    w->who = table_new(WINDOWS_ENTITIES_MAX, sizeof *w->who);
    w->name = table_new(WINDOWS_NAMES_MAX + 1, sizeof *w->name);
    w->merge = table_new(WINDOWS_NAMES_MAX + 1, sizeof *w->merge);
    w->links = links_new(w->seed);
    w->stripe = aligned_alloc(64, STRIPES * sizeof *w->stripe);
    w->making = malloc(sizeof *w->making);
    if (w->stripe != NULL)
        for (size_t i = 0; i < STRIPES; i++)
            w->stripe[i] = (struct stripe){.lock = PTHREAD_MUTEX_INITIALIZER};
    if (w->making != NULL)
        pthread_mutex_init(w->making, NULL);
    if (w->slot != NULL && w->who != NULL && w->name != NULL && w->merge != NULL &&
        w->links != NULL && w->stripe != NULL && w->making != NULL)
        return w;
    windows_free(w);
no_memory:
    err_set(err, ENOMEM, "no memory for the windows");
    return NULL;
}

/* Windows over an arena; a NULL with EBADMSG means that the file is damaged. */
static struct windows *load(const struct windows_spec *spec, struct arena *a,
                            struct err *err)
{
    struct windows *w = windows_new(spec, err);
    if (w == NULL)
        return NULL;
    w->arena = a;
    w->trusted_sync = arena_synced(a);
    w->next_sync = w->trusted_sync + 1;
    if (arena_walk(a, load_one, w, err) < 0) {
        windows_free(w);
        return NULL;
    }
    blocks_enter(w);
    return w;
}

static int spec_check(const struct windows_spec *spec, struct err *err)
{
    if (spec->step.ms < 1000 || spec->step.ms > 3600000)
        return err_set(err, EINVAL, "a step of the windows is 1 s to 1 h, not %lld ms",
                       (long long)spec->step.ms);
    if (spec->rows < 2 || spec->rows > WINDOWS_ROWS_MAX)
        return err_set(err, EINVAL, "the windows have 2 to %d rows, not %u",
                       WINDOWS_ROWS_MAX, (unsigned)spec->rows);
    return 0;
}

struct windows *windows_open(const struct windows_spec *spec, struct err *ret_note,
                             struct err *err)
{
    if (spec_check(spec, err) < 0)
        return NULL;
    struct arena_spec as = {.path = spec->path,
                            .bytes_max = spec->bytes_max,
                            .shape = {(uint64_t)spec->step.ms, spec->rows},
                            .shape_is = "step or number of rows"};
    struct arena *a = arena_open(&as, ret_note, err);
    struct err why = {0};
    struct windows *w = a != NULL ? load(spec, a, &why) : NULL;
    if (w == NULL && why.code == EBADMSG) {
        if (arena_set_aside(&a, why.text, ret_note, err) == 0)
            a = arena_open(&as, ret_note, err);
        why = (struct err){0};
        w = a != NULL ? load(spec, a, &why) : NULL;
    }
    if (w == NULL && why.code != 0)
        err_set(err, why.code, "%s", why.text);
    if (w == NULL)
        arena_close(&a, a != NULL ? arena_synced(a) : 0);
    else if (arena_lost_power(a))
        err_set(ret_note, ENODATA,
                "%s was open when the machine went down: samples of the last moments "
                "before that may be missing",
                spec->path);
    return w;
}

int windows_sync(struct windows *w, struct err *err)
{
    pthread_mutex_lock(&w->syncing);
    pthread_mutex_lock(w->making);
    uint32_t number = w->next_sync++; /* blocks made from here on wait for the next */
    uint64_t outgrown = w->outgrown;
    w->outgrown = 0;
    pthread_mutex_unlock(w->making);
    int rc = arena_sync(w->arena, number, err);
    pthread_mutex_lock(w->making);
    for (struct block_record *b; (b = list_pop(w, &outgrown)) != NULL;) {
        if (rc == 0)
            block_free_now(w, b); /* its heir is on disk */
        else
            list_push(w, &w->outgrown, b);
    }
    pthread_mutex_unlock(w->making);
    pthread_mutex_unlock(&w->syncing);
    return rc;
}

void windows_close(struct windows **w)
{
    if (*w == NULL)
        return;
    arena_close(&(*w)->arena, (*w)->next_sync);
    windows_free(*w);
    *w = NULL;
}
