/* analyzer/restart.c - holes around the pivots.  Pure, any thread. */
#include "analyzer/restart.h"
#include "analyzer/edges.h"
#include "analyzer/series.h"
#include "analyzer/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row below this part of the usual level is a hole's. */
#define LOW 0.5
/* Calls that stay below this part are gone; between the two they may have moved. */
#define GONE 0.05
/* Rows before the change that may be so low by themselves. */
#define LOW_BEFORE 0.02

struct hole {
    bool known; /* the figure can tell */
    bool is;
    bool back;
    span length;
};

/* --- holes in one lane --- */

/* Work on a host may begin before the event that names it: when its batch is told to be
 * done, it is back already.  It begins no earlier than the change. */
static instant work_begins(const struct lineup *l, const struct slot *s)
{
    int64_t earliest =
        s->pivot.ms - (s->frame.before_to.ms - s->frame.before_from.ms) / 2;
    int64_t start = l->change->start.ms;
    if (start < earliest)
        start = earliest;
    return (instant){start < s->pivot.ms ? start : s->pivot.ms};
}

/* True when row `r` is as before the change; a missing sample is not. */
static bool is_up(const struct lane *l, size_t r, double least)
{
    return l->v[r] >= least; /* NaN: no */
}

/* The longest run of rows that are not up and begin between `begin` and the end of the
 * settle time.  `gap` is how many rows lie between two samples: only more than that is
 * a hole. */
static struct hole hole_in(const struct lane *l, const struct slot *s, instant begin,
                           double least, size_t gap)
{
    size_t from, settled, unused, end, worst = 0;
    struct hole h = {.known = true};
    lane_rows(l, begin, s->frame.after_to, &from, &end);
    lane_rows(l, s->frame.after_from, s->frame.after_to, &settled, &unused);
    /* The start may be told a little late: look from one sample earlier. */
    from = from > gap ? from - gap : 0;
    while (from > 0 && !is_up(l, from, least) && !is_up(l, from - 1, least))
        from--;
    for (size_t r = from, to; r < end && r < settled; r = to + 1) {
        for (to = r; to < end && !is_up(l, to, least); to++)
            ;
        size_t rows = to - r;
        if (rows < gap || rows <= worst || rows == 0)
            continue;
        worst = rows;
        h.is = true;
        h.back = to < end;
        h.length = (span){(int64_t)(rows - gap + 1) * l->step.ms};
    }
    return h;
}

/* --- the host's own samples --- */

static void mark_rows(const struct unit *u, struct lane *l, double *room)
{
    const struct track *t = &u->hot;
    if (l->n == 0) {
        *l = (struct lane){t->from, t->step, t->rows, room};
        for (size_t r = 0; r < l->n; r++)
            room[r] = NAN;
    }
    for (size_t r = 0; r < t->rows && r < l->n; r++)
        for (uint32_t i = 0; isnan(room[r]) && i < u->n_metrics; i++)
            if (!isnan(t->cells[r * u->n_metrics + i]))
                room[r] = 1;
}

/* The rows from one sample to the next before the work; 0: too few to tell. */
static size_t gap_before(const struct lane *l, const struct slot *s, instant begin)
{
    size_t r0, r1, n = 0, first = 0, last = 0;
    lane_rows(l, s->frame.before_from, begin, &r0, &r1);
    for (size_t r = r0; r < r1; r++) {
        if (isnan(l->v[r]))
            continue;
        first = n == 0 ? r : first;
        last = r;
        n++;
    }
    return n >= POINTS_LEAST ? (last - first + n / 2) / (n - 1) : 0;
}

static struct hole hole_in_samples(const struct lineup *l, const struct slot *s,
                                   size_t unit, double *room)
{
    struct lane lane = {0};
    for (size_t i = unit; i < l->n_units && l->unit[i]->who.kind == ENTITY_HOST &&
                          strcmp(l->unit[i]->who.host, s->host) == 0;
         i++)
        mark_rows(l->unit[i], &lane, room);
    instant begin = work_begins(l, s);
    size_t gap = lane.n > 0 ? gap_before(&lane, s, begin) : 0;
    return gap > 0 ? hole_in(&lane, s, begin, 1, gap) : (struct hole){0};
}

