/* analyzer/calls.c - counts of calls, tested.  Pure, any thread. */
#include "analyzer/calls.h"
#include "analyzer/count.h"
#include "analyzer/fresh.h"
#include "analyzer/odds.h"
#include "rules/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_LEAST = 5, TAIL_CALLS_LEAST = 20, PAST_PARTS = 12 };

/* The parts of half an hour say little about how a share swings. */
#define KAPPA_CARE  2.0
#define KAPPA_LEAST 0.02
/* Controls with few events of their own are believed this much less. */
#define CONTROL_SHRINK 10.0

static enum code_sense sense(const struct rule *r, const struct edge *e,
                             const char *code)
{
    return rule_code(r, e->caller, e->callee, code);
}

bool call_is_business(const struct rule *r, const struct edge *e, const char *code)
{
    return sense(r, e, code) != CODE_COUNTS;
}

bool call_counts(enum call_outcome outcome, const char *code, const void *arg)
{
    const struct call_test *t = arg;
    (void)outcome;
    return sense(t->rule, t->edge, code) != CODE_IS_IGNORED;
}

bool call_chosen(enum call_outcome outcome, const char *code, const void *arg)
{
    const struct call_test *t = arg;
    switch (t->measure) {
    case MEASURE_FAIL_SHARE:
        return outcome != CALL_OK && !call_is_business(t->rule, t->edge, code);
    case MEASURE_TIMEOUT_SHARE:
        return outcome == CALL_TIMEOUT && !call_is_business(t->rule, t->edge, code);
    case MEASURE_CODE_SHARE:
        return outcome == t->outcome && strcmp(code, t->code) == 0;
    case MEASURE_TRAFFIC:
        return call_counts(outcome, code, t);
    case MEASURE_LATENCY:
    case MEASURE_N:
        break;
    }
    return true;
}

static void add_sums(struct sums *to, const struct sums *from)
{
    to->before += from->before;
    to->after += from->after;
    to->tail += from->tail;
    to->past += from->past;
    for (size_t p = 0; p < EDGE_PARTS; p++)
        to->part[p] += from->part[p];
}

/* Events and chances of a test, on either side. */
struct sides {
    struct sums events, of, control_events, control_of;
};

/* Codes of good calls are told among the good ones: when failures go away, good codes
 * rise among all calls, and nothing is wrong. */
static bool counts_as_chance(const struct call_test *t, const struct code *c)
{
    if (sense(t->rule, t->edge, c->code) == CODE_IS_IGNORED)
        return false;
    return t->measure != MEASURE_CODE_SHARE || t->outcome != CALL_OK ||
           c->outcome == CALL_OK;
}

static struct sides sides_of(const struct call_test *t)
{
    const struct edge *e = t->edge;
    struct sides s = {0};
    for (size_t i = 0; i < e->n_codes; i++) {
        const struct code *c = &e->code[i];
        if (t->measure != MEASURE_TRAFFIC && counts_as_chance(t, c)) {
            add_sums(&s.of, &c->changed);
            add_sums(&s.control_of, &c->control);
        }
        if (call_chosen(c->outcome, c->code, t)) {
            add_sums(&s.events, &c->changed);
            add_sums(&s.control_events, &c->control);
        }
    }
    if (t->measure == MEASURE_TRAFFIC) {
        s.of = e->seconds;
        s.control_of = e->seconds_control;
    }
    return s;
}

/* --- over-dispersion --- */

static double kappa_of_parts(const struct sides *s)
{
    double over = 0, weight = 0;
    for (size_t p = 0; p < EDGE_PARTS; p++) {
        double share = s->of.before > 0 ? s->of.part[p] / s->of.before : 0;
        double m = s->events.before * share, d = s->events.part[p] - m;
        over += d * d - m * (1 - share);
        weight += m * m;
    }
    double kappa = weight > 0 ? fmax(over, 0) / weight : 0;
    return fmax(KAPPA_CARE * kappa, KAPPA_LEAST);
}

