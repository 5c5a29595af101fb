/* make_fleet.h - a fleet with days of past, whose pasts can be locked away.
 *
 * Hosts of service pay in two batches twenty minutes apart, with a daily wave, noise,
 * gaps, one metric that falls below zero and one that comes every fifth minute; the
 * service has a series of its own.  The pasts lie in pages of memory of their own:
 * fleet_lock makes those that a share of the buckets does not own unreadable, so that
 * whoever reads one is killed. */
#ifndef TESTS_MAKE_FLEET_H
#define TESTS_MAKE_FLEET_H

#include "analyzer/gather.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdio.h>
#include <sys/mman.h>

#ifndef FLEET_PAST_DAYS
#define FLEET_PAST_DAYS 3
#endif
enum {
    FLEET_PIVOT = 1000000200,
    FLEET_BATCH = 1200, /* seconds from the first batch to the second */
    FLEET_HOT_FROM = FLEET_PIVOT - 1800,
    FLEET_ENDS = FLEET_PIVOT + FLEET_BATCH + 1800,
    FLEET_HOT_ROWS = (FLEET_ENDS - FLEET_HOT_FROM) / 60,
    FLEET_PAST_STEP = 300,
    FLEET_PAST_ROWS = FLEET_PAST_DAYS * 288 + 24,
};

struct fleet {
    struct made_panel *made;
    struct made_change change;
    int changed;
    float **own; /* the pasts as they were made */
};

static const char *const fleet_metrics[] = {"app.load", "app.queue", "app.drift",
                                            "app.slow"};

/* The first changed host's queue doubles, and the load of all grows by a fifth. */
static inline double fleet_value(int host, int m, int64_t at, int64_t pivot,
                                 uint64_t *seed)
{
    double wave = 1 + 0.4 * sin(2 * M_PI * (double)(at % 86400) / 86400);
    double v = (20 + 3 * host + 10 * m) * wave * (1 + 0.04 * made_noise(seed));
    if (at >= pivot && m == 0)
        v *= 1.2;
    if (at >= pivot && m == 1 && host == 0)
        v *= 2;
    return m == 2 ? v - 25 - 3 * host : v;
}

static inline void fleet_series(struct fleet *f, struct entity who, int host, int m,
                                int64_t pivot)
{
    struct made_panel *p = f->made;
    uint64_t seed = made_seed(who.host, fleet_metrics[m]);
    float *hot = made_series(p, who, fleet_metrics[m]);
    size_t unit = 0, k = 0;
    while (!made_same(&p->unit[unit].who, &who))
        unit++;
    while (strcmp(p->unit[unit].name[k], fleet_metrics[m]) != 0)
        k++;
    float *past = p->unit[unit].past[k];
    for (int64_t r = 0; r < FLEET_PAST_ROWS; r++)
        past[r] = (float)fleet_value(
            host, m, FLEET_HOT_FROM - (FLEET_PAST_ROWS - r) * FLEET_PAST_STEP, pivot,
            &seed);
    for (int64_t r = 0; r < FLEET_HOT_ROWS; r++)
        if (m != 3 || r % 5 == 0)
            hot[r] = (float)fleet_value(host, m, FLEET_HOT_FROM + r * 60, pivot, &seed);
    for (int64_t r = 0; host % 3 == 1 && r < 40; r++) /* it was away for a while */
        past[400 + r] = NAN;
}

static inline struct fleet *fleet_new(int changed, int others)
{
    struct fleet *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    f->changed = changed;
    f->made = made_panel_new(FLEET_HOT_FROM, 60, FLEET_HOT_ROWS);
    f->made->past_step_s = FLEET_PAST_STEP;
    f->made->past_rows = FLEET_PAST_ROWS;
    struct change *c =
        make_change(&f->change, "pay", changed, FLEET_PIVOT, FLEET_PIVOT);
    for (int h = changed / 2; h < changed; h++)
        c->host[h].pivot.ms = c->host[h].done.ms += FLEET_BATCH * 1000ll;
    c->end.ms += FLEET_BATCH * 1000ll;
    for (int h = 0; h < changed + others; h++)
        for (int m = 0; m < 4; m++)
            fleet_series(f, made_host(made_name(h), "pay"), h, m,
                         h < changed ? c->host[h].pivot.ms / 1000 : INT64_MAX);
    struct entity own = {ENTITY_SERVICE, "", "pay", "", "", "", "", "", ""};
    fleet_series(f, own, 7, 0, FLEET_PIVOT);
    struct panel *p = made_panel_done(f->made);
    f->own = calloc(p->n, sizeof *f->own);
    CHECK(f->own != NULL);
    for (size_t i = 0; i < p->n; i++) {
        struct unit *u = &p->unit[i];
        size_t bytes = (size_t)u->past.rows * u->n_metrics * sizeof(float);
        void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(pages != MAP_FAILED);
        memcpy(pages, u->past.cells, bytes);
        f->own[i] = u->past.cells;
        u->past.cells = pages;
    }
    return f;
}

static inline void fleet_lock(struct fleet *f, struct gather_share own)
{
    struct panel *p = &f->made->panel;
    for (size_t i = 0; i < p->n; i++) {
        struct unit *u = &p->unit[i];
        size_t bytes = (size_t)u->past.rows * u->n_metrics * sizeof(float);
        bool mine = gather_owns(own, gather_bucket(u->who.host));
        CHECK(mprotect(u->past.cells, bytes, mine ? PROT_READ : PROT_NONE) == 0);
    }
}

static inline void fleet_free(struct fleet **f)
{
    struct panel *p = &(*f)->made->panel;
    for (size_t i = 0; i < p->n; i++) {
        struct unit *u = &p->unit[i];
        munmap(u->past.cells, (size_t)u->past.rows * u->n_metrics * sizeof(float));
        u->past.cells = (*f)->own[i];
    }
    made_panel_free(&(*f)->made);
    free((*f)->own);
    free(*f);
    *f = NULL;
}
#define OWNED_FLEET __attribute__((cleanup(fleet_free))) struct fleet

#endif
