/* analyzer/align.c - the windows of every host, and series cut by them.
 *
 * What must hold: nothing here depends on the order of units, hosts or other changes -
 * all are sorted by their texts first.  Pure, any thread. */
#include "analyzer/align.h"
#include "analyzer/life.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- order --- */

static int by_texts(const void *a, const void *b)
{
    const struct entity *x = &(*(const struct unit *const *)a)->who;
    const struct entity *y = &(*(const struct unit *const *)b)->who;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    const char *const texts[][2] = {
        {x->host, y->host},
        {x->service, y->service},
        {x->caller, y->caller},
        {x->callee, y->callee},
        {x->iface, y->iface},
        {x->caller_host, y->caller_host},
        {x->callee_host, y->callee_host},
        {x->side, y->side},
    };
    int d = 0;
    for (size_t i = 0; d == 0 && i < sizeof texts / sizeof *texts; i++)
        d = strcmp(texts[i][0], texts[i][1]);
    return d;
}

static int by_host(const void *a, const void *b)
{
    return strcmp(((const struct slot *)a)->host, ((const struct slot *)b)->host);
}

static int by_touch(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    int d = strcmp(x->host, y->host);
    if (d != 0)
        return d;
    if (x->from.ms != y->from.ms)
        return x->from.ms < y->from.ms ? -1 : 1;
    return (x->to.ms > y->to.ms) - (x->to.ms < y->to.ms);
}

static instant earlier(instant a, instant b)
{
    return a.ms < b.ms ? a : b;
}

static instant later(instant a, instant b)
{
    return a.ms > b.ms ? a : b;
}

/* --- other changes --- */

static int list_touches(const struct change *const *nearby, size_t n,
                        const struct change *c, struct lineup *l)
{
    size_t most = 1;
    for (size_t i = 0; i < n; i++)
        most += nearby[i]->n_hosts + 1;
    l->touch = calloc(most, sizeof *l->touch);
    if (l->touch == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct change *o = nearby[i];
        if (o->n_hosts == 0 && c->service != NULL && o->service != NULL &&
            strcmp(o->service, c->service) == 0) {
            struct change_host all = life_whole(o);
            l->touch[l->n_touches++] = (struct touch){"", all.pivot, all.done};
        }
        for (size_t k = 0; k < o->n_hosts; k++)
            if (!life_waits(o, &o->host[k]))
                l->touch[l->n_touches++] =
                    (struct touch){o->host[k].name, o->host[k].pivot, o->host[k].done};
    }
    qsort(l->touch, l->n_touches, sizeof *l->touch, by_touch);
    return 0;
}

