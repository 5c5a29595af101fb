/* storage/windows.c - the windows as a whole: samples in, blocks out, opening, closing.
 *
 * The arena holds three sorts of records: an entity's texts, a metric's name, and a
 * block (where an entity's ring lies).  Everything else here is tables in memory, made
 * anew on opening.  An entity's block is read and written under its stripe's lock.  Any
 * thread may call anything. */
#include "storage/windows_part.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum { SCAN_MAX = 48 }; /* columns that are quicker looked through than indexed */

/* --- taking samples in --- */

static bool is_new(const struct windows *w, const struct ring *r, uint32_t metric,
                   uint32_t guess)
{
    return metric >= 1 && metric <= windows_count(&w->n_names) &&
           ring_column(r, metric, guess) == RING_NONE;
}

/* Gives every metric a column; false when some get none, for lack of room. */
static bool columns_make(struct windows *w, uint32_t entity, size_t n,
                         const uint32_t *metric, struct windows_stripe *stripe)
{
    struct windows_slot *s = &w->slot[entity];
    struct ring r = windows_ring_at(w, s);
    size_t more = 0;
    for (size_t i = 0; i < n; i++)
        more += is_new(w, &r, metric[i], s->next_column + (uint32_t)i);
    if (ring_head(&r)->n_metrics + more > r.cap && r.cap < RING_CAP_MAX)
        windows_block_grow(w, entity, ring_head(&r)->n_metrics + more);
    r = windows_ring_at(w, s);
    bool all = true;
    for (size_t i = 0; i < n && more > 0; i++) {
        if (!is_new(w, &r, metric[i], s->next_column + (uint32_t)i))
            continue;
        if (ring_head(&r)->n_metrics < r.cap) {
            ring_add(&r, metric[i]);
            stripe->series++;
        } else {
            all = false;
        }
    }
    s->block->n_metrics = ring_head(&r)->n_metrics;
    if (s->index == NULL && ring_head(&r)->n_metrics > SCAN_MAX)
        s->index = ring_index(&r);
    return all;
}

static size_t row_put(struct windows_slot *s, const struct ring *r, uint32_t tag,
                      size_t n, const uint32_t *metric, const float *value)
{
    uint32_t column = ring_run(r, metric, n, s->next_column);
    struct ring_row row = ring_row_open(r, tag);
    if (column != RING_NONE) {
        ring_row_run(r, &row, column, n, value);
        s->next_column = (uint16_t)((column + n) % ring_head(r)->n_metrics);
    } else {
        for (size_t i = 0; i < n; i++) {
            uint32_t at = ring_column(r, metric[i], column + 1);
            if (at == RING_NONE)
                continue;
            ring_row_put(r, &row, at, value[i]);
            column = at;
        }
    }
    ring_row_close(r, &row);
    return row.taken;
}

static enum windows_put put(struct windows *w, uint32_t entity, uint32_t tag, size_t n,
                            const uint32_t *metric, const float *value,
                            struct windows_stripe *stripe, size_t *ret_taken)
{
    struct windows_slot *s = &w->slot[entity];
    if (s->area == NULL) {
        if (s->block == NULL && windows_block_grow(w, entity, n) < 0)
            return WINDOWS_PUT_FULL;
        windows_slot_settle(w, s, stripe);
    }
    struct ring r = windows_ring_at(w, s);
    if (ring_old(&r, tag))
        return WINDOWS_PUT_OLD;
    bool all = true;
    if (ring_run(&r, metric, n, s->next_column) == RING_NONE) {
        all = columns_make(w, entity, n, metric, stripe);
        r = windows_ring_at(w, s); /* it may have moved */
    }
    *ret_taken = row_put(s, &r, tag, n, metric, value);
    stripe->samples += *ret_taken;
    return all ? WINDOWS_PUT_OK : WINDOWS_PUT_FULL;
}