static bool kappa_of_past(const struct call_test *t, const struct windows_rule *w,
                          span look, double *ret_kappa)
{
    const struct edge *e = t->edge;
    struct edge_rows events = {0}, of = {0};
    bool known = false;
    if (!e->has_past || t->measure == MEASURE_TRAFFIC)
        return false;
    float *x = NULL, *n = NULL;
    if (edge_past(e->changed, e->n_changed, call_chosen, t, &events) == 0 &&
        edge_past(e->changed, e->n_changed, call_counts, t, &of) == 0 && of.n > 0 &&
        of.step.ms > 0) {
        x = malloc(of.n * sizeof *x);
        n = malloc(of.n * sizeof *n);
        for (size_t r = 0; x != NULL && n != NULL && r < of.n; r++) {
            x[r] = (float)events.value[r];
            n[r] = (float)of.value[r];
        }
        size_t before = (size_t)(w->before.ms / of.step.ms);
        size_t after = (size_t)((look.ms - w->settle.ms) / of.step.ms);
        if (x != NULL && n != NULL && before > 0 && after > 0)
            known = count_dispersion(&(struct count_rows){x, n, of.n}, before, after,
                                     ret_kappa);
    }
    free(x);
    free(n);
    edge_rows_free(&events);
    edge_rows_free(&of);
    return known;
}

/* --- one test --- */

/* How the controls' own rate changed; 1 without any. */
static double control_ratio(const struct sides *s)
{
    if (!(s->control_of.before > 0 && s->control_of.after > 0))
        return 1;
    double mu =
        (s->control_events.before + 0.5) * s->control_of.after / s->control_of.before;
    return (s->control_events.after + CONTROL_SHRINK) / (mu + CONTROL_SHRINK);
}

static double share(double events, double of)
{
    return of > 0 ? events / of : NAN;
}

static bool is_over(const struct call_test *t, const struct sides *s)
{
    bool enough =
        t->measure == MEASURE_TRAFFIC ? s->of.tail > 0 : s->of.tail >= TAIL_CALLS_LEAST;
    /* The tail must be a small part of the window, or it says the same again. */
    if (!enough || s->of.tail * 2 > s->of.after)
        return false;
    double tail = share(s->events.tail, s->of.tail) - t->before;
    double whole = t->after - t->before;
    return whole > 0 ? tail < 0.5 * whole : tail > 0.5 * whole;
}

static void test_counts(struct call_test *t, const struct sides *s,
                        const struct lineup *l)
{
    /* The past day counts like two hours of it, where it is kept. */
    double prior =
        t->edge->has_past && t->measure != MEASURE_TRAFFIC ? 1.0 / PAST_PARTS : 0;
    double x_before = s->events.before + prior * s->events.past;
    double n_before = s->of.before + prior * s->of.past;
    double ratio = control_ratio(s), kappa;
    if (!kappa_of_past(t, l->windows, l->whole.look, &kappa))
        kappa = kappa_of_parts(s);
    double exposure = s->of.after / n_before;
    double mu = (x_before + 0.5) * exposure * ratio;
    double var = mu * (1 + exposure) + kappa * mu * mu;
    bool more = s->events.after >= mu;
    t->expected = mu;
    double tail = more ? count_nb_at_least(s->events.after, mu, var)
                       : count_nb_at_most(s->events.after, mu, var);
    t->p = fmin(2 * tail, 1);
    double usual = share(x_before, n_before) * ratio;
    t->delta = t->after - usual;
    t->effect = usual > 0 ? t->after / usual - 1 : NAN;
    t->unseen = s->events.before == 0 && s->events.past == 0;
}

/* Calls of an edge in its windows, without those whose codes the rule ignores. */
struct heeded {
    double before, after;
};

