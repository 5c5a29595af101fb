/* analyzer/fresh_calls.c - calls of hosts without a past.
 *
 * What must hold: old and new hosts are counted in the same minutes; sums run in the
 * order of hosts.  Pure, any thread. */
#include "analyzer/fresh_calls.h"
#include "analyzer/count.h"
#include "analyzer/fresh.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_MAX = 64, TAIL_CALLS_LEAST = 20 };

/* A few old hosts say little about how hosts differ. */
#define KAPPA_CARE  2.0
#define KAPPA_LEAST 0.02

/* Rows of one host of an edge. */
struct host_rows {
    const char *host;
    const struct slot *slot;
    struct edge_rows events, of;
};

struct pair {
    double events, of;
};

/* All that one test needs. */
struct work {
    const struct lineup *lineup;
    struct fresh_call *call;
    struct host_rows *old, *new;
    size_t n_old, n_new;
};

static struct pair count_in(const struct host_rows *h, instant from, instant to)
{
    struct lane lane = {h->of.from, h->of.step, h->of.n, h->of.value};
    struct pair p = {0};
    size_t r0, r1;
    lane_rows(&lane, from, to, &r0, &r1);
    for (size_t r = r0; r < r1; r++) {
        if (isnan(h->of.value[r]))
            continue;
        p.of += h->of.value[r];
        p.events += r < h->events.n ? h->events.value[r] : 0;
    }
    return p;
}

/* --- reading --- */

/* Units of an edge are sorted by host: of `n`, those of the first one. */
static size_t run_of(const struct edge_unit *units, size_t n)
{
    size_t k = 1;
    while (k < n && strcmp(units[k].host, units[0].host) == 0)
        k++;
    return k;
}

static size_t count_hosts(const struct edge_unit *units, size_t n)
{
    size_t hosts = 0;
    for (size_t i = 0; i < n; i += run_of(units + i, n - i))
        hosts++;
    return hosts;
}

static void free_hosts(struct host_rows *h, size_t n)
{
    for (size_t i = 0; h != NULL && i < n; i++) {
        edge_rows_free(&h[i].events);
        edge_rows_free(&h[i].of);
    }
    free(h);
}

/* Reads at most `most` hosts, spread evenly over all of them. */
static int read_hosts(const struct edge_unit *units, size_t n, size_t most,
                      const struct call_test *t, struct host_rows **ret_hosts,
                      size_t *ret_n)
{
    size_t hosts = count_hosts(units, n), stride = (hosts + most - 1) / most, no = 0;
    struct host_rows *h = calloc(hosts + 1, sizeof *h);
    *ret_hosts = h;
    *ret_n = 0;
    if (h == NULL)
        return -1;
    for (size_t i = 0, k; i < n; i += k, no++) {
        k = run_of(units + i, n - i);
        if (no % stride != 0)
            continue;
        struct host_rows *to = &h[(*ret_n)++];
        to->host = units[i].host;
        to->slot = units[i].slot;
        if (edge_rows(units + i, k, NULL, call_chosen, t, &to->events) < 0 ||
            edge_rows(units + i, k, NULL, call_counts, t, &to->of) < 0)
            return -1;
    }
    return 0;
}

/* --- the old hosts --- */

static struct pair sum_olds(const struct work *w, const struct frame *f, instant from,
                            instant to, size_t *ret_hosts)
{
    struct pair all = {0};
    *ret_hosts = 0;
    for (size_t i = 0; i < w->n_old; i++) {
        if (!control_is_free(w->lineup, w->old[i].host, f))
            continue;
        struct pair p = count_in(&w->old[i], from, to);
        all.events += p.events;
        all.of += p.of;
        *ret_hosts += p.of > 0;
    }
    return all;
}

/* How the old hosts' shares differ beyond chance, in one window. */
static void add_dispersion(const struct work *w, const struct frame *f, instant from,
                           instant to, double *over, double *weight)
{
    size_t hosts;
    struct pair all = sum_olds(w, f, from, to, &hosts);
    for (size_t i = 0; hosts >= FRESH_OLD_LEAST && i < w->n_old; i++) {
        if (!control_is_free(w->lineup, w->old[i].host, f))
            continue;
        struct pair own = count_in(&w->old[i], from, to);
        double rest = all.of - own.of;
        if (!(own.of > 0 && rest > 0))
            continue;
        double m = (all.events - own.events) * own.of / rest, d = own.events - m;
        *over += d * d - m * (1 + own.of / rest);
        *weight += m * m;
    }
}