static size_t first_touch(const struct lineup *l, const char *host)
{
    size_t lo = 0, hi = l->n_touches;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(l->touch[mid].host, host) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool touched_by_name(const struct lineup *l, const char *host, instant from,
                            instant to)
{
    for (size_t i = first_touch(l, host);
         i < l->n_touches && strcmp(l->touch[i].host, host) == 0; i++)
        if (l->touch[i].from.ms <= to.ms && l->touch[i].to.ms >= from.ms)
            return true;
    return false;
}

bool lineup_touched(const struct lineup *l, const char *host, instant from, instant to)
{
    return touched_by_name(l, host, from, to) || touched_by_name(l, "", from, to);
}

/* An older change ends the older part of the window before, a younger one the younger
 * part of the window after.  One at the very same time cannot be told apart. */
static void cut_by_touches(const struct lineup *l, const char *name, struct slot *s)
{
    struct frame *f = &s->frame;
    for (size_t i = first_touch(l, name);
         i < l->n_touches && strcmp(l->touch[i].host, name) == 0; i++) {
        const struct touch *t = &l->touch[i];
        if (t->from.ms < s->pivot.ms && t->to.ms > f->before_from.ms)
            f->before_from = earlier(t->to, f->before_to);
        if (t->from.ms > f->after_from.ms && t->from.ms < f->after_to.ms)
            f->after_to = t->from;
    }
}

/* --- the windows of a host --- */

static struct slot lay_out(const struct lineup *l, const struct change_host *h,
                           instant ends)
{
    const struct windows_rule *w = l->windows;
    struct slot s = {
        .host = h->name, .pivot = h->pivot, .look = life_host_look(h, w, ends)};
    instant settled = instant_add(h->done, w->settle);
    s.frame = (struct frame){.before_from = {h->pivot.ms - w->before.ms},
                             .before_to = h->pivot,
                             .after_from = settled,
                             .after_to = instant_add(h->done, s.look)};
    if (s.look.ms == 0 || life_waits(l->change, h)) {
        s.state = SLOT_WAITING;
        return s;
    }
    if (s.host != NULL)
        cut_by_touches(l, s.host, &s);
    cut_by_touches(l, "", &s);
    if ((s.frame.before_to.ms - s.frame.before_from.ms) * 3 < w->before.ms ||
        s.frame.after_to.ms - s.frame.after_from.ms < w->looks[0].ms - w->settle.ms)
        s.state = SLOT_OVERLAP;
    return s;
}

/* The hosts that the panel knows of a service, for a change that names none. */
static int list_known(struct lineup *l, instant ends)
{
    const char *service = l->change->service;
    l->slot = calloc(l->n_units + 1, sizeof *l->slot);
    if (l->slot == NULL)
        return -1;
    struct change_host all = life_whole(l->change);
    for (size_t i = 0; service != NULL && i < l->n_units; i++) {
        const struct entity *who = &l->unit[i]->who;
        if (who->kind != ENTITY_HOST || strcmp(who->service, service) != 0)
            continue;
        all.name = (char *)(uintptr_t)who->host;
        l->slot[l->n_slots++] = lay_out(l, &all, ends);
    }
    return 0;
}

static int list_named(struct lineup *l, instant ends)
{
    const struct change *c = l->change;
    l->slot = calloc(c->n_hosts, sizeof *l->slot);
    if (l->slot == NULL)
        return -1;
    for (size_t i = 0; i < c->n_hosts; i++)
        l->slot[l->n_slots++] = lay_out(l, &c->host[i], ends);
    qsort(l->slot, l->n_slots, sizeof *l->slot, by_host);
    return 0;
}

/* What names no host is compared from before the first host was changed to the end of
 * the last look: damage by a part of the hosts shows diluted, but it shows. */
static void lay_out_whole(struct lineup *l, instant ends)
{
    struct change_host all = life_whole(l->change);
    l->whole = lay_out(l, &all, ends);
    struct frame *f = &l->whole.frame;
    bool any = false;
    for (size_t i = 0; l->named && i < l->n_slots; i++) {
        const struct slot *s = &l->slot[i];
        if (s->state != SLOT_READY)
            continue;
        if (!any) {
            l->whole = *s;
            l->whole.host = NULL;
            any = true;
            continue;
        }
        f->before_to = earlier(f->before_to, s->frame.before_to);
        f->before_from = earlier(f->before_from, s->frame.before_from);
        f->after_from = earlier(f->after_from, s->frame.after_from);
        f->after_to = later(f->after_to, s->frame.after_to);
        l->whole.pivot = earlier(l->whole.pivot, s->pivot);
        if (s->look.ms > l->whole.look.ms)
            l->whole.look = s->look;
    }
    if (l->named && !any && l->n_slots > 0)
        l->whole.state = SLOT_WAITING;
}

/* --- hosts without a past --- */

/* A window before that holds less than this was not lived through. */
#define LIVED_LEAST 0.6

bool track_has_any(const struct unit *u, const struct track *t, instant from,
                   instant to)
{
    struct lane lane = {t->from, t->step, t->rows, NULL};
    size_t r0, r1;
    lane_rows(&lane, from, to, &r0, &r1);
    for (size_t k = r0 * u->n_metrics; k < r1 * u->n_metrics; k++)
        if (!isnan(t->cells[k]))
            return true;
    return false;
}

/* 1 when the unit sent anything in [.., to), 0 when not; -1: out of memory.  Its past
 * is only fetched for units that were not heard in the hot rows: those are few. */
static int sent_until(const struct unit *u, instant to)
{
    struct track past;
    if (track_has_any(u, &u->hot, u->hot.from, to))
        return 1;
    if (u->lived != 0)
        return u->lived > 0;
    if (unit_past(u, &past) < 0)
        return -1;
    int any = track_has_any(u, &past, past.from, to);
    unit_past_done(u, &past);
    return any;
}

/* The first unit of hosts that is not before this host's. */
static size_t first_of_host(const struct lineup *l, const char *host)
{
    size_t lo = 0, hi = l->n_units;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct entity *who = &l->unit[mid]->who;
        if (who->kind < ENTITY_HOST ||
            (who->kind == ENTITY_HOST && strcmp(who->host, host) < 0))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* 1: the host sends now, but did not in the older part of its window before, nor
 * earlier: what little there is from just before the change is its own start. */
static int is_fresh(const struct lineup *l, const struct slot *s, instant lived)
{
    bool sends = false;
    for (size_t i = first_of_host(l, s->host);
         i < l->n_units && l->unit[i]->who.kind == ENTITY_HOST &&
         strcmp(l->unit[i]->who.host, s->host) == 0;
         i++) {
        const struct unit *u = l->unit[i];
        int sent = sent_until(u, lived);
        if (sent != 0)
            return sent < 0 ? -1 : 0;
        sends = sends || track_has_any(u, &u->hot, lived, s->frame.after_to);
    }
    return sends;
}

/* That a host is new can only be known when others were heard at the time. */
static int anyone_until(const struct lineup *l, instant to)
{
    int sent = 0;
    for (size_t i = 0; i < l->n_units && sent == 0; i++)
        sent = sent_until(l->unit[i], to);
    return sent;
}

static int64_t lived_ms(const struct windows_rule *w)
{
    return (int64_t)(LIVED_LEAST * (double)w->before.ms);
}

instant align_lived_until(const struct change *c, const struct windows_rule *w)
{
    instant first = c->n_hosts > 0 ? c->host[0].pivot : c->start;
    for (size_t i = 0; i < c->n_hosts; i++)
        first = earlier(first, c->host[i].pivot);
    return (instant){first.ms - lived_ms(w)};
}

static int find_fresh(struct lineup *l)
{
    int64_t lived = lived_ms(l->windows);
    for (size_t i = 0; l->named && i < l->n_slots; i++) {
        struct slot *s = &l->slot[i];
        instant at = {s->pivot.ms - lived};
        int fresh = s->state == SLOT_READY ? is_fresh(l, s, at) : 0;
        if (fresh > 0)
            fresh = anyone_until(l, at);
        if (fresh < 0)
            return -1;
        s->fresh = fresh > 0;
    }
    return 0;
}

static int by_frame(const void *a, const void *b)
{
    const struct frame *x = a, *y = b;
    const int64_t d[] = {x->before_from.ms, y->before_from.ms, x->before_to.ms,
                         y->before_to.ms,   x->after_from.ms,  y->after_from.ms,
                         x->after_to.ms,    y->after_to.ms};
    for (size_t i = 0; i < 8; i += 2)
        if (d[i] != d[i + 1])
            return d[i] < d[i + 1] ? -1 : 1;
    return 0;
}

static int number_cohorts(struct lineup *l)
{
    l->cohort = calloc(l->n_slots + 1, sizeof *l->cohort);
    if (l->cohort == NULL)
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < l->n_slots; i++)
        if (l->slot[i].state == SLOT_READY)
            l->cohort[n++] = l->slot[i].frame;
    qsort(l->cohort, n, sizeof *l->cohort, by_frame);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_frame(&l->cohort[i], &l->cohort[l->n_cohorts - 1]) != 0)
            l->cohort[l->n_cohorts++] = l->cohort[i];
    for (size_t i = 0; i < l->n_slots && n > 0; i++) {
        const struct frame *at =
            l->slot[i].state == SLOT_READY
                ? bsearch(&l->slot[i].frame, l->cohort, l->n_cohorts, sizeof *l->cohort,
                          by_frame)
                : NULL;
        l->slot[i].cohort = at != NULL ? (size_t)(at - l->cohort) : 0;
    }
    return 0;
}

