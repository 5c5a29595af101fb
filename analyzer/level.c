/* analyzer/level.c - moves of levels, net of the controls, and how unusual they are.
 *
 * What must hold: the result depends on the samples alone; means are taken over sorted
 * values or in the order of hosts.  Pure, any thread. */
#include "analyzer/level.h"
#include "analyzer/odds.h"
#include "analyzer/pool.h"
#include "analyzer/scale.h"
#include "analyzer/shift.h"
#include "analyzer/stray.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 6, TAIL_POINTS_LEAST = 6 };

/* Parts of half an hour know nothing of slower swings: their spread counts double. */
#define PARTS_CARE 2.0
/* The hosts of a change share racks, traffic and whims: their mean is never taken to be
 * steadier than this part of one host's spread. */
#define GROUP_LEAST 0.3
#define PARTS_Z     3.0
/* The share of false findings says little where few series are judged: of one alone it
 * would let every twentieth quiet change pass.  So no finding is made of what one in a
 * hundred ordinary moments looks like. */
#define P_MOST 0.01
/* All hosts as one move less by chance than any of them: a third of the effect that one
 * host must show is enough. */
#define GROUP_EFFECT (1.0 / 3)
/* Moves that are over, or that only the window before makes, are no findings whatever
 * their p, so far fewer groups pass by chance than the rate says: measured on quiet
 * changes of recorded hosts, four times 5 % makes a false group in one of 25. */
#define GROUP_Q 4.0
/* Hosts that moved the same way on one figure, each of them unusual at six times the
 * rate only: they count when so many would come by chance once in a hundred figures. */
#define TOGETHER_Q      6.0
#define TOGETHER_CHANCE 0.01
#define Q_MOST          0.5

/* The controls' part for hosts of one frame. */
struct reference {
    size_t n;
    double move, spread; /* of the controls' moves */
    double before, after, delta;
};

/* All that one measuring needs. */
struct work {
    const struct level_case *lc;
    struct level *level;
    struct scale scale;
    struct reference *reference; /* one a cohort */
    bool *needed;                /* cohorts that have a member */
    double *move, *delta, *some; /* room for one value a member or control */
    size_t n_controls, stride;   /* controls taken: every stride-th */
};

static const struct member *control_at(const struct work *w, size_t i)
{
    return &w->lc->control[i * w->stride];
}

static struct cut cut_member(const struct work *w, const struct member *m,
                             const struct frame *f)
{
    struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
    return lane_cut(&lane, f);
}

/* --- reading --- */

static void cut_hosts(struct work *w)
{
    for (size_t i = 0; i < w->lc->n_members; i++) {
        struct level_host *h = &w->level->host[i];
        h->member = &w->lc->member[i];
        h->cut = w->lc->cut != NULL ? w->lc->cut[i]
                                    : cut_member(w, h->member, &h->member->slot->frame);
        h->judged = cut_enough(&h->cut, w->lc->rule->needs.points);
        h->score = (struct score){.before = h->cut.before,
                                  .after = h->cut.after,
                                  .control_before = NAN,
                                  .control_after = NAN,
                                  .usual = NAN,
                                  .z = NAN,
                                  .p = NAN};
        bool thin_before = h->cut.n_before < POINTS_LEAST ||
                           h->cut.share_before < w->lc->rule->needs.points;
        h->why = thin_before ? UNJUDGED_NO_DATA_BEFORE : UNJUDGED_NO_DATA_AFTER;
        if (h->judged && h->member->slot->host != NULL)
            w->needed[h->member->slot->cohort] = true;
    }
}

static void find_scale(struct work *w)
{
    size_t n = 0;
    double least = 0;
    bool falls = false;
    for (size_t i = 0; i < w->level->n; i++) {
        const struct cut *c = &w->level->host[i].cut;
        if (!w->level->host[i].judged)
            continue;
        w->some[n++] = fabs(c->before);
        falls |= c->falls;
        if (c->least > 0 && (least == 0 || c->least < least))
            least = c->least;
    }
    double usual = n > 0 ? shift_median(w->some, n) : 0;
    w->scale = scale_make(usual, least, falls, w->lc->rule->unit);
}

/* --- controls --- */