static double dispersion(const struct work *w, const struct frame *f)
{
    double over = 0, weight = 0;
    add_dispersion(w, f, f->after_from, f->after_to, &over, &weight);
    add_dispersion(w, f, f->before_from, f->before_to, &over, &weight);
    double kappa = weight > 0 ? fmax(over, 0) / weight : 0;
    return fmax(KAPPA_CARE * kappa, KAPPA_LEAST);
}

/* --- the new hosts --- */

static instant tail_from(const struct frame *f, span step)
{
    int64_t length = (f->after_to.ms - f->after_from.ms) / 5;
    length = length > 180000 ? 180000 : length;
    length = length < 3 * step.ms ? 3 * step.ms : length;
    return (instant){f->after_to.ms - length};
}

static double p_of(double events, double expected, double exposure, double kappa)
{
    double var = expected * (1 + exposure) + kappa * expected * expected;
    double tail = events >= expected ? count_nb_at_least(events, expected, var)
                                     : count_nb_at_most(events, expected, var);
    return fmin(2 * tail, 1);
}

static double share(double events, double of)
{
    return of > 0 ? events / of : NAN;
}

static void measure_host(struct work *w, const struct host_rows *h,
                         struct fresh_share *s)
{
    const struct frame *f = &h->slot->frame;
    size_t hosts;
    struct pair own = count_in(h, f->after_from, f->after_to);
    struct pair tail = count_in(h, tail_from(f, h->of.step), f->after_to);
    struct pair old = sum_olds(w, f, f->after_from, f->after_to, &hosts);
    *s = (struct fresh_share){.host = h->host,
                              .slot = h->slot,
                              .events = own.events,
                              .of = own.of,
                              .old_events = old.events,
                              .old_of = old.of,
                              .tail_events = tail.events,
                              .tail_of = tail.of,
                              .delta = NAN,
                              .p = 1};
    w->call->n_old = hosts > w->call->n_old ? hosts : w->call->n_old;
    if (!(own.of > 0 && old.of > 0) || hosts < FRESH_OLD_LEAST)
        return;
    double exposure = own.of / old.of;
    s->expected = (old.events + 0.5) * exposure;
    s->delta = share(own.events, own.of) - share(old.events, old.of);
    s->p = p_of(own.events, s->expected, exposure, dispersion(w, f));
}

/* --- the test --- */

static bool is_over(const struct call_test *t, double tail_events, double tail_of)
{
    if (tail_of < TAIL_CALLS_LEAST || tail_of * 2 > t->of_after)
        return false;
    double tail = share(tail_events, tail_of) - t->before, whole = t->after - t->before;
    return whole > 0 ? tail < 0.5 * whole : tail > 0.5 * whole;
}

/* Puts together those hosts that are listed, or all. */
static void add_up(struct fresh_call *c, bool listed)
{
    struct call_test *t = &c->test;
    double tail_events = 0, tail_of = 0;
    t->events_before = t->of_before = t->events_after = t->of_after = t->expected = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct fresh_share *s = &c->share[i];
        if (isnan(s->delta) || (listed && !s->listed))
            continue;
        t->events_after += s->events;
        t->of_after += s->of;
        t->expected += s->expected;
        tail_events += s->tail_events;
        tail_of += s->tail_of;
        if (s->old_of > t->of_before) { /* the same for all of one frame */
            t->events_before = s->old_events;
            t->of_before = s->old_of;
        }
    }
    double usual = share(t->expected, t->of_after);
    t->before = share(t->events_before, t->of_before);
    t->after = share(t->events_after, t->of_after);
    t->delta = t->after - usual;
    t->effect = t->before > 0 ? t->after / usual - 1 : NAN;
    t->control_before = t->control_after = NAN;
    t->recovered = is_over(t, tail_events, tail_of);
}

static enum grade grade_of_test(const struct call_test *t)
{
    if (t->p > FRESH_CALLS_P || !call_is_worse(t))
        return GRADE_OK;
    if (call_meets(&t->rule->must_handle, t, 1))
        return GRADE_MUST_HANDLE;
    return call_meets(&t->rule->attention, t, 1) ? GRADE_ATTENTION : GRADE_OK;
}

/* A host as a test of its own. */
static enum grade grade_host(const struct fresh_call *c, const struct fresh_share *s)
{
    struct call_test t = c->test;
    if (isnan(s->delta) || s->of < t.rule->needs.calls)
        return GRADE_OK;
    t.events_after = s->events;
    t.of_after = s->of;
    t.delta = s->delta;
    t.effect = s->old_events > 0 ? s->events / s->expected - 1 : NAN;
    t.p = s->p;
    return grade_of_test(&t);
}

