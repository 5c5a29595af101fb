/* analyzer/spike.c - counting points far beyond the usual.
 *
 * First from the hot rows alone, with the smallest deviation that may hold: whoever has
 * too few points by that is done.  For the others the past day is read, and the count
 * is taken again as it is for the pretended changes.
 *
 * What must hold: a record depends on its own host's rows alone, so it does not matter
 * who made it, nor in which order.  Pure, any thread. */
#include "analyzer/spike.h"
#include "analyzer/odds.h"
#include "analyzer/pool.h"
#include "analyzer/tape.h"
#include "base/crew.h"
#include "base/table_hash.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

/* --- reading --- */

static int64_t near_reach(const struct lineup *l)
{
    return 2 * l->windows->before.ms;
}

/* Rows in front of the hot ones, for a tape of at least `reach` before the pivot. */
static size_t lead_of(const struct slot *slot, const struct unit *u, int64_t reach)
{
    int64_t from = slot->pivot.ms - reach, step = u->hot.step.ms;
    return from < u->hot.from.ms ? (size_t)((u->hot.from.ms - from + step - 1) / step)
                                 : 0;
}

size_t spike_lead(const struct lineup *l, const struct slot *slot, const struct unit *u)
{
    return lead_of(slot, u, near_reach(l));
}

/* Whether no other change worked on the host shortly before this one. */
static bool is_alone(const struct lineup *l, const struct slot *slot)
{
    const struct frame *f = &slot->frame;
    return slot->host == NULL ||
           !lineup_touched(l, slot->host,
                           (instant){f->before_to.ms - 2 * l->windows->before.ms},
                           f->before_to);
}

/* The windows of a slot over rows that begin `lead` before the unit's hot ones. */
static struct tape lay_tape(const struct lineup *l, const struct slot *slot,
                            const struct unit *u, size_t lead)
{
    const struct frame *f = &slot->frame;
    int64_t step = u->hot.step.ms, from = u->hot.from.ms - (int64_t)lead * step;
    int64_t before = is_alone(l, slot) ? 2 * l->windows->before.ms
                                       : f->before_to.ms - f->before_from.ms;
    struct tape t = {.n = lead + u->hot.rows, .before = (size_t)(before / step)};
    t.pivot = (size_t)((slot->pivot.ms - from) / step);
    t.from = (size_t)((f->after_from.ms - from + step - 1) / step) - t.pivot;
    t.to = (size_t)((f->after_to.ms - from) / step) - t.pivot;
    return t;
}

/* A track's samples in rows of `step`, the first of which begins at `from`. */
static void put_track(const struct unit *u, const struct track *t, size_t metric,
                      instant from, span step, float *v, size_t n)
{
    if (t->rows == 0 || t->step.ms < step.ms)
        return;
    int64_t wide = t->step.ms / step.ms, at = (t->from.ms - from.ms) / step.ms;
    int64_t rows = (int64_t)n;
    const float *cell = t->cells + metric;
    for (uint32_t i = 0; i < t->rows; i++, at += wide, cell += u->n_metrics) {
        int64_t first = at > 0 ? at : 0, end = at + wide < rows ? at + wide : rows;
        float x = *cell;
        for (int64_t k = first; k < end && !isnan(x); k++)
            v[k] = x;
    }
}

static void put_hot(const struct member *m, size_t lead, float *v)
{
    const struct track *hot = &m->unit->hot;
    for (size_t i = 0; i < lead; i++)
        v[i] = NAN;
    for (size_t i = 0; i < hot->rows; i++)
        v[lead + i] = hot->cells[i * m->unit->n_metrics + m->metric];
}

/* --- one host --- */