static struct heeded heeded_of(const struct rule *r, const struct edge *e, bool control)
{
    struct heeded n = {0};
    for (size_t i = 0; i < e->n_codes; i++) {
        const struct code *c = &e->code[i];
        const struct sums *s = control ? &c->control : &c->changed;
        if (sense(r, e, c->code) == CODE_IS_IGNORED)
            continue;
        n.before += s->before;
        n.after += s->after;
    }
    return n;
}

/* The same of hosts without a past, after the change. */
static double heeded_fresh(const struct rule *r, const struct edge *e)
{
    double n = 0;
    for (size_t k = 0; k < e->n_fresh; k++) {
        const struct unit *u = e->fresh[k].unit;
        const struct frame *f = &e->fresh[k].slot->frame;
        struct lane lane = {u->hot.from, u->hot.step, u->hot.rows, NULL};
        const char *code;
        size_t r0, r1;
        lane_rows(&lane, f->after_from, f->after_to, &r0, &r1);
        for (uint32_t i = 0; i < u->n_metrics; i++) {
            if (edge_metric(u->metric[i], &code) == CALL_OTHER ||
                sense(r, e, code) == CODE_IS_IGNORED)
                continue;
            for (size_t row = r0; row < r1; row++) {
                float v = u->hot.cells[row * u->n_metrics + i];
                n += isnan(v) ? 0 : v;
            }
        }
    }
    return n;
}

static void measure_counts(struct call_test *t, const struct lineup *l)
{
    struct sides s = sides_of(t);
    const struct edge *e = t->edge;
    t->events_before = s.events.before;
    t->events_after = s.events.after;
    t->of_before = s.of.before;
    t->of_after = s.of.after;
    t->before = share(s.events.before, s.of.before);
    t->after = share(s.events.after, s.of.after);
    t->control_before = t->control_after = NAN;
    if (s.control_of.before > 0 && s.control_of.after > 0 && e->n_control > 0) {
        t->control_before = share(s.control_events.before, s.control_of.before);
        t->control_after = share(s.control_events.after, s.control_of.after);
    }
    double least = t->rule->needs.calls;
    const struct heeded calls = heeded_of(t->rule, e, false);
    bool enough = calls.before >= least &&
                  (t->measure == MEASURE_TRAFFIC || calls.after >= least) &&
                  s.of.before > 0 && s.of.after > 0;
    t->why = UNJUDGED_FEW_CALLS;
    t->judged = enough;
    if (!enough)
        return;
    test_counts(t, &s, l);
    t->recovered = is_over(t, &s);
}

/* --- which tests there are --- */

/* The good code that most calls ended with: its share says nothing by itself. */
static bool is_main_code(const struct edge *e, const struct code *c)
{
    if (c->outcome != CALL_OK)
        return false;
    for (size_t i = 0; i < e->n_codes; i++)
        if (e->code[i].outcome == CALL_OK &&
            e->code[i].changed.before > c->changed.before)
            return false;
    return true;
}

static void add_code_tests(struct calls *c, const struct edge *e, const struct rule *r)
{
    for (size_t i = 0; i < e->n_codes; i++) {
        const struct code *code = &e->code[i];
        if (call_is_business(r, e, code->code) || is_main_code(e, code) ||
            code->changed.before + code->changed.after == 0)
            continue;
        c->test[c->n++] = (struct call_test){.edge = e,
                                             .rule = r,
                                             .measure = MEASURE_CODE_SHARE,
                                             .code = code->code,
                                             .outcome = code->outcome};
    }
}

static void list_tests(const struct lineup *l, const struct ruleset *rs,
                       const struct edges *edges, struct calls *c)
{
    for (size_t i = 0; i < edges->n; i++) {
        const struct edge *e = &edges->at[i];
        for (int m = 0; e->n_changed > 0 && m < MEASURE_N; m++) {
            const struct rule *r =
                ruleset_for_calls(rs, l->change, (enum measure)m, e->name);
            if (r == NULL || m == MEASURE_LATENCY)
                continue;
            if (m == MEASURE_CODE_SHARE)
                add_code_tests(c, e, r);
            else
                c->test[c->n++] = (struct call_test){
                    .edge = e, .rule = r, .measure = (enum measure)m};
        }
    }
    for (size_t i = 0; i < c->n; i++)
        measure_counts(&c->test[i], l);
}

