/* collector/gathered.c - counters, gauges, timers and sets between two flushes.  No
 * state but what the caller holds; any thread. */
#include "collector/gathered.h"

#include <math.h>
#include <stdlib.h>

void gathered_clear(struct gathered *g, struct gathered_pool *pool)
{
    pool->used -= g->cap;
    free(g->value);
    free(g->member);
    g->value = NULL;
    g->member = NULL;
    g->n = g->cap = 0;
}

void gathered_begin(struct gathered *g, struct gathered_pool *pool)
{
    gathered_clear(g, pool);
    g->touched = false;
    g->seen = 0;
    g->count = g->max = 0;
    if (g->kind != GATHERED_GAUGE)
        g->sum = 0;
}

/* --- timers --- */

/* G. Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t by_chance(struct gathered_pool *pool)
{
    uint64_t x = pool->chance != 0 ? pool->chance : 0x9e3779b97f4a7c15u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return pool->chance = x;
}

/* Room for twice as many; false when there is none. */
static bool grow_values(struct gathered *g, struct gathered_pool *pool)
{
    uint32_t cap = g->cap > 0 ? 2 * g->cap : 8;
    if (cap > GATHERED_VALUES_MAX || pool->used + (cap - g->cap) > GATHERED_POOL_MAX)
        return false;
    float *more = realloc(g->value, cap * sizeof *more);
    if (more == NULL)
        return false;
    pool->used += cap - g->cap;
    g->value = more;
    g->cap = cap;
    return true;
}

static void add_timing(struct gathered *g, struct gathered_pool *pool, double v,
                       double weight)
{
    g->max = g->count == 0 || v > g->max ? v : g->max;
    g->sum += v * weight;
    g->count += weight;
    g->seen++;
    if (g->n < g->cap || grow_values(g, pool)) {
        g->value[g->n++] = (float)v;
        return;
    }
    uint64_t at = by_chance(pool) % g->seen;
    if (at < g->n)
        g->value[at] = (float)v;
}

void gathered_value(struct gathered *g, struct gathered_pool *pool, double v,
                    double weight, bool is_step)
{
    g->touched = true;
    if (g->kind == GATHERED_COUNTER)
        g->sum += v * weight;
    else if (g->kind == GATHERED_GAUGE)
        g->sum = is_step ? g->sum + v : v;
    else if (g->kind == GATHERED_TIMER)
        add_timing(g, pool, v, weight);
}

/* --- sets --- */

static uint64_t *place(uint64_t *member, uint32_t cap, uint64_t key)
{
    uint32_t i = (uint32_t)key & (cap - 1);
    while (member[i] != 0 && member[i] != key)
        i = (i + 1) & (cap - 1);
    return &member[i];
}

static bool grow_set(struct gathered *g, struct gathered_pool *pool)
{
    uint32_t cap = g->cap > 0 ? 2 * g->cap : 16;
    if (cap > 2 * GATHERED_SET_MAX || pool->used + (cap - g->cap) > GATHERED_POOL_MAX)
        return false;
    uint64_t *more = calloc(cap, sizeof *more);
    if (more == NULL)
        return false;
    for (uint32_t i = 0; i < g->cap; i++)
        if (g->member[i] != 0)
            *place(more, cap, g->member[i]) = g->member[i];
    free(g->member);
    pool->used += cap - g->cap;
    g->member = more;
    g->cap = cap;
    return true;
}

bool gathered_member(struct gathered *g, struct gathered_pool *pool, uint64_t key)
{
    key |= key == 0; /* that one means empty */
    if (g->cap == 0 || *place(g->member, g->cap, key) != key) {
        if (2 * (g->n + 1) > g->cap && !grow_set(g, pool))
            return false;
        *place(g->member, g->cap, key) = key;
        g->n++;
    }
    g->touched = true;
    return true;
}

/* --- figures --- */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The least value that 95 of 100 do not exceed. */
static float p95_of(float *value, uint32_t n)
{
    qsort(value, n, sizeof *value, by_value);
    uint32_t rank = (uint32_t)ceil(0.95 * n);
    return value[rank > 0 ? rank - 1 : 0];
}

size_t gathered_figures(struct gathered *g, double seconds, float out[GATHERED_FIGURES])
{
    if (g->kind == GATHERED_COUNTER) {
        out[0] = (float)(g->sum / seconds);
        return 1;
    }
    if (!g->touched)
        return 0;
    if (g->kind != GATHERED_TIMER) {
        out[0] = (float)(g->kind == GATHERED_SET ? g->n : g->sum);
        return 1;
    }
    out[0] = (float)(g->count / seconds);
    out[1] = (float)(g->sum / g->count);
    out[2] = (float)g->max;
    if (g->n == 0)
        return 3;
    out[3] = p95_of(g->value, g->n);
    return 4;
}