enum windows_put windows_put(struct windows *w, uint32_t entity, instant at, size_t n,
                             const uint32_t *metric, const float *value,
                             size_t *ret_taken)
{
    size_t taken = 0;
    enum windows_put rc = WINDOWS_PUT_OK;
    uint32_t tag = ring_tag(at, w->step);
    if (tag == 0)
        rc = WINDOWS_PUT_OLD;
    else if (entity >= windows_count(&w->n_entities))
        rc = WINDOWS_PUT_FULL; /* windows_entity had no room for it */
    else if (n > 0) {
        struct windows_stripe *stripe = windows_stripe_lock(w, entity);
        rc = put(w, entity, tag, n, metric, value, stripe, &taken);
        pthread_mutex_unlock(&stripe->lock);
    }
    if (ret_taken != NULL)
        *ret_taken = taken;
    return rc;
}

/* --- reading --- */

/* The caller sees `b`; the arrays lie behind it. */
struct cut {
    struct block b;
    size_t n_metrics, rows;
    float cells[]; /* then the metric numbers, then the counts */
};

static struct cut *cut_new(size_t rows, size_t n)
{
    if (rows > 4 * (size_t)WINDOWS_ROWS_MAX)
        return NULL;
    struct cut *c =
        malloc(sizeof *c + rows * n * (sizeof(float) + 1) + n * sizeof(uint32_t));
    if (c != NULL)
        *c = (struct cut){.n_metrics = n, .rows = rows};
    return c;
}

static void cut_nothing(struct cut *c, uint8_t *counts)
{
    size_t n = c->rows * c->n_metrics;
    memset(counts, 0, n);
    for (size_t i = 0; i < n; i++)
        c->cells[i] = NAN;
}

static int64_t step_floor(int64_t ms, int64_t step)
{
    return ms / step - (ms % step < 0);
}

/* How many metrics the entity has; they only ever become more. */
static size_t metrics_of(struct windows *w, uint32_t entity)
{
    struct windows_stripe *stripe = windows_stripe_lock(w, entity);
    struct windows_slot *s = &w->slot[entity];
    windows_slot_settle(w, s, stripe);
    size_t n = s->block != NULL ? s->block->n_metrics : 0;
    pthread_mutex_unlock(&stripe->lock);
    return n;
}

struct block *windows_cut(struct windows *w, uint32_t entity, instant from, instant to)
{
    int64_t first = step_floor(from.ms, w->step.ms);
    int64_t end = to.ms <= from.ms ? first : step_floor(to.ms - 1, w->step.ms) + 1;
    if (entity >= windows_count(&w->n_entities))
        return NULL;
    size_t n = metrics_of(w, entity), rows = (size_t)(end - first);
    struct cut *c = cut_new(rows, n);
    if (c == NULL)
        return NULL;
    uint32_t *metric = (uint32_t *)(c->cells + rows * n);
    uint8_t *counts = (uint8_t *)(metric + n);
    struct windows_stripe *stripe = windows_stripe_lock(w, entity);
    if (n > 0) {
        struct ring r = windows_ring_at(w, &w->slot[entity]);
        memcpy(metric, ring_metrics(&r), n * sizeof *metric);
        ring_cut(&r, first, rows, n, c->cells, counts);
        if (windows_block_is_stale(w, &w->slot[entity]))
            cut_nothing(c, counts);
    }
    pthread_mutex_unlock(&stripe->lock);
    c->b = (struct block){.entity = entity,
                          .who = windows_entity_of(w->who[entity]),
                          .from = {first * w->step.ms},
                          .step = w->step,
                          .rows = (uint32_t)rows,
                          .n_metrics = (uint32_t)n,
                          .metric = metric,
                          .cells = c->cells,
                          .counts = counts};
    return &c->b;
}

void block_free(struct block **b)
{
    _Static_assert(offsetof(struct cut, b) == 0, "one allocation");
    free(*b);
    *b = NULL;
}

/* The tag that `pick` gives of the entity's ring, 0 when it has none. */
static uint32_t tag_in(struct windows *w, uint32_t entity,
                       uint32_t (*pick)(const struct ring *r))
{
    if (entity >= windows_count(&w->n_entities))
        return 0;
    struct windows_stripe *stripe = windows_stripe_lock(w, entity);
    struct windows_slot *s = &w->slot[entity];
    windows_slot_settle(w, s, stripe);
    uint32_t tag = 0;
    if (s->block != NULL) {
        struct ring r = windows_ring_at(w, s);
        tag = pick(&r);
    }
    pthread_mutex_unlock(&stripe->lock);
    return tag;
}