static void refer(struct work *w, size_t cohort)
{
    const struct lineup *l = w->lc->lineup;
    const struct frame *f = &l->cohort[cohort];
    struct reference *r = &w->reference[cohort];
    size_t n = 0;
    for (size_t i = 0; i < w->n_controls; i++) {
        const struct member *m = control_at(w, i);
        if (!control_is_free(l, m->unit->who.host, f))
            continue;
        struct cut c = cut_member(w, m, f);
        if (!cut_enough(&c, w->lc->rule->needs.points))
            continue;
        w->move[n] = scale_move(&w->scale, c.before, c.after);
        w->delta[n] = c.after - c.before;
        r->before += c.before;
        r->after += c.after;
        n++;
    }
    r->n = n;
    if (n == 0)
        return;
    r->before /= (double)n;
    r->after /= (double)n;
    r->move = odds_trimmed(w->move, n);
    r->delta = odds_trimmed(w->delta, n);
    r->spread = fmax(shift_spread(w->move, n), w->scale.floor);
    if (n > w->level->n_controls)
        w->level->n_controls = n;
}

/* One or two controls may themselves be odd: they may explain a move, never make one.
 */
static double less(double own, double others, size_t n)
{
    if (n == 0)
        return own;
    if (n >= 3)
        return own - others;
    double lo = fmin(own, 0), hi = fmax(own, 0);
    return own - fmin(fmax(others, lo), hi);
}

static const struct reference no_reference;

static const struct reference *reference_of(const struct work *w,
                                            const struct level_host *h)
{
    const struct slot *slot = h->member->slot;
    return slot->host != NULL ? &w->reference[slot->cohort] : &no_reference;
}

/* --- moves --- */

bool level_is_over(double whole, double tail, size_t n_after)
{
    if (n_after < TAIL_POINTS_LEAST)
        return false;
    return whole > 0 ? tail < 0.5 * whole : tail > 0.5 * whole;
}

static void move_host(struct work *w, struct level_host *h)
{
    const struct reference *r = reference_of(w, h);
    const struct cut *c = &h->cut;
    struct score *s = &h->score;
    double own = scale_move(&w->scale, c->before, c->after);
    s->move = less(own, r->move, r->n);
    double tail = less(scale_move(&w->scale, c->before, c->tail), r->move, r->n);
    s->recovered = level_is_over(s->move, tail, c->n_after);
    s->expected = scale_moved(&w->scale, c->before, own - s->move);
    s->effect = scale_effect(&w->scale, s->expected, c->after, s->move);
    double added = less(c->after - c->before, r->delta, r->n);
    double grown = c->after - s->expected;
    /* Controls that are larger or smaller shift by another amount, or by another share:
     * only what both readings show is taken for sure. */
    s->delta =
        (added > 0) == (grown > 0) ? (fabs(added) < fabs(grown) ? added : grown) : 0;
    if (r->n > 0) {
        s->control_before = r->before;
        s->control_after = r->after;
    }
}

static void move_group(struct work *w)
{
    struct level *l = w->level;
    struct score *g = &l->group;
    double n = 0, n_control = 0, tail = 0;
    size_t points = SIZE_MAX, k = 0;
    *g = (struct score){.group = true, .usual = NAN, .z = NAN, .p = NAN};
    for (size_t i = 0; i < l->n; i++) {
        const struct level_host *h = &l->host[i];
        const struct reference *r = reference_of(w, h);
        if (!h->judged)
            continue;
        g->before += h->cut.before;
        g->after += h->cut.after;
        g->delta += h->score.delta;
        g->expected += h->score.expected;
        if (r->n > 0) {
            g->control_before += r->before;
            g->control_after += r->after;
            n_control++;
        }
        tail += less(scale_move(&w->scale, h->cut.before, h->cut.tail), r->move, r->n);
        points = h->cut.n_after < points ? h->cut.n_after : points;
        w->move[k++] = h->score.move;
        n++;
    }
    g->before /= n;
    g->after /= n;
    g->delta /= n;
    g->expected /= n;
    g->control_before = n_control > 0 ? g->control_before / n_control : NAN;
    g->control_after = n_control > 0 ? g->control_after / n_control : NAN;
    g->move = odds_trimmed(w->move, k);
    g->effect = scale_effect(&w->scale, g->expected, g->after, g->move);
    g->recovered = level_is_over(g->move, tail / n, points);
}

/* --- spreads --- */

static void score_by_controls(struct score *s, double spread, double n_controls)
{
    s->base = BASE_CONTROLS;
    s->compared = true;
    s->z = s->move / spread;
    s->p = odds_small(s->z, n_controls - 1);
}

