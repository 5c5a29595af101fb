/* storage/windows_blocks.c - where each entity's ring lies, and how it gets a larger
 * one.
 *
 * A block that gets too small is copied into a larger one with a higher generation; of
 * two blocks of one entity in a file the higher generation counts.  An outgrown block
 * that was on disk before is not used again until the next sync has its heir there
 * too: else a loss of power could cost the whole window of the entity.
 *
 * An entity's block is read and written under its stripe's lock; space is taken and
 * given back under `making`. */
#include "storage/windows_part.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t seed_of(const struct windows_block *b)
{
    return b->entity * 0x9e3779b1u ^ b->generation * 0x85ebca77u;
}

static struct ring ring_of(const struct windows *w, const struct windows_block *b)
{
    return (struct ring){
        .area = arena_at(w->arena, b->area),
        .rows = w->rows,
        .cap = b->cap,
        .seed = seed_of(b),
        .merge = w->merge,
    };
}

static void list_push(struct windows *w, uint64_t *list, struct windows_block *b)
{
    b->next = *list;
    *list = arena_offset(w->arena, b);
}

static struct windows_block *list_pop(struct windows *w, uint64_t *list)
{
    if (*list == 0)
        return NULL;
    struct windows_block *b = arena_at(w->arena, *list);
    *list = b->next;
    return b;
}

static void block_free_now(struct windows *w, struct windows_block *b)
{
    atomic_store_explicit(&b->state, WINDOWS_BLOCK_FREE, memory_order_release);
    arena_forget(w->arena, arena_at(w->arena, b->area), ring_bytes(w->rows, b->cap));
    list_push(w, &w->free_block[b->cap / RING_CAP_STEP], b);
}

static struct windows_block *block_fresh(struct windows *w, uint32_t cap)
{
    struct windows_block *b = (struct windows_block *)arena_record(
        w->arena, WINDOWS_RECORD_BLOCK, sizeof *b - sizeof b->r,
        offsetof(struct windows_block, entity) - sizeof b->r);
    char *area = b != NULL ? arena_area(w->arena, ring_bytes(w->rows, cap)) : NULL;
    if (area == NULL)
        return NULL;
    b->area = arena_offset(w->arena, area);
    b->cap = cap;
    arena_publish(w->arena, &b->r);
    return b;
}