/* --- levels --- */

/* A level that stays low is no hole: it may just have become less.  `gone_is_away`: but
 * when next to nothing is left, it is. */
static bool is_away(const struct lane *l, const struct slot *s, double usual,
                    bool gone_is_away)
{
    double share, left = lane_mean(l, s->frame.after_from, s->frame.after_to, &share);
    return gone_is_away && !(left >= GONE * usual);
}

/* Rows of a level that is steady enough before the change to show a hole. */
static struct hole hole_in_level(const struct lane *l, const struct slot *s,
                                 instant begin, bool gone_is_away)
{
    size_t r0, r1, n = 0, low = 0;
    double sum = 0;
    lane_rows(l, s->frame.before_from, begin, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(l->v[r]))
            sum += l->v[r], n++;
    double least = n > 0 ? LOW * sum / (double)n : 0;
    for (size_t r = r0; r < r1; r++)
        low += l->v[r] < least;
    if (n < POINTS_LEAST || !(least > 0) || (double)low > LOW_BEFORE * (double)n)
        return (struct hole){0};
    size_t gap = gap_before(l, s, begin);
    struct hole h = hole_in(l, s, begin, least, gap > 0 ? gap : 1);
    h.is = h.is && (h.back || is_away(l, s, sum / (double)n, gone_is_away));
    return h;
}

/* A unit of calls, by its number, and the host that is called.  Both sides' views are
 * added: they fall together. */
struct called {
    const char *host;
    size_t unit;
};

static int by_called(const void *a, const void *b)
{
    const struct called *x = a, *y = b;
    int d = strcmp(x->host, y->host);
    return d != 0 ? d : (x->unit > y->unit) - (x->unit < y->unit);
}

struct calls_index {
    struct called *at;
    size_t n;
};

static int index_calls(const struct lineup *l, struct calls_index *ix)
{
    *ix = (struct calls_index){.at = calloc(l->n_units + 1, sizeof *ix->at)};
    for (size_t i = 0; ix->at != NULL && i < l->n_units; i++) {
        const struct entity *who = &l->unit[i]->who;
        if (who->kind == ENTITY_EDGE && *who->callee_host != '\0')
            ix->at[ix->n++] = (struct called){who->callee_host, i};
    }
    if (ix->at == NULL)
        return -1;
    qsort(ix->at, ix->n, sizeof *ix->at, by_called);
    return 0;
}

static void add_calls(const struct unit *u, struct lane *l, double *room)
{
    const struct track *t = &u->hot;
    const char *code;
    if (l->n == 0) {
        *l = (struct lane){t->from, t->step, t->rows, room};
        for (size_t r = 0; r < l->n; r++)
            room[r] = 0; /* a row without a record is one without calls */
    }
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        if (edge_metric(u->metric[i], &code) == CALL_OTHER)
            continue;
        for (size_t r = 0; r < t->rows && r < l->n; r++) {
            float v = t->cells[r * u->n_metrics + i];
            room[r] += isnan(v) ? 0 : v;
        }
    }
}

static struct hole hole_in_calls(const struct lineup *l, const struct calls_index *ix,
                                 const struct slot *s, double *room)
{
    struct lane lane = {0};
    size_t lo = 0, hi = ix->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(ix->at[mid].host, s->host) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < ix->n && strcmp(ix->at[lo].host, s->host) == 0; lo++)
        add_calls(l->unit[ix->at[lo].unit], &lane, room);
    return lane.n > 0 ? hole_in_level(&lane, s, work_begins(l, s), true)
                      : (struct hole){0};
}

