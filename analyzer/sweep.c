/* analyzer/sweep.c - reading, references, hosts, groups.
 *
 * What must hold: within a step each part writes to places of its own, a bucket of
 * hosts is one part, and no sum depends on who did which part. */
#include "analyzer/sweep.h"
#include "analyzer/run.h"
#include "base/crew.h"
#include "base/order.h"
#include "base/table_hash.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 192 << 20 };

/* What one series needs while its chunk is gone through. */
struct desk {
    struct gather *gather; /* controls: one a set of them; else the first of them */
    float *reference;      /* one of each set of controls, then that of the peers */
    bool *referred;        /* a set has a reference; NULL: the series has no desk */
    bool any_referred, by_peers;
    struct sweep_group group;
};

struct sweep {
    struct sweep_case c;
    struct seats members, controls;
    size_t n_sets;      /* cohorts that have the same control hosts free share a set */
    size_t *set;        /* of each cohort */
    bool *free;         /* free[set * controls + host] */
    size_t first, last; /* series of the chunk */
    struct desk *desk;
    struct sweep_hand *hand;
    unsigned n_hands;
    bool for_peers;      /* the hosts are gone through for their mean only */
    size_t first_bucket; /* of the share that is gone through */
    size_t gathers;      /* of each desk that hold what was summed last */
    _Atomic bool failed;
};

bool sweep_look(const struct slot *s, const struct timeline *t, int every,
                struct shift_look *ret_look)
{
    int64_t step = t->step.ms;
    *ret_look = (struct shift_look){
        .before = (int)((s->frame.before_to.ms - s->frame.before_from.ms) / step),
        .settle = (int)((s->frame.after_from.ms - s->pivot.ms + step - 1) / step),
        .after = (int)((s->frame.after_to.ms - s->pivot.ms) / step),
        .day = (int)t->day,
        .every = every,
    };
    return ret_look->before > 0 && ret_look->after > ret_look->settle &&
           ret_look->settle >= 0;
}

/* --- which controls --- */

static size_t choose_one(const struct lineup *l, const struct controls *k,
                         const struct series *s, uint32_t *to)
{
    size_t n = 0;
    for (size_t i = 0; i < k->n && n < SWEEP_CONTROLS_MAX; i++) {
        const struct unit *u = series_unit(l, k->host[i], s->service);
        if (u != NULL && series_on(l, s, u) >= 0)
            to[n++] = (uint32_t)i;
    }
    return n;
}

int sweep_choose(const struct lineup *l, const struct controls *k,
                 const struct series_list *s, struct chosen *chosen,
                 uint32_t **ret_hosts, struct yardstick **ret_yardsticks,
                 struct err *err)
{
    size_t most = k->n < SWEEP_CONTROLS_MAX ? k->n : SWEEP_CONTROLS_MAX, n = 0;
    uint32_t *host = *ret_hosts = calloc(s->n * most + 1, sizeof *host);
    struct yardstick *y = *ret_yardsticks = calloc(s->n * most + 1, sizeof *y);
    if (host == NULL || y == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < s->n; i++) {
        const struct series *one = &s->at[i];
        chosen[i] = (struct chosen){0, host + n, y + n};
        if (one->rule != NULL && !one->whole)
            chosen[i].n = choose_one(l, k, one, host + n);
        n += chosen[i].n;
    }
    return 0;
}

/* Which hosts any series compares with. */
static void mark_controls(const struct sweep *s, bool *marked)
{
    for (size_t i = 0; i < s->c.series->n; i++)
        for (size_t k = 0; k < s->c.chosen[i].n; k++)
            marked[s->c.chosen[i].host[k]] = true;
}

/* The set of hosts that `row` marks: one that there is already, or the next. */
static size_t find_set(const struct sweep *s, const uint64_t *digest, const bool *row)
{
    size_t n = s->c.controls->n, set = 0;
    for (; set < s->n_sets; set++)
        if (digest[set] == digest[s->n_sets] &&
            memcmp(s->free + set * n, row, n * sizeof *row) == 0)
            break;
    return set;
}

/* A batch still to come serves until its time comes, so cohorts differ in what is free.
 */