static void grade_all(struct fresh_call *c, double kappa)
{
    struct call_test *t = &c->test;
    double p = 1;
    enum grade worst = GRADE_OK;
    add_up(c, false);
    double exposure = t->of_before > 0 ? t->of_after / t->of_before : 0;
    t->p = p_of(t->events_after, t->expected, exposure, kappa);
    enum grade group = grade_of_test(t);
    for (size_t i = 0; i < c->n; i++) {
        struct fresh_share *s = &c->share[i];
        enum grade own = grade_host(c, s);
        s->listed = own != GRADE_OK || (group != GRADE_OK && s->delta >= t->delta / 2);
        c->n_listed += s->listed;
        worst = own > worst ? own : worst;
        p = own != GRADE_OK && s->p < p ? s->p : p;
    }
    if (c->n_listed > 0)
        add_up(c, true);
    t->p = fmin(p, t->p);
    t->grade = group > worst ? group : worst;
}

static int measure(struct work *w)
{
    struct fresh_call *c = w->call;
    struct call_test *t = &c->test;
    double calls = 0;
    t->why = UNJUDGED_FEW_CALLS;
    c->share = calloc(w->n_new + 1, sizeof *c->share);
    if (c->share == NULL)
        return -1;
    for (size_t i = 0; i < w->n_new; i++) {
        measure_host(w, &w->new[i], &c->share[c->n++]);
        calls += c->share[i].of;
    }
    if (c->n_old < FRESH_OLD_LEAST)
        t->why = UNJUDGED_FEW_OLD;
    else if (calls >= t->rule->needs.calls)
        t->judged = true;
    if (t->judged)
        grade_all(c, dispersion(w, &w->new[0].slot->frame));
    return 0;
}

static int run_test(const struct lineup *l, struct fresh_call *c)
{
    const struct edge *e = c->test.edge;
    struct work w = {.lineup = l, .call = c};
    int rc = -1;
    if (read_hosts(e->fresh, e->n_fresh, SIZE_MAX / 2, &c->test, &w.new, &w.n_new) ==
            0 &&
        read_hosts(e->control, e->n_control, OLD_MAX, &c->test, &w.old, &w.n_old) == 0)
        rc = measure(&w);
    free_hosts(w.new, w.n_new);
    free_hosts(w.old, w.n_old);
    return rc;
}

/* --- which tests there are --- */

static void add_test(struct fresh_calls *c, struct call_test t)
{
    c->at[c->n++] = (struct fresh_call){.test = t};
}

static void list_tests(const struct lineup *l, const struct ruleset *rs,
                       const struct edge *e, struct fresh_calls *c)
{
    static const enum measure shares[] = {MEASURE_FAIL_SHARE, MEASURE_TIMEOUT_SHARE};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const struct rule *r = ruleset_for_calls(rs, l->change, shares[i], e->name);
        if (r != NULL)
            add_test(c, (struct call_test){.edge = e, .rule = r, .measure = shares[i]});
    }
    const struct rule *r =
        ruleset_for_calls(rs, l->change, MEASURE_CODE_SHARE, e->name);
    for (size_t i = 0; r != NULL && i < e->n_codes; i++) {
        const struct code *code = &e->code[i];
        /* Which good code a call ends with follows from what it asked for. */
        if (code->outcome != CALL_OK && !call_is_business(r, e, code->code))
            add_test(c, (struct call_test){.edge = e,
                                           .rule = r,
                                           .measure = MEASURE_CODE_SHARE,
                                           .code = code->code,
                                           .outcome = code->outcome});
    }
}

static void cover(struct fresh_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->n; k++)
            if (call_covers(&c->at[i].test, &c->at[k].test))
                c->at[k].test.covered = true;
}

int fresh_calls_measure(const struct lineup *l, const struct ruleset *rs,
                        const struct edges *edges, struct fresh_calls *ret_calls,
                        struct err *err)
{
    struct fresh_calls c = {0};
    size_t most = 1;
    for (size_t i = 0; i < edges->n; i++)
        most += MEASURE_N + edges->at[i].n_codes;
    c.at = calloc(most, sizeof *c.at);
    if (c.at == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < edges->n; i++)
        if (edges->at[i].n_fresh > 0)
            list_tests(l, rs, &edges->at[i], &c);
    for (size_t i = 0; i < c.n; i++)
        if (run_test(l, &c.at[i]) < 0) {
            fresh_calls_free(&c);
            return err_set(err, ENOMEM, "out of memory");
        }
    cover(&c);
    *ret_calls = c;
    return 0;
}

void fresh_calls_free(struct fresh_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i].share);
    free(c->at);
    *c = (struct fresh_calls){0};
}
