/* storage/windows_part.h - what the parts of the windows share; nobody else includes
 * it.
 *
 * windows.c takes samples in and cuts them out, windows_names.c has the names and their
 * numbers, windows_blocks.c where each entity's ring lies.  Order of locks: syncing,
 * then a stripe, then making. */
#ifndef STORAGE_WINDOWS_PART_H
#define STORAGE_WINDOWS_PART_H

#include "storage/arena.h"
#include "storage/links.h"
#include "storage/lookup.h"
#include "storage/ring.h"
#include "storage/windows.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    WINDOWS_STRIPES = 256,
    WINDOWS_CAPS = RING_CAP_MAX / RING_CAP_STEP + 1,
};

/* --- the file format --- */

enum {
    WINDOWS_RECORD_ENTITY = 1,
    WINDOWS_RECORD_METRIC,
    WINDOWS_RECORD_BLOCK,
    WINDOWS_RECORD_N
};

/* An entity's body is its kind and then its texts, each with its NUL: that is also the
 * key it is found by.  A metric's body is its merge and its name. */
struct windows_named {
    struct record r;
    char key[];
};

enum { WINDOWS_BLOCK_FREE, WINDOWS_BLOCK_READY };

struct windows_block {
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
_Static_assert(sizeof(struct windows_block) == 64, "part of the file format");

/* --- in memory --- */

/* All that a put needs of an entity, on half a cache line; guarded by its stripe. */
struct windows_slot {
    char
        *area; /* the ring; NULL: no samples yet, or not looked through since opening */
    struct windows_block *block; /* NULL: no samples yet */
    uint16_t *index;             /* ring_index, or NULL */
    uint32_t seed;               /* of the ring */
    uint16_t cap;
    uint16_t next_column; /* where the next put's metrics are likely to be */
};
_Static_assert(sizeof(struct windows_slot) == 32, "two to a cache line");

struct windows_stripe {
    _Alignas(64) pthread_mutex_t lock;
    uint64_t samples;
    int64_t series;
};

struct windows {
    struct arena *arena;
    span step;
    uint32_t rows;
    uint64_t seed; /* of the hashes: strangers choose the names */
    struct windows_slot *slot;
    const struct windows_named **who;  /* of an entity */
    const struct windows_named **name; /* of a metric; from 1 */
    uint8_t *merge;                    /* likewise */
    _Atomic uint32_t n_entities, n_names;
    struct lookup entities, names;
    struct links *links;
    struct windows_stripe *stripe;
    pthread_mutex_t *making; /* behind pointers, as readers have a const windows */
    pthread_mutex_t syncing;
    uint32_t next_sync;    /* its number; guarded by making, as the two below */
    uint32_t trusted_sync; /* the last one completed before opening */
    uint64_t free_block[WINDOWS_CAPS]; /* lists by cap / RING_CAP_STEP */
    uint64_t outgrown;                 /* list: free after the next sync */
    struct windows_block **load;       /* while opening: all blocks of the file */
    size_t n_load, load_cap;
};

static inline uint32_t windows_count(const _Atomic uint32_t *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static inline struct windows_stripe *windows_stripe_lock(const struct windows *w,
                                                         uint32_t entity)
{
    struct windows_stripe *s = &w->stripe[entity % WINDOWS_STRIPES];
    pthread_mutex_lock(&s->lock);
    return s;
}

/* The ring of an entity whose block is settled. */
static inline struct ring windows_ring_at(const struct windows *w,
                                          const struct windows_slot *s)
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

/* --- names (windows_names.c) --- */

struct entity windows_entity_of(const struct windows_named *named);
/* A record of the file, while opening; in their order. */
int windows_entity_load(struct windows *w, struct record *r, struct err *err);
int windows_metric_load(struct windows *w, struct record *r, struct err *err);

/* --- blocks (windows_blocks.c) --- */

/* Gives the entity a block for `need` columns, with what it had.  0, or -1: no room.
 * Its stripe is held. */
int windows_block_grow(struct windows *w, uint32_t entity, size_t need);
/* Looks through a block that a file brought, at its first use; `stripe` is held. */
void windows_block_settle(struct windows *w, struct windows_slot *s,
                          struct windows_stripe *stripe);
static inline void windows_slot_settle(struct windows *w, struct windows_slot *s,
                                       struct windows_stripe *stripe)
{
    if (s->area == NULL && s->block != NULL)
        windows_block_settle(w, s, stripe);
}
/* While another process writes to the file: it has given the entity another block. */
bool windows_block_is_stale(const struct windows *w, const struct windows_slot *s);
/* A record of the file, while opening; whose it is can be told only when all entities
 * are known, by windows_blocks_enter. */
int windows_block_load(struct windows *w, struct record *r, struct err *err);
void windows_blocks_enter(struct windows *w);

#endif