static void fill_sets(struct sweep *s, const bool *marked, uint64_t *digest)
{
    const struct lineup *l = s->c.lineup;
    const struct controls *k = s->c.controls;
    for (size_t c = 0; c < l->n_cohorts; c++) {
        bool *row = s->free + s->n_sets * k->n;
        for (size_t i = 0; i < k->n; i++)
            row[i] = marked[i] && control_is_free(l, k->host[i], &l->cohort[c]);
        digest[s->n_sets] = table_hash(row, k->n * sizeof *row, 0);
        s->set[c] = find_set(s, digest, row);
        s->n_sets += s->set[c] == s->n_sets;
    }
}

static int make_sets(struct sweep *s)
{
    size_t cohorts = s->c.lineup->n_cohorts, n = s->c.controls->n;
    bool *marked = calloc(n + 1, sizeof *marked);
    uint64_t *digest = calloc(cohorts + 1, sizeof *digest);
    s->set = calloc(cohorts + 1, sizeof *s->set);
    s->free = calloc((cohorts + 1) * (n + 1), sizeof *s->free);
    bool ready = marked != NULL && digest != NULL && s->set != NULL && s->free != NULL;
    if (ready) {
        mark_controls(s, marked);
        fill_sets(s, marked, digest);
    }
    free(marked);
    free(digest);
    return ready ? 0 : -1;
}

/* --- reading a unit --- */

static void find_yardsticks(struct sweep *s, struct sweep_hand *h,
                            const struct seat *seat, const struct seat_entry *e,
                            size_t n)
{
    const struct timeline *t = s->c.line;
    const struct slot *slot = seat->slot != NULL ? seat->slot : &s->c.lineup->whole;
    size_t pivot = timeline_row(t, slot->pivot);
    for (size_t i = 0; i < n; i++) {
        struct yardstick *y = seat->slot != NULL
                                  ? &s->c.member[e[i].place]
                                  : &s->c.chosen[e[i].series].yardstick[e[i].place];
        yardstick_find(t, h->sheet + i * t->strip.n, pivot, h->scratch, y);
    }
}

/* Writes the entries' rows to the hand's sheet. */
static bool read_seat(struct sweep *s, struct sweep_hand *h, const struct seat *seat,
                      const struct seat_entry *e, size_t n)
{
    struct track past = {0};
    for (size_t i = 0; i < n; i++)
        h->metric[i] = e[i].metric;
    if (s->c.learn && unit_past(seat->unit, &past) < 0) {
        atomic_store(&s->failed, true);
        return false;
    }
    sheet_read(s->c.line, seat->unit, &past, h->metric, n, h->sheet, h->room);
    if (s->c.learn) {
        unit_past_done(seat->unit, &past);
        find_yardsticks(s, h, seat, e, n);
    }
    return true;
}

/* Goes through the buckets of a share, a bucket being one part. */
static void each_bucket(struct sweep *s, struct gather_share own,
                        void (*part)(void *arg, size_t i, unsigned hand))
{
    s->first_bucket = own.first;
    crew_run(s->c.threads, own.end - own.first, part, s);
}

static void clear_gathers(struct sweep *s, size_t gathers)
{
    s->gathers = gathers;
    for (size_t i = 0; i < s->last - s->first; i++)
        for (size_t k = 0; s->desk[i].referred != NULL && k < gathers; k++)
            gather_clear(&s->desk[i].gather[k]);
}

/* --- references --- */

static void take_control(struct sweep *s, const struct seat *seat,
                         const struct seat_entry *e, float *v)
{
    const struct timeline *t = s->c.line;
    struct desk *d = &s->desk[e->series - s->first];
    const struct yardstick *y = &s->c.chosen[e->series].yardstick[e->place];
    if (!y->any)
        return;
    yardstick_apply(y, v, t->strip.n);
    bool whole = !run_any_missing(v, t->strip.n);
    for (size_t set = 0; set < s->n_sets; set++)
        if (s->free[set * s->c.controls->n + seat->control])
            gather_add(&d->gather[set], seat->bucket, v, whole);
}