/* A block with an empty ring, not READY yet; NULL when there is no room. */
static struct windows_block *block_make(struct windows *w, uint32_t entity,
                                        uint32_t cap, uint32_t generation)
{
    pthread_mutex_lock(w->making);
    struct windows_block *b = list_pop(w, &w->free_block[cap / RING_CAP_STEP]);
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
static void block_outgrown(struct windows *w, struct windows_block *b)
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

static void slot_set(const struct windows *w, struct windows_slot *s,
                     struct windows_block *b)
{
    free(s->index);
    *s = (struct windows_slot){.area = arena_at(w->arena, b->area),
                               .block = b,
                               .seed = seed_of(b),
                               .cap = (uint16_t)b->cap,
                               .next_column = s->next_column};
}

int windows_block_grow(struct windows *w, uint32_t entity, size_t need)
{
    struct windows_slot *s = &w->slot[entity];
    struct windows_block *old = s->block;
    size_t more = old != NULL ? old->cap + old->cap / 2 : 0;
    uint32_t cap = cap_for(need > more ? need : more);
    struct windows_block *b =
        block_make(w, entity, cap, old != NULL ? old->generation + 1 : 1);
    if (b == NULL)
        return -1;
    if (old != NULL) {
        struct ring from = ring_of(w, old), to = ring_of(w, b);
        ring_copy(&to, &from);
        b->n_metrics = old->n_metrics;
    }
    atomic_store_explicit(&b->state, WINDOWS_BLOCK_READY, memory_order_release);
    slot_set(w, s, b);
    if (old != NULL)
        block_outgrown(w, old);
    return 0;
}

static uint32_t columns_said(const struct windows_block *b)
{
    return b->n_metrics < b->cap ? b->n_metrics : b->cap;
}

/* Looks through a block that a file brought, before it is used; its rows kept. */
static uint32_t block_settle(struct windows *w, struct windows_block *b)
{
    struct ring r = ring_of(w, b);
    enum ring_trust trust = RING_WHOLE;
    if (b->boot != arena_boot(w->arena))
        trust = b->made <= w->trusted_sync ? RING_TORN : RING_NEW;
    uint32_t kept = ring_settle(&r, windows_count(&w->n_names), trust);
    if (trust != RING_WHOLE)
        b->made = 0; /* whatever is there now has been on disk */
    b->n_metrics = ring_head(&r)->n_metrics;
    b->boot = arena_boot(w->arena);
    return kept;
}

void windows_block_settle(struct windows *w, struct windows_slot *s,
                          struct windows_stripe *stripe)
{
    struct windows_block *b = s->block;
    stripe->series -= columns_said(b);
    block_settle(w, b);
    stripe->series += b->n_metrics;
    slot_set(w, s, b);
}

bool windows_block_is_stale(const struct windows *w, const struct windows_slot *s)
{
    struct windows_block now;
    if (!arena_is_peek(w->arena))
        return false;
    uint64_t at = arena_offset(w->arena, s->block);
    return arena_reread(w->arena, at, &now, sizeof now) < 0 ||
           atomic_load(&now.state) != WINDOWS_BLOCK_READY ||
           now.entity != s->block->entity || now.generation != s->block->generation;
}

/* --- blocks that a file brought --- */

int windows_block_load(struct windows *w, struct record *r, struct err *err)
{
    struct windows_block *b = (struct windows_block *)r;
    if (r->bytes != sizeof *b || b->cap == 0 || b->cap % RING_CAP_STEP != 0 ||
        b->cap > RING_CAP_MAX ||
        arena_claim(w->arena, b->area, ring_bytes(w->rows, b->cap)) == NULL)
        return err_set(err, EBADMSG, "is no block");
    if (w->n_load == w->load_cap) {
        size_t cap = w->load_cap * 2 + 1024;
        void *more = reallocarray(w->load, cap, sizeof(struct windows_block *));
        if (more == NULL)
            return err_set(err, ENOMEM, "has no room in memory");
        w->load = more;
        w->load_cap = cap;
    }
    w->load[w->n_load++] = b;
    return 0;
}

/* Of two blocks of one entity, the one to keep.  A kill may have come between a copy
 * and the end of the original; after a loss of power the copy may also be torn. */
static struct windows_block *block_better(struct windows *w, struct windows_block *a,
                                          struct windows_block *b)
{
    uint32_t boot = arena_boot(w->arena);
    if (a->boot != boot || b->boot != boot) {
        uint32_t in_a = block_settle(w, a), in_b = block_settle(w, b);
        if (in_a != in_b)
            return in_a > in_b ? a : b;
    }
    return a->generation > b->generation ? a : b;
}

void windows_blocks_enter(struct windows *w)
{
    for (size_t i = 0; i < w->n_load; i++) {
        struct windows_block *b = w->load[i];
        if (atomic_load(&b->state) != WINDOWS_BLOCK_READY ||
            b->entity >= windows_count(&w->n_entities)) {
            block_free_now(w, b);
            continue;
        }
        if (arena_lost_power(w->arena) && b->made > w->trusted_sync)
            block_settle(w, b); /* the next sync would hide that it was new */
        struct windows_slot *s = &w->slot[b->entity];
        struct windows_block *had = s->block;
        s->block = had != NULL ? block_better(w, had, b) : b;
        if (had != NULL)
            list_push(w, &w->outgrown, s->block == b ? had : b);
    }
    for (uint32_t i = 0; i < windows_count(&w->n_entities); i++) {
        const struct windows_block *b = w->slot[i].block;
        if (b != NULL)
            w->stripe[i % WINDOWS_STRIPES].series += columns_said(b);
    }
    free(w->load);
    w->load = NULL;
}

/* --- syncing --- */

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
    for (struct windows_block *b; (b = list_pop(w, &outgrown)) != NULL;) {
        if (rc == 0)
            block_free_now(w, b); /* its heir is on disk */
        else
            list_push(w, &w->outgrown, b);
    }
    pthread_mutex_unlock(w->making);
    pthread_mutex_unlock(&w->syncing);
    return rc;
}
