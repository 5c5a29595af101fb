/* analyzer/nearby.c - the other changes, and what the moved hosts say of them.
 *
 * What must hold: a likelier cause is named only together with the counts that speak
 * for it; nothing depends on the order of the other changes.  Pure. */
#include "analyzer/nearby.h"
#include "analyzer/series.h"
#include "analyzer/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what it touched, and when --- */

static int by_start(const void *a, const void *b)
{
    const struct change *x = *(const struct change *const *)a;
    const struct change *y = *(const struct change *const *)b;
    if (x->start.ms != y->start.ms)
        return x->start.ms < y->start.ms ? -1 : 1;
    return strcmp(x->change_id, y->change_id);
}

static void say_when(struct buf *b, const struct change *of, const struct change *o)
{
    int64_t ms = o->start.ms - of->start.ms, size = ms < 0 ? -ms : ms;
    if (size < 1000) {
        buf_add(b, " at the same time.");
        return;
    }
    buf_add_ch(b, ' ');
    words_span(b, (span){size});
    buf_add(b, ms < 0 ? " before this change." : " after this change.");
}

/* "Changed h1, h2 4 minutes before this change." */
static void say_touched(struct buf *b, const struct lineup *l, const struct change *o)
{
    enum { NAMED = 3 };
    size_t shared = 0;
    for (size_t i = 0; i < o->n_hosts; i++) {
        if (lineup_slot(l, o->host[i].name) == NULL)
            continue;
        if (shared < NAMED)
            buf_addf(b, "%s%s", shared > 0 ? ", " : "Changed ", o->host[i].name);
        shared++;
    }
    if (shared > NAMED)
        buf_addf(b, " and %zu more of the same hosts", shared - NAMED);
    if (shared == 0)
        buf_addf(b, o->n_hosts > 0 ? "Changed other hosts of %s" : "Changed %s",
                 o->service != NULL ? o->service : "the service");
    say_when(b, l->change, o);
}

/* --- what the hosts say --- */

struct count {
    size_t n, moved;
};

/* A finding against another change. */
struct trial {
    const struct lineup *l;
    const struct change *other;
    const struct finding *f;
    struct count both, mine, others; /* hosts by who changed them */
    size_t moved;                    /* hosts of this change */
    size_t early;      /* of them, where the other came and it moved before this */
    span earliest;     /* by how much at most */
    const char *first; /* on which host */
    size_t before;     /* where it moved before the other came */
    /* where it moved after both, and far sooner after this one, or after the other */
    size_t soon, soon_other;
    span since, since_other; /* how long after either, on the first such host */
};

/* The series of the finding's figure on a host; false: it has none. */
static bool find_series(const struct trial *t, const char *host,
                        const struct unit **ret_unit, int *ret_metric)
{
    const char *labels[] = {t->f->service != NULL ? t->f->service : "", ""};
    for (size_t i = 0; i < 2 && t->f->metric != NULL; i++) {
        const struct unit *u = series_unit(t->l, host, labels[i]);
        int metric = u != NULL && u->hot.rows > 0 ? series_metric(u, t->f->metric) : -1;
        /* of hosts that call it differently, a finding has the name without labels */
        if (metric < 0 && u != NULL && u->hot.rows > 0)
            metric = labels_metric(&t->l->labels, u, t->f->metric);
        if (metric < 0)
            continue;
        *ret_unit = u;
        *ret_metric = metric;
        return true;
    }
    return false;
}

static double cell_of(const struct unit *u, int metric, int64_t row)
{
    if (row < 0 || row >= (int64_t)u->hot.rows)
        return NAN;
    return (double)u->hot.cells[(size_t)row * u->n_metrics + (size_t)metric];
}

static int64_t row_at(const struct unit *u, instant at)
{
    int64_t ms = at.ms - u->hot.from.ms, step = u->hot.step.ms;
    return ms >= 0 ? ms / step : -((-ms + step - 1) / step);
}