int align(const struct change *c, const struct change *const *nearby, size_t n_nearby,
          const struct panel *p, const struct windows_rule *w, instant ends,
          struct lineup *ret_lineup, struct err *err)
{
    struct lineup l = {.change = c, .windows = w, .named = c->n_hosts > 0};
    l.unit = calloc(p->n + 1, sizeof *l.unit);
    if (l.unit == NULL)
        goto fail;
    l.n_units = p->n;
    for (size_t i = 0; i < p->n; i++) {
        l.unit[i] = &p->unit[i];
        const struct track *hot = &p->unit[i].hot;
        if (hot->rows > 0 && (l.step.ms == 0 || hot->step.ms < l.step.ms))
            l.step = hot->step;
    }
    qsort(l.unit, l.n_units, sizeof *l.unit, by_texts);
    if (labels_open(&l.labels, l.unit, l.n_units, c, err) < 0)
        goto fail;
    if (list_touches(nearby, n_nearby, c, &l) < 0)
        goto fail;
    if ((l.named ? list_named(&l, ends) : list_known(&l, ends)) < 0)
        goto fail;
    if (find_fresh(&l) < 0)
        goto fail;
    lay_out_whole(&l, ends);
    if (number_cohorts(&l) < 0)
        goto fail;
    *ret_lineup = l;
    return 0;
fail:
    lineup_free(&l);
    return err_set(err, ENOMEM, "out of memory");
}

