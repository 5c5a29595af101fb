/* analyzer/learn.c - the rounds of learning.
 *
 *     controls | refer, peers | members | groups, tails
 *
 * for as many series at a time as a sweep takes; at each bar the parts exchange what
 * they have.  Where one part owns all, nothing is given and nothing taken.  What must
 * hold: whatever follows a bar is the same in every part. */
#include "analyzer/learn.h"
#include "analyzer/spreads.h"
#include "analyzer/sweep.h"
#include "base/crew.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum step { STEP_CONTROLS, STEP_PEERS, STEP_MEMBERS, STEP_END };

/* Members of one thread whose spreads are still to come, all at once. */
struct batch {
    size_t n;
    size_t series[RUN_LANES], member[RUN_LANES];
    struct shift_draft draft[RUN_LANES];
    double room[SPREADS_ROOM];
    struct shift_null null;
};

struct learn {
    struct learn_case c;
    struct habit *habit;
    struct timeline
        line; /* the rows before the last host's change: no more are needed */
    struct sweep *sweep;
    enum step step;     /* the one whose results are to be taken next */
    bool open;          /* a chunk is being gone through */
    size_t first, last; /* its series */
    unsigned hands;
    struct batch *batch;    /* one a thread */
    struct pool **pool;     /* one a thread and series of the chunk; made when needed */
    _Atomic size_t *scores; /* in all pools of a series */
    struct pool *groups;
    _Atomic bool failed;
};

/* --- what the sweep calls back with --- */

static struct pool *pool_of(struct learn *p, size_t hand, size_t series)
{
    struct pool **at = &p->pool[hand * (p->last - p->first) + series - p->first];
    if (*at == NULL)
        *at = calloc(1, sizeof **at);
    return *at;
}

/* Scores of a host; beyond what is kept one by one, threads forget theirs as well. */
static void add_scores(struct learn *p, size_t hand, size_t series,
                       const struct shift_null *null)
{
    struct pool *pool = pool_of(p, hand, series);
    size_t n = (size_t)null->n;
    if (pool == NULL) {
        atomic_store(&p->failed, true);
        return;
    }
    if (atomic_fetch_add(&p->scores[series - p->first], n) + n > POOL_EXACT_MAX)
        pool_only_bins(pool);
    pool_add(pool, null->placebo, n);
}

static const struct shift_plan *plan_of(struct sweep_hand *h, const struct timeline *t,
                                        size_t pivot, const struct shift_look *look)
{
    const struct shift_look *had = &h->plan.look;
    if (!h->planned || h->plan.pivot != pivot || had->before != look->before ||
        had->settle != look->settle || had->after != look->after)
        shift_plan_make(&t->strip, pivot, look, &h->plan);
    h->planned = true;
    return &h->plan;
}

/* Gives the members of a thread's batch their nulls. */
static void end_batch(struct learn *p, size_t hand)
{
    struct batch *b = &p->batch[hand];
    double spread[RUN_LANES];
    spreads_find(b->draft, b->n, b->room, spread);
    for (size_t i = 0; i < b->n; i++) {
        shift_draft_end(&b->draft[i], spread[i], &b->null);
        habit_note(&b->null, true, &p->habit->null[b->member[i]]);
        add_scores(p, hand, b->series[i], &b->null);
    }
    b->n = 0;
}

static void on_member(void *arg, struct sweep_hand *hand, size_t series, size_t member,
                      const float *v)
{
    struct learn *p = arg;
    const struct timeline *t = &p->line;
    const struct slot *slot = p->c.series->member[member].slot;
    struct batch *b = &p->batch[hand->number];
    struct shift_look look;
    if (!sweep_look(slot, t, p->habit->yardstick[member].every, &look))
        return;
    const struct shift_plan *plan =
        plan_of(hand, t, timeline_row(t, slot->pivot), &look);
    struct shift_sums sums = shift_sum_strip(v, &t->strip, hand->sum, hand->count);
    if (!shift_draft_make(&sums, plan, look.every, &b->draft[b->n])) {
        habit_note(&hand->null, false, &p->habit->null[member]);
        return;
    }
    b->series[b->n] = series;
    b->member[b->n++] = member;
    if (b->n == RUN_LANES)
        end_batch(p, hand->number);
}