static struct hole hole_in_load(const struct lineup *l, const struct ruleset *rs,
                                const struct slot *s, size_t unit, double *room)
{
    const struct unit *u = NULL;
    uint32_t metric = 0;
    int best = 0;
    for (size_t i = unit; i < l->n_units && l->unit[i]->who.kind == ENTITY_HOST &&
                          strcmp(l->unit[i]->who.host, s->host) == 0;
         i++)
        for (size_t k = 0; k < rs->n; k++)
            for (uint32_t m = 0;
                 rs->rule[k].subject == SUBJECT_RELIEF && m < l->unit[i]->n_metrics;
                 m++) {
                int fit = rule_fit(&rs->rule[k], l->unit[i]->metric[m]);
                if (fit > best) {
                    best = fit;
                    u = l->unit[i];
                    metric = m;
                }
            }
    if (u == NULL)
        return (struct hole){0};
    struct lane lane = lane_of(u, metric, room);
    return hole_in_level(&lane, s, work_begins(l, s), false);
}

/* --- all hosts --- */

static size_t first_unit(const struct lineup *l, const char *host)
{
    size_t lo = 0, hi = l->n_units;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct entity *who = &l->unit[mid]->who;
        if (who->kind == ENTITY_HOST && strcmp(who->host, host) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The longest hole that any of the three shows: a program may be back long after its
 * host's agent is. */
static struct hole hole_of(const struct lineup *l, const struct ruleset *rs,
                           const struct calls_index *ix, const struct slot *s,
                           double *room)
{
    size_t unit = first_unit(l, s->host);
    struct hole own = hole_in_samples(l, s, unit, room);
    if (own.is && !own.back)
        return own;
    struct hole calls = hole_in_calls(l, ix, s, room);
    struct hole other = calls.known ? calls : hole_in_load(l, rs, s, unit, room);
    if (!other.is || (own.is && own.length.ms >= other.length.ms && other.back)) {
        own.known = own.known || other.known;
        return own;
    }
    return other;
}

static int by_length(const void *a, const void *b)
{
    const span *x = a, *y = b;
    return (x->ms > y->ms) - (x->ms < y->ms);
}

int restarts_find(const struct lineup *l, const struct ruleset *rs, double *room,
                  struct restarts *ret_restarts, struct err *err)
{
    struct restarts r = {0};
    struct calls_index ix = {0};
    span *length = calloc(l->n_slots + 1, sizeof *length);
    if (length == NULL || index_calls(l, &ix) < 0) {
        free(length);
        return err_set(err, ENOMEM, "out of memory");
    }
    for (size_t i = 0; l->named && i < l->n_slots; i++) {
        const struct slot *s = &l->slot[i];
        if (s->state != SLOT_READY || s->fresh)
            continue;
        struct hole h = hole_of(l, rs, &ix, s, room);
        r.n += h.known;
        r.away += h.is;
        if (h.is && h.back)
            length[r.back++] = h.length;
        else if (h.is && r.not_back == NULL)
            r.not_back = s->host;
    }
    qsort(length, r.back, sizeof *length, by_length);
    if (r.back > 0) {
        r.median = length[(r.back - 1) / 2];
        r.worst = length[r.back - 1];
    }
    free(length);
    free(ix.at);
    *ret_restarts = r;
    return 0;
}

int restarts_note(const struct lineup *l, const struct restarts *r, char **ret_note)
{
    struct buf b = {0};
    size_t lost = r->away - r->back;
    *ret_note = NULL;
    bool restart = l->change->kind == CHANGE_BATCH_RESTART;
    if (r->n == 0 || (!restart && r->away * 2 < r->n))
        return 0;
    if (r->away == 0) {
        buf_addf(&b, "None of %zu hosts was seen to be away", r->n);
    } else {
        buf_addf(&b, "%zu of %zu hosts %s back", r->back, r->away,
                 r->back == 1 ? "was" : "were");
        if (r->back > 0) {
            buf_add(&b, " within ");
            words_span(&b, r->worst);
        }
        if (r->back > 1 && r->median.ms < r->worst.ms) {
            buf_add(&b, ", half of them within ");
            words_span(&b, r->median);
        }
        if (r->not_back != NULL)
            buf_addf(&b, "; %s%s was not back at this look", r->not_back,
                     lost > 1 ? " among others" : "");
        if (r->n > r->away)
            buf_addf(&b, "; %zu more %s not seen to be away", r->n - r->away,
                     r->n - r->away == 1 ? "was" : "were");
    }
    buf_add_ch(&b, '.');
    *ret_note = buf_give(&b);
    return *ret_note != NULL ? 0 : -1;
}
