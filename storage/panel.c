/* storage/panel.c - gathering a panel: who belongs to it, then their columns in one
 * order, then their rows.
 *
 * Entities are picked by number, so one that is asked for twice comes once.  Metric
 * names are ranked once for the whole panel: a unit then sorts numbers, not texts, and
 * thousands of hosts share one copy of each name.  The windows go on taking samples
 * meanwhile; a metric that turns up after the first look at its unit waits for the next
 * panel.  Runs on the thread that judges. */
#include "storage/panel.h"

#include "storage/history.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --- texts that never move --- */

enum { TEXTS_BYTES = 64 << 10 };

struct panel_texts {
    struct panel_texts *older;
    size_t used, size;
    char text[];
};

/* A copy that lives as long as the panel; NULL: no memory. */
static const char *keep(struct panel *p, const char *text)
{
    size_t n = strlen(text) + 1;
    if (n == 1)
        return "";
    struct panel_texts *t = p->texts;
    if (t == NULL || t->size - t->used < n) {
        size_t size = n > TEXTS_BYTES ? n : TEXTS_BYTES;
        t = malloc(sizeof *t + size);
        if (t == NULL)
            return NULL;
        *t = (struct panel_texts){.older = p->texts, .size = size};
        p->texts = t;
    }
    char *copy = memcpy(t->text + t->used, text, n);
    t->used += n;
    return copy;
}

/* The texts of an entity, in the order that sorts units. */
static const size_t texts_of_entity[] = {
    offsetof(struct entity, host),        offsetof(struct entity, service),
    offsetof(struct entity, caller),      offsetof(struct entity, callee),
    offsetof(struct entity, iface),       offsetof(struct entity, caller_host),
    offsetof(struct entity, callee_host), offsetof(struct entity, side),
};
enum { TEXTS = sizeof texts_of_entity / sizeof *texts_of_entity };

static const char *entity_text(const struct entity *e, size_t i)
{
    const char *text;
    memcpy(&text, (const char *)e + texts_of_entity[i], sizeof text);
    return text;
}

static int keep_entity(struct panel *p, struct entity *e)
{
    for (size_t i = 0; i < TEXTS; i++) {
        const char *copy = keep(p, entity_text(e, i));
        if (copy == NULL)
            return -1;
        memcpy((char *)e + texts_of_entity[i], &copy, sizeof copy);
    }
    return 0;
}

/* --- who belongs to it --- */

struct picked {
    uint32_t *entity;
    size_t n, cap;
};

static int pick(struct picked *p, const uint32_t *entity, size_t n)
{
    if (p->n + n > p->cap) {
        size_t cap = (p->n + n) * 2;
        uint32_t *more = reallocarray(p->entity, cap, sizeof *more);
        if (more == NULL)
            return -1;
        p->entity = more;
        p->cap = cap;
    }
    if (n > 0)
        memcpy(p->entity + p->n, entity, n * sizeof *entity);
    p->n += n;
    return 0;
}

static int pick_linked(struct picked *p, const struct windows *w,
                       enum windows_link link, const char *name)
{
    uint32_t *entity;
    size_t n;
    if (windows_linked(w, link, name, &entity, &n) < 0)
        return -1;
    int rc = pick(p, entity, n);
    free(entity);
    return rc;
}

