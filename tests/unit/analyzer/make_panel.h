/* make_panel.h - panels by hand, for the analyzer's tests.
 *
 * Series are put in one by one, in any order; made_panel_done sorts and joins them as
 * panel_gather would.  Noise comes from a small generator of its own, so that every run
 * sees the same numbers. */
#ifndef TESTS_MAKE_PANEL_H
#define TESTS_MAKE_PANEL_H

#include "storage/panel.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MADE_UNITS_MAX = 512, MADE_SERIES_MAX = 64 };

struct made_unit {
    struct entity who;
    size_t n;
    const char *name[MADE_SERIES_MAX];
    float *cells[MADE_SERIES_MAX];
    float *past[MADE_SERIES_MAX];
};

struct made_panel {
    struct panel panel;
    int64_t from_s, step_s, past_step_s;
    uint32_t rows, past_rows;
    size_t n;
    struct made_unit unit[MADE_UNITS_MAX];
};

static inline struct made_panel *made_panel_new(int64_t from_s, int64_t step_s,
                                                uint32_t rows)
{
    struct made_panel *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    m->from_s = from_s, m->step_s = step_s, m->rows = rows;
    return m;
}

static inline bool made_same(const struct entity *a, const struct entity *b)
{
    return a->kind == b->kind && strcmp(a->host, b->host) == 0 &&
           strcmp(a->service, b->service) == 0 && strcmp(a->caller, b->caller) == 0 &&
           strcmp(a->callee, b->callee) == 0 && strcmp(a->iface, b->iface) == 0 &&
           strcmp(a->caller_host, b->caller_host) == 0 &&
           strcmp(a->callee_host, b->callee_host) == 0 && strcmp(a->side, b->side) == 0;
}

static inline struct entity made_host(const char *host, const char *service)
{
    return (struct entity){ENTITY_HOST, host, service, "", "", "", "", "", ""};
}

static inline struct entity made_edge(const char *caller, const char *callee,
                                      const char *iface, const char *callee_host,
                                      const char *side)
{
    return (struct entity){ENTITY_EDGE, "", "",          caller, callee,
                           iface,       "", callee_host, side};
}

static inline float *made_nan(uint32_t rows)
{
    float *cells = malloc((rows + 1) * sizeof *cells);
    if (cells == NULL)
        abort();
    for (uint32_t r = 0; r < rows; r++)
        cells[r] = NAN;
    return cells;
}

/* The rows of one series, made on first sight, all NaN.  Texts are borrowed. */
static inline float *made_series(struct made_panel *m, struct entity who,
                                 const char *metric)
{
    size_t u = 0;
    while (u < m->n && !made_same(&m->unit[u].who, &who))
        u++;
    if (u == m->n) {
        if (u == MADE_UNITS_MAX)
            abort();
        m->unit[m->n++].who = who;
    }
    struct made_unit *unit = &m->unit[u];
    size_t i = 0;
    while (i < unit->n && strcmp(unit->name[i], metric) != 0)
        i++;
    if (i == unit->n) {
        if (i == MADE_SERIES_MAX)
            abort();
        unit->n++;
        unit->name[i] = metric;
        unit->cells[i] = made_nan(m->rows);
        unit->past[i] = made_nan(m->past_rows);
    }
    return unit->cells[i];
}

/* The past rows of a series; past_rows is set before the first series. */
static inline float *made_past(struct made_panel *m, struct entity who,
                               const char *metric)
{
    const float *cells = made_series(m, who, metric);
    for (size_t u = 0; u < m->n; u++)
        for (size_t i = 0; i < m->unit[u].n; i++)
            if (m->unit[u].cells[i] == cells)
                return m->unit[u].past[i];
    abort();
}

/* Even noise in -1..1. */
static inline double made_noise(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*seed >> 11) / (double)(1ull << 52) - 1;
}

static inline uint64_t made_seed(const char *a, const char *b)
{
    uint64_t h = 1469598103934665603ull;
    for (; *a != '\0'; a++)
        h = (h ^ (unsigned char)*a) * 1099511628211ull;
    for (; *b != '\0'; b++)
        h = (h ^ (unsigned char)*b) * 1099511628211ull;
    return h;
}