/* The pool holds other hosts' pretended changes as well.  Where this one's own ones
 * show that it does such things now and then, they know better: one may be chance. */
static double own_p(const struct layer_score *habit)
{
    double own =
        habit->moments_like > 1 ? (double)habit->moments_like / habit->moments : 0;
    return fmax(habit->p, own);
}

/* What analyzer/layers.h found of it: its own habit, net of what the controls did. */
static void score_by_habit(const struct layer_score *habit, size_t n_controls,
                           struct score *s)
{
    s->base = BASE_HABIT;
    s->compared = n_controls >= CONTROLS_LEAST;
    s->move = habit->move;
    s->effect = expm1(habit->move);
    s->usual = habit->usual;
    s->z = habit->z;
    s->p = own_p(habit);
    s->recovered = habit->recovered;
    s->moments = habit->moments;
    s->moments_like = habit->moments_like;
}

static void part_moves(const struct work *w, const struct level_host *h, double *part)
{
    struct lane lane = lane_of(h->member->unit, h->member->metric, w->lc->room);
    lane_parts(&lane, &h->member->slot->frame, PARTS, part);
    for (int i = 0; i < PARTS; i++)
        if (!isnan(part[i]))
            part[i] = scale_move(&w->scale, h->cut.before, part[i]);
}

static bool score_by_parts(const struct work *w, const double *part, struct score *s)
{
    double spread = odds_deviation(part, PARTS);
    if (isnan(spread))
        return false;
    s->base = BASE_PARTS;
    s->z = s->move / fmax(PARTS_CARE * spread, w->scale.floor);
    s->p = odds_small(s->z, PARTS - 1);
    return true;
}

/* A rule for all series knows nothing of any of them. */
static bool names_it(const struct level_case *lc)
{
    return lc->rule->subject != SUBJECT_SERIES ||
           !rule_catches_all(lc->rule, lc->metric);
}

static void score_host(struct work *w, struct level_host *h)
{
    const struct reference *r = reference_of(w, h);
    const struct layer_score *habit = w->lc->host_habit;
    double part[PARTS];
    if (habit != NULL && habit[h->member - w->lc->member].known) {
        score_by_habit(&habit[h->member - w->lc->member], w->lc->habit_controls,
                       &h->score);
        return;
    }
    if (r->n >= CONTROLS_LEAST) {
        double n = (double)r->n;
        score_by_controls(&h->score, r->spread * sqrt(1 + 1 / n), n);
        return;
    }
    part_moves(w, h, part);
    if (!names_it(w->lc) || !score_by_parts(w, part, &h->score)) {
        h->judged = false;
        h->why = UNJUDGED_SHORT_HISTORY;
    }
}

static bool group_by_habit(struct work *w)
{
    const struct layer_score *habit = w->lc->group_habit;
    if (habit == NULL || !habit->known)
        return false;
    score_by_habit(habit, w->lc->habit_controls, &w->level->group);
    return true;
}

/* Hosts of one frame share its controls; frames are taken as apart from each other. */
static bool group_by_controls(struct work *w)
{
    const struct level *l = w->level;
    double n = (double)l->n_judged, variance = 0, usual = 0;
    size_t least = SIZE_MAX;
    for (size_t k = 0; k < w->lc->lineup->n_cohorts; k++) {
        const struct reference *r = &w->reference[k];
        double here = 0;
        for (size_t i = 0; i < l->n; i++)
            here += l->host[i].judged && l->host[i].member->slot->cohort == k;
        if (here == 0)
            continue;
        if (r->n < CONTROLS_LEAST)
            return false;
        double share = here / n, one = r->spread * r->spread;
        variance += share * share * one * (1 / here + 1 / (double)r->n);
        usual += share * r->spread;
        least = r->n < least ? r->n : least;
    }
    if (least == SIZE_MAX)
        return false;
    score_by_controls(&w->level->group, fmax(sqrt(variance), GROUP_LEAST * usual),
                      (double)least);
    return true;
}