/* The host-level units of the hosts picked so far. */
static int pick_host_level(struct picked *p, const struct windows *w)
{
    for (size_t i = 0, n = p->n; i < n; i++) {
        struct entity who;
        if (!windows_who(w, p->entity[i], &who) || who.kind != ENTITY_HOST)
            continue;
        struct entity level = {.kind = ENTITY_HOST, .host = who.host, .service = ""};
        uint32_t entity = windows_find(w, &level);
        if (entity != WINDOWS_NONE && pick(p, &entity, 1) < 0)
            return -1;
    }
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void pick_once(struct picked *p)
{
    size_t kept = 0;
    if (p->n > 0)
        qsort(p->entity, p->n, sizeof *p->entity, by_number);
    for (size_t i = 0; i < p->n; i++)
        if (kept == 0 || p->entity[kept - 1] != p->entity[i])
            p->entity[kept++] = p->entity[i];
    p->n = kept;
}

static int pick_all(struct picked *p, const struct windows *w,
                    const struct panel_ask *ask)
{
    if (ask->service != NULL &&
        (pick_linked(p, w, WINDOWS_OF_SERVICE, ask->service) < 0 ||
         pick_host_level(p, w) < 0))
        return -1;
    for (size_t i = 0; i < ask->n_hosts; i++)
        if (pick_linked(p, w, WINDOWS_OF_HOST, ask->hosts[i]) < 0)
            return -1;
    if (ask->edges && ask->service != NULL &&
        pick_linked(p, w, WINDOWS_EDGES_OF_SERVICE, ask->service) < 0)
        return -1;
    for (size_t i = 0; ask->edges && i < ask->n_hosts; i++)
        if (pick_linked(p, w, WINDOWS_EDGES_OF_HOST, ask->hosts[i]) < 0)
            return -1;
    pick_once(p);
    return 0;
}

/* --- columns --- */

/* What is known of one unit while the panel is being made; goes with its unit when
 * units are sorted. */
struct draft {
    struct entity who;
    uint32_t entity;
    struct block *head; /* a cut without rows: the metrics */
    uint32_t *column;   /* of each sorted metric, in the windows' order */
};

struct drafts {
    struct draft *draft;
    size_t n;
    uint32_t *rank; /* by metric number: 1 + its place in `name`, 0: not here */
    const char **name;
};

static void drafts_free(struct drafts *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->draft[i].head != NULL)
            block_free(&d->draft[i].head);
        free(d->draft[i].column);
    }
    free(d->draft);
    free(d->rank);
    free(d->name);
}

static int by_kind_and_texts(const void *a, const void *b)
{
    const struct entity *x = &((const struct draft *)a)->who;
    const struct entity *y = &((const struct draft *)b)->who;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    for (size_t i = 0; i < TEXTS; i++) {
        int order = strcmp(entity_text(x, i), entity_text(y, i));
        if (order != 0)
            return order;
    }
    return 0;
}

static int drafts_make(struct drafts *d, struct windows *w, const struct picked *picked)
{
    d->draft = calloc(picked->n + 1, sizeof *d->draft);
    if (d->draft == NULL)
        return -1;
    for (; d->n < picked->n; d->n++) {
        struct draft *one = &d->draft[d->n];
        one->entity = picked->entity[d->n];
        one->head = windows_cut(w, one->entity, (instant){0}, (instant){0});
        if (one->head == NULL)
            return -1;
        one->who = one->head->who;
    }
    qsort(d->draft, d->n, sizeof *d->draft, by_kind_and_texts);
    return 0;
}

struct ranked {
    const char *name;
    uint32_t metric;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->name, ((const struct ranked *)b)->name);
}

/* Marks the metrics that are here in d->rank; gives how many, or SIZE_MAX: no memory.
 */
static size_t mark_metrics(struct drafts *d)
{
    uint32_t most = 0;
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        for (uint32_t k = 0; k < d->draft[i].head->n_metrics; k++)
            if (d->draft[i].head->metric[k] > most)
                most = d->draft[i].head->metric[k];
    d->rank = calloc((size_t)most + 1, sizeof *d->rank);
    if (d->rank == NULL)
        return SIZE_MAX;
    for (size_t i = 0; i < d->n; i++)
        for (uint32_t k = 0; k < d->draft[i].head->n_metrics; k++) {
            uint32_t *mark = &d->rank[d->draft[i].head->metric[k]];
            n += *mark == 0;
            *mark = 1;
        }
    return n;
}

/* Ranks all metrics of the panel by name. */
static int drafts_rank(struct drafts *d, struct panel *p, const struct windows *w)
{
    size_t n = mark_metrics(d), found = 0;
    if (n == SIZE_MAX)
        return -1;
    struct ranked *all = calloc(n + 1, sizeof *all);
    d->name = calloc(n + 1, sizeof *d->name);
    int rc = all != NULL && d->name != NULL ? 0 : -1;
    for (uint32_t metric = 1; rc == 0 && found < n; metric++)
        if (d->rank[metric] != 0)
            all[found++] = (struct ranked){windows_metric_name(w, metric), metric};
    if (rc == 0)
        qsort(all, n, sizeof *all, by_name);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        d->name[i] = keep(p, all[i].name);
        d->rank[all[i].metric] = (uint32_t)i + 1;
        rc = d->name[i] != NULL ? 0 : -1;
    }
    free(all);
    return rc;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Puts the metrics of one unit in the order of their names. */
