/* analyzer/limit.c - hard limits.  Pure, any thread. */
#include "analyzer/limit.h"
#include "analyzer/words.h"
#include "base/buf.h"
#include "rules/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* What is asked of a value: a limit, or a condition with what it is asked of. */
struct crossing {
    const struct limit *limit; /* NULL: a condition */
    const struct condition *when;
    int hold, of;
    bool once; /* of the window's mean, as if it were the only point */
    double value[FIGURE_SERIES_N];
};

/* The last points of a window. */
struct last {
    int n, over;
    double mean;
};

static bool is_over(struct crossing *x, double v)
{
    if (x->limit != NULL)
        return x->limit->above ? v > x->limit->value : v < x->limit->value;
    x->value[FIGURE_AFTER] = v;
    x->value[FIGURE_DELTA] = v - x->value[FIGURE_BEFORE];
    x->value[FIGURE_RATIO] = v / x->value[FIGURE_BEFORE];
    return condition_ask(x->when, x->value, NULL) == CONDITION_TRUE;
}

static double mean_of(const struct lane *lane, instant from, instant to)
{
    size_t r0, r1, n = 0;
    double sum = 0;
    lane_rows(lane, from, to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(lane->v[r])) {
            sum += lane->v[r];
            n++;
        }
    return n > 0 ? sum / (double)n : NAN;
}

static struct last last_points(const struct lane *lane, instant from, instant to,
                               struct crossing *x)
{
    size_t r0, r1;
    struct last s = {0};
    if (x->once) {
        s.mean = mean_of(lane, from, to);
        s.n = !isnan(s.mean);
        s.over = s.n > 0 && is_over(x, s.mean);
        return s;
    }
    lane_rows(lane, from, to, &r0, &r1);
    for (size_t r = r1; r > r0 && s.n < x->of; r--) {
        double v = lane->v[r - 1];
        if (isnan(v))
            continue;
        s.n++;
        s.over += is_over(x, v);
        s.mean += v;
    }
    s.mean = s.n > 0 ? s.mean / s.n : NAN;
    return s;
}

static instant first_over(const struct lane *lane, const struct slot *slot,
                          struct crossing *x)
{
    size_t r0, r1;
    lane_rows(lane, slot->pivot, slot->frame.after_to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(lane->v[r]) && is_over(x, lane->v[r]))
            return (instant){lane->from.ms + lane->step.ms * (int64_t)r};
    return INSTANT_NONE;
}

static struct crossing crossing_of(const struct level_case *lc, const struct bar *when)
{
    const struct limit *l = &lc->rule->limit;
    struct crossing x = {.limit = l, .hold = l->hold, .of = l->of};
    if (when != NULL)
        x = (struct crossing){.when = when->when.condition,
                              .hold = when->hold.of > 0 ? when->hold.hold : 1,
                              .of = when->hold.of > 0 ? when->hold.of : 1,
                              .once = when->hold.of == 0};
    for (int i = 0; i < FIGURE_SERIES_N; i++)
        x.value[i] = NAN;
    return x;
}

static void check_host(const struct level_case *lc, const struct member *m,
                       struct crossing *x, struct limit_check *c)
{
    const struct frame *f = &m->slot->frame;
    struct lane lane = lane_of(m->unit, m->metric, lc->room);
    if (x->limit == NULL)
        x->value[FIGURE_BEFORE] = mean_of(&lane, f->before_from, f->before_to);
    struct last before = last_points(&lane, f->before_from, f->before_to, x);
    struct last after = last_points(&lane, f->after_from, f->after_to, x);
    if (after.n < x->hold || (before.n == 0 && !m->slot->fresh)) {
        c->without_before += before.n == 0;
        c->without_after += before.n > 0;
        return;
    }
    struct limit_host *h = &c->host[c->n++];
    *h = (struct limit_host){.member = m,
                             .broken = after.over >= x->hold && before.over < x->hold,
                             .n_after = after.n,
                             .n_before = before.n,
                             .over_after = after.over,
                             .over_before = before.over,
                             .before = before.mean,
                             .after = after.mean,
                             .mean_before = x->value[FIGURE_BEFORE],
                             .first = first_over(&lane, m->slot, x)};
    c->n_broken += h->broken;
}