static void on_group(void *arg, struct sweep_hand *hand, size_t series,
                     const struct sweep_group *group, const float *v)
{
    struct learn *p = arg;
    const struct timeline *t = &p->line;
    const struct shift_plan *plan = plan_of(hand, t, group->pivot, &group->look);
    struct shift_sums sums = shift_sum_strip(v, &t->strip, hand->sum, hand->count);
    bool known = shift_null_by_plan(&sums, plan, group->look.every, &hand->null);
    habit_note(&hand->null, known, &p->habit->group[series]);
    struct pool *pool = known ? pool_of(p, p->hands, series) : NULL;
    if (pool != NULL)
        pool_add(pool, hand->null.placebo, (size_t)hand->null.n);
    else if (known)
        atomic_store(&p->failed, true);
}

/* --- from part to part --- */

static bool owns_all(const struct learn *p)
{
    return p->c.own.first == 0 && p->c.own.end == GATHER_BUCKETS;
}

/* What one part gives in a step: the head, then its records, then sums. */
struct message {
    struct gather_share own;
    uint32_t step, members, yardsticks, pools;
    uint64_t bytes; /* of the sums, which come last */
};
struct member_record {
    uint32_t member, pad;
    struct yardstick yardstick;
    struct habit_null null;
};
struct yardstick_record {
    uint32_t series, place;
    struct yardstick yardstick;
};

static bool owns_host(const struct learn *p, const char *host)
{
    return gather_owns(p->c.own, gather_bucket(host));
}

static uint32_t give_yardsticks(const struct learn *p, struct buf *to)
{
    uint32_t n = 0;
    for (size_t i = p->first; i < p->last; i++) {
        const struct chosen *c = &p->habit->chosen[i];
        for (size_t k = 0; k < c->n; k++) {
            if (!owns_host(p, p->c.controls->host[c->host[k]]))
                continue;
            struct yardstick_record r;
            memset(&r, 0, sizeof r);
            r.series = (uint32_t)i;
            r.place = (uint32_t)k;
            r.yardstick = c->yardstick[k];
            buf_add_n(to, &r, sizeof r);
            n++;
        }
    }
    return n;
}

static uint32_t give_members(const struct learn *p, struct buf *to)
{
    uint32_t n = 0;
    for (size_t i = p->first; i < p->last; i++) {
        const struct series *s = &p->c.series->at[i];
        size_t first = (size_t)(s->member - p->c.series->member);
        for (size_t k = first; s->rule != NULL && k < first + s->n_members; k++) {
            if (!owns_host(p, p->c.series->member[k].unit->who.host))
                continue;
            struct member_record r;
            memset(&r, 0, sizeof r);
            r.member = (uint32_t)k;
            r.yardstick = p->habit->yardstick[k];
            r.null = p->habit->null[k];
            buf_add_n(to, &r, sizeof r);
            n++;
        }
    }
    return n;
}

static uint32_t give_pools(const struct learn *p, struct buf *to)
{
    uint32_t n = 0;
    for (size_t i = 0; i < p->hands * (p->last - p->first); i++) {
        uint32_t series = (uint32_t)(p->first + i % (p->last - p->first));
        if (p->pool[i] == NULL)
            continue;
        buf_add_n(to, &series, sizeof series);
        pool_give(p->pool[i], to);
        n++;
    }
    return n;
}

static void give(const struct learn *p, struct buf *to)
{
    OWNED_BUF records = {0};
    OWNED_BUF sums = {0};
    struct message m;
    memset(&m, 0, sizeof m);
    m.own = p->c.own;
    m.step = p->step;
    if (owns_all(p))
        return;
    if (p->step == STEP_CONTROLS)
        m.yardsticks = give_yardsticks(p, &records);
    if (p->step == STEP_MEMBERS) {
        m.members = give_members(p, &records);
        m.pools = give_pools(p, &records);
    }
    sweep_give(p->sweep, p->c.own, &sums);
    m.bytes = sums.len;
    buf_add_n(to, &m, sizeof m);
    if (records.len > 0)
        buf_add_n(to, records.data, records.len);
    if (sums.len > 0)
        buf_add_n(to, sums.data, sums.len);
    to->failed = to->failed || records.failed || sums.failed;
}

/* What is left to be read of what was given. */
struct rest {
    const char *at;
    size_t n;
};

