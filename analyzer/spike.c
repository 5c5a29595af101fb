/* analyzer/spike.c - counting points far beyond the usual.
 *
 * First from the hot rows alone, with the smallest deviation that may hold: whoever has
 * too few points by that is done.  For the others the past day is read, and the count
 * is taken again as it is for the pretended changes.  Pure, any thread. */
#include "analyzer/spike.h"
#include "analyzer/odds.h"
#include "analyzer/pool.h"
#include "analyzer/shift.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_SHARE   0.01 /* of the level: no deviation counts as less */
#define QUARTILE_PART 0.5  /* of the day's first quartile of deviations, likewise */
#define SPREAD_LEAST  0.35
#define SPREAD_Q      0.95
#define SPREAD_UNIT   1.645
#define POINTS_SHARE  0.6 /* of a window's points that must be there */
enum {
    BEFORE_POINTS_LEAST = 6,
    PLACEBOS_MAX = 256,
    DAY_MS = 86400000,
    BEFORE_PARTS = 3, /* pretended changes in one window before */
};

/* A series' rows from the past day to the end of the look. */
struct tape {
    const float *v;
    size_t n, pivot;
    size_t before, from, to; /* rows: before the pivot, and of the window after it */
    double *some;            /* room for `before` or `to` values */
};

/* What is usual in front of a row. */
struct usual {
    double level, deviation; /* NaN: too few points */
};

struct tally {
    int n, of, above, late; /* `late`: beyond, in the last third of the window */
    double sum;             /* of the points beyond */
    size_t first;
};

static bool reads_at(const struct tape *t, size_t pivot)
{
    return pivot >= t->before && pivot + t->to <= t->n;
}

static struct usual usual_before(const struct tape *t, size_t pivot)
{
    size_t n = 0;
    for (size_t i = pivot - t->before; i < pivot; i++)
        if (!isnan(t->v[i]))
            t->some[n++] = t->v[i];
    if (n < BEFORE_POINTS_LEAST)
        return (struct usual){NAN, NAN};
    struct usual u = {.level = shift_median(t->some, n)};
    for (size_t i = 0; i < n; i++)
        t->some[i] = fabs(t->some[i] - u.level);
    u.deviation = shift_median(t->some, n);
    return u;
}

static double far_of(const struct usual *u, double floor)
{
    return SPIKE_FAR * fmax(u->deviation, floor + LEVEL_SHARE * fabs(u->level));
}

static struct tally count_after(const struct tape *t, size_t pivot,
                                const struct usual *u, double far, enum worse worse)
{
    struct tally c = {0};
    for (size_t i = pivot + t->from; i < pivot + t->to; i++) {
        double off = t->v[i] - u->level;
        if (isnan(off))
            continue;
        c.of++;
        bool counts = fabs(off) > far &&
                      (worse == WORSE_BOTH || (worse == WORSE_UP) == (off > 0));
        if (!counts)
            continue;
        c.first = c.n == 0 ? i : c.first;
        c.n++;
        c.above += off > 0;
        c.late += 3 * (pivot + t->to - i) <= t->to - t->from;
        c.sum += t->v[i];
    }
    return c;
}

/* --- medians of a window that moves --- */

/* The known values of a window in order; where it moves on by a few rows, only those
 * are put in and taken out.  Worth it for windows of no more rows than this. */
enum { ORDERED_MAX = 240 };
struct ordered {
    size_t n;
    double v[ORDERED_MAX];
};

