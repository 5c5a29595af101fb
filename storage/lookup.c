/* storage/lookup.c - open addressing with linear steps, at most half full, so an empty
 * cell always ends a walk.  A cell is the upper half of the hash and the number plus
 * one; it is written once, with release, after what the number stands for is ready. */
#include "storage/lookup.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { TABLE_MIN = 64 };

struct lookup_table {
    struct lookup_table *outgrown;
    size_t mask;
    _Atomic uint64_t cell[];
};

static uint32_t upper(uint64_t v)
{
    return (uint32_t)(v >> 32);
}

static void table_put(struct lookup_table *t, uint64_t cell)
{
    size_t pos = upper(cell) & t->mask;
    while (atomic_load_explicit(&t->cell[pos], memory_order_relaxed) != 0)
        pos = (pos + 1) & t->mask;
    atomic_store_explicit(&t->cell[pos], cell, memory_order_release);
}

int lookup_reserve(struct lookup *l, size_t more)
{
    struct lookup_table *old = atomic_load_explicit(&l->table, memory_order_relaxed);
    size_t size = old != NULL ? old->mask + 1 : TABLE_MIN;
    if (old != NULL && (l->n + more) * 2 <= size)
        return 0;
    while (size < (l->n + more) * 2)
        size *= 2;
    struct lookup_table *t = calloc(1, sizeof *t + size * sizeof t->cell[0]);
    if (t == NULL)
        return -1;
    t->mask = size - 1;
    t->outgrown = old;
    for (size_t i = 0; old != NULL && i <= old->mask; i++) {
        uint64_t cell = atomic_load_explicit(&old->cell[i], memory_order_relaxed);
        if (cell != 0)
            table_put(t, cell);
    }
    atomic_store_explicit(&l->table, t, memory_order_release);
    return 0;
}

void lookup_add(struct lookup *l, uint64_t hash, uint32_t number)
{
    struct lookup_table *t = atomic_load_explicit(&l->table, memory_order_relaxed);
    assert(t != NULL && number != UINT32_MAX && (l->n + 1) * 2 <= t->mask + 1);
    table_put(t, (uint64_t)upper(hash) << 32 | (number + 1));
    l->n++;
}

void lookup_free(struct lookup *l)
{
    struct lookup_table *t = atomic_load_explicit(&l->table, memory_order_relaxed);
    while (t != NULL) {
        struct lookup_table *outgrown = t->outgrown;
        free(t);
        t = outgrown;
    }
    atomic_store_explicit(&l->table, NULL, memory_order_relaxed);
    l->n = 0;
}

struct lookup_walk lookup_start(const struct lookup *l, uint64_t hash)
{
    const struct lookup_table *t =
        atomic_load_explicit(&l->table, memory_order_acquire);
    size_t pos = t != NULL ? upper(hash) & t->mask : 0;
    return (struct lookup_walk){.table = t, .pos = pos, .want = upper(hash)};
}

bool lookup_next(struct lookup_walk *at, uint32_t *ret_number)
{
    if (at->table == NULL)
        return false;
    for (;;) {
        uint64_t cell =
            atomic_load_explicit(&at->table->cell[at->pos], memory_order_acquire);
        if (cell == 0)
            return false;
        at->pos = (at->pos + 1) & at->table->mask;
        if (upper(cell) == at->want) {
            *ret_number = (uint32_t)cell - 1;
            return true;
        }
    }
}
