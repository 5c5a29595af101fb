/* analyzer/fresh.c - levels of hosts without a past.
 *
 * What must hold: old and new hosts are read in the same minutes, and the result
 * depends on the samples alone: sums run in the order of hosts.  Pure, any thread. */
#include "analyzer/fresh.h"
#include "analyzer/odds.h"
#include "analyzer/scale.h"
#include "analyzer/shift.h"
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A new host that has gained so much from the first to the second half of its window is
 * still filling up. */
#define FILLING 0.2

/* The mean of a few new hosts is never taken to be steadier than this part of what one
 * differs by: they share racks and births. */
#define GROUP_LEAST 0.3

enum { WINDOWS_MAX = 8 };

/* What the old hosts of one frame have. */
struct olds {
    bool made;
    size_t n;
    double center; /* of their levels, on the scale */
    double spread; /* by which one differs from the others */
    double before, after;
};

struct work {
    const struct level_case *lc;
    struct level *level;
    struct scale scale;
    struct olds *olds; /* one a cohort */
    double *value;     /* one an old host: its mean in the window, NaN without */
    double *some;      /* room for as many */
    double *differ;    /* WINDOWS_MAX as many */
    size_t n_controls, stride;
};

static const struct member *old_at(const struct work *w, size_t i)
{
    return &w->lc->control[i * w->stride];
}

/* The window after, without the time in which the rule leaves new hosts alone. */
static struct frame frame_of(const struct work *w, const struct slot *s)
{
    struct frame f = s->frame;
    int64_t ripe = s->pivot.ms + w->lc->rule->fresh_after.ms;
    if (w->lc->rule->fresh_after.ms > 0 && ripe > f.after_from.ms)
        f.after_from.ms = ripe;
    return f;
}

/* The shortest window after that any look has. */
static bool is_ripe(const struct work *w, const struct frame *f)
{
    const struct windows_rule *r = w->lc->lineup->windows;
    return f->after_to.ms - f->after_from.ms >= r->looks[0].ms - r->settle.ms;
}

/* --- the old hosts --- */

/* Their means in one window; gives how many have one.  The same hosts for each window
 * of a frame: those that are free in it. */
static size_t read_olds(struct work *w, const struct frame *f, instant from, instant to)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_controls; i++) {
        const struct member *m = old_at(w, i);
        double share = 0;
        w->value[i] = NAN;
        if (!control_is_free(w->lc->lineup, m->unit->who.host, f))
            continue;
        struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
        double mean = lane_mean(&lane, from, to, &share);
        if (share < w->lc->rule->needs.points)
            continue;
        w->value[i] = mean;
        n++;
    }
    return n;
}

/* The middle of all values but one, on the scale. */
static double center_without(const struct work *w, size_t out)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_controls; i++)
        if (i != out && !isnan(w->value[i]))
            w->some[n++] = scale_of(&w->scale, w->value[i]);
    return odds_trimmed(w->some, n);
}

static double mean_value(const struct work *w)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < w->n_controls; i++)
        if (!isnan(w->value[i]))
            sum += w->value[i], n++;
    return n > 0 ? sum / n : NAN;
}

/* Adds each old host's distance from the others. */
static size_t add_differences(const struct work *w, double *to)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_controls; i++)
        if (!isnan(w->value[i]))
            to[n++] = scale_of(&w->scale, w->value[i]) - center_without(w, i);
    return n;
}

static struct olds look_at_olds(struct work *w, const struct frame *f)
{
    struct olds o = {.made = true};
    int64_t before = f->before_to.ms - f->before_from.ms;
    int64_t length = f->after_to.ms - f->after_from.ms;
    int64_t wide = length < before ? length : before, n = 0;
    size_t differences = 0;
    /* Windows before the change, each half a window older than the next. */
    for (int64_t to = f->before_to.ms;
         wide > 0 && to - wide >= f->before_from.ms && n < WINDOWS_MAX - 1;
         to -= (wide + 1) / 2, n++) {
        if (read_olds(w, f, (instant){to - wide}, (instant){to}) >= FRESH_OLD_LEAST)
            differences += add_differences(w, w->differ + differences);
        if (n == 0)
            o.before = mean_value(w);
    }
    o.n = read_olds(w, f, f->after_from, f->after_to);
    if (o.n < FRESH_OLD_LEAST)
        return o;
    differences += add_differences(w, w->differ + differences);
    o.after = mean_value(w);
    o.center = center_without(w, SIZE_MAX);
    o.spread = fmax(shift_spread(w->differ, differences), w->scale.floor);
    return o;
}

static const struct olds *olds_of(struct work *w, const struct slot *s,
                                  const struct frame *f)
{
    struct olds *o = &w->olds[s->cohort];
    if (!o->made)
        *o = look_at_olds(w, f);
    if (o->n > w->level->n_controls)
        w->level->n_controls = o->n;
    return o;
}