/* --- mean times --- */

/* Makes a unit with one series, the mean time a call of a host, row by row. */
static int make_times(const struct edge_unit *units, size_t n, const char *host,
                      struct unit *to)
{
    static const char *const metric[] = {"ms"};
    struct edge_rows ms = {0}, calls = {0};
    int rc = -1;
    if (edge_rows_ms(units, n, host, &ms) < 0 ||
        edge_rows(units, n, host, edge_all, NULL, &calls) < 0)
        goto out;
    float *cells = malloc((calls.n + 1) * sizeof *cells);
    if (cells == NULL)
        goto out;
    for (size_t r = 0; r < calls.n; r++)
        cells[r] = calls.value[r] > 0 ? (float)(ms.value[r] / calls.value[r]) : NAN;
    *to = (struct unit){
        .who = {ENTITY_HOST, host != NULL ? host : "", "", "", "", "", "", "", ""},
        .n_metrics = 1,
        .metric = (const char **)(uintptr_t)metric,
        .hot = {calls.from, calls.step, (uint32_t)calls.n, cells}};
    rc = 0;
out:
    edge_rows_free(&ms);
    edge_rows_free(&calls);
    return rc;
}

static bool has_times(const struct edge_unit *units, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < units[i].unit->n_metrics; k++)
            if (strcmp(units[i].unit->metric[k], "ms") == 0)
                return true;
    return false;
}

/* One member a host; units of an edge are sorted by host. */
static int add_members(struct calls *c, const struct edge_unit *units, size_t n,
                       bool by_host, size_t *ret_members)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (!by_host || strcmp(units[i - 1].host, units[i].host) == 0))
            continue;
        struct unit *u = &c->unit[c->n_units];
        if (make_times(units, n, by_host ? units[i].host : NULL, u) < 0)
            return -1;
        c->member[c->n_units] = (struct member){units[i].slot, u, 0};
        c->n_units++;
        (*ret_members)++;
    }
    return 0;
}

/* Whose mean time is compared: the changed hosts', or that of those without a past. */
struct timed {
    const struct edge_unit *units;
    size_t n;
    bool by_host, enough;
    int (*measure)(const struct level_case *lc, struct level *ret_level,
                   struct err *err);
};

static struct timed timed_changed(const struct edge *e, const struct rule *r)
{
    const struct heeded calls = heeded_of(r, e, false);
    bool enough = calls.before >= r->needs.calls && calls.after >= r->needs.calls;
    return (struct timed){e->changed, e->n_changed, e->by_host, enough, level_measure};
}

static struct timed timed_fresh(const struct edge *e, const struct rule *r)
{
    bool enough = heeded_fresh(r, e) >= r->needs.calls &&
                  heeded_of(r, e, true).after >= r->needs.calls;
    return (struct timed){e->fresh, e->n_fresh, true, enough, fresh_measure};
}

static int add_latency(const struct lineup *l, const struct rule *r,
                       const struct edge *e, const struct timed *whose, double *room,
                       struct calls *c, struct err *err)
{
    if (!has_times(whose->units, whose->n))
        return 0;
    if (!whose->enough) {
        c->latency_few++;
        return 0;
    }
    struct level_case *lc = &c->latency_case[c->n_latency];
    *lc = (struct level_case){.lineup = l,
                              .rule = r,
                              .metric = e->name,
                              .member = &c->member[c->n_units],
                              .room = room};
    if (add_members(c, whose->units, whose->n, whose->by_host, &lc->n_members) < 0)
        return err_set(err, ENOMEM, "out of memory");
    lc->control = &c->member[c->n_units];
    if (add_members(c, e->control, e->n_control, true, &lc->n_controls) < 0)
        return err_set(err, ENOMEM, "out of memory");
    if (whose->measure(lc, &c->latency[c->n_latency], err) < 0)
        return -1;
    c->latency_edge[c->n_latency] = e;
    c->n_latency++;
    return 0;
}