static size_t ordered_place(const struct ordered *o, double v)
{
    size_t lo = 0, hi = o->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (o->v[mid] < v)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void ordered_add(struct ordered *o, float v)
{
    size_t at = isnan(v) ? 0 : ordered_place(o, v);
    if (isnan(v))
        return;
    memmove(o->v + at + 1, o->v + at, (o->n++ - at) * sizeof *o->v);
    o->v[at] = v;
}

static void ordered_drop(struct ordered *o, float v)
{
    size_t at = isnan(v) ? 0 : ordered_place(o, v);
    if (isnan(v))
        return;
    memmove(o->v + at, o->v + at + 1, (--o->n - at) * sizeof *o->v);
}

/* Between the two middle ones of an even number, as shift_median. */
static double between(double here, double next, size_t n)
{
    return n % 2 == 1 ? here : here + (next - here) * 0.5;
}

/* Deviations grow from the level to both sides: the next larger one is at either end.
 */
static double ordered_deviation(const struct ordered *o, double level)
{
    size_t right = ordered_place(o, level), left = right, middle = (o->n - 1) / 2;
    double here = 0, next = 0;
    for (size_t i = 0; i <= middle + 1 && i < o->n; i++) {
        bool down = right == o->n || (left > 0 && fabs(o->v[left - 1] - level) <=
                                                      fabs(o->v[right] - level));
        next = fabs(o->v[down ? --left : right++] - level);
        here = i <= middle ? next : here;
    }
    return between(here, next, o->n);
}

static struct usual ordered_usual(const struct ordered *o)
{
    size_t middle = (o->n - 1) / 2;
    if (o->n < BEFORE_POINTS_LEAST)
        return (struct usual){NAN, NAN};
    double level = between(o->v[middle], o->v[o->n / 2], o->n);
    return (struct usual){level, ordered_deviation(o, level)};
}

/* --- pretended changes --- */

struct moments {
    int n;
    size_t at[PLACEBOS_MAX];
    struct usual usual[PLACEBOS_MAX];
    double log_n[PLACEBOS_MAX];
};

/* All over the past day, none of them with a row of the windows of the real one. */
static void find_moments(const struct tape *t, size_t day, struct moments *m)
{
    size_t step =
        t->before / (2 * BEFORE_PARTS) > 0 ? t->before / (2 * BEFORE_PARTS) : 1;
    size_t last =
        t->pivot > t->to + t->before / 2 ? t->pivot - t->to - t->before / 2 : 0;
    struct ordered o = {0};
    bool few = t->before > step && t->before + step <= ORDERED_MAX, begun = false;
    m->n = 0;
    for (size_t back = 0; back < day && last > back && m->n < PLACEBOS_MAX;
         back += step) {
        size_t at = last - back;
        if (!reads_at(t, at))
            break;
        for (size_t i = at - t->before;
             few && i < at && (!begun || i < at + step - t->before); i++)
            ordered_add(&o, t->v[i]);
        for (size_t i = at; few && begun && i < at + step; i++)
            ordered_drop(&o, t->v[i]);
        begun = true;
        struct usual u = few ? ordered_usual(&o) : usual_before(t, at);
        if (isnan(u.level))
            continue;
        m->at[m->n] = at;
        m->usual[m->n++] = u;
    }
}

static double floor_of(const struct moments *m)
{
    double deviation[PLACEBOS_MAX];
    for (int i = 0; i < m->n; i++)
        deviation[i] = m->usual[i].deviation;
    return m->n > 0 ? QUARTILE_PART * shift_quantile(deviation, (size_t)m->n, 0.25) : 0;
}

/* Fills the spike's z, p and moments; false when the day holds too few moments. */
static bool score(const struct tape *t, struct moments *m, double floor,
                  enum worse worse, struct spike *s)
{
    double off[PLACEBOS_MAX];
    int n = 0;
    s->moments_like = 0;
    for (int i = 0; i < m->n; i++) {
        const struct usual *u = &m->usual[i];
        struct tally c = count_after(t, m->at[i], u, far_of(u, floor), worse);
        if (c.of < POINTS_SHARE * s->of)
            continue;
        s->moments_like += c.n >= s->n;
        m->log_n[n++] = log1p(c.n);
    }
    s->moments = n;
    if (n < SPIKE_PLACEBOS_LEAST)
        return false;
    for (int i = 0; i < n; i++)
        off[i] = m->log_n[i];
    double middle = shift_median(off, (size_t)n);
    for (int i = 0; i < n; i++)
        off[i] = fabs(m->log_n[i] - middle);
    double spread = shift_quantile(off, (size_t)n, SPREAD_Q) / SPREAD_UNIT;
    s->z = (log1p(s->n) - middle) / fmax(spread, SPREAD_LEAST);
    s->p = s->z > 0 ? pool_p_cold(s->z) : 1;
    return true;
}

/* --- reading --- */

/* Rows of the hot track from `from` on, as floats; what is older is NaN until read. */
static void put_track(const struct unit *u, const struct track *t, size_t metric,
                      instant from, span step, float *v, size_t n)
{
    if (t->rows == 0 || t->step.ms < step.ms)
        return;
    int64_t wide = t->step.ms / step.ms, first = (t->from.ms - from.ms) / step.ms;
    for (uint32_t i = 0; i < t->rows; i++) {
        float x = t->cells[(size_t)i * u->n_metrics + metric];
        for (int64_t j = 0; j < wide && !isnan(x); j++) {
            int64_t at = first + (int64_t)i * wide + j;
            if (at >= 0 && at < (int64_t)n)
                v[at] = x;
        }
    }
}

static struct tape tape_of(const struct level_case *lc, const struct member *m,
                           instant from, float *v, double *some)
{
    const struct track *hot = &m->unit->hot;
    const struct frame *f = &m->slot->frame;
    int64_t step = hot->step.ms, before = lc->lineup->windows->before.ms;
    bool alone = m->slot->host == NULL ||
                 !lineup_touched(lc->lineup, m->slot->host,
                                 (instant){f->before_to.ms - 2 * before}, f->before_to);
    struct tape t = {.v = v, .some = some};
    t.n = (size_t)((hot->from.ms + (int64_t)hot->rows * step - from.ms) / step);
    t.pivot = (size_t)((m->slot->pivot.ms - from.ms) / step);
    t.before =
        (size_t)((alone ? 2 * before : f->before_to.ms - f->before_from.ms) / step);
    t.from = (size_t)((f->after_from.ms - from.ms + step - 1) / step) - t.pivot;
    t.to = (size_t)((f->after_to.ms - from.ms) / step) - t.pivot;
    for (size_t i = 0; i < t.n; i++)
        v[i] = NAN;
    put_track(m->unit, hot, m->metric, from, hot->step, v, t.n);
    return t;
}

/* Row bounds of the hot track, at least `reach` before the pivot. */
static instant tape_from(const struct member *m, int64_t reach)
{
    const struct track *hot = &m->unit->hot;
    int64_t from = m->slot->pivot.ms - reach, step = hot->step.ms;
    int64_t rows = from < hot->from.ms ? (hot->from.ms - from + step - 1) / step : 0;
    return (instant){hot->from.ms - rows * step};
}

/* --- one host --- */

struct room {
    float *v;
    double *some;
    struct moments *moments;
};

/* False when there are too few points to tell. */
static bool measure(const struct tape *t, double floor, enum worse worse,
                    struct spike *s)
{
    if (t->pivot > t->n || !reads_at(t, t->pivot) || t->to <= t->from)
        return false;
    struct usual u = usual_before(t, t->pivot);
    if (isnan(u.level))
        return false;
    double far = far_of(&u, floor);
    struct tally c = count_after(t, t->pivot, &u, far, worse);
    s->n = c.n;
    s->of = c.of;
    s->above = 2 * c.above >= c.n;
    s->over = c.late < SPIKE_LATE_LEAST;
    s->level = u.level;
    s->far = far;
    s->peak = c.n > 0 ? c.sum / c.n : NAN;
    const struct member *m = s->member;
    int64_t step = m->unit->hot.step.ms;
    s->first =
        (instant){m->slot->pivot.ms + ((int64_t)c.first - (int64_t)t->pivot) * step};
    return c.of >= SPIKE_POINTS_LEAST;
}

static int64_t near_reach(const struct level_case *lc)
{
    return 2 * lc->lineup->windows->before.ms;
}

/* The same count on an unchanged host, in the changed one's own frame. */
static void ask_controls(const struct level_case *lc, const struct room *r,
                         struct spike *s)
{
    size_t stride = lc->n_controls / SPIKE_CONTROLS_MAX + 1;
    for (size_t i = 0; i < lc->n_controls; i += stride) {
        struct member m = lc->control[i];
        struct spike other = {.member = &m};
        m.slot = s->member->slot;
        if (m.slot->host == NULL ||
            !control_is_free(lc->lineup, m.unit->who.host, &m.slot->frame))
            continue;
        instant from = tape_from(&m, near_reach(lc));
        struct tape t = tape_of(lc, &m, from, r->v, r->some);
        if (!measure(&t, 0, lc->rule->worse, &other))
            continue;
        s->controls++;
        s->controls_like += 2 * other.n >= s->n;
    }
}

/* The count again with the day that it is set against; 0 when it is not a spike, -1:
 * out of memory. */
static int look_closer(const struct level_case *lc, struct moments *m, struct spike *s)
{
    struct track past;
    const struct unit *u = s->member->unit;
    int64_t reach = DAY_MS + near_reach(lc), step = u->hot.step.ms;
    instant from = tape_from(s->member, reach);
    size_t rows = (size_t)((u->hot.from.ms - from.ms) / step) + u->hot.rows;
    float *v = calloc(rows + 1, sizeof *v);
    double *some = calloc(rows + 1, sizeof *some);
    int rc = v != NULL && some != NULL ? unit_past_near(u, (span){reach}, &past) : -1;
    if (rc == 0) {
        struct tape t = tape_of(lc, s->member, from, v, some);
        put_track(u, &past, s->member->metric, from, u->hot.step, v, t.n);
        put_track(u, &u->hot, s->member->metric, from, u->hot.step, v, t.n);
        unit_past_done(u, &past);
        find_moments(&t, (size_t)(DAY_MS / step), m);
        double floor = floor_of(m);
        rc = measure(&t, floor, lc->rule->worse, s) && s->n >= SPIKE_POINTS_LEAST &&
             score(&t, m, floor, lc->rule->worse, s);
    }
    free(v);
    free(some);
    return rc;
}

/* What a day said of a host, as it is handed from part to part. */
struct record {
    uint64_t member;
    int64_t found;      /* 1: a spike, 0: none */
    struct spike spike; /* its member is NULL */
};

static int by_member(const void *a, const void *b)
{
    uint64_t x = ((const struct record *)a)->member;
    uint64_t y = ((const struct record *)b)->member;
    return (x > y) - (x < y);
}

/* As look_closer. */
static int look_up(const struct spikes_how *how, struct spike *s, struct err *err)
{
    struct record key = {.member = (uint64_t)(s->member - how->first)};
    size_t n = how->records->len / sizeof key;
    const struct record *r =
        n > 0 ? bsearch(&key, how->records->data, n, sizeof key, by_member) : NULL;
    if (r == NULL)
        return err_set(err, EBADMSG, "nobody says what the day of %s was like",
                       s->member->unit->who.host);
    const struct member *m = s->member;
    *s = r->spike;
    s->member = m;
    return r->found != 0;
}

/* True when the hot rows alone say that a host has points enough to be asked; false
 * when it has too few beyond, or too few at all (then it is not asked). */
static bool is_candidate(const struct level_case *lc, const struct room *r,
                         struct spike *s, bool *ret_asked)
{
    const struct member *m = s->member;
    *ret_asked = false;
    if (m->unit->hot.rows == 0 || m->slot->state != SLOT_READY)
        return false;
    instant from = tape_from(m, near_reach(lc));
    struct tape t = tape_of(lc, m, from, r->v, r->some);
    *ret_asked = measure(&t, 0, lc->rule->worse, s);
    return *ret_asked && s->n >= SPIKE_POINTS_LEAST;
}

/* Hosts of a level are in the members' order. */
static bool level_tells(const struct level *l, const struct member *m)
{
    if (l->has_group && l->group.grade != GRADE_OK && !l->group.recovered)
        return true;
    size_t i = l->n > 0 ? (size_t)(m - l->host[0].member) : 0;
    return i < l->n && l->host[i].score.grade != GRADE_OK &&
           !l->host[i].score.recovered;
}

static int find_all(const struct level_case *lc, const struct room *r,
                    const struct spikes_how *how, struct spikes *to, struct err *err)
{
    for (size_t i = 0; i < lc->n_members; i++) {
        struct spike s = {.member = &lc->member[i]};
        bool asked, candidate = is_candidate(lc, r, &s, &asked);
        to->n_asked += asked;
        if (!candidate || (how->level != NULL && level_tells(how->level, s.member)))
            continue;
        int rc = how->records != NULL ? look_up(how, &s, err)
                                      : look_closer(lc, r->moments, &s);
        if (rc < 0)
            return -1;
        if (rc == 0 || s.z < SPIKE_Z_LEAST)
            continue;
        ask_controls(lc, r, &s);
        to->at[to->n++] = s;
    }
    return 0;
}

static size_t rows_needed(const struct level_case *lc)
{
    size_t most = 0, before = 0;
    for (size_t i = 0; i < lc->n_members + lc->n_controls; i++) {
        const struct member *m =
            i < lc->n_members ? &lc->member[i] : &lc->control[i - lc->n_members];
        const struct track *hot = &m->unit->hot;
        most = hot->rows > most ? hot->rows : most;
        if (hot->rows > 0)
            before = (size_t)(near_reach(lc) / hot->step.ms) + 1;
    }
    return most + before;
}

static bool room_open(const struct level_case *lc, struct room *r)
{
    size_t rows = rows_needed(lc) + 1;
    *r = (struct room){.v = calloc(rows, sizeof *r->v),
                       .some = calloc(rows, sizeof *r->some),
                       .moments = calloc(1, sizeof *r->moments)};
    return r->v != NULL && r->some != NULL && r->moments != NULL;
}

static void room_close(struct room *r)
{
    free(r->v);
    free(r->some);
    free(r->moments);
}

int spikes_find_by(const struct level_case *lc, const struct spikes_how *how,
                   struct spikes *ret_spikes, struct err *err)
{
    struct spikes s = {.rule = lc->rule,
                       .metric = lc->metric,
                       .service =
                           lc->n_members > 0 ? lc->member[0].unit->who.service : "",
                       .control = lc->control,
                       .n_control_members = lc->n_controls};
    struct room r;
    bool ready = room_open(lc, &r);
    s.at = calloc(lc->n_members + 1, sizeof *s.at);
    int rc = ready && s.at != NULL ? find_all(lc, &r, how, &s, err) : -1;
    room_close(&r);
    if (rc < 0) {
        spikes_free(&s);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_spikes = s;
    return 0;
}

int spikes_find(const struct level_case *lc, struct spikes *ret_spikes, struct err *err)
{
    return spikes_find_by(lc, &(struct spikes_how){0}, ret_spikes, err);
}

int spikes_ask(const struct level_case *lc, const struct member *first,
               struct gather_share own, struct buf *to, struct err *err)
{
    struct room r;
    int rc = room_open(lc, &r) ? 0 : -1;
    for (size_t i = 0; i < lc->n_members && rc >= 0; i++) {
        const struct member *m = &lc->member[i];
        struct record record;
        bool asked;
        memset(&record, 0, sizeof record);
        record.spike.member = m;
        if (!gather_owns(own, gather_bucket(m->unit->who.host)) ||
            !is_candidate(lc, &r, &record.spike, &asked))
            continue;
        rc = look_closer(lc, r.moments, &record.spike);
        record.member = (uint64_t)(m - first);
        record.found = rc;
        record.spike.member = NULL;
        buf_add_n(to, &record, sizeof record);
    }
    room_close(&r);
    return rc < 0 || buf_done(to) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

int spikes_order(struct buf *records, struct err *err)
{
    if (records->len % sizeof(struct record) != 0)
        return err_set(err, EBADMSG, "what parts say of spikes does not fit");
    if (records->len > 0)
        qsort(records->data, records->len / sizeof(struct record),
              sizeof(struct record), by_member);
    return 0;
}

void spikes_free(struct spikes *s)
{
    free(s->at);
    *s = (struct spikes){0};
}

/* --- grading --- */

void spikes_leave_told(struct spikes *s, const struct level *l)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!level_tells(l, s->at[i].member))
            s->at[n++] = s->at[i];
    s->n = n;
}

static bool is_large(const struct bar *b, const struct spike *s)
{
    double off = fabs(s->peak - s->level), base = fabs(s->level);
    return off >= b->delta && off >= b->effect * base;
}

static bool is_excused(const struct spike *s)
{
    /* Most points beyond are a level that moved: whether that means anything the level
     * test has said, which knows what the controls did. */
    if (s->controls >= CONTROLS_LEAST && 2 * s->n > s->of)
        return true;
    /* By itself one quiet host in hundreds has such points: where every tenth has them
     * at once, something moved them all. */
    return s->controls > 0 && SPIKE_COMMON * s->controls_like > s->controls;
}

/* Everybody who was asked is a test; those who are not in the list had nothing to show,
 * so their p is 1. */
int spikes_grade(struct spikes *spikes, size_t n, struct err *err)
{
    struct odds_layer layer;
    size_t asked = 0;
    for (size_t i = 0; i < n; i++)
        asked += spikes[i].n_asked;
    if (odds_layer_make(&layer, asked) < 0)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < spikes[i].n_asked; k++)
            odds_layer_add(&layer, k < spikes[i].n ? spikes[i].at[k].p : 1);
    for (size_t i = 0; i < n; i++) {
        const struct bar *b = &spikes[i].rule->attention;
        double q = b->q > 0 ? b->q : 1;
        for (size_t k = 0; k < spikes[i].n && b->set && b->when.condition == NULL;
             k++) {
            struct spike *s = &spikes[i].at[k];
            if (!s->over && !is_excused(s) && is_large(b, s) &&
                s->p <= odds_layer_threshold(&layer, q))
                s->grade = GRADE_ATTENTION;
        }
    }
    odds_layer_free(&layer);
    return 0;
}