static bool group_by_parts(struct work *w)
{
    double sum[PARTS] = {0}, part[PARTS];
    size_t count[PARTS] = {0};
    if (!names_it(w->lc))
        return false;
    for (size_t i = 0; i < w->level->n; i++) {
        if (!w->level->host[i].judged)
            continue;
        part_moves(w, &w->level->host[i], part);
        for (int k = 0; k < PARTS; k++)
            if (!isnan(part[k]))
                sum[k] += part[k], count[k]++;
    }
    for (int k = 0; k < PARTS; k++)
        sum[k] = count[k] > 0 ? sum[k] / (double)count[k] : NAN;
    return score_by_parts(w, sum, &w->level->group);
}

/* --- hosts that answer a common move differently --- */

static double spread_of(const struct score *s)
{
    return s->base == BASE_HABIT && s->z != 0 ? fabs(s->move / s->z) : NAN;
}

static double usual_spread(struct work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->level->n; i++) {
        const struct level_host *h = &w->level->host[i];
        double spread = h->judged ? spread_of(&h->score) : NAN;
        if (!isnan(spread))
            w->some[n++] = spread;
    }
    return stray_usual(w->some, n);
}

static double allowance_of(const struct work *w, const struct level_host *h,
                           double usual)
{
    const struct reference *r = reference_of(w, h);
    return r->n >= CONTROLS_LEAST ? stray_allowance(r->spread, r->move, usual) : 0;
}

static void allow(struct score *s, double allowance)
{
    double spread = spread_of(s);
    if (isnan(spread) || !(allowance > 0))
        return;
    double z = stray_z(s->z, spread, allowance);
    s->p = stray_p(s->p, s->z, z);
    s->z = z;
}

/* Of all hosts as one the allowance is that of a difference of two means. */
static void allow_for_stray(struct work *w)
{
    double usual = usual_spread(w), squares = 0;
    size_t n = 0;
    for (size_t i = 0; i < w->level->n; i++) {
        struct level_host *h = &w->level->host[i];
        if (!h->judged || h->score.base != BASE_HABIT)
            continue;
        double allowance = allowance_of(w, h, usual);
        squares += allowance * allowance;
        allow(&h->score, allowance);
        n++;
    }
    if (n > 0 && w->level->has_group && w->level->n_controls > 0) {
        double share = 1 / (double)n + 1 / (double)w->level->n_controls;
        allow(&w->level->group, sqrt(squares / (double)n * share));
    }
}

/* --- one series --- */

static bool make_room(struct work *w)
{
    const struct level_case *lc = w->lc;
    w->stride = (lc->n_controls + LEVEL_CONTROLS_MAX - 1) / LEVEL_CONTROLS_MAX;
    if (w->stride == 0)
        w->stride = 1;
    w->n_controls = (lc->n_controls + w->stride - 1) / w->stride;
    size_t n = (lc->n_members > w->n_controls ? lc->n_members : w->n_controls) + 1;
    w->move = calloc(n, sizeof *w->move);
    w->delta = calloc(n, sizeof *w->delta);
    w->some = calloc(n, sizeof *w->some);
    w->reference = calloc(lc->lineup->n_cohorts + 1, sizeof *w->reference);
    w->needed = calloc(lc->lineup->n_cohorts + 1, sizeof *w->needed);
    w->level->host = calloc(lc->n_members + 1, sizeof *w->level->host);
    return w->move != NULL && w->delta != NULL && w->some != NULL &&
           w->reference != NULL && w->needed != NULL && w->level->host != NULL;
}

static void measure(struct work *w)
{
    struct level *l = w->level;
    cut_hosts(w);
    find_scale(w);
    for (size_t k = 0; k < w->lc->lineup->n_cohorts; k++)
        if (w->needed[k])
            refer(w, k);
    size_t known = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct level_host *h = &l->host[i];
        known += h->cut.n_before + h->cut.n_after > 0;
        if (!h->judged)
            continue;
        move_host(w, h);
        score_host(w, h);
        l->n_judged += h->judged;
    }
    if (l->n_judged >= 2 &&
        (double)l->n_judged >= w->lc->rule->needs.hosts * (double)known) {
        move_group(w);
        l->has_group = group_by_habit(w) || group_by_controls(w) || group_by_parts(w);
    }
    allow_for_stray(w);
}

