/* storage/windows_names.c - entities and metrics: their names, numbers and links.
 *
 * The arena holds a record of each: an entity's texts, a metric's name.  The tables
 * beside it are made anew on opening.  Names are found without a lock; they are made
 * under `making`, and a number is given out only once all that it leads to is there.
 * Any thread may call anything but the loading. */
#include "storage/windows_part.h"

#include "base/table_hash.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    TEXTS_MAX = 6, /* of one kind of entity */
    KEY_MAX =
        8 + TEXTS_MAX * (WINDOWS_TEXT_MAX + 1), /* a multiple of 8 is not needed */
};

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

struct entity windows_entity_of(const struct windows_named *named)
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
        const struct windows_named *had = w->who[i];
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
    if (windows_count(&w->n_entities) >= WINDOWS_ENTITIES_MAX)
        return -1;
    return lookup_reserve(&w->entities, 1) < 0 ? -1
                                               : links_reserve(w->links, TEXTS_MAX);
}

/* Takes a whole entity record into the tables; there is room. */
static void entity_enter(struct windows *w, const struct windows_named *named,
                         uint64_t hash)
{
    uint32_t number = named->r.number;
    struct entity e = windows_entity_of(named);
    w->who[number] = named;
    for (size_t i = 0; i < kinds[e.kind].n; i++) {
        const char *text = *text_of(&e, kinds[e.kind].text[i].at);
        if (kinds[e.kind].text[i].linked && text[0] != '\0')
            links_add(w->links, kinds[e.kind].text[i].link, text, number);
    }
    atomic_store_explicit(&w->n_entities, number + 1, memory_order_release);
    lookup_add(&w->entities, hash, number);
}

static void name_enter(struct windows *w, const struct windows_named *named,
                       uint64_t hash)
{
    uint32_t number = named->r.number;
    w->name[number] = named;
    w->merge[number] = (uint8_t)named->key[0];
    atomic_store_explicit(&w->n_names, number, memory_order_release);
    lookup_add(&w->names, hash, number);
}

/* A record with this key, published; NULL when the arena is full. */
static struct windows_named *named_make(struct windows *w, uint16_t type,
                                        uint32_t number, const char *key, size_t n)
{
    size_t body = (n + 7) / 8 * 8;
    struct windows_named *named =
        (struct windows_named *)arena_record(w->arena, type, body, body);
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
    number = windows_count(&w->n_entities);
    struct windows_named *named = named_make(w, WINDOWS_RECORD_ENTITY, number, key, n);
    if (named == NULL)
        return WINDOWS_NONE;
    entity_enter(w, named, hash);
    return number;
}

static uint32_t name_make(struct windows *w, const char *name, size_t n,
                          enum merge merge, uint64_t hash)
{
    uint32_t number = name_find(w, name, n, hash);
    if (number != WINDOWS_NONE || windows_count(&w->n_names) >= WINDOWS_NAMES_MAX ||
        lookup_reserve(&w->names, 1) < 0)
        return number;
    char key[WINDOWS_TEXT_MAX + 2];
    key[0] = (char)merge;
    memcpy(key + 1, name, n);
    key[n + 1] = '\0';
    number = windows_count(&w->n_names) + 1;
    struct windows_named *named =
        named_make(w, WINDOWS_RECORD_METRIC, number, key, n + 2);
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
    assert(metric >= 1 && metric <= windows_count(&w->n_names));
    return w->name[metric]->key + 1;
}

enum merge windows_metric_merge(const struct windows *w, uint32_t metric)
{
    assert(metric >= 1 && metric <= windows_count(&w->n_names));
    return (enum merge)w->merge[metric];
}

bool windows_who(const struct windows *w, uint32_t entity, struct entity *ret_who)
{
    if (entity >= windows_count(&w->n_entities))
        return false;
    *ret_who = windows_entity_of(w->who[entity]);
    return true;
}

void windows_each(const struct windows *w,
                  bool (*each)(uint32_t entity, const struct entity *who, void *arg),
                  void *arg)
{
    uint32_t n = windows_count(&w->n_entities);
    for (uint32_t i = 0; i < n; i++) {
        struct entity who = windows_entity_of(w->who[i]);
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

/* --- names that a file brought --- */

int windows_entity_load(struct windows *w, struct record *r, struct err *err)
{
    const struct windows_named *named = (const struct windows_named *)r;
    const char *at = named->key, *end = named->key + r->sealed;
    if (r->sealed == 0 || r->number != windows_count(&w->n_entities) ||
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

int windows_metric_load(struct windows *w, struct record *r, struct err *err)
{
    const struct windows_named *named = (const struct windows_named *)r;
    size_t room = r->sealed > 1 ? r->sealed - 1u : 0, n = strnlen(named->key + 1, room);
    if (n == room || n > WINDOWS_TEXT_MAX || (unsigned char)named->key[0] >= MERGE_N ||
        r->number != windows_count(&w->n_names) + 1 || r->number > WINDOWS_NAMES_MAX)
        return err_set(err, EBADMSG, "is no metric");
    if (lookup_reserve(&w->names, 1) < 0)
        return err_set(err, ENOMEM, "has no room in memory");
    name_enter(w, named, table_hash(named->key + 1, n, w->seed));
    return 0;
}
