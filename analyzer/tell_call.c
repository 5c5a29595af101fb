/* analyzer/tell_call.c - what calls ended with, as findings.
 *
 * Shares are told in percent, traffic in calls a second.  Pure, any thread. */
#include "analyzer/tell_call.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *doing(const struct call_test *test)
{
    return test->measure == MEASURE_FAIL_SHARE ? "failed" : "timed out";
}

/* The failing code that rose most, for the sentence. */
static const struct code *main_culprit(const struct call_test *t)
{
    const struct code *worst = NULL;
    double most = 0;
    for (size_t i = 0; i < t->edge->n_codes; i++) {
        const struct code *c = &t->edge->code[i];
        if (c->outcome == CALL_OK || !call_chosen(c->outcome, c->code, t))
            continue;
        double rise = c->changed.after / t->of_after - c->changed.before / t->of_before;
        if (rise > most) {
            most = rise;
            worst = c;
        }
    }
    return worst;
}

static void say_edge(struct buf *b, const struct edge *e)
{
    buf_addf(b, "calls %s -> %s:%s", e->caller, e->callee, e->iface);
}

static void say_share(struct buf *b, const struct call_test *test)
{
    words_share(b, test->after);
    buf_add(b, " of ");
    words_count(b, test->of_after);
    buf_add_ch(b, ' ');
    say_edge(b, test->edge);
    if (test->measure == MEASURE_CODE_SHARE)
        buf_addf(b, " ended with %s after the change, against ", test->code);
    else
        buf_addf(b, " %s after the change, against ", doing(test));
    words_share(b, test->before);
    buf_add(b, " of ");
    words_count(b, test->of_before);
    buf_add(b, " before");
    const struct code *c =
        test->measure == MEASURE_FAIL_SHARE ? main_culprit(test) : NULL;
    if (c != NULL) {
        buf_addf(b, "; %s rose from ", c->code);
        words_count(b, c->changed.before);
        buf_add(b, " to ");
        words_count(b, c->changed.after);
    }
    if (test->measure == MEASURE_CODE_SHARE && test->unseen)
        buf_add(b, "; this code was never seen before the change");
}

static void say_traffic(struct buf *b, const struct call_test *test)
{
    const struct edge *e = test->edge;
    buf_addf(b, "Calls %s -> %s:%s", e->caller, e->callee, e->iface);
    buf_addf(b, " %s from ", test->delta < 0 ? "fell" : "rose");
    words_value(b, test->before, "/s");
    buf_add(b, " to ");
    words_value(b, test->after, "/s");
    buf_add(b, ": ");
    words_count(b, test->events_before);
    buf_add(b, " before the change, ");
    words_count(b, test->events_after);
    buf_add(b, " after it");
}

static void say_call(struct buf *b, const struct call_test *test)
{
    bool traffic = test->measure == MEASURE_TRAFFIC;
    if (traffic)
        say_traffic(b, test);
    else
        say_share(b, test);
    if (!isnan(test->control_before)) {
        buf_add(b, "; on unchanged hosts it went from ");
        if (traffic)
            words_value(b, test->control_before, "/s");
        else
            words_share(b, test->control_before);
        buf_add(b, " to ");
        if (traffic)
            words_value(b, test->control_after, "/s");
        else
            words_share(b, test->control_after);
    }
    buf_addf(b, " (as the %s sees it)", test->edge->side);
}

/* Shares are told in percent, traffic in calls a second. */
static double factor_of(const struct call_test *test)
{
    return test->measure == MEASURE_TRAFFIC ? 1 : 100;
}

static bool chance(enum call_outcome outcome, const char *code, const void *arg)
{
    const struct call_test *test = arg;
    if (!call_counts(outcome, code, arg))
        return false;
    return test->measure != MEASURE_CODE_SHARE || test->outcome != CALL_OK ||
           outcome == CALL_OK;
}

/* Adds the events of units to `to`, the chances to `of`; points divide later. */
static void add_rows(struct teller *t, const struct call_test *test,
                     const struct edge_unit *units, size_t n, const char *host,
                     struct draw_bins *to, struct draw_bins *of)
{
    struct edge_rows x = {0}, y = {0};
    if (edge_rows(units, n, host, call_chosen, test, &x) < 0 ||
        edge_rows(units, n, host, chance, test, &y) < 0) {
        t->failed = true;
    } else {
        for (size_t r = 0; r < x.n; r++) {
            instant at = {x.from.ms + x.step.ms * (int64_t)r};
            draw_bins_add(to, at, x.value[r]);
            draw_bins_add(of, at, y.value[r]);
        }
    }
    edge_rows_free(&x);
    edge_rows_free(&y);
}

/* Events to percent of the chances; nothing where there were none. */
static void bins_divide(struct draw_bins *x, const struct draw_bins *of)
{
    for (size_t i = 0; i < x->n; i++) {
        x->sum[i] = of->sum[i] > 0 ? 100 * x->sum[i] / of->sum[i] : 0;
        x->count[i] = of->sum[i] > 0;
    }
}