static uint32_t newest(const struct ring *r)
{
    return ring_head(r)->newest;
}

instant windows_newest(struct windows *w, uint32_t entity)
{
    uint32_t tag = tag_in(w, entity, newest);
    return tag != 0 ? (instant){tag * w->step.ms} : INSTANT_NONE;
}

instant windows_oldest(struct windows *w, uint32_t entity)
{
    uint32_t tag = tag_in(w, entity, ring_oldest);
    return tag != 0 ? (instant){(tag - 1) * w->step.ms} : INSTANT_NONE;
}

span windows_step(const struct windows *w)
{
    return w->step;
}

uint32_t windows_rows(const struct windows *w)
{
    return w->rows;
}

struct windows_stats windows_stats(const struct windows *w)
{
    struct windows_stats stats = {.entities = windows_count(&w->n_entities),
                                  .metrics = windows_count(&w->n_names),
                                  .bytes = arena_bytes(w->arena)};
    int64_t series = 0;
    for (uint32_t i = 0; i < WINDOWS_STRIPES; i++) {
        struct windows_stripe *s = windows_stripe_lock(w, i);
        stats.samples += s->samples;
        series += s->series;
        pthread_mutex_unlock(&s->lock);
    }
    stats.series = (uint64_t)series;
    return stats;
}

/* --- opening --- */

static int load_one(struct record *r, void *arg, struct err *err)
{
    static int (*const load[WINDOWS_RECORD_N])(struct windows *, struct record *,
                                               struct err *) = {
        [WINDOWS_RECORD_ENTITY] = windows_entity_load,
        [WINDOWS_RECORD_METRIC] = windows_metric_load,
        [WINDOWS_RECORD_BLOCK] = windows_block_load,
    };
    if (r->type >= WINDOWS_RECORD_N || load[r->type] == NULL)
        return err_set(err, EBADMSG, "is of no known type");
    return load[r->type](arg, r, err);
}

/* Address space for a table that must never move: readers have no lock. */
static void *table_new(size_t n, size_t size)
{
    void *p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED ? p : NULL;
}

static void table_free(void *table, size_t n, size_t size)
{
    if (table != NULL)
        munmap(table, n * size);
}

static void locks_free(struct windows *w)
{
    for (size_t i = 0; w->stripe != NULL && i < WINDOWS_STRIPES; i++)
        pthread_mutex_destroy(&w->stripe[i].lock);
    free(w->stripe);
    if (w->making != NULL)
        pthread_mutex_destroy(w->making);
    free(w->making);
    pthread_mutex_destroy(&w->syncing);
}

/* All but the arena. */
static void windows_free(struct windows *w)
{
    for (uint32_t i = 0; w->slot != NULL && i < windows_count(&w->n_entities); i++)
        free(w->slot[i].index);
    table_free(w->slot, WINDOWS_ENTITIES_MAX, sizeof *w->slot);
    table_free(w->who, WINDOWS_ENTITIES_MAX, sizeof *w->who);
    table_free(w->name, WINDOWS_NAMES_MAX + 1, sizeof *w->name);
    table_free(w->merge, WINDOWS_NAMES_MAX + 1, sizeof *w->merge);
    lookup_free(&w->entities);
    lookup_free(&w->names);
    links_free(&w->links);
    locks_free(w);
    free(w->load);
    free(w);
}