static bool cut_off(struct rest *r, void *to, size_t n)
{
    if (r->n < n)
        return false;
    memcpy(to, r->at, n);
    r->at += n;
    r->n -= n;
    return true;
}

static bool take_yardstick(struct learn *p, struct rest *from)
{
    struct yardstick_record r;
    if (!cut_off(from, &r, sizeof r) || r.series >= p->habit->n ||
        r.place >= p->habit->chosen[r.series].n)
        return false;
    p->habit->chosen[r.series].yardstick[r.place] = r.yardstick;
    return true;
}

static bool take_member(struct learn *p, struct rest *from)
{
    struct member_record r;
    if (!cut_off(from, &r, sizeof r) || r.member >= p->habit->n_members)
        return false;
    p->habit->yardstick[r.member] = r.yardstick;
    p->habit->null[r.member] = r.null;
    return true;
}

static bool take_pool(struct learn *p, struct rest *from)
{
    uint32_t series;
    if (!cut_off(from, &series, sizeof series) || series < p->first ||
        series >= p->last)
        return false;
    struct pool *pool = pool_of(p, 0, series);
    size_t used = pool != NULL ? pool_take(pool, from->at, from->n) : 0;
    from->at += used;
    from->n -= used;
    return used > 0;
}

static bool take_each(struct learn *p, uint32_t n, struct rest *from,
                      bool (*take)(struct learn *p, struct rest *from))
{
    for (uint32_t i = 0; i < n; i++)
        if (!take(p, from))
            return false;
    return true;
}

/* Takes one message; a part's own comes back to it and is read over. */
static int take_message(struct learn *p, struct rest *from, size_t *ret_buckets,
                        struct err *err)
{
    struct message m;
    struct rest r = *from;
    if (!cut_off(&r, &m, sizeof m) || m.step != p->step || m.own.end > GATHER_BUCKETS ||
        m.own.first >= m.own.end)
        return err_set(err, EBADMSG, "this is not what another part gives now");
    bool own = m.own.first == p->c.own.first && m.own.end == p->c.own.end;
    struct pool **pool = p->pool; /* what comes back goes nowhere */
    if (own)
        p->pool = calloc(p->last - p->first + 1, sizeof(struct pool *));
    bool good = p->pool != NULL && take_each(p, m.yardsticks, &r, take_yardstick) &&
                take_each(p, m.members, &r, take_member) &&
                take_each(p, m.pools, &r, take_pool) && r.n >= m.bytes;
    if (own && p->pool != NULL) {
        for (size_t i = 0; i < p->last - p->first; i++)
            if (p->pool[i] != NULL) {
                pool_clear(p->pool[i]);
                free(p->pool[i]);
            }
        free(p->pool);
    }
    p->pool = pool;
    if (!good)
        return err_set(err, EBADMSG, "the figures of another part do not fit");
    if (!own && sweep_take(p->sweep, r.at, m.bytes, err) < 0)
        return -1;
    *ret_buckets += m.own.end - m.own.first;
    from->at = r.at + m.bytes;
    from->n = r.n - m.bytes;
    return 0;
}

static int take_all(struct learn *p, const struct buf *taken, struct err *err)
{
    struct rest r = {taken != NULL ? taken->data : NULL,
                     taken != NULL ? taken->len : 0};
    size_t buckets = owns_all(p) ? GATHER_BUCKETS : 0;
    while (r.n > 0)
        if (take_message(p, &r, &buckets, err) < 0)
            return -1;
    return buckets == GATHER_BUCKETS
               ? 0
               : err_set(err, EBADMSG, "parts with %zu of %d buckets of hosts gave",
                         buckets, GATHER_BUCKETS);
}

/* --- the end of a chunk --- */

/* Of a series: the scores of all threads and parts. */
static struct pool *join_pools(struct learn *p, size_t series)
{
    struct pool *all = pool_of(p, 0, series);
    for (unsigned h = 1; all != NULL && h < p->hands; h++) {
        struct pool *other = p->pool[h * (p->last - p->first) + series - p->first];
        if (other != NULL)
            pool_join(all, other);
    }
    return all;
}

static void fit_tail(void *arg, size_t i, unsigned hand)
{
    struct learn *p = arg;
    struct pool *all = join_pools(p, p->first + i);
    (void)hand;
    if (all == NULL || !pool_fit_small(all, &p->habit->tail[p->first + i]))
        atomic_store(&p->failed, true);
}