static int sort_columns(const struct drafts *d, struct draft *one)
{
    uint32_t n = one->head->n_metrics;
    uint64_t *key = calloc((size_t)n + 1, sizeof *key); /* rank, column */
    one->column = calloc((size_t)n + 1, sizeof *one->column);
    if (key == NULL || one->column == NULL) {
        free(key);
        return -1;
    }
    for (uint32_t i = 0; i < n; i++)
        key[i] = (uint64_t)d->rank[one->head->metric[i]] << 32 | i;
    qsort(key, n, sizeof *key, by_value);
    for (uint32_t i = 0; i < n; i++)
        one->column[i] = (uint32_t)key[i];
    free(key);
    return 0;
}

/* Hosts of one service mostly send the same metrics in the same order. */
static int same_columns(const struct draft *like, struct draft *one)
{
    uint32_t n = one->head->n_metrics;
    if (like == NULL || like->head->n_metrics != n ||
        memcmp(like->head->metric, one->head->metric, n * sizeof(uint32_t)) != 0)
        return 0;
    one->column = calloc((size_t)n + 1, sizeof *one->column);
    if (one->column == NULL)
        return -1;
    memcpy(one->column, like->column, n * sizeof *one->column);
    return 1;
}

static int unit_start(struct panel *p, const struct windows *w, const struct drafts *d,
                      size_t i)
{
    struct unit *u = &p->unit[i];
    struct draft *one = &d->draft[i];
    uint32_t n = one->head->n_metrics;
    int same = same_columns(i > 0 ? one - 1 : NULL, one);
    if (same < 0 || (same == 0 && sort_columns(d, one) < 0))
        return -1;
    u->who = one->who;
    u->entity = one->entity;
    u->n_metrics = n;
    u->metric = calloc((size_t)n + 1, sizeof *u->metric);
    u->merge = calloc((size_t)n + 1, sizeof *u->merge);
    if (u->metric == NULL || u->merge == NULL || keep_entity(p, &u->who) < 0)
        return -1;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t metric = one->head->metric[one->column[k]];
        u->metric[k] = d->name[d->rank[metric] - 1];
        u->merge[k] = windows_metric_merge(w, metric);
    }
    return 0;
}

/* --- rows --- */

static instant step_start(instant at, span step)
{
    int64_t over = at.ms % step.ms;
    return (instant){at.ms - over - (over < 0 ? step.ms : 0)};
}

/* Where the past of a panel's units was left. */
struct panel_far {
    struct windows *windows;
    struct history *history; /* NULL: from the windows */
    instant from, to;
    span step;
    _Atomic size_t failed;
};

static int track_cut(struct track *t, struct windows *w, const struct draft *one,
                     instant from, instant to)
{
    size_t n = one->head->n_metrics;
    struct block *b = windows_cut(w, one->entity, from, to);
    float *cells = b != NULL ? malloc((b->rows * n + 1) * sizeof *cells) : NULL;
    if (cells == NULL) {
        if (b != NULL)
            block_free(&b);
        return -1;
    }
    for (uint32_t row = 0; row < b->rows; row++) {
        const float *had = b->cells + (size_t)row * b->n_metrics;
        for (size_t k = 0; k < n; k++)
            cells[row * n + k] = had[one->column[k]];
    }
    *t = (struct track){
        .from = b->from, .step = b->step, .rows = b->rows, .cells = cells};
    block_free(&b);
    return 0;
}

/* Start of the oldest row that any of the units still has; INSTANT_FAR when none. */
static instant oldest_of(struct windows *w, const struct drafts *d)
{
    instant oldest = INSTANT_FAR;
    for (size_t i = 0; i < d->n; i++) {
        instant at = windows_oldest(w, d->draft[i].entity);
        if (!instant_is_none(at) && at.ms < oldest.ms)
            oldest = at;
    }
    return oldest;
}