static int list_latencies(const struct lineup *l, const struct ruleset *rs,
                          const struct edges *edges, double *room, struct calls *c,
                          struct err *err)
{
    for (size_t i = 0; i < edges->n; i++) {
        const struct edge *e = &edges->at[i];
        const struct rule *r =
            ruleset_for_calls(rs, l->change, MEASURE_LATENCY, e->name);
        if (r == NULL)
            continue;
        struct timed changed = timed_changed(e, r), fresh = timed_fresh(e, r);
        if (add_latency(l, r, e, &changed, room, c, err) < 0 ||
            add_latency(l, r, e, &fresh, room, c, err) < 0)
            return -1;
    }
    return 0;
}

int calls_measure(const struct lineup *l, const struct ruleset *rs,
                  const struct edges *edges, double *room, struct calls *ret_calls,
                  struct err *err)
{
    struct calls c = {0};
    size_t tests = 1, units = 1;
    for (size_t i = 0; i < edges->n; i++) {
        tests += MEASURE_N + edges->at[i].n_codes;
        /* the controls may serve both the changed hosts and those without a past */
        units +=
            edges->at[i].n_changed + edges->at[i].n_fresh + 2 * edges->at[i].n_control;
    }
    c.test = calloc(tests, sizeof *c.test);
    c.latency = calloc(2 * edges->n + 1, sizeof *c.latency);
    c.latency_edge = calloc(2 * edges->n + 1, sizeof *c.latency_edge);
    c.latency_case = calloc(2 * edges->n + 1, sizeof *c.latency_case);
    c.unit = calloc(units, sizeof *c.unit);
    c.member = calloc(units, sizeof *c.member);
    if (c.test == NULL || c.latency == NULL || c.latency_edge == NULL ||
        c.latency_case == NULL || c.unit == NULL || c.member == NULL) {
        calls_free(&c);
        return err_set(err, ENOMEM, "out of memory");
    }
    list_tests(l, rs, edges, &c);
    if (list_latencies(l, rs, edges, room, &c, err) < 0) {
        calls_free(&c);
        return -1;
    }
    *ret_calls = c;
    return 0;
}

void calls_free(struct calls *c)
{
    for (size_t i = 0; i < c->n_latency; i++)
        level_free(&c->latency[i]);
    for (size_t i = 0; i < c->n_units; i++)
        free(c->unit[i].hot.cells);
    free(c->test);
    free(c->latency);
    free(c->latency_edge);
    free(c->latency_case);
    free(c->unit);
    free(c->member);
    *c = (struct calls){0};
}

/* --- grading --- */

static bool meets_condition(const struct condition *c, const struct call_test *t)
{
    const double value[FIGURE_CALLS_N] = {
        [FIGURE_CALLS_AFTER] = t->after,
        [FIGURE_CALLS_BEFORE] = t->before,
        [FIGURE_CALLS_DELTA] = t->delta,
        [FIGURE_CALLS_RATIO] = t->after / t->before,
        [FIGURE_CALLS_CONTROL] = t->control_after,
        [FIGURE_CALLS_CONTROL_BEFORE] = t->control_before,
        [FIGURE_CALLS_ERRORS] = t->events_after,
        [FIGURE_CALLS_ERRORS_BEFORE] = t->events_before,
        [FIGURE_CALLS_COUNT] = t->of_after,
        [FIGURE_CALLS_COUNT_BEFORE] = t->of_before,
    };
    return condition_ask(c, value, NULL) == CONDITION_TRUE;
}