int level_measure(const struct level_case *lc, struct level *ret_level, struct err *err)
{
    struct level level = {.rule = lc->rule,
                          .metric = lc->metric,
                          .service =
                              lc->n_members > 0 ? lc->member[0].unit->who.service : "",
                          .n = lc->n_members,
                          .control = lc->control,
                          .n_control_members = lc->n_controls};
    struct work w = {.lc = lc, .level = &level};
    bool ready = make_room(&w);
    if (ready)
        measure(&w);
    free(w.move);
    free(w.delta);
    free(w.some);
    free(w.reference);
    free(w.needed);
    if (!ready) {
        level_free(&level);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_level = level;
    return 0;
}

void level_free(struct level *l)
{
    free(l->host);
    *l = (struct level){0};
}

/* --- grading --- */

static void layer_add(struct odds_layer *l, const struct score *s)
{
    if (s->base == BASE_CONTROLS || s->base == BASE_HABIT)
        odds_layer_add(l, s->p);
}

static double p_most_at(struct odds_layer *layer, double q)
{
    return q > 0 ? fmin(odds_layer_threshold(layer, q), P_MOST) : 1;
}

struct level_bars level_bars(struct level_layers *l, const struct rule *r,
                             enum grade grade, bool group)
{
    bool must = grade == GRADE_MUST_HANDLE;
    struct odds_layer *layer = group ? &l->groups : &l->hosts;
    double q = must ? r->must_handle.q : r->attention.q;
    double wide = fmin(q * (group ? GROUP_Q : must ? 1 : TOGETHER_Q), Q_MOST);
    return (struct level_bars){p_most_at(layer, q), wide, p_most_at(layer, wide)};
}

/* Whether the wider rate is the one for it.  Of all hosts as one it then asks for the
 * whole effect: a move both small and not very unusual is most often chance. */
static bool is_wide(const struct bar *b, const struct score *s,
                    const struct level_bars *bars, double effect)
{
    if (s->base != BASE_HABIT)
        return false;
    return s->together || (s->group && s->p > bars->p_most && effect >= b->effect);
}

struct level_trial level_try(const struct bar *b, const struct score *s,
                             const struct level_bars *bars)
{
    bool old = s->base == BASE_OLD; /* hosts differ for good, not by chance */
    bool parts = s->base == BASE_PARTS;
    /* A condition is held against limits (limit.h), not here. */
    bool set = b->set && b->when.condition == NULL;
    struct level_trial t = {.set = set, .q = b->q, .p_most = NAN, .z_asked = NAN};
    /* By logs, so that half as much counts like twice as much. */
    t.effect = s->effect < 0 && s->effect > -1 ? 1 / (1 + s->effect) - 1
               : s->effect <= -1               ? INFINITY
                                               : s->effect;
    bool wide = is_wide(b, s, bars, t.effect);
    if (wide)
        t.q = bars->q_wide;
    t.effect_asked = b->effect * (s->group && !old ? GROUP_EFFECT : 1);
    t.delta_asked = b->delta;
    t.effect_met = !(t.effect < t.effect_asked);
    t.delta_met = !(fabs(s->delta) < b->delta);
    t.p_met = t.z_met = true;
    if (old || parts) {
        t.z_asked = old ? LEVEL_OLD_Z : PARTS_Z;
        t.z_met = fabs(s->z) >= t.z_asked;
    } else if (b->q > 0) {
        t.p_most = wide ? bars->p_wide : bars->p_most;
        t.p_met = s->p <= t.p_most;
    }
    /* Parts alone say too little for a rule that does not say how much is too much. */
    t.met = t.set && t.effect_met && t.delta_met && t.p_met && t.z_met &&
            (!parts || (b->effect > 0 && b->delta > 0));
    return t;
}

static bool bar_met(const struct rule *r, enum grade grade, const struct score *s,
                    struct level_layers *l)
{
    const struct level_bars bars = level_bars(l, r, grade, s->group);
    return level_try(grade == GRADE_MUST_HANDLE ? &r->must_handle : &r->attention, s,
                     &bars)
        .met;
}

bool level_is_worse(enum worse worse, const struct score *s)
{
    return worse == WORSE_BOTH ? s->move != 0
           : worse == WORSE_UP ? s->move > 0
                               : s->move < 0;
}

/* --- hosts that moved together --- */

/* How likely `k` or more are when `mean` are to be expected (Poisson). */
static double chance_of(size_t k, double mean)
{
    double one = exp(-mean), sum = 0;
    for (size_t i = 0; i < k; i++) {
        sum += one;
        one *= mean / (double)(i + 1);
    }
    return fmax(1 - sum, 0);
}

/* Hosts of one direction that the wider rate lets through. */
static void find_together(struct level *v, enum worse way, struct level_layers *l)
{
    const struct level_bars bars = level_bars(l, v->rule, GRADE_ATTENTION, false);
    size_t n = 0, tested = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        /* half of what p lets through by chance moves this way */
        if (pass == 1 &&
            (n < 2 || chance_of(n, (double)tested * bars.p_wide / 2) > TOGETHER_CHANCE))
            return;
        for (size_t k = 0; k < v->n; k++) {
            struct score as_one = v->host[k].score, *s = &v->host[k].score;
            if (!v->host[k].judged || s->base != BASE_HABIT)
                continue;
            as_one.together = true;
            bool in = !s->recovered && level_is_worse(way, s) &&
                      level_try(&v->rule->attention, &as_one, &bars).met;
            tested += pass == 0;
            n += pass == 0 && in;
            s->together |= pass == 1 && in;
        }
    }
}