/* In the minutes in which the changed hosts were beyond it. */
static void check_controls(const struct level_case *lc, struct crossing *x,
                           struct limit_check *c)
{
    const struct lineup *l = lc->lineup;
    const struct frame *f = &l->whole.frame;
    for (size_t i = 0; i < lc->n_controls; i++) {
        const struct member *m = &lc->control[i];
        if (!control_is_free(l, m->unit->who.host, f))
            continue;
        struct lane lane = lane_of(m->unit, m->metric, lc->room);
        if (x->limit == NULL)
            x->value[FIGURE_BEFORE] = mean_of(&lane, f->before_from, f->before_to);
        struct last after = last_points(&lane, f->after_from, f->after_to, x);
        c->n_controls += after.n >= x->hold;
        c->controls_over += after.over >= x->hold;
    }
    c->excused = c->n_controls > 0 && c->controls_over * 2 > c->n_controls;
}

/* What `control` and `control_before` are: the mean over the unchanged hosts. */
static void ask_controls(const struct level_case *lc, struct crossing *x)
{
    const struct frame *f = &lc->lineup->whole.frame;
    double after = 0, before = 0;
    size_t n = 0;
    if (x->limit != NULL || (!condition_uses(x->when, FIGURE_CONTROL) &&
                             !condition_uses(x->when, FIGURE_CONTROL_BEFORE)))
        return;
    for (size_t i = 0; i < lc->n_controls; i++) {
        const struct member *m = &lc->control[i];
        if (!control_is_free(lc->lineup, m->unit->who.host, f))
            continue;
        struct lane lane = lane_of(m->unit, m->metric, lc->room);
        double a = mean_of(&lane, f->after_from, f->after_to);
        double b = mean_of(&lane, f->before_from, f->before_to);
        if (isnan(a) || isnan(b))
            continue;
        after += a;
        before += b;
        n++;
    }
    if (n > 0) {
        x->value[FIGURE_CONTROL] = after / (double)n;
        x->value[FIGURE_CONTROL_BEFORE] = before / (double)n;
    }
}

int limit_check_make(const struct level_case *lc, const struct bar *when,
                     struct limit_check *ret_check, struct err *err)
{
    struct crossing x = crossing_of(lc, when);
    struct limit_check c = {
        .rule = lc->rule,
        .when = when,
        .grade = when == NULL                   ? lc->rule->limit.grade
                 : when == &lc->rule->attention ? GRADE_ATTENTION
                                                : GRADE_MUST_HANDLE,
        .metric = lc->metric,
        .service = lc->n_members > 0 ? lc->member[0].unit->who.service : "",
        .host = calloc(lc->n_members + 1, sizeof *c.host),
        .control = lc->control,
        .n_control_members = lc->n_controls,
    };
    if (c.host == NULL)
        return err_set(err, ENOMEM, "out of memory");
    ask_controls(lc, &x);
    c.control_before = x.value[FIGURE_CONTROL_BEFORE];
    c.control_after = x.value[FIGURE_CONTROL];
    for (size_t i = 0; i < lc->n_members; i++)
        check_host(lc, &lc->member[i], &x, &c);
    if (c.n_broken > 0)
        check_controls(lc, &x, &c);
    *ret_check = c;
    return 0;
}

void limit_figures(const struct limit_check *c, const struct limit_host *h,
                   double *value)
{
    value[FIGURE_AFTER] = h->after;
    value[FIGURE_BEFORE] = h->mean_before;
    value[FIGURE_DELTA] = h->after - h->mean_before;
    value[FIGURE_RATIO] = h->after / h->mean_before;
    value[FIGURE_CONTROL] = c->control_after;
    value[FIGURE_CONTROL_BEFORE] = c->control_before;
}

void limit_check_free(struct limit_check *c)
{
    free(c->host);
    *c = (struct limit_check){0};
}

void limit_words(const struct limit_check *c, struct buf *to)
{
    const struct limit *l = &c->rule->limit;
    if (c->when != NULL) {
        const struct hold *h = &c->when->hold;
        buf_add(to, condition_text(c->when->when.condition));
        if (h->of > 0)
            buf_addf(to, " in %d of %d points", h->hold, h->of);
        return;
    }
    buf_add(to, l->above ? "above " : "below ");
    words_value(to, l->value, c->rule->unit);
    buf_addf(to, " in %d of %d points", l->hold, l->of);
}
