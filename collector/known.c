/* collector/known.c - tables of series, in stripes that threads share.
 *
 * A stripe is an open-addressed table with a lock of its own; the key's bits choose the
 * stripe and the place.  An entry never moves but when its table grows or is swept. */
#include "collector/known.h"

#include "base/table_hash.h"
#include "collector/intake.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

enum { STRIPES = 64, SIZE_FIRST = 64 };

struct entry {
    struct known_key key; /* {0, 0}: empty */
    struct known_series series;
    struct counter last; /* of a series that is no counter, the time only */
};

struct stripe {
    pthread_mutex_t lock;
    struct entry *entry;
    size_t size, n; /* size is a power of two */
    /* where known_ahead looks without the lock: a guess, never followed */
    _Atomic(struct entry *) ahead;
    _Atomic size_t ahead_size;
};

struct known {
    uint64_t seed[2];
    size_t most; /* of a stripe */
    struct stripe stripe[STRIPES];
};

struct known *known_new(size_t most)
{
    struct known *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    if (getrandom(k->seed, sizeof k->seed, GRND_NONBLOCK) != sizeof k->seed)
        k->seed[0] = (uintptr_t)k, k->seed[1] = ~k->seed[0];
    k->most = most / STRIPES + 1;
    for (size_t i = 0; i < STRIPES; i++)
        pthread_mutex_init(&k->stripe[i].lock, NULL);
    return k;
}

void known_free(struct known **k)
{
    if (*k == NULL)
        return;
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_destroy(&(*k)->stripe[i].lock);
        free((*k)->stripe[i].entry);
    }
    free(*k);
    *k = NULL;
}

struct known_key known_key(const struct known *k, const void *bytes, size_t n)
{
    struct known_key key = {table_hash(bytes, n, k->seed[0]),
                            table_hash(bytes, n, k->seed[1])};
    key.b |= key.a == 0 && key.b == 0; /* that one means empty */
    return key;
}

static bool is_empty(const struct entry *e)
{
    return e->key.a == 0 && e->key.b == 0;
}

static struct stripe *stripe_lock(struct known *k, struct known_key key)
{
    struct stripe *s = &k->stripe[key.b % STRIPES];
    pthread_mutex_lock(&s->lock);
    return s;
}

/* The key's entry, or the empty one where it would go; NULL in a table of none. */
static struct entry *place(const struct stripe *s, struct known_key key)
{
    if (s->size == 0)
        return NULL;
    size_t i = key.a & (s->size - 1);
    while (!is_empty(&s->entry[i]) &&
           (s->entry[i].key.a != key.a || s->entry[i].key.b != key.b))
        i = (i + 1) & (s->size - 1);
    return &s->entry[i];
}

static struct entry *find(const struct stripe *s, struct known_key key)
{
    struct entry *e = place(s, key);
    return e != NULL && !is_empty(e) ? e : NULL;
}

/* Into a table of `size`, without those last seen before `oldest`. */
static bool rebuild(struct stripe *s, size_t size, instant oldest)
{
    struct stripe now = {.size = size, .entry = calloc(size, sizeof *now.entry)};
    if (now.entry == NULL)
        return false;
    for (size_t i = 0; i < s->size; i++) {
        const struct entry *e = &s->entry[i];
        if (is_empty(e) || e->last.at.ms < oldest.ms)
            continue;
        *place(&now, e->key) = *e;
        now.n++;
    }
    free(s->entry);
    s->entry = now.entry;
    s->size = now.size;
    s->n = now.n;
    atomic_store_explicit(&s->ahead, s->entry, memory_order_relaxed);
    atomic_store_explicit(&s->ahead_size, s->size, memory_order_relaxed);
    return true;
}

static bool make_room(struct known *k, struct stripe *s, instant at)
{
    if (s->n >= k->most &&
        (!rebuild(s, s->size, (instant){at.ms - KNOWN_IDLE_MS}) || s->n >= k->most))
        return false;
    if (s->size > 0 && s->n * 4 < s->size * 3)
        return true;
    return rebuild(s, s->size > 0 ? 2 * s->size : SIZE_FIRST, INSTANT_NONE);
}

void known_ahead(struct known *k, struct known_key key)
{
    const struct stripe *s = &k->stripe[key.b % STRIPES];
    const struct entry *e = atomic_load_explicit(&s->ahead, memory_order_relaxed);
    size_t size = atomic_load_explicit(&s->ahead_size, memory_order_relaxed);
    if (size == 0)
        return;
    const char *at = (const char *)(e + (key.a & (size - 1)));
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + sizeof *e - 1, 1); /* it may lie across two lines */
}

bool known_add(struct known *k, struct known_key key, const struct known_series *series,
               instant at)
{
    struct stripe *s = stripe_lock(k, key);
    bool there = find(s, key) != NULL;
    bool added = !there && make_room(k, s, at);
    if (added) {
        struct entry *e = place(s, key);
        *e = (struct entry){.key = key, .series = *series};
        e->last.at = series->is_counter ? (instant){0} : at;
        s->n++;
    }
    pthread_mutex_unlock(&s->lock);
    return there || added;
}

static enum known_said take(struct entry *e, instant at, double value,
                            double *ret_value)
{
    if (e->series.is_counter)
        return counter_next(&e->last, at, value, ret_value) ? KNOWN_VALUE : KNOWN_WAITS;
    if (at.ms > e->last.at.ms)
        e->last.at = at;
    *ret_value = value;
    return e->series.refused != DROP_N ? KNOWN_REFUSED : KNOWN_VALUE;
}

enum known_said known_sample(struct known *k, struct known_key key, instant at,
                             double value, struct known_series *ret_series,
                             double *ret_value)
{
    struct stripe *s = stripe_lock(k, key);
    struct entry *e = find(s, key);
    enum known_said said = e != NULL ? take(e, at, value, ret_value) : KNOWN_NOT;
    if (e != NULL)
        *ret_series = e->series;
    pthread_mutex_unlock(&s->lock);
    return said;
}

void known_end(struct known *k, struct known_key key)
{
    struct stripe *s = stripe_lock(k, key);
    struct entry *e = find(s, key);
    if (e != NULL && e->series.is_counter)
        e->last = (struct counter){0};
    pthread_mutex_unlock(&s->lock);
}

size_t known_count(struct known *k)
{
    size_t n = 0;
    for (size_t i = 0; i < STRIPES; i++) {
        pthread_mutex_lock(&k->stripe[i].lock);
        n += k->stripe[i].n;
        pthread_mutex_unlock(&k->stripe[i].lock);
    }
    return n;
}
