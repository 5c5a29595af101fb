/* storage/links.c - a table of names, each the head of a chain of numbers, newest
 * first.  Both lie in arrays without gaps: a million hosts have a million names, and a
 * heap block for each would cost more than what is in it. */
#include "storage/links.h"

#include "base/table_hash.h"
#include "storage/lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NO_LINK = 0xffffffff };

struct head {
    const char *name;
    unsigned kind;
    uint32_t newest, n; /* newest is a place in `link` */
};

struct link {
    uint32_t number, older;
};

struct links {
    uint64_t seed;
    struct lookup names;
    struct head *head;
    struct link *link;
    size_t n_heads, heads_cap, n_links, links_cap;
};

struct links *links_new(uint64_t seed)
{
    struct links *l = calloc(1, sizeof *l);
    if (l != NULL)
        l->seed = seed;
    return l;
}

void links_free(struct links **l)
{
    if (*l == NULL)
        return;
    lookup_free(&(*l)->names);
    free((*l)->head);
    free((*l)->link);
    free(*l);
    *l = NULL;
}

/* The larger array, or NULL with the old one left as it was. */
static void *grown(void *array, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return array;
    size_t more = *cap + *cap / 2 > want ? *cap + *cap / 2 : want + 16;
    void *larger = reallocarray(array, more, size);
    if (larger != NULL)
        *cap = more;
    return larger;
}

int links_reserve(struct links *l, size_t more)
{
    struct head *h = grown(l->head, &l->heads_cap, l->n_heads + more, sizeof *h);
    if (h != NULL)
        l->head = h;
    struct link *k = grown(l->link, &l->links_cap, l->n_links + more, sizeof *k);
    if (k != NULL)
        l->link = k;
    return h != NULL && k != NULL ? lookup_reserve(&l->names, more) : -1;
}

static uint64_t hash_of(const struct links *l, unsigned kind, const char *name)
{
    return table_hash(name, strlen(name), l->seed + kind);
}

static struct head *find(const struct links *l, uint64_t hash, unsigned kind,
                         const char *name)
{
    uint32_t i;
    for (struct lookup_walk at = lookup_start(&l->names, hash); lookup_next(&at, &i);)
        if (l->head[i].kind == kind && strcmp(l->head[i].name, name) == 0)
            return &l->head[i];
    return NULL;
}

void links_add(struct links *l, unsigned kind, const char *name, uint32_t number)
{
    assert(l->n_links < l->links_cap && l->n_heads < l->heads_cap);
    uint64_t hash = hash_of(l, kind, name);
    struct head *h = find(l, hash, kind, name);
    if (h == NULL) {
        h = &l->head[l->n_heads];
        *h = (struct head){.name = name, .kind = kind, .newest = NO_LINK};
        lookup_add(&l->names, hash, (uint32_t)l->n_heads++);
    }
    if (h->newest != NO_LINK && l->link[h->newest].number == number)
        return;
    l->link[l->n_links] = (struct link){.number = number, .older = h->newest};
    h->newest = (uint32_t)l->n_links++;
    h->n++;
}

int links_list(const struct links *l, unsigned kind, const char *name,
               uint32_t **ret_numbers, size_t *ret_n)
{
    const struct head *h = find(l, hash_of(l, kind, name), kind, name);
    uint32_t *numbers = NULL;
    size_t n = h != NULL ? h->n : 0;
    if (n > 0 && (numbers = malloc(n * sizeof *numbers)) == NULL)
        return -1;
    uint32_t at = n > 0 ? h->newest : NO_LINK;
    for (size_t i = n; i > 0; i--, at = l->link[at].older)
        numbers[i - 1] = l->link[at].number;
    *ret_numbers = numbers;
    *ret_n = n;
    return 0;
}