static void mark_together(struct level *v, struct level_layers *l)
{
    for (size_t k = 0; k < v->n; k++)
        v->host[k].score.together = false;
    if (v->rule->attention.q <= 0)
        return;
    find_together(v, WORSE_UP, l);
    find_together(v, WORSE_DOWN, l);
}

static void grade_score(const struct rule *r, struct score *s, struct level_layers *l)
{
    s->grade = GRADE_OK;
    s->capped = false;
    if (s->base == BASE_NONE || !level_is_worse(r->worse, s))
        return;
    bool must = bar_met(r, GRADE_MUST_HANDLE, s, l);
    if (must && (!s->compared || s->weak)) {
        s->capped = !s->compared;
        must = false;
        s->grade = GRADE_ATTENTION;
    }
    if (must)
        s->grade = GRADE_MUST_HANDLE;
    else if (bar_met(r, GRADE_ATTENTION, s, l))
        s->grade = GRADE_ATTENTION;
}

/* One figure of one host out of many is weak evidence: must-handle wants a second
 * figure of that host, or a second host. */
static int want_witnesses(struct level *levels, size_t n, struct err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += levels[i].n;
    const struct slot **seen = calloc(most + 1, sizeof *seen);
    if (seen == NULL)
        return err_set(err, ENOMEM, "out of memory");
    size_t n_seen = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < levels[i].n; k++)
            if (levels[i].host[k].score.grade == GRADE_MUST_HANDLE)
                seen[n_seen++] = levels[i].host[k].member->slot;
    for (size_t i = 0; i < n; i++) {
        size_t here = 0;
        for (size_t k = 0; k < levels[i].n; k++)
            here += levels[i].host[k].score.grade == GRADE_MUST_HANDLE;
        for (size_t k = 0; k < levels[i].n && here == 1 && levels[i].n > 1; k++) {
            struct level_host *h = &levels[i].host[k];
            size_t metrics = 0;
            for (size_t j = 0; j < n_seen; j++)
                metrics += seen[j] == h->member->slot;
            if (h->score.grade == GRADE_MUST_HANDLE && metrics < 2)
                h->score.grade = GRADE_ATTENTION;
        }
    }
    free(seen);
    return 0;
}

int level_layers_make(struct level_layers *l, const struct level *levels, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += levels[i].n;
    *l = (struct level_layers){0};
    int made = odds_layer_make(&l->groups, n);
    made |= odds_layer_make(&l->hosts, most);
    for (size_t i = 0; made == 0 && i < n; i++) {
        if (levels[i].has_group)
            layer_add(&l->groups, &levels[i].group);
        for (size_t k = 0; k < levels[i].n; k++)
            if (levels[i].host[k].judged)
                layer_add(&l->hosts, &levels[i].host[k].score);
    }
    if (made != 0)
        level_layers_free(l);
    return made;
}

void level_layers_free(struct level_layers *l)
{
    odds_layer_free(&l->groups);
    odds_layer_free(&l->hosts);
}

int level_grade(struct level *levels, size_t n, struct err *err)
{
    struct level_layers l;
    if (level_layers_make(&l, levels, n) != 0)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        mark_together(&levels[i], &l);
        if (levels[i].has_group)
            grade_score(levels[i].rule, &levels[i].group, &l);
        for (size_t k = 0; k < levels[i].n; k++)
            if (levels[i].host[k].judged)
                grade_score(levels[i].rule, &levels[i].host[k].score, &l);
    }
    level_layers_free(&l);
    return want_witnesses(levels, n, err);
}
