/* collector/crowd.c - counts different names in bounded memory.
 *
 * One open-addressing table, at most half full, holds the fingerprints of members (with
 * their group mixed in) and, beside them, of groups with the number of their members.
 * Two names with the same 64-bit fingerprint count as one; with a random seed and a
 * million names that happens once in some ten million runs, and then a series is kept
 * that should have been folded.  A mutex guards it all. */
#include "collector/crowd.h"

#include "base/table_hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_FIRST = 1024 };

struct slot {
    uint64_t key; /* 0: empty */
    uint32_t n;   /* of a group: its members */
};

struct crowd {
    pthread_mutex_t lock;
    uint64_t seed;
    unsigned members_max;
    size_t n, slots, members;
    struct slot *slot;
};

struct crowd *crowd_new(unsigned members_max)
{
    struct crowd *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->slot = calloc(SLOTS_FIRST, sizeof *c->slot);
    if (c->slot == NULL) {
        free(c);
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    if (getrandom(&c->seed, sizeof c->seed, GRND_NONBLOCK) != sizeof c->seed)
        c->seed = (uint64_t)(uintptr_t)c;
    c->members_max = members_max;
    c->slots = SLOTS_FIRST;
    return c;
}

void crowd_free(struct crowd **c)
{
    if (*c == NULL)
        return;
    pthread_mutex_destroy(&(*c)->lock);
    free((*c)->slot);
    free(*c);
    *c = NULL;
}

uint64_t crowd_key(const struct crowd *c, const char *name)
{
    return table_hash(name, strlen(name), c->seed);
}

static struct slot *slot_of(struct slot *slot, size_t slots, uint64_t key)
{
    size_t i = (size_t)key & (slots - 1);
    while (slot[i].key != 0 && slot[i].key != key)
        i = (i + 1) & (slots - 1);
    return &slot[i];
}

static bool has_room(struct crowd *c)
{
    if ((c->n + 2) * 2 <= c->slots) /* a member and its group */
        return true;
    struct slot *slot = calloc(c->slots * 2, sizeof *slot);
    if (slot == NULL)
        return false;
    for (size_t i = 0; i < c->slots; i++)
        if (c->slot[i].key != 0)
            *slot_of(slot, c->slots * 2, c->slot[i].key) = c->slot[i];
    free(c->slot);
    c->slot = slot;
    c->slots *= 2;
    return true;
}

static bool admit(struct crowd *c, uint64_t group, uint64_t member)
{
    if (slot_of(c->slot, c->slots, member)->key != 0)
        return true;
    if (c->members >= CROWD_MEMBERS_MAX || !has_room(c))
        return false;
    struct slot *of = slot_of(c->slot, c->slots, group);
    if (of->n >= c->members_max)
        return false;
    c->n += of->key == 0;
    of->key = group;
    of->n++;
    slot_of(c->slot, c->slots, member)->key = member;
    c->n++;
    c->members++;
    return true;
}

bool crowd_admit(struct crowd *c, uint64_t group, uint64_t member)
{
    uint64_t pair[2] = {group, member};
    uint64_t of = table_hash(&group, sizeof group, c->seed) | 1;
    uint64_t both = table_hash(pair, sizeof pair, c->seed) | 1;
    pthread_mutex_lock(&c->lock);
    bool known = admit(c, of, both);
    pthread_mutex_unlock(&c->lock);
    return known;
}