/* False when there are too few points to tell. */
static bool measure(const struct tape *t, double floor, enum worse worse,
                    struct spike *s)
{
    if (t->pivot > t->n || !tape_reads_at(t, t->pivot) || t->to <= t->from)
        return false;
    struct tape_usual u = tape_usual_before(t, t->pivot);
    if (isnan(u.level))
        return false;
    double far = tape_far(&u, floor);
    struct tape_count c = tape_count_after(t, t->pivot, &u, far, worse);
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

enum spike_hint spike_hint(const struct lineup *l, const struct member *m,
                           enum worse worse, const float *v, double *some)
{
    struct spike s = {.member = m};
    if (m->unit->hot.rows == 0 || m->slot->state != SLOT_READY)
        return SPIKE_UNASKED;
    struct tape t = lay_tape(l, m->slot, m->unit, spike_lead(l, m->slot, m->unit));
    t.v = v;
    t.some = some;
    if (!measure(&t, 0, worse, &s))
        return SPIKE_UNASKED;
    return s.n >= SPIKE_POINTS_LEAST ? SPIKE_SEEMS : SPIKE_NOTHING;
}

/* Hosts of a level are in the members' order. */
static bool level_tells(const struct level *l, size_t i)
{
    if (l->has_group && l->group.grade != GRADE_OK && !l->group.recovered)
        return true;
    return i < l->n && l->host[i].score.grade != GRADE_OK &&
           !l->host[i].score.recovered;
}

void spikes_leave_told(const struct level *l, unsigned char *hint)
{
    for (size_t i = 0; i < l->n; i++)
        if (hint[i] == SPIKE_SEEMS && level_tells(l, i))
            hint[i] = SPIKE_NOTHING;
}

/* --- days --- */

/* What a day said of a host, as it is handed from part to part. */
struct record {
    uint64_t member;
    uint64_t print;     /* of all that the record follows from but the day itself */
    int64_t found;      /* 1: a spike, 0: none */
    struct spike spike; /* its member is NULL */
};

/* Room for the rows of one tape. */
struct room {
    float *v;
    double *some;
    size_t rows;
};

static int by_member(const void *a, const void *b)
{
    uint64_t x = ((const struct record *)a)->member;
    uint64_t y = ((const struct record *)b)->member;
    return (x > y) - (x < y);
}

/* NULL: there is none of this member. */
static const struct record *find_record(const struct buf *records, size_t member)
{
    struct record key = {.member = member};
    size_t n = records != NULL ? records->len / sizeof key : 0;
    return n > 0 ? bsearch(&key, records->data, n, sizeof key, by_member) : NULL;
}

/* What one thread has for itself. */
struct asker {
    struct room room;
    struct tape_moments moments;
    struct buf records;
};

struct asking {
    const struct spikes_case *c;
    struct gather_share own;
    struct asker *asker;
    _Atomic bool failed;
};

static void room_free(struct room *r)
{
    free(r->v);
    free(r->some);
    *r = (struct room){0};
}

/* Makes room for so many rows; what was in it is lost. */
static bool room_fits(struct room *r, size_t rows)
{
    if (rows < r->rows)
        return true;
    room_free(r);
    r->v = malloc((rows + 1) * sizeof *r->v);
    r->some = malloc((rows + 1) * sizeof *r->some);
    r->rows = r->v != NULL && r->some != NULL ? rows + 1 : 0;
    return r->rows > 0;
}

/* The count with the day that it is set against; false when it is no spike. */
static bool look_closer(struct asker *a, struct tape *t, enum worse worse,
                        struct spike *s)
{
    struct tape_moments *m = &a->moments;
    int64_t step = s->member->unit->hot.step.ms;
    t->v = a->room.v;
    t->some = a->room.some;
    tape_find_moments(t, (size_t)(DAY_MS / step), m);
    double floor = tape_floor(m);
    if (!measure(t, floor, worse, s) || s->n < SPIKE_POINTS_LEAST)
        return false;
    const struct tape_count c = {.n = s->n, .of = s->of};
    struct tape_score score;
    bool known = tape_score_make(t, m, floor, worse, &c, SPIKE_PLACEBOS_LEAST, &score);
    s->moments = score.moments;
    s->moments_like = score.like;
    if (!known)
        return false;
    s->z = score.z;
    s->p = s->z > 0 ? pool_p_cold(s->z) : 1;
    return true;
}

static struct tape day_tape(const struct asking *g, const struct member *m,
                            size_t *ret_lead)
{
    *ret_lead = lead_of(m->slot, m->unit, DAY_MS + near_reach(g->c->lineup));
    return lay_tape(g->c->lineup, m->slot, m->unit, *ret_lead);
}

static enum worse worse_of(const struct asking *g, const struct seat_entry *e)
{
    return g->c->series->at[e->series].rule->worse;
}

/* `rows` is the print of the unit's hot rows. */
static uint64_t print_of(const struct asking *g, const struct seat_entry *e,
                         uint64_t rows)
{
    size_t lead;
    struct tape t = day_tape(g, &g->c->series->member[e->place], &lead);
    const uint64_t v[] = {t.n, t.pivot, t.before, t.from, t.to, worse_of(g, e)};
    return table_hash(v, sizeof v, rows);
}

static uint64_t print_rows(const struct unit *u)
{
    const struct track *t = &u->hot;
    const int64_t v[] = {t->from.ms, t->step.ms, t->rows, u->n_metrics};
    uint64_t print = table_hash(v, sizeof v, 0);
    size_t cells = (size_t)t->rows * u->n_metrics;
    return cells > 0 ? table_hash(t->cells, cells * sizeof *t->cells, print) : print;
}

/* Takes over a record that was made before of the same rows. */
static bool take_had(const struct asking *g, struct asker *a,
                     const struct seat_entry *e, uint64_t print)
{
    const struct record *r = find_record(g->c->had, e->place);
    if (r == NULL || r->print != print)
        return false;
    buf_add_n(&a->records, r, sizeof *r);
    return true;
}

static void ask_member(struct asking *g, struct asker *a, const struct seat *seat,
                       const struct seat_entry *e, const struct track *past,
                       uint64_t print)
{
    const struct unit *u = seat->unit;
    const struct member *m = &g->c->series->member[e->place];
    size_t lead;
    struct tape t = day_tape(g, m, &lead);
    struct record r;
    instant from = {u->hot.from.ms - (int64_t)lead * u->hot.step.ms};
    for (size_t i = 0; i < t.n; i++)
        a->room.v[i] = NAN;
    put_track(u, past, m->metric, from, u->hot.step, a->room.v, t.n);
    put_track(u, &u->hot, m->metric, from, u->hot.step, a->room.v, t.n);
    memset(&r, 0, sizeof r);
    r.spike.member = m;
    r.member = e->place;
    r.print = print;
    r.found = look_closer(a, &t, worse_of(g, e), &r.spike);
    r.spike.member = NULL;
    buf_add_n(&a->records, &r, sizeof r);
}

static bool seems(const struct asking *g, const struct seat_entry *e)
{
    return g->c->hint[e->place] == SPIKE_SEEMS;
}

/* All of one host, whose day is read once. */
static int ask_seat(struct asking *g, struct asker *a, const struct seat *seat)
{
    const struct seat_entry *e = g->c->seats->entry + seat->first;
    const struct unit *u = seat->unit;
    int64_t reach = DAY_MS + near_reach(g->c->lineup);
    struct track past;
    uint64_t rows = 0;
    size_t i = 0;
    for (; i < seat->n; i++) { /* up to the first that needs the day */
        if (!seems(g, &e[i]))
            continue;
        rows = rows != 0 ? rows : print_rows(u);
        if (!take_had(g, a, &e[i], print_of(g, &e[i], rows)))
            break;
    }
    if (i == seat->n)
        return 0;
    if (!room_fits(&a->room, lead_of(seat->slot, u, reach) + u->hot.rows) ||
        unit_past_near(u, (span){reach}, &past) < 0)
        return -1;
    for (; i < seat->n; i++) {
        if (!seems(g, &e[i]))
            continue;
        uint64_t print = print_of(g, &e[i], rows);
        if (!take_had(g, a, &e[i], print))
            ask_member(g, a, seat, &e[i], &past, print);
    }
    unit_past_done(u, &past);
    return 0;
}

static void ask_bucket(void *arg, size_t i, unsigned hand)
{
    struct asking *g = arg;
    const struct seats *s = g->c->seats;
    size_t bucket = g->own.first + i;
    for (size_t k = s->bucket[bucket]; k < s->bucket[bucket + 1]; k++)
        if (ask_seat(g, &g->asker[hand], &s->at[k]) < 0)
            atomic_store(&g->failed, true);
}

int spikes_ask(const struct spikes_case *c, struct gather_share own, struct buf *to,
               struct err *err)
{
    unsigned threads = c->threads > CREW_MAX ? CREW_MAX : c->threads;
    threads = threads < 1 ? 1 : threads;
    struct asking g = {.c = c, .own = own};
    g.asker = calloc(threads, sizeof *g.asker);
    if (g.asker != NULL)
        crew_run(threads, own.end - own.first, ask_bucket, &g);
    bool ready = g.asker != NULL && !atomic_load(&g.failed);
    for (unsigned i = 0; g.asker != NULL && i < threads; i++) {
        struct asker *a = &g.asker[i];
        if (a->records.len > 0)
            buf_add_n(to, a->records.data, a->records.len);
        to->failed = to->failed || a->records.failed;
        buf_free(&a->records);
        room_free(&a->room);
    }
    free(g.asker);
    return ready && buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

size_t spikes_seeming(const struct spikes_case *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->series->n_members; i++)
        n += c->hint[i] == SPIKE_SEEMS;
    return n;
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

/* --- all hosts of a series --- */

/* As many points as a control has beyond in a frame; below zero: it cannot tell. */
struct others {
    bool known, alone;
    instant pivot;
    struct frame frame;
    size_t n;
    int beyond[SPIKE_CONTROLS_MAX];
};

/* As look_closer, from the records. */
static int look_up(const struct spikes_how *how, struct spike *s, struct err *err)
{
    const struct record *r =
        find_record(how->records, (size_t)(s->member - how->first));
    if (r == NULL)
        return err_set(err, EBADMSG, "nobody says what the day of %s was like",
                       s->member->unit->who.host);
    const struct member *m = s->member;
    *s = r->spike;
    s->member = m;
    return r->found != 0;
}

static bool same_frame(const struct frame *a, const struct frame *b)
{
    return a->before_from.ms == b->before_from.ms &&
           a->before_to.ms == b->before_to.ms && a->after_from.ms == b->after_from.ms &&
           a->after_to.ms == b->after_to.ms;
}

static bool same_others(const struct others *o, const struct slot *slot, bool alone)
{
    return o->known && o->alone == alone && o->pivot.ms == slot->pivot.ms &&
           same_frame(&o->frame, &slot->frame);
}

/* The same count on unchanged hosts, in the changed one's own frame: once for all hosts
 * of that frame. */
static bool count_others(const struct level_case *lc, const struct slot *slot,
                         bool alone, struct room *r, struct others *o)
{
    size_t stride = lc->n_controls / SPIKE_CONTROLS_MAX + 1;
    *o = (struct others){
        .known = true, .alone = alone, .pivot = slot->pivot, .frame = slot->frame};
    for (size_t i = 0; i < lc->n_controls && slot->host != NULL; i += stride) {
        struct member m = lc->control[i];
        struct spike other = {.member = &m};
        m.slot = slot;
        if (!control_is_free(lc->lineup, m.unit->who.host, &slot->frame))
            continue;
        size_t lead = spike_lead(lc->lineup, slot, m.unit);
        struct tape t = lay_tape(lc->lineup, slot, m.unit, lead);
        if (!room_fits(r, t.n))
            return false;
        put_hot(&m, lead, r->v);
        t.v = r->v;
        t.some = r->some;
        if (measure(&t, 0, lc->rule->worse, &other))
            o->beyond[o->n++] = other.n;
    }
    return true;
}

static bool ask_controls(const struct level_case *lc, struct room *r, struct others *o,
                         struct spike *s)
{
    const struct slot *slot = s->member->slot;
    bool alone = is_alone(lc->lineup, slot);
    if (!same_others(o, slot, alone) && !count_others(lc, slot, alone, r, o))
        return false;
    s->controls = o->n;
    for (size_t i = 0; i < o->n; i++)
        s->controls_like += 2 * o->beyond[i] >= s->n;
    return true;
}

static int find_all(const struct level_case *lc, struct room *r,
                    const struct spikes_how *how, struct spikes *to, struct err *err)
{
    struct others others = {0};
    for (size_t i = 0; i < lc->n_members; i++) {
        struct spike s = {.member = &lc->member[i]};
        unsigned char hint = how->hint[s.member - how->first];
        to->n_asked += hint != SPIKE_UNASKED;
        if (hint != SPIKE_SEEMS)
            continue;
        int rc = look_up(how, &s, err);
        if (rc < 0)
            return -1;
        if (rc == 0 || s.z < SPIKE_Z_LEAST)
            continue;
        if (!ask_controls(lc, r, &others, &s))
            return err_set(err, ENOMEM, "out of memory");
        to->at[to->n++] = s;
    }
    return 0;
}

int spikes_find(const struct level_case *lc, const struct spikes_how *how,
                struct spikes *ret_spikes, struct err *err)
{
    struct spikes s = {.rule = lc->rule,
                       .metric = lc->metric,
                       .service =
                           lc->n_members > 0 ? lc->member[0].unit->who.service : "",
                       .control = lc->control,
                       .n_control_members = lc->n_controls};
    struct room r = {0};
    s.at = calloc(lc->n_members + 1, sizeof *s.at);
    int rc = s.at != NULL ? find_all(lc, &r, how, &s, err)
                          : err_set(err, ENOMEM, "out of memory");
    room_free(&r);
    if (rc < 0) {
        spikes_free(&s);
        return -1;
    }
    *ret_spikes = s;
    return 0;
}

void spikes_free(struct spikes *s)
{
    free(s->at);
    *s = (struct spikes){0};
}

/* --- grading --- */

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