static void control_bucket(void *arg, size_t i, unsigned hand)
{
    struct sweep *s = arg;
    struct sweep_hand *h = &s->hand[hand];
    size_t bucket = s->first_bucket + i, n = s->c.line->strip.n;
    for (size_t k = s->controls.bucket[bucket]; k < s->controls.bucket[bucket + 1];
         k++) {
        const struct seat *seat = &s->controls.at[k];
        const struct seat_entry *e = s->controls.entry + seat->first;
        if (!read_seat(s, h, seat, e, seat->n))
            continue;
        for (size_t m = 0; m < seat->n; m++)
            take_control(s, seat, &e[m], h->sheet + m * n);
    }
}

void sweep_controls(struct sweep *s, struct gather_share own)
{
    clear_gathers(s, s->n_sets);
    each_bucket(s, own, control_bucket);
}

/* The mean of the hosts that are free in a set, when there are enough of them. */
static bool refer(const struct sweep *s, struct desk *d, const struct chosen *c,
                  size_t set)
{
    const bool *is_free = s->free + set * s->c.controls->n;
    size_t used = 0;
    for (size_t k = 0; k < c->n; k++)
        used += is_free[c->host[k]];
    if (used >= CONTROLS_LEAST)
        gather_mean(&d->gather[set], CONTROLS_LEAST,
                    d->reference + set * s->c.line->strip.n);
    return used >= CONTROLS_LEAST;
}

static void make_references(void *arg, size_t i, unsigned hand)
{
    struct sweep *s = arg;
    struct desk *d = &s->desk[i];
    (void)hand;
    for (size_t set = 0; d->referred != NULL && set < s->n_sets; set++) {
        d->referred[set] = refer(s, d, &s->c.chosen[s->first + i], set);
        d->any_referred |= d->referred[set];
    }
}

void sweep_refer(struct sweep *s)
{
    crew_run(s->c.threads, s->last - s->first, make_references, s);
}

static const float *reference_of(const struct sweep *s, const struct desk *d,
                                 const struct slot *slot)
{
    if (slot->cohort >= s->c.lineup->n_cohorts)
        return NULL;
    size_t set = s->set[slot->cohort];
    return d->referred[set] ? d->reference + set * s->c.line->strip.n : NULL;
}

/* --- hosts --- */

/* One value of a host whose rows are counted `shift` rows later. */
static float shifted_value(const struct strip *s, const float *v,
                           const struct shift_sums *sums, size_t i, size_t shift)
{
    size_t from = strip_row(s, i) + shift, width = i < s->cells ? s->wide : 1;
    if (i == 0 && s->cells > 0)
        width -= s->lead;
    if (from + width > s->rows)
        return NAN;
    struct strip_place at = strip_place(s, from);
    bool one = from >= s->cut ? width == 1 : at.part == 0 && width == s->wide;
    return one ? v[at.at] : (float)shift_mean(sums, from, from + width);
}

/* The rows of a host counted from a pivot `shift` rows later; a cell is the mean of the
 * rows that it covers there. */
static void shift_rows(struct sweep_hand *h, const struct timeline *t, const float *v,
                       size_t shift)
{
    const struct strip *s = &t->strip;
    struct shift_sums sums = {0};
    if (s->wide > 1)
        sums = shift_sum_strip(v, s, h->sum, h->count);
    for (size_t i = 0; i < s->n; i++)
        h->room[i] = shifted_value(s, v, &sums, i, shift);
}

static void add_to_group(struct sweep *s, struct sweep_hand *h, struct desk *d,
                         const struct seat *seat, const float *v)
{
    const struct timeline *t = s->c.line;
    struct shift_look look;
    size_t pivot = timeline_row(t, seat->slot->pivot);
    if (d->group.hosts == 0 || !sweep_look(seat->slot, t, 1, &look) ||
        look.after != d->group.look.after)
        return;
    if (pivot > d->group.pivot) {
        shift_rows(h, t, v, pivot - d->group.pivot);
        v = h->room;
    }
    gather_add(&d->gather[0], seat->bucket, v, !run_any_missing(v, t->strip.n));
}