static struct windows *windows_new(const struct windows_spec *spec, struct err *err)
{
    struct windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        goto no_memory;
    pthread_mutex_init(&w->syncing, NULL);
    w->step = spec->step;
    w->rows = spec->rows;
    if (getrandom(&w->seed, sizeof w->seed, 0) != sizeof w->seed)
        w->seed = (uintptr_t)w; /* still hard to guess from outside */
    w->slot = table_new(WINDOWS_ENTITIES_MAX, sizeof *w->slot);
    w->who = table_new(WINDOWS_ENTITIES_MAX, sizeof *w->who);
    w->name = table_new(WINDOWS_NAMES_MAX + 1, sizeof *w->name);
    w->merge = table_new(WINDOWS_NAMES_MAX + 1, sizeof *w->merge);
    w->links = links_new(w->seed);
    w->stripe = aligned_alloc(64, WINDOWS_STRIPES * sizeof *w->stripe);
    w->making = malloc(sizeof *w->making);
    if (w->stripe != NULL)
        for (size_t i = 0; i < WINDOWS_STRIPES; i++)
            w->stripe[i] = (struct windows_stripe){.lock = PTHREAD_MUTEX_INITIALIZER};
    if (w->making != NULL)
        pthread_mutex_init(w->making, NULL);
    if (w->slot != NULL && w->who != NULL && w->name != NULL && w->merge != NULL &&
        w->links != NULL && w->stripe != NULL && w->making != NULL)
        return w;
    windows_free(w);
no_memory:
    err_set(err, ENOMEM, "no memory for the windows");
    return NULL;
}

/* Windows over an arena; a NULL with EBADMSG means that the file is damaged. */
static struct windows *load(const struct windows_spec *spec, struct arena *a,
                            struct err *err)
{
    struct windows *w = windows_new(spec, err);
    if (w == NULL)
        return NULL;
    w->arena = a;
    w->trusted_sync = arena_synced(a);
    w->next_sync = w->trusted_sync + 1;
    if (arena_walk(a, load_one, w, err) < 0) {
        windows_free(w);
        return NULL;
    }
    windows_blocks_enter(w);
    return w;
}

static int spec_check(const struct windows_spec *spec, struct err *err)
{
    if (spec->step.ms < 1000 || spec->step.ms > 3600000)
        return err_set(err, EINVAL, "a step of the windows is 1 s to 1 h, not %lld ms",
                       (long long)spec->step.ms);
    if (spec->rows < 2 || spec->rows > WINDOWS_ROWS_MAX)
        return err_set(err, EINVAL, "the windows have 2 to %d rows, not %u",
                       WINDOWS_ROWS_MAX, (unsigned)spec->rows);
    return 0;
}

struct windows *windows_open(const struct windows_spec *spec, struct err *ret_note,
                             struct err *err)
{
    if (spec_check(spec, err) < 0)
        return NULL;
    struct arena_spec as = {.path = spec->path,
                            .bytes_max = spec->bytes_max,
                            .shape = {(uint64_t)spec->step.ms, spec->rows},
                            .shape_is = "step or number of rows"};
    struct arena *a = arena_open(&as, ret_note, err);
    struct err why = {0};
    struct windows *w = a != NULL ? load(spec, a, &why) : NULL;
    if (w == NULL && why.code == EBADMSG) {
        if (arena_set_aside(&a, why.text, ret_note, err) == 0)
            a = arena_open(&as, ret_note, err);
        why = (struct err){0};
        w = a != NULL ? load(spec, a, &why) : NULL;
    }
    if (w == NULL && why.code != 0)
        err_set(err, why.code, "%s", why.text);
    if (w == NULL)
        arena_close(&a, a != NULL ? arena_synced(a) : 0);
    else if (arena_lost_power(a))
        err_set(ret_note, ENODATA,
                "%s was open when the machine went down: samples of the last moments "
                "before that may be missing",
                spec->path);
    return w;
}

struct windows *windows_peek(const char *path, struct err *err)
{
    uint64_t shape[2];
    struct windows_spec spec = {.path = path};
    struct arena *a = arena_peek(path, shape, err);
    if (a == NULL)
        return NULL;
    spec.step = (span){(int64_t)shape[0]};
    spec.rows = (uint32_t)shape[1];
    struct windows *w = spec_check(&spec, err) == 0 ? load(&spec, a, err) : NULL;
    if (w == NULL)
        arena_close(&a, 0);
    return w;
}

void windows_close(struct windows **w)
{
    if (*w == NULL)
        return;
    arena_close(&(*w)->arena, (*w)->next_sync);
    windows_free(*w);
    *w = NULL;
}