/* The scale is the old hosts': a new one that is far off must not stretch it. */
static void find_scale(struct work *w)
{
    const struct frame *f = &w->lc->lineup->whole.frame;
    size_t n = 0;
    double least = 0;
    bool falls = false;
    for (size_t i = 0; i < w->n_controls; i++) {
        const struct member *m = old_at(w, i);
        struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
        struct cut c = lane_cut(&lane, f);
        falls |= c.falls;
        if (c.n_after > 0)
            w->some[n++] = fabs(c.after);
        if (c.least > 0 && (least == 0 || c.least < least))
            least = c.least;
    }
    for (size_t i = 0; i < w->lc->n_members; i++) {
        const struct member *m = &w->lc->member[i];
        struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
        falls |= lane_cut(&lane, &m->slot->frame).falls;
    }
    w->scale = scale_make(n > 0 ? shift_median(w->some, n) : 0, least, falls,
                          w->lc->rule->unit);
}

/* --- the new hosts --- */

static bool is_filling(const struct work *w, const struct member *m,
                       const struct frame *f)
{
    struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
    instant middle = {f->after_from.ms + (f->after_to.ms - f->after_from.ms) / 2};
    double share;
    double first = lane_mean(&lane, f->after_from, middle, &share);
    double second = lane_mean(&lane, middle, f->after_to, &share);
    return scale_move(&w->scale, first, second) > FILLING;
}

/* Nobody said that less is bad, or nobody said anything of this figure at all. */
static bool is_weak(const struct work *w, double move)
{
    const struct rule *r = w->lc->rule;
    return (r->worse == WORSE_BOTH && move < 0) ||
           (r->subject == SUBJECT_SERIES && rule_catches_all(r, w->lc->metric));
}

static void score_host(const struct work *w, const struct olds *o, const struct cut *c,
                       struct score *s)
{
    double expected = scale_value(&w->scale, o->center);
    s->base = BASE_OLD;
    s->compared = o->n >= CONTROLS_LEAST;
    s->before = s->expected = expected;
    s->after = c->after;
    s->control_before = o->before;
    s->control_after = o->after;
    s->move = scale_of(&w->scale, c->after) - o->center;
    s->effect = scale_effect(&w->scale, expected, c->after, s->move);
    s->delta = c->after - expected;
    s->z = s->move / o->spread;
    s->p = odds_small(s->z, (double)o->n - 1);
    s->recovered =
        level_is_over(s->move, scale_of(&w->scale, c->tail) - o->center, c->n_after);
    s->weak = is_weak(w, s->move);
}

/* Fills one host; the reason when it cannot be judged. */
static void measure_host(struct work *w, struct level_host *h)
{
    const struct member *m = h->member;
    struct frame f = frame_of(w, m->slot);
    *h = (struct level_host){.member = m,
                             .score = {.control_before = NAN,
                                       .control_after = NAN,
                                       .usual = NAN,
                                       .z = NAN,
                                       .p = NAN}};
    h->why = UNJUDGED_YOUNG;
    if (!is_ripe(w, &f))
        return;
    struct lane lane = lane_of(m->unit, m->metric, w->lc->room);
    h->cut = lane_cut(&lane, &f);
    h->why = UNJUDGED_NO_DATA_AFTER;
    if (h->cut.n_after < POINTS_LEAST || h->cut.share_after < w->lc->rule->needs.points)
        return;
    const struct olds *o = olds_of(w, m->slot, &f);
    h->why = UNJUDGED_FEW_OLD;
    if (o->n < FRESH_OLD_LEAST)
        return;
    score_host(w, o, &h->cut, &h->score);
    h->cut.before = h->score.before;
    h->why = UNJUDGED_YOUNG;
    h->judged =
        w->lc->rule->worse != WORSE_BOTH || h->score.move >= 0 || !is_filling(w, m, &f);
}

/* Hosts of several cohorts have several sets of old ones; each host's distance is in
 * its own set's spread, so the group's is, too. */
static void measure_group(struct work *w)
{
    struct level *l = w->level;
    struct score *g = &l->group;
    double n = 0, z = 0, tail = 0;
    size_t points = SIZE_MAX, least = SIZE_MAX;
    *g = (struct score){.base = BASE_OLD, .group = true, .usual = NAN};
    for (size_t i = 0; i < l->n; i++) {
        const struct level_host *h = &l->host[i];
        if (!h->judged)
            continue;
        const struct olds *o = &w->olds[h->member->slot->cohort];
        g->before += h->score.before;
        g->after += h->score.after;
        g->expected += h->score.expected;
        g->control_before += h->score.control_before;
        g->control_after += h->score.control_after;
        g->delta += h->score.delta;
        g->move += h->score.move;
        z += h->score.z;
        tail += scale_of(&w->scale, h->cut.tail) - o->center;
        points = h->cut.n_after < points ? h->cut.n_after : points;
        least = o->n < least ? o->n : least;
        n++;
    }
    double *const mean[] = {
        &g->before,        &g->after, &g->expected, &g->control_before,
        &g->control_after, &g->delta, &g->move};
    for (size_t i = 0; i < sizeof mean / sizeof *mean; i++)
        *mean[i] /= n;
    /* The old ones' own middle is known as well as so many hosts tell it. */
    double steadier = sqrt((1 / n + 1 / (double)least) / (1 + 1 / (double)least));
    g->z = z / n / fmax(steadier, GROUP_LEAST);
    g->p = odds_small(g->z, (double)least - 1);
    g->effect = scale_effect(&w->scale, g->expected, g->after, g->move);
    g->compared = least >= CONTROLS_LEAST;
    g->recovered = level_is_over(g->move, tail / n, points);
    g->weak = is_weak(w, g->move);
    l->has_group = true;
}