static void clear_pools(struct learn *p)
{
    for (size_t i = 0; p->pool != NULL && i < (p->hands + 1) * (p->last - p->first);
         i++)
        if (p->pool[i] != NULL) {
            pool_clear(p->pool[i]);
            free(p->pool[i]);
        }
    free(p->pool);
    free(p->scores);
    p->pool = NULL;
    p->scores = NULL;
}

/* The service's own series is its own group. */
static void take_whole(struct learn *p, size_t series)
{
    const struct series *s = &p->c.series->at[series];
    if (s->whole && s->rule != NULL && s->n_members > 0) {
        p->habit->group[series] = p->habit->null[s->member - p->c.series->member];
        struct pool *own = p->pool[series - p->first];
        if (own != NULL)
            pool_join(p->groups, own);
    }
    struct pool *group = p->pool[p->hands * (p->last - p->first) + series - p->first];
    if (group != NULL)
        pool_join(p->groups, group);
}

static void end_chunk(struct learn *p)
{
    sweep_groups(p->sweep);
    crew_run(p->c.threads, p->last - p->first, fit_tail, p);
    for (size_t i = p->first; i < p->last && !atomic_load(&p->failed); i++)
        take_whole(p, i);
    clear_pools(p);
}

/* --- the rounds --- */

static int open_chunk(struct learn *p, struct err *err)
{
    int rc = sweep_next(p->sweep, &p->first, &p->last, err);
    if (rc <= 0)
        return rc;
    size_t n = p->last - p->first;
    p->pool = calloc((p->hands + 1) * n + 1, sizeof(struct pool *));
    p->scores = calloc(n + 1, sizeof *p->scores);
    if (p->pool == NULL || p->scores == NULL)
        return err_set(err, ENOMEM, "out of memory");
    sweep_controls(p->sweep, p->c.own);
    return 1;
}

/* What follows the step whose results are all there. */
static enum step go_on(struct learn *p)
{
    if (p->step == STEP_CONTROLS) {
        sweep_refer(p->sweep);
        if (sweep_wants_peers(p->sweep)) {
            sweep_peers(p->sweep, p->c.own);
            return STEP_PEERS;
        }
    }
    if (p->step == STEP_PEERS)
        sweep_refer_peers(p->sweep);
    if (p->step == STEP_MEMBERS) {
        end_chunk(p);
        return STEP_END;
    }
    sweep_members(p->sweep, p->c.own);
    for (unsigned i = 0; i < p->hands; i++)
        end_batch(p, i);
    return STEP_MEMBERS;
}

int learn_round(struct learn *p, const struct buf *taken, struct buf *ret_give,
                struct err *err)
{
    if (p->habit->line.strip.rows == 0)
        return 0;
    if (p->open) {
        if (take_all(p, taken, err) < 0)
            return -1;
        p->step = go_on(p);
        p->open = p->step != STEP_END;
    }
    if (!p->open) {
        int rc = open_chunk(p, err);
        if (rc == 0 && !pool_fit_small(p->groups, &p->habit->group_tail))
            rc = err_set(err, ENOMEM, "out of memory");
        if (rc <= 0)
            return rc;
        p->open = true;
        p->step = STEP_CONTROLS;
    }
    give(p, ret_give);
    if (atomic_load(&p->failed) || buf_done(ret_give) < 0)
        return err_set(err, ENOMEM, "out of memory for what parts exchange");
    return 1;
}

/* --- life --- */

/* Rows of the windows that pretended changes have, at most. */
static void widest(const struct lineup *l, size_t *ret_before, size_t *ret_after)
{
    int64_t before = 0, after = 0, step = l->step.ms;
    for (size_t i = 0; i <= l->n_slots; i++) {
        const struct slot *s = i < l->n_slots ? &l->slot[i] : &l->whole;
        if (i < l->n_slots && s->state != SLOT_READY)
            continue;
        int64_t b = s->frame.before_to.ms - s->frame.before_from.ms;
        int64_t a = s->frame.after_to.ms - s->pivot.ms;
        before = b > before ? b : before;
        after = a > after ? a : after;
    }
    *ret_before = step > 0 ? (size_t)(before / step) + 1 : 0;
    *ret_after = step > 0 ? (size_t)(after / step) + 1 : 0;
}

/* Of days before those of the season only what is near the changes' time of day is
 * looked at: the rest is neither read nor worked out. */
