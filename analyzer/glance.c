/* analyzer/glance.c - turning each host's rows and cutting its series.  Pure; a bucket
 * of hosts is one thread's at a time. */
#include "analyzer/glance.h"
#include "analyzer/spike.h"
#include "base/crew.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { TILE = 16 };

/* What one thread has for itself. */
struct hand {
    float *sheet; /* the series of one unit, each behind rows that nobody has */
    double *room; /* one of them */
    double *some; /* for the hint */
    size_t cells, rows;
};

struct work {
    const struct lineup *lineup;
    const struct series_list *series;
    const struct seats *seats;
    struct glances *to;
    struct hand *hand;
    _Atomic bool failed;
};

static void hand_clear(struct hand *h)
{
    free(h->sheet);
    free(h->room);
    free(h->some);
    *h = (struct hand){0};
}

static bool hand_fits(struct hand *h, size_t series, size_t rows)
{
    if (series * rows <= h->cells && rows <= h->rows)
        return true;
    size_t cells = series * rows > h->cells ? series * rows : h->cells;
    rows = rows > h->rows ? rows : h->rows;
    hand_clear(h);
    h->sheet = malloc((cells + 1) * sizeof *h->sheet);
    h->room = malloc((rows + 1) * sizeof *h->room);
    h->some = malloc((rows + 1) * sizeof *h->some);
    if (h->sheet == NULL || h->room == NULL || h->some == NULL) {
        hand_clear(h);
        return false;
    }
    h->cells = cells;
    h->rows = rows;
    return true;
}

/* A few rows at a time, so that they are still near for the next metric. */
static void turn(const struct unit *u, const struct seat_entry *e, size_t n,
                 size_t lead, float *sheet)
{
    size_t rows = u->hot.rows, wide = lead + rows;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lead; k++)
            sheet[i * wide + k] = NAN;
    for (size_t tile = 0; tile < rows; tile += TILE) {
        size_t end = tile + TILE < rows ? tile + TILE : rows;
        for (size_t i = 0; i < n; i++) {
            const float *from = u->hot.cells + tile * u->n_metrics + e[i].metric;
            float *to = sheet + i * wide + lead;
            for (size_t k = tile; k < end; k++, from += u->n_metrics)
                to[k] = *from;
        }
    }
}

static void take(struct work *w, struct hand *h, const struct seat_entry *e,
                 size_t lead, const float *v)
{
    const struct member *m = &w->series->member[e->place];
    const struct track *hot = &m->unit->hot;
    for (size_t i = 0; i < hot->rows; i++)
        h->room[i] = v[lead + i];
    struct lane lane = {hot->from, hot->step, hot->rows, h->room};
    w->to->cut[e->place] = lane_cut(&lane, &m->slot->frame);
    enum worse worse = w->series->at[e->series].rule->worse;
    w->to->hint[e->place] = (unsigned char)spike_hint(w->lineup, m, worse, v, h->some);
}

static void glance_bucket(void *arg, size_t bucket, unsigned hand)
{
    struct work *w = arg;
    const struct seats *s = w->seats;
    struct hand *h = &w->hand[hand];
    for (size_t k = s->bucket[bucket]; k < s->bucket[bucket + 1]; k++) {
        const struct seat *seat = &s->at[k];
        const struct seat_entry *e = s->entry + seat->first;
        size_t lead = spike_lead(w->lineup, seat->slot, seat->unit);
        size_t wide = lead + seat->unit->hot.rows;
        if (!hand_fits(h, seat->n, wide)) {
            atomic_store(&w->failed, true);
            return;
        }
        turn(seat->unit, e, seat->n, lead, h->sheet);
        for (size_t i = 0; i < seat->n; i++)
            take(w, h, &e[i], lead, h->sheet + i * wide);
    }
}

int glance(const struct lineup *l, const struct series_list *s,
           const struct seats *seats, unsigned threads, struct glances *ret_glances,
           struct err *err)
{
    struct glances g = {.cut = calloc(s->n_members + 1, sizeof *g.cut),
                        .hint = calloc(s->n_members + 1, sizeof *g.hint)};
    struct work w = {.lineup = l, .series = s, .seats = seats, .to = &g};
    threads = threads < 1 ? 1 : threads > CREW_MAX ? CREW_MAX : threads;
    w.hand = calloc(threads, sizeof *w.hand);
    bool ready = g.cut != NULL && g.hint != NULL && w.hand != NULL;
    if (ready)
        crew_run(threads, GATHER_BUCKETS, glance_bucket, &w);
    for (unsigned i = 0; w.hand != NULL && i < threads; i++)
        hand_clear(&w.hand[i]);
    free(w.hand);
    if (!ready || atomic_load(&w.failed)) {
        glances_free(&g);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_glances = g;
    return 0;
}

void glances_free(struct glances *g)
{
    free(g->cut);
    free(g->hint);
    *g = (struct glances){0};
}