/* --- one series --- */

static bool make_room(struct work *w)
{
    const struct level_case *lc = w->lc;
    w->stride = (lc->n_controls + LEVEL_CONTROLS_MAX - 1) / LEVEL_CONTROLS_MAX;
    w->stride = w->stride > 0 ? w->stride : 1;
    w->n_controls = (lc->n_controls + w->stride - 1) / w->stride;
    w->olds = calloc(lc->lineup->n_cohorts + 1, sizeof *w->olds);
    w->value = calloc(w->n_controls + 1, sizeof *w->value);
    w->some = calloc(w->n_controls + 1, sizeof *w->some);
    w->differ = calloc(w->n_controls * WINDOWS_MAX + 1, sizeof *w->differ);
    w->level->host = calloc(lc->n_members + 1, sizeof *w->level->host);
    return w->olds != NULL && w->value != NULL && w->some != NULL &&
           w->differ != NULL && w->level->host != NULL;
}

static void measure(struct work *w)
{
    struct level *l = w->level;
    find_scale(w);
    for (size_t i = 0; i < l->n; i++) {
        l->host[i].member = &w->lc->member[i];
        measure_host(w, &l->host[i]);
        l->n_judged += l->host[i].judged;
    }
    if (l->n_judged >= 2 &&
        (double)l->n_judged >= w->lc->rule->needs.hosts * (double)l->n)
        measure_group(w);
}

int fresh_measure(const struct level_case *lc, struct level *ret_level, struct err *err)
{
    struct level level = {.rule = lc->rule,
                          .metric = lc->metric,
                          .service =
                              lc->n_members > 0 ? lc->member[0].unit->who.service : "",
                          .n = lc->n_members,
                          .fresh = true,
                          .control = lc->control,
                          .n_control_members = lc->n_controls};
    struct work w = {.lc = lc, .level = &level};
    bool ready = make_room(&w);
    if (ready)
        measure(&w);
    free(w.olds);
    free(w.value);
    free(w.some);
    free(w.differ);
    if (!ready) {
        level_free(&level);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_level = level;
    return 0;
}

static size_t excuse(const struct rule *r, struct score *s)
{
    if (r->worse != WORSE_BOTH || s->move >= 0 || s->grade == GRADE_OK)
        return 0;
    s->grade = GRADE_OK;
    return 1;
}

size_t fresh_excuse_less(struct level *levels, size_t n)
{
    size_t excused = 0;
    for (size_t i = 0; i < n; i++) {
        struct level *l = &levels[i];
        size_t here = 0;
        if (!l->fresh)
            continue;
        for (size_t k = 0; k < l->n; k++)
            here += l->host[k].judged && excuse(l->rule, &l->host[k].score);
        here += l->has_group && excuse(l->rule, &l->group);
        excused += here > 0;
    }
    return excused;
}

int fresh_note(const struct lineup *l, size_t n_old, char **ret_note)
{
    enum { NAMED = 5 };
    struct buf b = {0};
    size_t n = 0, shown = 0;
    *ret_note = NULL;
    for (size_t i = 0; i < l->n_slots; i++)
        n += l->slot[i].fresh;
    if (n == 0)
        return 0;
    buf_addf(&b, "%zu host%s without a past (", n, n == 1 ? "" : "s");
    for (size_t i = 0; i < l->n_slots && shown < NAMED; i++)
        if (l->slot[i].fresh)
            buf_addf(&b, "%s%s", shown++ > 0 ? ", " : "", l->slot[i].host);
    if (n > shown)
        buf_addf(&b, " and %zu more", n - shown);
    if (n_old >= FRESH_OLD_LEAST)
        buf_addf(&b,
                 "), compared with %zu old host%s of the service in the same "
                 "minutes.",
                 n_old, n_old == 1 ? "" : "s");
    else
        buf_addf(&b,
                 "), not judged: %d old hosts of the service are needed to compare "
                 "with, and %zu sent enough.",
                 FRESH_OLD_LEAST, n_old);
    *ret_note = buf_give(&b);
    return *ret_note != NULL ? 0 : -1;
}