static int past_from_windows(struct panel *p, struct windows *w, const struct drafts *d,
                             instant from)
{
    instant oldest = oldest_of(w, d);
    from = oldest.ms > from.ms ? oldest : from;
    if (p->far != NULL)
        p->far->from = from;
    for (size_t i = 0; i < p->n && from.ms < p->hot_from.ms; i++)
        if (p->unit[i].far == NULL &&
            track_cut(&p->unit[i].past, w, &d->draft[i], from, p->hot_from) < 0)
            return -1;
    return 0;
}

static void past_from_history(struct panel *p, struct history *history, instant from,
                              struct err *err)
{
    for (size_t i = 0; i < p->n; i++) {
        struct unit *u = &p->unit[i];
        if (u->far != NULL || u->n_metrics == 0 ||
            history_read(history, u, from, p->hot_from, err) == 0)
            continue;
        free(u->past.cells);
        u->past = (struct track){0};
        p->past_failed++;
    }
}

/* --- a past that is read when it is asked for --- */

static int leave_far(struct panel *p, struct windows *w, struct history *history,
                     instant from)
{
    p->far = calloc(1, sizeof *p->far);
    if (p->far == NULL)
        return -1;
    *p->far = (struct panel_far){
        .windows = w, .history = history, .from = from, .to = p->hot_from};
    p->far->step =
        history != NULL ? history_step(history, from, p->hot_from) : windows_step(w);
    for (size_t i = 0; i < p->n; i++)
        if (p->unit[i].who.kind != ENTITY_EDGE)
            p->unit[i].far = p->far;
    return 0;
}

/* Columns that came after the panel was made are left out. */
static void put_column(const struct unit *u, const struct block *b, uint32_t column,
                       const char *name, float *cells)
{
    int k = unit_metric(u, name);
    for (uint32_t row = 0; k >= 0 && row < b->rows; row++)
        cells[(size_t)row * u->n_metrics + (size_t)k] =
            b->cells[(size_t)row * b->n_metrics + column];
}

static int read_windows(const struct panel_far *f, const struct unit *u, instant from,
                        struct track *ret)
{
    struct block *b = windows_cut(f->windows, u->entity, from, f->to);
    size_t n = b != NULL ? (size_t)b->rows * u->n_metrics : 0;
    float *cells = b != NULL ? malloc((n + 1) * sizeof *cells) : NULL;
    if (cells == NULL) {
        if (b != NULL)
            block_free(&b);
        return -1;
    }
    /* every metric of the unit has its column: none ever goes */
    for (uint32_t k = 0; k < b->n_metrics; k++)
        put_column(u, b, k, windows_metric_name(f->windows, b->metric[k]), cells);
    *ret = (struct track){
        .from = b->from, .step = b->step, .rows = b->rows, .cells = cells};
    block_free(&b);
    return 0;
}

static int read_far(const struct unit *u, instant from, struct track *ret_past)
{
    struct panel_far *f = u->far;
    if (from.ms >= f->to.ms)
        return 0;
    if (f->history == NULL)
        return read_windows(f, u, from, ret_past);
    struct unit one = *u;
    struct err why = {0};
    if (history_read(f->history, &one, from, f->to, &why) == 0) {
        *ret_past = one.past;
        return 0;
    }
    free(one.past.cells);
    atomic_fetch_add(&f->failed, 1);
    return why.code == ENOMEM ? -1 : 0;
}

int unit_past(const struct unit *u, struct track *ret_past)
{
    *ret_past = u->past;
    return u->far == NULL || u->n_metrics == 0 ? 0
                                               : read_far(u, u->far->from, ret_past);
}

int unit_past_near(const struct unit *u, span reach, struct track *ret_past)
{
    *ret_past = u->past;
    if (u->far == NULL || u->n_metrics == 0)
        return 0;
    instant from =
        step_start((instant){u->far->to.ms - reach.ms}, windows_step(u->far->windows));
    return read_far(u, from.ms > u->far->from.ms ? from : u->far->from, ret_past);
}

void unit_past_done(const struct unit *u, struct track *past)
{
    if (u->far != NULL)
        free(past->cells);
    *past = (struct track){0};
}