/* Mean of the rows that lie in [from, to); NaN: there is none. */
static double mean_in(const struct unit *u, int metric, instant from, instant to)
{
    double sum = 0;
    size_t n = 0;
    int64_t first = row_at(u, (instant){from.ms + u->hot.step.ms - 1});
    for (int64_t r = first > 0 ? first : 0; r < row_at(u, to); r++) {
        double v = cell_of(u, metric, r);
        if (isnan(v))
            continue;
        sum += v;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

static const struct finding_host *moved_host(const struct finding *f, const char *host)
{
    for (size_t i = 0; i < f->n_hosts; i++)
        if (strcmp(f->hosts[i].name, host) == 0)
            return &f->hosts[i];
    return NULL;
}

/* Half of the host's move is there in this row. */
static bool shows(const struct finding_host *h, double v)
{
    return (v - h->before) / (h->after - h->before) >= 0.5;
}

/* When the move was first there to stay: before the pivot the rows that lead up to it
 * without a gap, else the first of two in a row.  INSTANT_NONE: not to be told. */
static instant began(const struct trial *t, const struct slot *s,
                     const struct finding_host *h)
{
    enum { ROWS = 2 };
    const struct unit *u;
    int metric;
    if (!find_series(t, s->host, &u, &metric))
        return INSTANT_NONE;
    int64_t at = row_at(u, s->pivot), run = 0, row = at - 1;
    while (shows(h, cell_of(u, metric, row)))
        row--;
    if (at - 1 - row >= ROWS)
        return (instant){u->hot.from.ms + (row + 1) * u->hot.step.ms};
    for (row = at; row < (int64_t)u->hot.rows; row++) {
        run = shows(h, cell_of(u, metric, row)) ? run + 1 : 0;
        if (run == ROWS)
            return (instant){u->hot.from.ms + (row - ROWS + 1) * u->hot.step.ms};
    }
    return INSTANT_NONE;
}

/* When the other change came to this host, else when it came at all. */
static instant other_at(const struct trial *t, const char *host)
{
    const struct change_host *h = change_find_host(t->other, host);
    return h != NULL ? h->pivot : t->other->start;
}

/* Both had come, well apart: whom did the move follow at once?  Trouble may take its
 * time, but seldom just until somebody else changes something. */
static void time_after_both(struct trial *t, instant at, instant pivot, instant other)
{
    enum { ROWS_APART = 3, TIMES = 2 };
    int64_t mine = at.ms - pivot.ms, others = at.ms - other.ms;
    int64_t apart = mine > others ? mine - others : others - mine;
    if (mine < 0 || others < 0 || apart < ROWS_APART * t->l->step.ms)
        return;
    bool soon = TIMES * mine < others, soon_other = TIMES * others < mine;
    if (t->soon + t->soon_other == 0) {
        t->since = (span){mine};
        t->since_other = (span){others};
    }
    t->soon += soon;
    t->soon_other += soon_other;
}

static void time_host(struct trial *t, const struct slot *s,
                      const struct finding_host *h)
{
    instant at = began(t, s, h), other = other_at(t, s->host);
    int64_t step = t->l->step.ms; /* a row tells the time no better */
    if (instant_is_none(at))
        at = t->f->first_seen; /* a figure that no series of the host holds */
    if (instant_is_none(at))
        return;
    time_after_both(t, at, s->pivot, other);
    if (at.ms + step <= s->pivot.ms && other.ms <= at.ms + step) {
        span ahead = instant_since(s->pivot, at);
        t->early++;
        if (ahead.ms > t->earliest.ms) {
            t->earliest = ahead;
            t->first = s->host;
        }
    }
    t->before += at.ms >= s->pivot.ms && at.ms + step <= other.ms;
}

static void ask_own_hosts(struct trial *t)
{
    for (size_t i = 0; i < t->l->n_slots; i++) {
        const struct slot *s = &t->l->slot[i];
        if (s->state != SLOT_READY || s->fresh != t->f->fresh)
            continue;
        const struct finding_host *h = moved_host(t->f, s->host);
        bool shared =
            t->other->n_hosts == 0 || change_find_host(t->other, s->host) != NULL;
        struct count *c = shared ? &t->both : &t->mine;
        c->n++;
        if (h == NULL)
            continue;
        c->moved++;
        t->moved++;
        time_host(t, s, h);
    }
}

/* Hosts that only the other change touched, by the same figure about its own pivots. */
static void ask_others_hosts(struct trial *t)
{
    const struct finding *f = t->f;
    const struct windows_rule *w = t->l->windows;
    double drift = f->control_after - f->control_before;
    drift = isnan(drift) ? 0 : drift;
    for (size_t i = 0; i < t->other->n_hosts; i++) {
        const struct change_host *h = &t->other->host[i];
        const struct unit *u;
        int metric;
        if (lineup_slot(t->l, h->name) != NULL || !find_series(t, h->name, &u, &metric))
            continue;
        double before =
            mean_in(u, metric, (instant){h->pivot.ms - w->before.ms}, h->pivot);
        double after = mean_in(u, metric, (instant){h->done.ms + w->settle.ms},
                               t->l->whole.frame.after_to);
        if (isnan(before) || isnan(after))
            continue;
        t->others.n++;
        t->others.moved += (after - before - drift) / (f->delta - drift) >= 0.5;
    }
}

static bool most(const struct count *c)
{
    return 2 * c->moved > c->n;
}

/* NULL: nothing tells them apart.  Whom the move followed is asked when the hosts say
 * nothing: then `by_time` is set. */
static const char *likelier(const struct trial *t, bool *ret_by_time)
{
    bool mine = most(&t->mine), others = most(&t->others), both = most(&t->both);
    bool other = (others && !mine) || (both && t->mine.n > 0 && t->mine.moved == 0) ||
                 2 * t->early > t->moved;
    bool own =
        (mine && !others && t->both.n + t->others.n > 0) || 2 * t->before > t->moved;
    *ret_by_time = !other && !own && t->mine.n + t->others.n == 0 &&
                   (2 * t->soon > t->moved || 2 * t->soon_other > t->moved);
    if (*ret_by_time)
        return t->soon > t->soon_other ? NEARBY_THIS : NEARBY_OTHER;
    return other == own ? NULL : other ? NEARBY_OTHER : NEARBY_THIS;
}

/* --- in words --- */

static void say_count(struct buf *b, const struct count *c, const char *whose,
                      const char *change, bool *said)
{
    if (c->n == 0)
        return;
    buf_add(b, *said ? ", " : " on ");
    if (c->moved == 0)
        buf_addf(b, "none of %zu", c->n);
    else
        buf_addf(b, "%zu of %zu", c->moved, c->n);
    buf_addf(b, " host%s that %s%s changed", c->n == 1 ? "" : "s", whose, change);
    *said = true;
}

static void say_times(struct buf *b, const struct trial *t)
{
    if (t->early > 0) {
        buf_addf(b, "; it began before this change on %zu of the %zu that moved, ",
                 t->early, t->moved);
        words_span(b, t->earliest);
        buf_addf(b, " before it on %s", t->first);
    }
    if (t->before > 0)
        buf_addf(b, "; it began before %s on %zu of the %zu that moved",
                 t->other->change_id, t->before, t->moved);
}

static void say_since(struct buf *b, span s, span step, const char *change)
{
    if (s.ms >= step.ms) {
        words_span(b, s);
        buf_addf(b, " after %s", change);
    } else {
        buf_addf(b, "with %s", change);
    }
}

/* "; it began with this change and 32 seconds after 8811". */
static void say_followed(struct buf *b, const struct trial *t)
{
    buf_add(b, "; it began ");
    say_since(b, t->since, t->l->step, "this change");
    buf_add(b, " and ");
    say_since(b, t->since_other, t->l->step, t->other->change_id);
}

static void say_reasons(struct buf *b, const struct trial *t, const char *verdict,
                        bool by_time)
{
    const char *other = t->other->change_id;
    bool said = false;
    if (verdict == NULL)
        buf_addf(b, "Nothing tells this change and %s apart: ", other);
    else if (strcmp(verdict, NEARBY_OTHER) == 0)
        buf_addf(b, "%s is the likelier cause: ", other);
    else
        buf_addf(b, "This change is the likelier cause, not %s: ", other);
    buf_addf(b, "%s moved", t->f->metric);
    say_count(b, &t->both, "both", "", &said);
    say_count(b, &t->mine, "only this one", "", &said);
    say_count(b, &t->others, "only ", other, &said);
    say_times(b, t);
    if (by_time)
        say_followed(b, t);
    buf_add_ch(b, '.');
}

/* The weightiest finding that names hosts; NULL: nothing got worse on any. */
static const struct finding *finding_to_ask(const struct verdict *v)
{
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if ((f->grade == GRADE_ATTENTION || f->grade == GRADE_MUST_HANDLE) &&
            f->n_hosts > 0 && f->metric != NULL)
            return f;
    }
    return NULL;
}

static bool try_it(const struct lineup *l, const struct change *o,
                   const struct finding *f, struct nearby *to)
{
    struct trial t = {.l = l, .other = o, .f = f};
    struct buf words = {0};
    ask_own_hosts(&t);
    ask_others_hosts(&t);
    if (t.both.n + t.mine.n + t.others.n == 0)
        return true; /* nobody can be asked */
    bool by_time;
    const char *verdict = likelier(&t, &by_time);
    say_reasons(&words, &t, verdict, by_time);
    to->likelier = verdict != NULL ? strdup(verdict) : NULL;
    to->reasons = buf_give(&words);
    return to->reasons != NULL && (verdict == NULL || to->likelier != NULL);
}

static bool tell_one(const struct lineup *l, const struct change *o, struct verdict *v)
{
    struct nearby *n = &v->nearby[v->n_nearby++];
    const struct finding *f = finding_to_ask(v);
    struct buf words = {0};
    say_touched(&words, l, o);
    *n = (struct nearby){.change_id = strdup(o->change_id),
                         .title = o->title != NULL ? strdup(o->title) : NULL,
                         .at = o->start,
                         .because = buf_give(&words)};
    return n->change_id != NULL && n->because != NULL &&
           (n->title != NULL || o->title == NULL) && (f == NULL || try_it(l, o, f, n));
}

int nearby_tell(const struct lineup *l, const struct change *const *nearby, size_t n,
                struct verdict *v, struct err *err)
{
    const struct change **o = calloc(n + 1, sizeof *o);
    v->nearby = calloc(n + 1, sizeof *v->nearby);
    bool ready = o != NULL && v->nearby != NULL;
    if (ready && n > 0) {
        memcpy(o, nearby, n * sizeof *o);
        qsort(o, n, sizeof *o, by_start);
    }
    for (size_t i = 0; ready && i < n; i++)
        ready = tell_one(l, o[i], v);
    free(o);
    return ready ? 0 : err_set(err, ENOMEM, "out of memory");
}