/* One line of a call's curve. */
static void draw_call(struct teller *t, struct finding *f, const struct call_test *test,
                      const struct draw_range *range, bool control)
{
    const struct edge *e = test->edge;
    struct draw_bins x, n = {0};
    double seconds = (double)t->lineup->step.ms / 1000;
    if (draw_bins_make(&x, range, t->lineup->step) &&
        draw_bins_make(&n, range, t->lineup->step)) {
        add_rows(t, test, control ? e->control : e->changed,
                 control ? e->n_control : e->n_changed, NULL, &x, &n);
        /* the count of rows in a point divides, too */
        for (size_t i = 0; test->measure == MEASURE_TRAFFIC && i < x.n; i++)
            x.sum[i] /= seconds;
        if (test->measure != MEASURE_TRAFFIC)
            bins_divide(&x, &n);
        draw_line(t, &f->curve, &x, control);
    }
    draw_bins_free(&x);
    draw_bins_free(&n);
}

static double share_in(const struct edge_rows *x, const struct edge_rows *n,
                       instant from, instant to)
{
    struct lane lane = {x->from, x->step, x->n, x->value};
    size_t r0, r1;
    double events = 0, of = 0;
    lane_rows(&lane, from, to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(x->value[r]))
            events += x->value[r], of += n->value[r];
    return of > 0 ? 100 * events / of : NAN;
}

/* The changed hosts by their own shares, worst first. */
static void list_call_hosts(struct teller *t, struct finding *f,
                            const struct call_test *test)
{
    const struct edge *e = test->edge;
    if (!e->by_host || test->measure == MEASURE_TRAFFIC)
        return;
    struct teller_host *bad = calloc(e->n_changed + 1, sizeof *bad);
    size_t n = 0;
    for (size_t i = 0; bad != NULL && i < e->n_changed; i++) {
        const struct edge_unit *u = &e->changed[i];
        struct edge_rows x = {0}, of = {0};
        if (i > 0 && strcmp(e->changed[i - 1].host, u->host) == 0)
            continue;
        if (edge_rows(e->changed, e->n_changed, u->host, call_chosen, test, &x) == 0 &&
            edge_rows(e->changed, e->n_changed, u->host, chance, test, &of) == 0) {
            const struct frame *fr = &u->slot->frame;
            double before = share_in(&x, &of, fr->before_from, fr->before_to);
            double after = share_in(&x, &of, fr->after_from, fr->after_to);
            if (!isnan(after) && after - (isnan(before) ? 0 : before) >= f->delta / 2)
                bad[n++] = (struct teller_host){NULL, u->host, before, after, after};
        } else {
            t->failed = true;
        }
        edge_rows_free(&x);
        edge_rows_free(&of);
    }
    if (bad != NULL)
        teller_list_hosts(t, f, bad, n);
    t->failed |= bad == NULL;
    free(bad);
}

static enum finding_kind kind_of(const struct call_test *test)
{
    return test->measure == MEASURE_TRAFFIC      ? FINDING_TRAFFIC
           : test->measure == MEASURE_CODE_SHARE ? FINDING_COUNT
                                                 : FINDING_SHARE;
}

/* Of the codes of an edge whose failures one finding tells as a whole, which place one
 * has by its number of calls; for the whole itself how many there are. */
static size_t place_among(const struct call_test *test, const struct calls *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct call_test *o = &all->test[i];
        if (o->covered && o->edge == test->edge)
            n += !test->covered || o->events_after > test->events_after ||
                 (o->events_after == test->events_after && o < test);
    }
    return n;
}

static size_t left_out(const struct call_test *test, const struct calls *all)
{
    size_t n = test->measure == MEASURE_FAIL_SHARE ? place_among(test, all) : 0;
    return n > TELL_CODES_MAX ? n - TELL_CODES_MAX : 0;
}

static void name_call(struct teller *t, struct finding *f, const struct call_test *test)
{
    struct buf metric = {0};
    buf_addf(&metric, "%s %s", measure_name(test->measure), test->edge->name);
    if (test->code != NULL)
        buf_addf(&metric, " %s", test->code);
    f->metric = teller_give(t, &metric);
    f->code = teller_copy(t, test->code);
    f->service = teller_copy(t, t->lineup->change->service);
    f->unit = teller_copy(t, test->measure == MEASURE_TRAFFIC ? "/s" : "%");
}

static void fill_call(struct finding *f, const struct call_test *test)
{
    double k = factor_of(test);
    f->before = k * test->before;
    f->after = k * test->after;
    f->delta = f->after - f->before;
    f->effect = test->effect;
    f->p = test->p;
    f->confidence = 1 - test->p;
    f->events_before = test->events_before;
    f->events_after = test->events_after;
    if (test->measure == MEASURE_TRAFFIC)
        return;
    f->of_before = test->of_before;
    f->of_after = test->of_after;
}