/* `before` up to second `at`, `after` from then on, with noise of this size; one point
 * every `every` rows. */
static inline void made_level(struct made_panel *m, struct entity who,
                              const char *metric, int64_t at, double before,
                              double after, double noise, uint32_t every)
{
    float *cells = made_series(m, who, metric);
    uint64_t seed = made_seed(who.host, metric);
    for (uint32_t r = 0; r < m->rows; r++) {
        double v = m->from_s + (int64_t)r * m->step_s < at ? before : after;
        v += noise * made_noise(&seed);
        if (r % every == 0)
            cells[r] = (float)v;
    }
}

static inline void made_cell(struct made_panel *m, struct entity who,
                             const char *metric, int64_t at, double v)
{
    made_series(m, who, metric)[(at - m->from_s) / m->step_s] = (float)v;
}

/* NaN from second `from` to `to`. */
static inline void made_gap(struct made_panel *m, struct entity who, const char *metric,
                            int64_t from, int64_t to)
{
    float *cells = made_series(m, who, metric);
    for (uint32_t r = 0; r < m->rows; r++) {
        int64_t at = m->from_s + (int64_t)r * m->step_s;
        if (at >= from && at < to)
            cells[r] = NAN;
    }
}

static inline int made_by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline float *made_join(const struct made_unit *u, const char *const *metric,
                               float *const *columns, uint32_t rows)
{
    float *cells = malloc((rows * u->n + 1) * sizeof *cells);
    if (cells == NULL)
        abort();
    for (size_t i = 0; i < u->n; i++) {
        size_t from = 0;
        while (u->name[from] != metric[i])
            from++;
        for (uint32_t r = 0; r < rows; r++)
            cells[r * u->n + i] = columns[from][r];
    }
    return cells;
}

/* Units stay in the order they came in: the judge sorts for itself. */
static inline struct panel *made_panel_done(struct made_panel *m)
{
    struct panel *p = &m->panel;
    p->hot_from = (instant){m->from_s * 1000};
    p->hot_to = (instant){(m->from_s + m->step_s * (int64_t)m->rows) * 1000};
    p->n = m->n;
    p->unit = calloc(m->n + 1, sizeof *p->unit);
    if (p->unit == NULL)
        abort();
    for (size_t k = 0; k < m->n; k++) {
        struct made_unit *from = &m->unit[k];
        struct unit *u = &p->unit[k];
        u->who = from->who;
        u->n_metrics = (uint32_t)from->n;
        u->metric = calloc(from->n, sizeof *u->metric);
        u->merge = calloc(from->n, sizeof *u->merge);
        if (u->metric == NULL || u->merge == NULL)
            abort();
        for (size_t i = 0; i < from->n; i++)
            u->metric[i] = from->name[i];
        qsort(u->metric, from->n, sizeof *u->metric, made_by_name);
        u->hot = (struct track){p->hot_from,
                                {m->step_s * 1000},
                                m->rows,
                                made_join(from, u->metric, from->cells, m->rows)};
        if (m->past_rows > 0)
            u->past = (struct track){
                {(m->from_s - m->past_step_s * (int64_t)m->past_rows) * 1000},
                {m->past_step_s * 1000},
                m->past_rows,
                made_join(from, u->metric, from->past, m->past_rows)};
    }
    return p;
}

static inline void made_panel_free(struct made_panel **m)
{
    if (*m == NULL)
        return;
    for (size_t k = 0; k < (*m)->n; k++) {
        for (size_t i = 0; i < (*m)->unit[k].n; i++) {
            free((*m)->unit[k].cells[i]);
            free((*m)->unit[k].past[i]);
        }
        if ((*m)->panel.unit != NULL) {
            struct unit *u = &(*m)->panel.unit[k];
            free(u->metric);
            free(u->merge);
            free(u->hot.cells);
            free(u->past.cells);
        }
    }
    free((*m)->panel.unit);
    free(*m);
    *m = NULL;
}
#define OWNED_MADE __attribute__((cleanup(made_panel_free))) struct made_panel

#endif
