/* analyzer/limit.c - hard limits.  Pure, any thread. */
#include "analyzer/limit.h"
#include "analyzer/words.h"
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* The last points of a window. */
struct last {
    int n, over;
    double mean;
};

static bool is_over(const struct limit *l, double v)
{
    return l->above ? v > l->value : v < l->value;
}

static struct last last_points(const struct lane *lane, instant from, instant to,
                               const struct limit *l)
{
    size_t r0, r1;
    struct last s = {0};
    lane_rows(lane, from, to, &r0, &r1);
    for (size_t r = r1; r > r0 && s.n < l->of; r--) {
        double v = lane->v[r - 1];
        if (isnan(v))
            continue;
        s.n++;
        s.over += is_over(l, v);
        s.mean += v;
    }
    s.mean = s.n > 0 ? s.mean / s.n : NAN;
    return s;
}

static instant first_over(const struct lane *lane, const struct slot *slot,
                          const struct limit *l)
{
    size_t r0, r1;
    lane_rows(lane, slot->pivot, slot->frame.after_to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(lane->v[r]) && is_over(l, lane->v[r]))
            return (instant){lane->from.ms + lane->step.ms * (int64_t)r};
    return INSTANT_NONE;
}

static void check_host(const struct level_case *lc, const struct member *m,
                       struct limit_check *c)
{
    const struct limit *l = &lc->rule->limit;
    const struct frame *f = &m->slot->frame;
    struct lane lane = lane_of(m->unit, m->metric, lc->room);
    struct last before = last_points(&lane, f->before_from, f->before_to, l);
    struct last after = last_points(&lane, f->after_from, f->after_to, l);
    if (after.n < l->hold || (before.n == 0 && !m->slot->fresh)) {
        c->without_before += before.n == 0;
        c->without_after += before.n > 0;
        return;
    }
    struct limit_host *h = &c->host[c->n++];
    *h = (struct limit_host){.member = m,
                             .broken = after.over >= l->hold && before.over < l->hold,
                             .n_after = after.n,
                             .n_before = before.n,
                             .over_after = after.over,
                             .over_before = before.over,
                             .before = before.mean,
                             .after = after.mean,
                             .first = first_over(&lane, m->slot, l)};
    c->n_broken += h->broken;
}

/* In the minutes in which the changed hosts were beyond it. */
static void check_controls(const struct level_case *lc, struct limit_check *c)
{
    const struct lineup *l = lc->lineup;
    const struct frame *f = &l->whole.frame;
    for (size_t i = 0; i < lc->n_controls; i++) {
        const struct member *m = &lc->control[i];
        if (!control_is_free(l, m->unit->who.host, f))
            continue;
        struct lane lane = lane_of(m->unit, m->metric, lc->room);
        struct last after =
            last_points(&lane, f->after_from, f->after_to, &lc->rule->limit);
        c->n_controls += after.n >= lc->rule->limit.hold;
        c->controls_over += after.over >= lc->rule->limit.hold;
    }
    c->excused = c->n_controls > 0 && c->controls_over * 2 > c->n_controls;
}

int limit_check_make(const struct level_case *lc, struct limit_check *ret_check,
                     struct err *err)
{
    struct limit_check c = {
        .rule = lc->rule,
        .metric = lc->metric,
        .service = lc->n_members > 0 ? lc->member[0].unit->who.service : "",
        .host = calloc(lc->n_members + 1, sizeof *c.host),
        .control = lc->control,
        .n_control_members = lc->n_controls,
    };
    if (c.host == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < lc->n_members; i++)
        check_host(lc, &lc->member[i], &c);
    if (c.n_broken > 0)
        check_controls(lc, &c);
    *ret_check = c;
    return 0;
}

void limit_check_free(struct limit_check *c)
{
    free(c->host);
    *c = (struct limit_check){0};
}

void limit_words(const struct limit *l, const char *unit, struct buf *to)
{
    buf_add(to, l->above ? "above " : "below ");
    words_value(to, l->value, unit);
    buf_addf(to, " in %d of %d points", l->hold, l->of);
}
