/* rules/index.c - a hash table of beginnings.
 *
 * A name asks once for each length of beginning that occurs, with one running hash. */
#include "rules/index.h"

#include <assert.h>
#include <string.h>

enum { BEGINNING_MAX = 63 };

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
#define HASH_FIRST UINT64_C(14695981039346656037)
#define HASH_TIMES UINT64_C(1099511628211)

static uint64_t hash_on(uint64_t h, char c)
{
    return (h ^ (unsigned char)c) * HASH_TIMES;
}

static size_t beginning_of(const struct match *m)
{
    size_t n = match_prefix(m);
    return n < BEGINNING_MAX ? n : BEGINNING_MAX;
}

int index_make(struct index *x, size_t n, struct keep *keep)
{
    size_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    *x = (struct index){.cap = n, .slots = slots};
    x->entry = keep_alloc(keep, (n + 1) * sizeof *x->entry);
    x->slot = keep_alloc(keep, slots * sizeof *x->slot);
    return x->entry != NULL && x->slot != NULL ? 0 : -1;
}

/* The slot of a beginning: its own, or the free one where it would stand. */
static uint32_t *find(const struct index *x, const char *text, size_t n, uint64_t hash)
{
    for (size_t i = (size_t)hash & (x->slots - 1);; i = (i + 1) & (x->slots - 1)) {
        uint32_t at = x->slot[i];
        if (at == 0)
            return &x->slot[i];
        const struct match *m = x->entry[at - 1].match;
        if (beginning_of(m) == n && memcmp(m->text, text, n) == 0)
            return &x->slot[i];
    }
}

void index_add(struct index *x, const struct match *match, uint32_t rule)
{
    size_t n = beginning_of(match);
    uint64_t hash = HASH_FIRST;
    assert(x->n < x->cap);
    for (size_t i = 0; i < n; i++)
        hash = hash_on(hash, match->text[i]);
    uint32_t *slot = find(x, match->text, n, hash);
    x->entry[x->n] = (struct index_entry){match, rule, *slot};
    *slot = (uint32_t)++x->n;
    x->lengths |= UINT64_C(1) << n;
}

void index_ask(const struct index *x, const char *name,
               void (*each)(const struct index_entry *e, void *arg), void *arg)
{
    uint64_t hash = HASH_FIRST;
    for (size_t n = 0; x->n > 0 && n <= BEGINNING_MAX; n++) {
        if ((x->lengths & UINT64_C(1) << n) != 0)
            for (uint32_t at = *find(x, name, n, hash); at != 0;
                 at = x->entry[at - 1].next)
                each(&x->entry[at - 1], arg);
        if (name[n] == '\0')
            return;
        hash = hash_on(hash, name[n]);
    }
}