static void take_entry(struct sweep *s, struct sweep_hand *h, const struct seat *seat,
                       const struct seat_entry *e, float *v)
{
    struct desk *d = &s->desk[e->series - s->first];
    bool whole = s->c.series->at[e->series].whole;
    const struct yardstick *y = &s->c.member[e->place];
    size_t n = s->c.line->strip.n;
    if (s->for_peers && (whole || d->any_referred))
        return;
    if (!y->any)
        return;
    yardstick_apply(y, v, n);
    if (s->for_peers) {
        gather_add(&d->gather[0], seat->bucket, v, !run_any_missing(v, n));
        return;
    }
    const float *own = whole ? NULL : reference_of(s, d, seat->slot), *less = own;
    if (less == NULL && d->by_peers)
        less = d->reference + s->n_sets * n;
    if (less != NULL)
        run_less(h->left, v, less, n);
    s->c.on_member(s->c.arg, h, e->series, e->place, less != NULL ? h->left : v);
    if (!whole) /* peers are the group itself: not taken off */
        add_to_group(s, h, d, seat, own != NULL ? h->left : v);
}

static void member_bucket(void *arg, size_t i, unsigned hand)
{
    struct sweep *s = arg;
    struct sweep_hand *h = &s->hand[hand];
    size_t bucket = s->first_bucket + i, n = s->c.line->strip.n;
    for (size_t k = s->members.bucket[bucket]; k < s->members.bucket[bucket + 1]; k++) {
        const struct seat *seat = &s->members.at[k];
        size_t entries;
        const struct seat_entry *e =
            seat_entries(&s->members, seat, s->first, s->last, &entries);
        if (entries == 0 || !read_seat(s, h, seat, e, entries))
            continue;
        for (size_t m = 0; m < entries; m++)
            take_entry(s, h, seat, &e[m], h->sheet + m * n);
    }
}

void sweep_members(struct sweep *s, struct gather_share own)
{
    clear_gathers(s, 1);
    each_bucket(s, own, member_bucket);
}

/* --- peers --- */

bool sweep_wants_peers(const struct sweep *s)
{
    for (size_t i = 0; i < s->last - s->first; i++)
        if (s->desk[i].referred != NULL && !s->desk[i].any_referred)
            return true;
    return false;
}

/* Where nobody else is there, hosts are set against each other. */
void sweep_peers(struct sweep *s, struct gather_share own)
{
    clear_gathers(s, 1);
    s->for_peers = true;
    each_bucket(s, own, member_bucket);
    s->for_peers = false;
}

static void make_peers(void *arg, size_t i, unsigned hand)
{
    struct sweep *s = arg;
    struct desk *d = &s->desk[i];
    (void)hand;
    d->by_peers = d->referred != NULL && !d->any_referred &&
                  gather_hosts(&d->gather[0]) >= CONTROLS_LEAST;
    if (d->by_peers)
        gather_mean(&d->gather[0], CONTROLS_LEAST,
                    d->reference + s->n_sets * s->c.line->strip.n);
}

void sweep_refer_peers(struct sweep *s)
{
    crew_run(s->c.threads, s->last - s->first, make_peers, s);
}

/* --- groups --- */

/* What is there most often, the larger one of equals; `after` gets sorted. */
static double usual_of(double *after, size_t n)
{
    double best = 0;
    size_t most = 0;
    qsort(after, n, sizeof *after, order_doubles);
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && after[i + run] <= after[i]; run++)
            ;
        if (run >= most) {
            most = run;
            best = after[i];
        }
    }
    return best;
}

/* Hosts of batches of different ages are at different looks: the group is those of the
 * look that most have. */
static void find_group(const struct sweep *s, const struct series *one, double *after,
                       struct sweep_group *ret)
{
    size_t first = (size_t)(one->member - s->c.series->member), n = 0;
    size_t earliest = SIZE_MAX;
    struct shift_look look;
    for (size_t i = 0; i < one->n_members; i++) {
        size_t pivot = timeline_row(s->c.line, one->member[i].slot->pivot);
        earliest = pivot < earliest ? pivot : earliest;
        if (sweep_look(one->member[i].slot, s->c.line, 1, &look))
            after[n++] = look.after;
    }
    int usual = (int)usual_of(after, n);
    for (size_t i = 0; i < one->n_members && n > 0; i++)
        if (sweep_look(one->member[i].slot, s->c.line, 1, &look) &&
            look.after == usual) {
            *ret = (struct sweep_group){1, earliest, first + i, look};
            return;
        }
}