bool call_meets(const struct bar *b, const struct call_test *t, double threshold)
{
    if (!b->set)
        return false;
    if (b->when.condition != NULL)
        return meets_condition(b->when.condition, t);
    double effect = isnan(t->effect) ? INFINITY : fabs(t->effect);
    if (effect < b->effect || fabs(t->delta) < b->delta)
        return false;
    if (t->measure == MEASURE_TRAFFIC) {
        if (t->events_before < b->count)
            return false;
    } else if (t->delta > 0 &&
               t->events_after < (b->count > 0 ? b->count : EVENTS_LEAST)) {
        return false;
    }
    return b->q <= 0 || t->p <= threshold;
}

bool call_is_worse(const struct call_test *t)
{
    enum worse w = t->rule->worse;
    return w == WORSE_BOTH ? t->delta != 0
           : w == WORSE_UP ? t->delta > 0
                           : t->delta < 0;
}

/* Traffic that is gone was there all along: a caller that calls in bursts is not gone
 * between them. */
static bool was_steady(const struct call_test *t)
{
    struct sides s = sides_of(t);
    for (size_t p = 0; p < EDGE_PARTS; p++)
        if (s.of.part[p] > 0 && s.events.part[p] <= 0)
            return false;
    return true;
}

static void grade_test(struct call_test *t, struct odds_layer *l)
{
    const struct rule *rule = t->rule;
    t->grade = GRADE_OK;
    if (!t->judged || !call_is_worse(t))
        return;
    if (t->measure == MEASURE_TRAFFIC && t->delta < 0 && !was_steady(t))
        return;
    /* A good code that became more common is worth a look, not an alarm. */
    bool good = t->measure == MEASURE_CODE_SHARE && t->outcome == CALL_OK;
    if (call_meets(&rule->must_handle, t, odds_layer_threshold(l, rule->must_handle.q)))
        t->grade = good ? GRADE_ATTENTION : GRADE_MUST_HANDLE;
    else if (call_meets(&rule->attention, t,
                        odds_layer_threshold(l, rule->attention.q)))
        t->grade = GRADE_ATTENTION;
}

bool call_covers(const struct call_test *fails, const struct call_test *t)
{
    bool part = (t->measure == MEASURE_CODE_SHARE && t->outcome != CALL_OK) ||
                t->measure == MEASURE_TIMEOUT_SHARE;
    return fails->measure == MEASURE_FAIL_SHARE && fails->grade != GRADE_OK &&
           !fails->rule->shadow && part && t->edge == fails->edge &&
           t->grade != GRADE_OK && t->grade <= fails->grade &&
           t->recovered == fails->recovered;
}

static void cover_codes(struct calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; c->test[i].measure == MEASURE_FAIL_SHARE && k < c->n; k++)
            if (call_covers(&c->test[i], &c->test[k]))
                c->test[k].covered = true;
}

double calls_bar(const struct calls *c, double q)
{
    struct odds_layer l;
    double bar = NAN;
    if (odds_layer_make(&l, c->n) == 0) {
        for (size_t i = 0; i < c->n; i++)
            if (c->test[i].judged)
                odds_layer_add(&l, c->test[i].p);
        bar = odds_layer_threshold(&l, q);
    }
    odds_layer_free(&l);
    return bar;
}

int calls_grade(struct calls *c, bool alive, struct err *err)
{
    struct odds_layer l;
    if (odds_layer_make(&l, c->n) < 0) {
        odds_layer_free(&l);
        return err_set(err, ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < c->n; i++) {
        struct call_test *t = &c->test[i];
        if (t->measure == MEASURE_TRAFFIC && t->judged && !alive &&
            t->events_after == 0) {
            t->judged = false;
            t->why = UNJUDGED_NO_DATA_AFTER;
        }
        if (t->judged)
            odds_layer_add(&l, t->p);
    }
    for (size_t i = 0; i < c->n; i++)
        grade_test(&c->test[i], &l);
    cover_codes(c);
    odds_layer_free(&l);
    return 0;
}
