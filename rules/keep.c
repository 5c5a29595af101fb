/* rules/keep.c - chunks of memory, freed together.  One thread at a time. */
#include "rules/keep.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 32 << 10 };

struct keep_chunk {
    struct keep_chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

struct keep_end {
    struct keep_end *next;
    void (*end)(void *what);
    void *what;
};

void *keep_alloc(struct keep *k, size_t n)
{
    const size_t unit = sizeof(max_align_t);
    n = (n + unit - 1) / unit * unit;
    struct keep_chunk *c = k->newest;
    if (c == NULL || c->size - c->used < n) {
        size_t size = n > CHUNK_BYTES ? n : CHUNK_BYTES;
        c = calloc(1, sizeof *c + size);
        if (c == NULL) {
            k->failed = true;
            return NULL;
        }
        c->next = k->newest;
        c->size = size;
        k->newest = c;
    }
    void *at = (char *)c->bytes + c->used;
    c->used += n;
    return at;
}

char *keep_text(struct keep *k, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = keep_alloc(k, n);
    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

int keep_until_end(struct keep *k, void (*end)(void *what), void *what)
{
    struct keep_end *e = keep_alloc(k, sizeof *e);
    if (e == NULL) {
        end(what);
        return -1;
    }
    *e = (struct keep_end){k->ends, end, what};
    k->ends = e;
    return 0;
}

void keep_free(struct keep *k)
{
    for (struct keep_end *e = k->ends; e != NULL; e = e->next)
        e->end(e->what);
    while (k->newest != NULL) {
        struct keep_chunk *c = k->newest;
        k->newest = c->next;
        free(c);
    }
    *k = (struct keep){0};
}
