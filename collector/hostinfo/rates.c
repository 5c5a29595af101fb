/* collector/hostinfo/rates.c - the memory of counters.
 *
 * An open-addressing table, at most half full, that is made anew with the living
 * counters only when it runs full.  One thread. */
#include "collector/hostinfo/rates.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { SLOTS_FIRST = 256 };

struct slot {
    uint64_t key; /* 0: empty */
    uint64_t counter;
    uint32_t round; /* when it was last seen */
};

struct rates {
    struct slot *slot;
    size_t slots, n;
    uint32_t round;
    double seconds;
};

struct rates *rates_new(void)
{
    struct rates *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->slot = calloc(SLOTS_FIRST, sizeof *r->slot);
    if (r->slot == NULL) {
        free(r);
        return NULL;
    }
    r->slots = SLOTS_FIRST;
    return r;
}

void rates_free(struct rates **r)
{
    if (*r == NULL)
        return;
    free((*r)->slot);
    free(*r);
    *r = NULL;
}

void rates_begin(struct rates *r, double seconds)
{
    r->round++;
    r->seconds = seconds;
}

static struct slot *slot_of(struct slot *slot, size_t slots, uint64_t key)
{
    size_t i = (size_t)key & (slots - 1);
    while (slot[i].key != 0 && slot[i].key != key)
        i = (i + 1) & (slots - 1);
    return &slot[i];
}

static bool is_alive(const struct rates *r, const struct slot *s)
{
    return s->key != 0 && r->round - s->round <= 2;
}

static bool make_room(struct rates *r)
{
    size_t alive = 0;
    for (size_t i = 0; i < r->slots; i++)
        alive += is_alive(r, &r->slot[i]);
    if (alive >= RATES_MAX)
        return false;
    size_t slots = SLOTS_FIRST;
    while (slots < (alive + 1) * 4)
        slots *= 2;
    struct slot *slot = calloc(slots, sizeof *slot);
    if (slot == NULL)
        return false;
    for (size_t i = 0; i < r->slots; i++)
        if (is_alive(r, &r->slot[i]))
            *slot_of(slot, slots, r->slot[i].key) = r->slot[i];
    free(r->slot);
    r->slot = slot;
    r->slots = slots;
    r->n = alive;
    return true;
}

/* The difference, or false when the counter was reset. */
static bool growth(uint64_t from, uint64_t to, uint64_t *ret)
{
    const uint64_t half = 1ull << 31, whole = 1ull << 32;
    if (to >= from)
        *ret = to - from;
    else if (from >= half && from < whole && to < half)
        *ret = whole - from + to;
    else
        return false;
    return true;
}

double rates_take(struct rates *r, uint64_t key, uint64_t counter)
{
    key |= 1; /* 0 marks an empty slot */
    struct slot *s = slot_of(r->slot, r->slots, key);
    if (s->key == 0) {
        if ((r->n + 1) * 2 > r->slots) {
            if (!make_room(r))
                return NAN;
            s = slot_of(r->slot, r->slots, key);
        }
        *s = (struct slot){key, counter, r->round};
        r->n++;
        return NAN;
    }
    uint64_t grown;
    bool known = s->round + 1 == r->round && r->seconds > 0 &&
                 growth(s->counter, counter, &grown);
    s->counter = counter;
    s->round = r->round;
    return known ? (double)grown / r->seconds : NAN;
}