instant align_last_pivot(const struct lineup *l)
{
    instant last = l->whole.pivot;
    for (size_t i = 0; i < l->n_slots; i++)
        if (l->slot[i].state == SLOT_READY)
            last = later(last, l->slot[i].pivot);
    return last;
}

void lineup_free(struct lineup *l)
{
    free(l->unit);
    free(l->slot);
    free(l->cohort);
    free(l->touch);
    labels_close(&l->labels);
    *l = (struct lineup){0};
}

const struct slot *lineup_slot(const struct lineup *l, const char *host)
{
    size_t lo = 0, hi = l->n_slots;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = strcmp(l->slot[mid].host, host);
        if (d == 0)
            return &l->slot[mid];
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* --- series --- */

struct lane lane_of(const struct unit *u, size_t i, double *room)
{
    const struct track *t = &u->hot;
    for (uint32_t r = 0; r < t->rows; r++)
        room[r] = t->cells[(size_t)r * u->n_metrics + i];
    return (struct lane){t->from, t->step, t->rows, room};
}

/* The first row that begins at `at` or later. */
static size_t row_from(const struct lane *l, instant at)
{
    int64_t ms = at.ms - l->from.ms;
    if (ms <= 0 || l->step.ms <= 0)
        return 0;
    uint64_t row = ((uint64_t)ms + (uint64_t)l->step.ms - 1) / (uint64_t)l->step.ms;
    return row < l->n ? (size_t)row : l->n;
}

/* The first row that does not end by `at`. */
static size_t row_to(const struct lane *l, instant at)
{
    int64_t ms = at.ms - l->from.ms;
    if (ms <= 0 || l->step.ms <= 0)
        return 0;
    uint64_t row = (uint64_t)ms / (uint64_t)l->step.ms;
    return row < l->n ? (size_t)row : l->n;
}

void lane_rows(const struct lane *l, instant from, instant to, size_t *ret_from,
               size_t *ret_to)
{
    *ret_from = row_from(l, from);
    *ret_to = row_to(l, to);
    if (*ret_to < *ret_from)
        *ret_to = *ret_from;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The usual number of rows from one point to the next: the median gap.  Gaps are few
 * and small, so they are counted, not sorted. */
static size_t usual_gap(const struct lane *l)
{
    enum { GAP_MAX = 64 };
    size_t count[GAP_MAX + 1] = {0}, all = 0, last = SIZE_MAX;
    for (size_t r = 0; r < l->n; r++) {
        if (isnan(l->v[r]))
            continue;
        if (last != SIZE_MAX) {
            count[r - last < GAP_MAX ? r - last : GAP_MAX]++;
            all++;
        }
        last = r;
    }
    size_t seen = 0;
    for (size_t gap = 1; gap <= GAP_MAX; gap++) {
        seen += count[gap];
        if (seen * 2 >= all && all > 0)
            return gap;
    }
    return 1;
}

struct sum {
    double total;
    size_t n;
};

static struct sum add_up(const struct lane *l, size_t from, size_t to, struct cut *c)
{
    struct sum s = {0};
    double last = NAN;
    for (size_t r = from; r < to; r++) {
        double v = l->v[r];
        if (isnan(v))
            continue;
        s.total += v;
        s.n++;
        c->falls |= v < 0;
        double step = fabs(v - last); /* NaN at the first point: no comparison holds */
        if (step > 0 && (c->least == 0 || step < c->least))
            c->least = step;
        last = v;
    }
    return s;
}

static double share_of(size_t n, size_t rows, size_t gap)
{
    size_t want = rows / gap > 0 ? rows / gap : 1;
    return n >= want ? 1 : (double)n / (double)want;
}

/* The last fifth of the points, at least 3 and no more than 3 minutes: long enough to
 * outlive a single odd point, short enough to see that a dip is over. */
static double tail_of(const struct lane *l, size_t from, size_t to, size_t n)
{
    enum { TAIL_MAX = 64 };
    size_t most = l->step.ms > 0 ? (size_t)(180000 / l->step.ms) : 0, want = n / 5;
    if (want > most)
        want = most;
    if (want < 3)
        want = 3;
    if (want > TAIL_MAX)
        want = TAIL_MAX;
    double v[TAIL_MAX];
    size_t k = 0;
    for (size_t r = to; r > from && k < want; r--)
        if (!isnan(l->v[r - 1]))
            v[k++] = l->v[r - 1];
    if (k == 0)
        return NAN;
    qsort(v, k, sizeof *v, by_size);
    return k % 2 == 1 ? v[k / 2] : (v[k / 2 - 1] + v[k / 2]) / 2;
}

double lane_mean(const struct lane *l, instant from, instant to, double *ret_share)
{
    struct cut unused = {0};
    size_t r0, r1;
    lane_rows(l, from, to, &r0, &r1);
    struct sum s = add_up(l, r0, r1, &unused);
    *ret_share = share_of(s.n, r1 - r0, usual_gap(l));
    return s.n > 0 ? s.total / (double)s.n : NAN;
}

struct cut lane_cut(const struct lane *l, const struct frame *f)
{
    struct cut c = {0};
    size_t b0, b1, a0, a1, gap = usual_gap(l);
    lane_rows(l, f->before_from, f->before_to, &b0, &b1);
    lane_rows(l, f->after_from, f->after_to, &a0, &a1);
    struct sum before = add_up(l, b0, b1, &c), after = add_up(l, a0, a1, &c);
    c.n_before = before.n;
    c.n_after = after.n;
    c.before = before.n > 0 ? before.total / (double)before.n : NAN;
    c.after = after.n > 0 ? after.total / (double)after.n : NAN;
    c.share_before = share_of(before.n, b1 - b0, gap);
    c.share_after = share_of(after.n, a1 - a0, gap);
    c.tail = tail_of(l, a0, a1, after.n);
    return c;
}

bool cut_enough(const struct cut *c, double share)
{
    return c->n_before >= POINTS_LEAST && c->n_after > 0 && c->share_before >= share &&
           c->share_after >= share;
}

void lane_parts(const struct lane *l, const struct frame *f, size_t n_parts,
                double *ret_means)
{
    size_t from, to;
    lane_rows(l, f->before_from, f->before_to, &from, &to);
    for (size_t p = 0; p < n_parts; p++) {
        struct cut unused = {0};
        struct sum s = add_up(l, from + (to - from) * p / n_parts,
                              from + (to - from) * (p + 1) / n_parts, &unused);
        ret_means[p] = s.n > 0 ? s.total / (double)s.n : NAN;
    }
}