static void leave_out(struct learn *p)
{
    const struct lineup *l = p->c.lineup;
    struct timeline *t = &p->line;
    instant last = align_last_pivot(l), first = last;
    size_t before, after;
    size_t reach = SHIFT_CLOCK_PLACEBOS / 2 * (t->day / SHIFT_DAY_PLACEBOS + 1);
    for (size_t i = 0; i < l->n_slots; i++)
        if (l->slot[i].state == SLOT_READY && l->slot[i].pivot.ms < first.ms)
            first = l->slot[i].pivot;
    if (l->whole.pivot.ms < first.ms)
        first = l->whole.pivot;
    widest(l, &before, &after);
    size_t from = 0, begin = timeline_row(t, first), end = timeline_row(t, last) + 1;
    for (size_t d = SHIFT_DAYS; d > SHIFT_SEASON_DAYS; d--) {
        size_t to = d * t->day + reach + before;
        if (begin > to && begin - to > from)
            strip_leave_out(&t->strip, from, begin - to);
        if (end + reach + after > d * t->day)
            from = end + reach + after - d * t->day;
    }
}

struct learn *learn_open(const struct learn_case *c, struct err *err)
{
    struct learn *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ENOMEM, "out of memory"), NULL;
    p->c = *c;
    p->hands = c->threads < 1 ? 1 : c->threads > CREW_MAX ? CREW_MAX : c->threads;
    p->c.threads = p->hands;
    p->groups = calloc(1, sizeof *p->groups);
    p->batch = calloc(p->hands, sizeof *p->batch);
    p->habit = habit_new(c->lineup, c->controls, c->series, err);
    if (p->groups == NULL || p->batch == NULL || p->habit == NULL) {
        err_set(err, ENOMEM, "out of memory");
        learn_free(&p);
        return NULL;
    }
    p->line = timeline_until(&p->habit->line, align_last_pivot(c->lineup));
    if (p->line.strip.rows > 0)
        leave_out(p);
    p->habit->print = habit_print(c->lineup, c->controls, c->series);
    struct sweep_case sweep = {.lineup = c->lineup,
                               .controls = c->controls,
                               .series = c->series,
                               .line = &p->line,
                               .threads = p->hands,
                               .learn = true,
                               .member = p->habit->yardstick,
                               .chosen = p->habit->chosen,
                               .on_member = on_member,
                               .on_group = on_group,
                               .arg = p};
    p->sweep = sweep_open(&sweep, err);
    if (p->sweep == NULL)
        learn_free(&p);
    return p;
}

void learn_free(struct learn **p)
{
    if (*p == NULL)
        return;
    sweep_free(&(*p)->sweep);
    clear_pools(*p);
    if ((*p)->groups != NULL)
        pool_clear((*p)->groups);
    free((*p)->groups);
    free((*p)->batch);
    habit_free(&(*p)->habit);
    free(*p);
    *p = NULL;
}

struct habit *learn_end(struct learn **p)
{
    struct habit *h = (*p)->habit;
    (*p)->habit = NULL;
    learn_free(p);
    return h;
}

struct habit *learn_all(const struct learn_case *c, struct err *err)
{
    struct learn_case all = *c;
    all.own = (struct gather_share){0, GATHER_BUCKETS};
    struct learn *p = learn_open(&all, err);
    OWNED_BUF nothing = {0};
    int rc = p != NULL ? 1 : -1;
    while (rc > 0)
        rc = learn_round(p, NULL, &nothing, err);
    if (rc < 0) {
        learn_free(&p);
        return NULL;
    }
    return learn_end(&p);
}

/* --- who has a past --- */

int learn_lived(const struct panel *p, instant until, struct gather_share own,
                signed char *lived, struct err *err)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct unit *u = &p->unit[i];
        struct track past;
        if (u->who.kind == ENTITY_EDGE ||
            !gather_owns(own, gather_bucket(u->who.host)) ||
            track_has_any(u, &u->hot, u->hot.from, until))
            continue;
        if (unit_past(u, &past) < 0)
            return err_set(err, ENOMEM, "out of memory");
        instant end = {past.from.ms + past.rows * past.step.ms};
        lived[i] = track_has_any(u, &past, past.from, end) ? 1 : -1;
        unit_past_done(u, &past);
    }
    return 0;
}