static void take_group(void *arg, size_t i, unsigned hand)
{
    struct sweep *s = arg;
    struct desk *d = &s->desk[i];
    struct sweep_hand *h = &s->hand[hand];
    d->group.hosts = d->referred != NULL ? gather_hosts(&d->gather[0]) : 0;
    if (d->group.hosts == 0)
        return;
    int every = s->c.member[d->group.head].every;
    d->group.look.every = every > 0 ? every : 1;
    gather_mean(&d->gather[0], d->group.hosts / 2 + 1, h->left);
    s->c.on_group(s->c.arg, h, s->first + i, &d->group, h->left);
}

void sweep_groups(struct sweep *s)
{
    crew_run(s->c.threads, s->last - s->first, take_group, s);
}

/* --- from part to part --- */

struct given {
    uint32_t series, gather;
};

void sweep_give(const struct sweep *s, struct gather_share share, struct buf *to)
{
    for (size_t i = 0; i < s->last - s->first; i++)
        for (size_t k = 0; s->desk[i].referred != NULL && k < s->gathers; k++)
            for (uint32_t b = share.first; b < share.end; b++) {
                struct given head = {(uint32_t)(s->first + i), (uint32_t)k};
                if (s->desk[i].gather[k].hosts[b] == 0)
                    continue;
                buf_add_n(to, &head, sizeof head);
                gather_give(&s->desk[i].gather[k], (struct gather_share){b, b + 1}, to);
            }
}

int sweep_take(struct sweep *s, const char *bytes, size_t n, struct err *err)
{
    while (n > 0) {
        struct given head;
        size_t used = 0;
        if (n >= sizeof head) {
            memcpy(&head, bytes, sizeof head);
            const struct desk *d = head.series >= s->first && head.series < s->last
                                       ? &s->desk[head.series - s->first]
                                       : NULL;
            if (d != NULL && d->referred != NULL && head.gather < s->gathers)
                used = gather_take(&d->gather[head.gather], bytes + sizeof head,
                                   n - sizeof head);
        }
        if (used == 0)
            return err_set(err, EBADMSG, "sums of another part that do not fit");
        bytes += sizeof head + used;
        n -= sizeof head + used;
    }
    return 0;
}

/* --- a chunk --- */

static size_t gathers_of(const struct sweep *s)
{
    return s->n_sets > 0 ? s->n_sets : 1;
}

static int open_desk(const struct sweep *s, size_t series, double *after,
                     struct desk *d)
{
    const struct series *one = &s->c.series->at[series];
    size_t n = s->c.line->strip.n;
    if (one->rule == NULL || one->whole)
        return 0;
    d->gather = calloc(gathers_of(s), sizeof *d->gather);
    d->reference = malloc((s->n_sets + 1) * n * sizeof *d->reference);
    d->referred = calloc(s->n_sets + 1, sizeof *d->referred);
    if (d->gather == NULL || d->reference == NULL || d->referred == NULL)
        return -1;
    find_group(s, one, after, &d->group);
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < gathers_of(s); k++)
        rc = gather_open(&d->gather[k], n);
    return rc;
}

/* Takes as many series as fit, at least one. */
static int open_chunk(struct sweep *s)
{
    const struct series_list *list = s->c.series;
    size_t n = s->c.line->strip.n, bytes = 0, most = 0;
    for (s->last = s->first; s->last < list->n; s->last++) {
        bytes += gathers_of(s) * gather_bytes(n) + (s->n_sets + 1) * n * sizeof(float);
        if (s->last > s->first && bytes > CHUNK_BYTES)
            break;
        if (list->at[s->last].n_members > most)
            most = list->at[s->last].n_members;
    }
    s->desk = calloc(s->last - s->first + 1, sizeof *s->desk);
    double *after = calloc(most + 1, sizeof *after);
    int rc = s->desk != NULL && after != NULL ? 0 : -1;
    for (size_t i = s->first; rc == 0 && i < s->last; i++)
        rc = open_desk(s, i, after, &s->desk[i - s->first]);
    free(after);
    return rc;
}