void tell_call(struct teller *t, const struct call_test *test, const struct calls *all)
{
    if (!test->judged || test->grade == GRADE_OK ||
        (test->covered && place_among(test, all) >= TELL_CODES_MAX))
        return;
    const struct edge *e = test->edge;
    struct finding *f =
        teller_begin(t, test->rule, kind_of(test), test->grade, test->recovered);
    if (f == NULL)
        return;
    struct draw_range range = draw_range_none;
    struct buf words = {0};
    for (size_t i = 0; i < e->n_changed; i++)
        draw_widen(&range, e->changed[i].slot);
    double k = factor_of(test);
    name_call(t, f, test);
    fill_call(f, test);
    f->control_before = k * test->control_before;
    f->control_after = k * test->control_after;
    f->n_like = left_out(test, all);
    list_call_hosts(t, f, test);
    draw_call(t, f, test, &range, false);
    if (e->n_control > 0)
        draw_call(t, f, test, &range, true);
    f->first_seen = draw_first_seen(&f->curve, range.pivot, f->before, f->after);
    say_call(&words, test);
    teller_end(t, f, &words, test->rule, test->grade);
}

/* --- calls of new hosts --- */

static void say_fresh_call(struct buf *b, const struct finding *f,
                           const struct fresh_call *c)
{
    const struct call_test *test = &c->test;
    const char *way = test->edge->inbound ? "to" : "from";
    words_share(b, test->after);
    buf_add(b, " of ");
    words_count(b, test->of_after);
    buf_add_ch(b, ' ');
    say_edge(b, test->edge);
    buf_addf(b, " %s ", way);
    teller_say_new_hosts(b, f, c->n);
    if (test->measure == MEASURE_CODE_SHARE)
        buf_addf(b, " ended with %s", test->code);
    else
        buf_addf(b, " %s", doing(test));
    buf_add(b, ", against ");
    words_share(b, test->before);
    buf_add(b, " of ");
    words_count(b, test->of_before);
    buf_addf(b, " %s %zu old hosts in the same minutes (as the %s sees it)", way,
             c->n_old, test->edge->side);
}

static void draw_fresh_call(struct teller *t, struct finding *f,
                            const struct fresh_call *c, const struct draw_range *range)
{
    const struct edge *e = c->test.edge;
    struct draw_bins x, n = {0};
    if (draw_bins_make(&x, range, t->lineup->step) &&
        draw_bins_make(&n, range, t->lineup->step)) {
        for (size_t i = 0; i < c->n; i++)
            if (c->share[i].listed)
                add_rows(t, &c->test, e->fresh, e->n_fresh, c->share[i].host, &x, &n);
        bins_divide(&x, &n);
        draw_line(t, &f->curve, &x, false);
    }
    draw_bins_free(&x);
    draw_bins_free(&n);
    draw_call(t, f, &c->test, range, true);
}

static void list_fresh_hosts(struct teller *t, struct finding *f,
                             const struct fresh_call *c, struct draw_range *range)
{
    struct teller_host *bad = calloc(c->n + 1, sizeof *bad);
    size_t n = 0;
    for (size_t i = 0; bad != NULL && i < c->n; i++) {
        const struct fresh_share *s = &c->share[i];
        if (!s->listed)
            continue;
        double after = 100 * s->events / s->of;
        bad[n++] = (struct teller_host){NULL, s->host, 100 * s->old_events / s->old_of,
                                        after, after};
        draw_widen(range, s->slot);
    }
    if (bad != NULL)
        teller_list_hosts(t, f, bad, n);
    t->failed |= bad == NULL;
    free(bad);
}

static size_t fresh_place_among(const struct call_test *test,
                                const struct fresh_calls *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct call_test *o = &all->at[i].test;
        if (test->covered ? o->covered && o->edge == test->edge
                          : o->covered && call_covers(test, o))
            n += !test->covered || o->events_after > test->events_after ||
                 (o->events_after == test->events_after && o < test);
    }
    return n;
}

static size_t fresh_left_out(const struct call_test *test,
                             const struct fresh_calls *all)
{
    size_t n = test->covered ? 0 : fresh_place_among(test, all);
    return n > TELL_CODES_MAX ? n - TELL_CODES_MAX : 0;
}

void tell_call_fresh(struct teller *t, const struct fresh_call *c,
                     const struct fresh_calls *all)
{
    const struct call_test *test = &c->test;
    if (!test->judged || test->grade == GRADE_OK ||
        (test->covered && fresh_place_among(test, all) >= TELL_CODES_MAX))
        return;
    struct finding *f =
        teller_begin(t, test->rule, kind_of(test), test->grade, test->recovered);
    if (f == NULL)
        return;
    struct draw_range range = draw_range_none;
    struct buf words = {0};
    f->fresh = true;
    name_call(t, f, test);
    fill_call(f, test);
    f->n_like = fresh_left_out(test, all);
    list_fresh_hosts(t, f, c, &range);
    draw_fresh_call(t, f, c, &range);
    f->first_seen = draw_first_seen(&f->curve, range.pivot, f->before, f->after);
    say_fresh_call(&words, f, c);
    teller_end(t, f, &words, test->rule, test->grade);
}