bool unit_past_reach(const struct unit *u, instant *ret_from, span *ret_step)
{
    const struct panel_far *f = u->far;
    if (f == NULL ? u->past.rows == 0 : f->from.ms >= f->to.ms)
        return false;
    *ret_from = f == NULL ? u->past.from : f->from;
    *ret_step = f == NULL ? u->past.step : f->step;
    return true;
}

size_t panel_past_failed(const struct panel *p)
{
    return p->past_failed + (p->far != NULL ? atomic_load(&p->far->failed) : 0);
}

static int fill(struct panel *p, struct windows *w, const struct drafts *d)
{
    for (size_t i = 0; i < p->n; i++)
        if (track_cut(&p->unit[i].hot, w, &d->draft[i], p->hot_from, p->hot_to) < 0)
            return -1;
    return 0;
}

/* --- all of it --- */

static int ask_check(const struct windows *w, const struct panel_ask *ask,
                     struct err *err)
{
    int64_t most = windows_step(w).ms * WINDOWS_ROWS_MAX;
    int64_t from = ask->hot_from.ms, to = ask->hot_to.ms;
    if (from < -most || from > INT64_MAX / 2 || to < from || to > from + most)
        return err_set(err, EINVAL, "a panel's window must have 0 to %d steps",
                       WINDOWS_ROWS_MAX);
    if (ask->past.ms < 0 || ask->past.ms > most)
        return err_set(err, EINVAL, "a panel's past must have 0 to %d steps",
                       WINDOWS_ROWS_MAX);
    return 0;
}

static int gather(struct panel *p, struct windows *w, struct history *history,
                  const struct panel_ask *ask, struct drafts *d, struct err *err)
{
    span step = windows_step(w);
    struct picked picked = {0};
    int rc = pick_all(&picked, w, ask) < 0 ? -1 : drafts_make(d, w, &picked);
    free(picked.entity);
    if (rc < 0 || drafts_rank(d, p, w) < 0)
        return -1;
    p->hot_from = step_start(ask->hot_from, step);
    p->hot_to = step_start((instant){ask->hot_to.ms + step.ms - 1}, step);
    p->unit = calloc(d->n + 1, sizeof *p->unit);
    if (p->unit == NULL)
        return -1;
    for (; p->n < d->n; p->n++)
        if (unit_start(p, w, d, p->n) < 0) {
            p->n++; /* what it has of arrays is freed with it */
            return -1;
        }
    if (fill(p, w, d) < 0)
        return -1;
    instant from = step_start((instant){p->hot_from.ms - ask->past.ms}, step);
    if (ask->far && ask->past.ms > 0 && leave_far(p, w, history, from) < 0)
        return -1;
    if (ask->past.ms > 0 && history != NULL)
        past_from_history(p, history, from, err);
    else if (ask->past.ms > 0)
        return past_from_windows(p, w, d, from);
    return 0;
}

struct panel *panel_gather(struct windows *w, struct history *history,
                           const struct panel_ask *ask, struct err *err)
{
    if (ask_check(w, ask, err) < 0)
        return NULL;
    struct drafts d = {0};
    struct panel *p = calloc(1, sizeof *p);
    if (p != NULL && gather(p, w, history, ask, &d, err) < 0)
        panel_free(&p);
    drafts_free(&d);
    if (p == NULL)
        err_set(err, ENOMEM, "no memory for the samples of a judgement");
    return p;
}

void panel_free(struct panel **p)
{
    if (*p == NULL)
        return;
    for (size_t i = 0; i < (*p)->n; i++) {
        struct unit *u = &(*p)->unit[i];
        free(u->metric);
        free(u->merge);
        free(u->hot.cells);
        free(u->past.cells);
    }
    free((*p)->unit);
    free((*p)->far);
    while ((*p)->texts != NULL) {
        struct panel_texts *older = (*p)->texts->older;
        free((*p)->texts);
        (*p)->texts = older;
    }
    free(*p);
    *p = NULL;
}

static int name_against_metric(const void *name, const void *metric)
{
    return strcmp(name, *(const char *const *)metric);
}

int unit_metric(const struct unit *u, const char *name)
{
    if (u->n_metrics == 0)
        return -1;
    const char **found =
        bsearch(name, u->metric, u->n_metrics, sizeof *u->metric, name_against_metric);
    return found != NULL ? (int)(found - u->metric) : -1;
}