static int open_hands(struct sweep *s)
{
    const struct strip *strip = &s->c.line->strip;
    size_t n = strip->n + 2, series = s->last - s->first + 1;
    s->n_hands = s->c.threads < 1 ? 1 : s->c.threads;
    s->n_hands = s->n_hands > CREW_MAX ? CREW_MAX : s->n_hands;
    s->hand = calloc(s->n_hands, sizeof *s->hand);
    bool ready = s->hand != NULL;
    for (unsigned i = 0; ready && i < s->n_hands; i++) {
        struct sweep_hand *h = &s->hand[i];
        h->number = i;
        h->sum = malloc(n * sizeof *h->sum);
        h->scratch = malloc(2 * n * sizeof *h->scratch);
        h->count = malloc(n * sizeof *h->count);
        h->sheet = malloc(series * n * sizeof *h->sheet);
        h->left = malloc(n * sizeof *h->left);
        h->room = malloc((strip->rows + n) * sizeof *h->room);
        h->metric = malloc(series * sizeof *h->metric);
        ready = h->sum != NULL && h->scratch != NULL && h->count != NULL &&
                h->sheet != NULL && h->left != NULL && h->room != NULL &&
                h->metric != NULL;
    }
    return ready ? 0 : -1;
}

static void close_chunk(struct sweep *s)
{
    for (size_t i = 0; s->desk != NULL && i < s->last - s->first; i++) {
        struct desk *d = &s->desk[i];
        for (size_t k = 0; d->gather != NULL && k < gathers_of(s); k++)
            gather_close(&d->gather[k]);
        free(d->gather);
        free(d->reference);
        free(d->referred);
    }
    for (unsigned i = 0; s->hand != NULL && i < s->n_hands; i++) {
        struct sweep_hand *h = &s->hand[i];
        free(h->sum);
        free(h->scratch);
        free(h->count);
        free(h->sheet);
        free(h->left);
        free(h->room);
        free(h->metric);
    }
    free(s->desk);
    free(s->hand);
    s->desk = NULL;
    s->hand = NULL;
    seats_free(&s->controls);
}

/* --- all of it --- */

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "out of memory for the rows of a change");
}

struct sweep *sweep_open(const struct sweep_case *c, struct err *err)
{
    struct sweep *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->c = *c;
    if (s == NULL || make_sets(s) < 0 ||
        seats_of_members(c->lineup, c->series, &s->members) < 0) {
        sweep_free(&s);
        no_memory(err);
    }
    return s;
}

void sweep_free(struct sweep **s)
{
    if (*s == NULL)
        return;
    close_chunk(*s);
    seats_free(&(*s)->members);
    free((*s)->set);
    free((*s)->free);
    free(*s);
    *s = NULL;
}

int sweep_next(struct sweep *s, size_t *ret_from, size_t *ret_to, struct err *err)
{
    close_chunk(s);
    s->first = s->last;
    if (atomic_load(&s->failed))
        return no_memory(err);
    if (s->first >= s->c.series->n)
        return 0;
    if (open_chunk(s) < 0 || open_hands(s) < 0 ||
        seats_of_controls(s->c.lineup, s->c.controls, s->c.series, s->c.chosen,
                          s->first, s->last, &s->controls) < 0)
        return no_memory(err);
    *ret_from = s->first;
    *ret_to = s->last;
    return 1;
}

int sweep_run(const struct sweep_case *c, struct err *err)
{
    const struct gather_share all = {0, GATHER_BUCKETS};
    struct sweep *s = sweep_open(c, err);
    size_t from, to;
    int rc = s != NULL ? 1 : -1;
    while (rc > 0 && (rc = sweep_next(s, &from, &to, err)) > 0) {
        sweep_controls(s, all);
        sweep_refer(s);
        if (sweep_wants_peers(s)) {
            sweep_peers(s, all);
            sweep_refer_peers(s);
        }
        sweep_members(s, all);
        sweep_groups(s);
    }
    sweep_free(&s);
    return rc;
}
